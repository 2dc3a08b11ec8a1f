/** Operands: numbers that depend on a seed and a position alone, so that every language makes the same. */

/** An array that a case is fed. */
export interface Input {
  readonly shape: readonly number[];
  /** `normal`: mean 0, variance 1 (evenly spread); `unit`: from 0 to 1; `index`: whole numbers below `limit`. */
  readonly kind: 'normal' | 'unit' | 'index' | 'mask';
  /** Factor of `normal`. Default 1. */
  readonly scale?: number;
  readonly limit?: number;
}

/** f32[shape] of mean 0 and variance `scale`². */
export const normal = (shape: readonly number[], scale = 1): Input => ({
  shape,
  kind: 'normal',
  scale,
});

/** f32[shape] from 0 to 1. */
export const unit = (shape: readonly number[]): Input => ({ shape, kind: 'unit' });

/** i32[shape], whole numbers from 0 to `limit` − 1. */
export const index = (shape: readonly number[], limit: number): Input => ({
  shape,
  kind: 'index',
  limit,
});

/** f32[shape] of zeros and ones, a quarter of them zero. */
export const mask = (shape: readonly number[]): Input => ({ shape, kind: 'mask' });

/** How many elements an array of this shape has. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The finaliser of MurmurHash3: 32 well mixed bits. */
function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The elements of operand number `seed`. `xla.py` has the same in Python. */
export function elements(input: Input, seed: number): Float32Array | Int32Array {
  const { shape, kind, scale = 1, limit = 1 } = input;
  const size = sizeOf(shape);
  const data = kind === 'index' ? new Int32Array(size) : new Float32Array(size);
  const start = mix(seed + 1);
  const spread = 2 * Math.sqrt(3) * scale;
  for (let i = 0; i < size; i++) {
    const part = (mix((start + i) | 0) >>> 8) / 2 ** 24;
    if (kind === 'normal') data[i] = (part - 0.5) * spread;
    else if (kind === 'index') data[i] = Math.floor(part * limit);
    else data[i] = kind === 'mask' ? Number(part >= 0.25) : part;
  }
  return data;
}
