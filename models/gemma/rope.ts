/** Positions as rotations of pairs of features. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { type ComputeDType, cast, toFloat32 } from '../compute-dtype.ts';

/** Sines and cosines of all positions. They depend on no layer, so that all share them. */
export interface Rotation {
  /** f32[batch, tokens, 1, headDim / 2]. */
  readonly sin: Value;
  /** f32[batch, tokens, 1, headDim / 2]. */
  readonly cos: Value;
}

const longest = 10_000;

/**
 * The rotation of every position.
 *
 * @param positions - int32[batch, tokens].
 * @see Su et al. 2021, https://arxiv.org/abs/2104.09864 §3.4.
 */
export function rotationOf(positions: Value, headDim: number): Rotation {
  // Wavelengths are made here: a power computed in float32 would cost far positions their last digits.
  const timescale = Float32Array.from({ length: headDim / 2 }, (_, i) =>
    Math.fround(longest ** Math.fround(Math.fround(2 / headDim) * i)),
  );
  const position = np.expandDims(np.astype(positions, 'float32'), [2, 3]);
  const angle = np.divide(position, np.array(timescale));
  return { sin: np.sin(angle), cos: np.cos(angle) };
}

/** Every feature of the first half turned with its partner in the second: dtype[batch, tokens, heads, headDim]. */
export function rotate(x: Value, { sin, cos }: Rotation, dtype: ComputeDType): Value {
  const [first = x, second = x] = np.split(toFloat32(x), 2, { axis: -1 });
  const turned = np.concatenate(
    [
      np.subtract(np.multiply(first, cos), np.multiply(second, sin)),
      np.add(np.multiply(second, cos), np.multiply(first, sin)),
    ],
    { axis: -1 },
  );
  return cast(turned, dtype);
}
