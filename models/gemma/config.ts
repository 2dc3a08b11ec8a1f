/** Sizes of the language model's experts. */
import { badModelSize, unknownVariant } from '../errors.ts';
import { unlikeExperts } from './errors.ts';

/** A low-rank addition to a matrix. @see Hu et al. 2021, https://arxiv.org/abs/2106.09685. */
export interface LoraConfig {
  readonly rank: number;
  /** The addition is scaled by alpha / rank. */
  readonly alpha: number;
  /** Scales by alpha / √rank instead. Default false. @see Kalajdzievski 2023, arXiv:2312.03732. */
  readonly rslora?: boolean;
}

/** Sizes of one expert. */
export interface GemmaConfig {
  readonly width: number;
  readonly depth: number;
  readonly mlpDim: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  /** Additions to the attention's and to the feed-forward's matrices. */
  readonly lora?: { readonly attn: LoraConfig; readonly ffn: LoraConfig };
}

const gemma300m: GemmaConfig = {
  width: 1024,
  depth: 18,
  mlpDim: 4096,
  numHeads: 8,
  numKvHeads: 1,
  headDim: 256,
};
const gemma2b: GemmaConfig = { ...gemma300m, width: 2048, mlpDim: 16384 };
const lora = (rank: number): NonNullable<GemmaConfig['lora']> => ({
  attn: { rank, alpha: rank },
  ffn: { rank, alpha: rank },
});

/** The sizes that have names. */
export const gemmaVariants = {
  dummy: { width: 64, depth: 4, mlpDim: 128, numHeads: 8, numKvHeads: 1, headDim: 16 },
  gemma_300m: gemma300m,
  gemma_300m_lora: { ...gemma300m, lora: lora(32) },
  gemma_2b: gemma2b,
  gemma_2b_lora: { ...gemma2b, lora: lora(16) },
} as const satisfies Record<string, GemmaConfig>;

/** The name of a variant. */
export type GemmaVariant = keyof typeof gemmaVariants;

/** The tokens that PaliGemma knows. */
export const paligemmaVocabulary = 257_152;

const isVariant = (name: string): name is GemmaVariant => Object.hasOwn(gemmaVariants, name);

/**
 * The sizes of a variant; sizes given as an object are checked.
 *
 * @throws `unknown-variant`, `model-size`.
 */
export function gemmaConfig(variant: GemmaVariant | GemmaConfig): GemmaConfig {
  if (typeof variant !== 'string') return checked(variant);
  if (isVariant(variant)) return gemmaVariants[variant];
  throw unknownVariant('gemma', String(variant), Object.keys(gemmaVariants));
}

function checked(config: GemmaConfig): GemmaConfig {
  for (const field of ['width', 'depth', 'mlpDim', 'numHeads', 'numKvHeads', 'headDim'] as const) {
    const value = config[field];
    if (!Number.isInteger(value) || value < 1) {
      throw badModelSize('gemma', field, String(value), 'a whole number from 1 up');
    }
  }
  const { numHeads, numKvHeads, headDim } = config;
  if (numHeads % numKvHeads !== 0) {
    throw badModelSize('gemma', 'numKvHeads', String(numKvHeads), `a divisor of ${numHeads}`);
  }
  if (headDim % 2 !== 0) throw badModelSize('gemma', 'headDim', String(headDim), 'even');
  return config;
}

/** @throws `unlike-experts` unless the experts can attend together. */
export function checkExperts(experts: readonly GemmaConfig[]): void {
  const [first] = experts;
  if (first === undefined) return;
  for (const field of ['depth', 'numHeads', 'numKvHeads', 'headDim'] as const) {
    experts.forEach((config, expert) => {
      if (config[field] !== first[field]) {
        throw unlikeExperts(field, first[field], expert, config[field]);
      }
    });
  }
}

/** The factor of a low-rank addition. */
export const loraScale = ({ rank, alpha, rslora = false }: LoraConfig): number =>
  alpha / (rslora ? Math.sqrt(rank) : rank);
