/** Sizes of the vision encoder. */
import { badModelSize, unknownVariant } from '../errors.ts';

/** Sizes of the vision encoder. */
export interface SiglipConfig {
  readonly width: number;
  readonly depth: number;
  readonly mlpDim: number;
  readonly numHeads: number;
  /** Height and width of a patch, in pixels. */
  readonly patchSize: number;
}

const sizes = (
  width: number,
  depth: number,
  mlpDim: number,
  numHeads: number,
): Omit<SiglipConfig, 'patchSize'> => ({ width, depth, mlpDim, numHeads });

/** The sizes that have names. @see Zhai et al. 2022, https://arxiv.org/abs/2106.04560 table 2. */
export const siglipSizes = {
  mu: sizes(32, 1, 128, 2),
  Ti: sizes(192, 12, 768, 3),
  S: sizes(384, 12, 1536, 6),
  M: sizes(512, 12, 2048, 8),
  B: sizes(768, 12, 3072, 12),
  L: sizes(1024, 24, 4096, 16),
  So400m: sizes(1152, 27, 4304, 16),
  H: sizes(1280, 32, 5120, 16),
  g: sizes(1408, 40, 6144, 16),
  G: sizes(1664, 48, 8192, 16),
  e: sizes(1792, 56, 15360, 16),
} as const satisfies Record<string, Omit<SiglipConfig, 'patchSize'>>;

/** A size and a patch size, such as `So400m/14`. */
export type SiglipVariant = `${keyof typeof siglipSizes}/${number}`;

const isSize = (name: string): name is keyof typeof siglipSizes => Object.hasOwn(siglipSizes, name);

/**
 * The sizes of a variant; sizes given as an object are checked.
 *
 * @throws `unknown-variant`, `model-size`.
 */
export function siglipConfig(variant: SiglipVariant | SiglipConfig): SiglipConfig {
  if (typeof variant !== 'string') return checked(variant);
  const [name = '', patch = ''] = variant.split('/');
  if (isSize(name) && /^[1-9]\d*$/.test(patch)) {
    return { ...siglipSizes[name], patchSize: Number(patch) };
  }
  const known = Object.keys(siglipSizes).map((size) => `${size}/14`);
  throw unknownVariant('siglip', String(variant), known);
}

function checked(config: SiglipConfig): SiglipConfig {
  for (const field of ['width', 'depth', 'mlpDim', 'numHeads', 'patchSize'] as const) {
    const value = config[field];
    if (!Number.isInteger(value) || value < 1) {
      throw badModelSize('siglip', field, String(value), 'a whole number from 1 up');
    }
  }
  if (config.width % config.numHeads !== 0) {
    throw badModelSize(
      'siglip',
      'numHeads',
      String(config.numHeads),
      `a divisor of ${config.width}`,
    );
  }
  return config;
}
