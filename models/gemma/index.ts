/** Gemma as openpi uses it: experts with their own widths that attend to each other's tokens. */

export type { ComputeDType } from '../compute-dtype.ts';
export type { KeyValue } from './attention.ts';
export {
  type GemmaConfig,
  type GemmaVariant,
  gemmaConfig,
  gemmaVariants,
  type LoraConfig,
  paligemmaVocabulary,
} from './config.ts';
export { type GemmaParams, type GemmaSpec, type GemmaSpecOptions, gemmaSpec } from './params.ts';
export {
  embedTokens,
  type GemmaInputs,
  type GemmaOptions,
  type GemmaOutputs,
  gemma,
} from './stack.ts';
