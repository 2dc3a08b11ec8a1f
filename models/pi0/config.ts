/** What a π₀ or π₀.₅ policy is made of. */

import type { ComputeDType } from '../compute-dtype.ts';
import { type EnergyConfig, type EnergyPool, energyConfig } from '../energy/config.ts';
import { type EnergyVariantName, energyVariants } from '../energy/variants/index.ts';
import {
  checkExperts,
  type GemmaConfig,
  type GemmaVariant,
  gemmaConfig,
  paligemmaVocabulary,
} from '../gemma/config.ts';
import { type SiglipConfig, type SiglipVariant, siglipConfig } from '../siglip/config.ts';
import { badPi0Config, trainsNothing } from './errors.ts';

/** The cameras of the released policies, in the order of their tokens. */
export const imageKeys = ['base_0_rgb', 'left_wrist_0_rgb', 'right_wrist_0_rgb'] as const;

/** Which energy model, if any, stands on top of the policy. */
export type EnergyVariant = EnergyVariantName | 'none';

/** Sizes and options of a policy. Names are openpi's, in camel case. */
export interface Pi0Config {
  /** Width of states and actions at the model's boundary. Default 32. */
  readonly actionDim: number;
  /** Actions per chunk. Default 50. */
  readonly actionHorizon: number;
  /** Prompt tokens, padding included. Default 48; 200 for π₀.₅. */
  readonly maxTokenLen: number;
  /** What the transformers compute in. Default bfloat16. */
  readonly dtype: ComputeDType;
  /** Expert 0, which reads images and prompt. Default `gemma_2b`. */
  readonly paligemmaVariant: GemmaVariant | GemmaConfig;
  /** Expert 1, which makes actions. Default `gemma_300m`. */
  readonly actionExpertVariant: GemmaVariant | GemmaConfig;
  /** π₀.₅ instead of π₀: time steers the norms, and the state is no token. Default false. */
  readonly pi05: boolean;
  /** Whether the prompt spells the state; the tokenizer's business. Default: the value of `pi05`. */
  readonly discreteStateInput: boolean;
  /** Kept for configurations that are exchanged with openpi's PyTorch port; nothing here reads it. */
  readonly pytorchCompileMode: PytorchCompileMode | null;

  /** The vision encoder. Default `So400m/14`, as in all released policies. */
  readonly siglipVariant: SiglipVariant | SiglipConfig;
  /** Tokens that the language model knows. Default 257,152. */
  readonly vocabulary: number;
  /** Cameras, in the order of their tokens. */
  readonly imageKeys: readonly string[];
  /** Height and width of the images that the encoder sees. Default 224 × 224. */
  readonly imageResolution: readonly [height: number, width: number];
  /** Computes layers again for the gradient instead of keeping what is in them. Default true. */
  readonly checkpointLayers: boolean;

  /** Which energy model stands on top. Default `cross-attention`; with `none` it is openpi's own policy. */
  readonly energyVariant: EnergyVariant;
  /** Default 512. */
  readonly energyHidden: number;
  /** Default 8. */
  readonly energyHeads: number;
  /** Residual blocks of the energy model's encoders, or layers of its transformer. Default 1. */
  readonly energyLayers: number;
  /** Action dims that the energy model sees, from the first on. Default 7. */
  readonly energyActDim: number;
  /** Default `mean`. */
  readonly energyPool: EnergyPool;
  /** Default 0.2. */
  readonly energyDropout: number;
  /** Whether the energy loss trains anything; otherwise it is only computed. Default false. */
  readonly useEnergyLoss: boolean;
  /** Freezes everything outside the energy model. Default false. */
  readonly trainOnlyEnergyModel: boolean;
  /** Weight of the energy loss beside the flow loss. Default 1; 0.1 to 0.5 suit joint training. */
  readonly energyLossWeight: number;
  /** Temperature τ of the energy loss. Default 0.5. */
  readonly energyTau: number;
}

const pytorchCompileModes = [
  'default',
  'reduce-overhead',
  'max-autotune',
  'max-autotune-no-cudagraphs',
] as const;

/** How openpi's PyTorch port is compiled. */
export type PytorchCompileMode = (typeof pytorchCompileModes)[number];

const defaults: Omit<Pi0Config, 'maxTokenLen' | 'discreteStateInput'> = {
  actionDim: 32,
  actionHorizon: 50,
  dtype: 'bfloat16',
  paligemmaVariant: 'gemma_2b',
  actionExpertVariant: 'gemma_300m',
  pi05: false,
  pytorchCompileMode: 'max-autotune',
  siglipVariant: 'So400m/14',
  vocabulary: paligemmaVocabulary,
  imageKeys,
  imageResolution: [224, 224],
  checkpointLayers: true,
  energyVariant: 'cross-attention',
  energyHidden: 512,
  energyHeads: 8,
  energyLayers: 1,
  energyActDim: 7,
  energyPool: 'mean',
  energyDropout: 0.2,
  useEnergyLoss: false,
  trainOnlyEnergyModel: false,
  energyLossWeight: 1,
  energyTau: 0.5,
};

/**
 * A complete configuration: the released π₀ (or π₀.₅ with `pi05`), but for what is given.
 *
 * @throws `pi0-config`, `trains-nothing`, `unknown-variant`, `unlike-experts`, `model-size`, and what
 * `energyConfig` throws.
 * @example
 * const config = pi0Config({ pi05: true, actionHorizon: 10, discreteStateInput: false });
 */
export function pi0Config(options: Partial<Pi0Config> = {}): Pi0Config {
  const pi05 = options.pi05 ?? defaults.pi05;
  const config: Pi0Config = {
    ...defaults,
    maxTokenLen: pi05 ? 200 : 48,
    discreteStateInput: pi05,
    ...options,
  };
  checkNumbers(config);
  checkChoices(config);
  checkExperts(expertsOf(config));
  checkVision(config);
  if (config.energyVariant !== 'none') checkEnergy(config);
  if (config.trainOnlyEnergyModel && (!config.useEnergyLoss || config.energyVariant === 'none')) {
    throw trainsNothing(
      config.useEnergyLoss ? "energyVariant is 'none'" : 'useEnergyLoss is false',
    );
  }
  return config;
}

function checkNumbers(config: Pi0Config): void {
  for (const field of ['actionDim', 'actionHorizon', 'maxTokenLen', 'vocabulary'] as const) {
    const value = config[field];
    if (!Number.isInteger(value) || value < 1) {
      throw badPi0Config(field, String(value), 'a whole number from 1 up');
    }
  }
  if (!(config.energyTau > 0)) throw badPi0Config('energyTau', String(config.energyTau), 'above 0');
  if (!(config.energyLossWeight >= 0)) {
    throw badPi0Config('energyLossWeight', String(config.energyLossWeight), 'from 0 up');
  }
}

const oneOf = (field: string, value: unknown, known: readonly unknown[]): void => {
  if (known.includes(value)) return;
  throw badPi0Config(field, String(value), `one of ${known.map(String).join(', ')}`);
};

function checkChoices(config: Pi0Config): void {
  oneOf('dtype', config.dtype, ['bfloat16', 'float32']);
  oneOf('energyVariant', config.energyVariant, [...Object.keys(energyVariants), 'none']);
  oneOf('pytorchCompileMode', config.pytorchCompileMode, [null, ...pytorchCompileModes]);
}

function checkVision(config: Pi0Config): void {
  const { patchSize } = visionOf(config);
  const keys = config.imageKeys;
  if (keys.length === 0 || new Set(keys).size < keys.length) {
    throw badPi0Config('imageKeys', `[${keys.join(', ')}]`, 'at least one name, each once');
  }
  const [height, width] = config.imageResolution;
  for (const size of [height, width]) {
    if (!Number.isInteger(size) || size < 1 || size % patchSize !== 0) {
      const needs = `multiples of the patch size ${patchSize}`;
      throw badPi0Config('imageResolution', `[${height}, ${width}]`, needs);
    }
  }
}

function checkEnergy(config: Pi0Config): void {
  if (config.energyActDim > config.actionDim) {
    const needs = `at most actionDim, ${config.actionDim}`;
    throw badPi0Config('energyActDim', String(config.energyActDim), needs);
  }
  energyOf(config);
}

/** The two experts' sizes: the one that reads, and the one that acts. */
export const expertsOf = (
  config: Pick<Pi0Config, 'paligemmaVariant' | 'actionExpertVariant'>,
): readonly [GemmaConfig, GemmaConfig] => [
  gemmaConfig(config.paligemmaVariant),
  gemmaConfig(config.actionExpertVariant),
];

/** The vision encoder's sizes. */
export const visionOf = ({ siglipVariant }: Pick<Pi0Config, 'siglipVariant'>): SiglipConfig =>
  siglipConfig(siglipVariant);

/** Tokens of one image. */
export function tokensPerImage(config: Pi0Config): number {
  const { patchSize } = visionOf(config);
  const [height, width] = config.imageResolution;
  return (height / patchSize) * (width / patchSize);
}

/** The energy model's sizes; its context is what the reading expert says about the prefix. */
export const energyOf = (config: Pi0Config): EnergyConfig =>
  energyConfig({
    ...(config.energyVariant === 'none' ? {} : { variant: config.energyVariant }),
    contextDim: expertsOf(config)[0].width,
    energyActDim: config.energyActDim,
    hidden: config.energyHidden,
    heads: config.energyHeads,
    layers: config.energyLayers,
    pool: config.energyPool,
    dropoutRate: config.energyDropout,
  });
