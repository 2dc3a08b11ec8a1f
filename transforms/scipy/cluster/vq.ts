/** Vector quantization by the names of `jax.scipy.cluster.vq`. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { asOneProgram } from '../../../core/numpy/eager.ts';
import * as np from '../../../core/numpy/index.ts';
import { toInexact } from '../../../core/numpy/operands.ts';
import { shapeMismatch } from '../../../core/primitives/errors.ts';

/**
 * [int32[points]: the nearest code of each, f32[points]: how far it is away].
 *
 * @param observations - f32[points, dims], or f32[points] for one dimension.
 * @param codes - f32[codes, dims].
 * @throws `shape-mismatch`
 */
export function vq(observations: ValueLike, codes: ValueLike): Value[] {
  const op = 'scipy.cluster.vq.vq';
  return asOneProgram(op, () => {
    const [points, book] = [toInexact(op, observations), toInexact(op, codes)];
    const isFit = points.ndim === book.ndim && (points.ndim === 1 || points.ndim === 2);
    if (!isFit || (points.ndim === 2 && points.shape[1] !== book.shape[1])) {
      throw shapeMismatch(op, [points.aval, book.aval]);
    }
    const columns = (x: Value): Value => (x.ndim === 1 ? np.expandDims(x, 1) : x);
    const apart = np.expandDims(columns(points), 1).sub(np.expandDims(columns(book), 0));
    const distances = np.linalg.norm(apart, { axis: -1 });
    return [np.argmin(distances, { axis: -1 }), np.min(distances, { axis: -1 })];
  });
}
