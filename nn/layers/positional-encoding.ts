/** Positions as sines and cosines of many wavelengths. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';

/**
 * `PE[p, 2i] = sin(p / 10000^(2i/width))`, `PE[p, 2i+1] = cos(same)`. Nothing is learned.
 *
 * @returns f32[length, width].
 * @see Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 §3.5.
 */
export function positionalEncoding(length: number, width: number): Value {
  const position = np.expandDims(np.arange(length, { dtype: 'float32' }), 1);
  const column = np.arange(width, { dtype: 'int32' });
  const isOdd = np.equal(np.bitwiseAnd(column, 1), 1);
  const even = np.subtract(column, np.bitwiseAnd(column, 1));
  const frequency = np.exp(np.multiply(even, -Math.log(10000) / width));
  const angle = np.multiply(position, frequency);
  return np.where(isOdd, np.cos(angle), np.sin(angle));
}
