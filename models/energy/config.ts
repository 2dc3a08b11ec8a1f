/** What the energy model is made of. */
import { unevenHeads } from '../../nn/errors.ts';
import { badEnergyConfig } from './errors.ts';
import { type EnergyVariantName, energyVariants } from './variants/index.ts';

/** How the energies of the steps of a chunk become one. */
export type EnergyPool = 'mean' | 'cls';

/** Sizes and options of the energy model. */
export interface EnergyConfig {
  /**
   * How actions meet their context: `cross-attention` (the original), `mlp` on the mean of the context, or a
   * `transformer`.
   */
  readonly variant: EnergyVariantName;
  /** Width of the context tokens, such as 2048 for the `gemma_2b` backbone. */
  readonly contextDim: number;
  /** Action dims that the model sees, such as 7 for LIBERO. */
  readonly energyActDim: number;
  /** Width inside the model. */
  readonly hidden: number;
  /** Attention heads; they divide `hidden`. */
  readonly heads: number;
  /** Residual blocks in each of the two encoders; layers of a transformer, whose encoders have none. */
  readonly layers: number;
  /** The mean over the chunk's steps, or the first step alone. */
  readonly pool: EnergyPool;
  /** Share of the action features that is dropped in training. */
  readonly dropoutRate: number;
}

/** What the forward pass is told besides the parameters, whose shapes say the rest. */
export type EnergyForm = Pick<EnergyConfig, 'pool' | 'dropoutRate'>;

const defaults: EnergyConfig = {
  variant: 'cross-attention',
  contextDim: 2048,
  energyActDim: 7,
  hidden: 512,
  heads: 8,
  layers: 1,
  pool: 'mean',
  dropoutRate: 0.2,
};

function checkConfig(config: EnergyConfig): void {
  const { variant, hidden, heads, layers, pool, dropoutRate } = config;
  if (!Object.hasOwn(energyVariants, variant)) {
    const known = Object.keys(energyVariants).join(', ');
    throw badEnergyConfig('variant', `'${String(variant)}'`, `one of ${known}`);
  }
  for (const field of ['contextDim', 'energyActDim', 'hidden', 'heads'] as const) {
    const value = config[field];
    if (!Number.isInteger(value) || value < 1) {
      throw badEnergyConfig(field, String(value), 'a whole number from 1 up');
    }
  }
  // A transformer without layers would not see its context.
  const fewest = variant === 'transformer' ? 1 : 0;
  if (!Number.isInteger(layers) || layers < fewest) {
    throw badEnergyConfig('layers', String(layers), `a whole number from ${fewest} up`);
  }
  if (hidden % heads !== 0) throw unevenHeads('energyConfig', hidden, heads);
  if (pool !== 'mean' && pool !== 'cls')
    throw badEnergyConfig('pool', String(pool), "'mean' or 'cls'");
  if (!(dropoutRate >= 0 && dropoutRate < 1)) {
    throw badEnergyConfig('dropoutRate', String(dropoutRate), 'at least 0 and below 1');
  }
}

/**
 * A complete configuration: the full-size model of π0 on LIBERO, but for what is given.
 *
 * @throws `energy-config`, `uneven-heads`.
 * @example
 * const small = energyConfig({ contextDim: 64, hidden: 32, heads: 4 });
 */
export function energyConfig(options: Partial<EnergyConfig> = {}): EnergyConfig {
  const config = { ...defaults, ...options };
  checkConfig(config);
  return config;
}

/** What the energy model learns: 3,955,215 numbers for the original at full size. */
export function energySpec(config: EnergyConfig): EnergySpec {
  checkConfig(config);
  return energyVariants[config.variant].spec(config);
}

/** The spec of an energy model of any kind. */
export type EnergySpec = ReturnType<(typeof energyVariants)[EnergyVariantName]['spec']>;

export type { EnergyParams } from './variants/index.ts';
