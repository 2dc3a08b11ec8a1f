/** Second names that NumPy and the array standard have for the same functions. */

import { type Shape, sameShape } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import { zeros, zerosLike } from './creation.ts';
import { eagerly } from './eager.ts';
import { arrayEqual, equal } from './logic.ts';
import { expandDims, squeeze } from './movement.ts';
import { broadcastShapes, toValue } from './operands.ts';
import { matmul, tensordot } from './products.ts';
import { all } from './reductions.ts';

export {
  arctan2 as atan2,
  leftShift as bitwiseLeftShift,
  power as pow,
  rightShift as bitwiseRightShift,
} from './arithmetic.ts';
export { array as copy } from './array.ts';
export {
  arccos as acos,
  arccosh as acosh,
  arcsin as asin,
  arcsinh as asinh,
  arctan as atan,
  arctanh as atanh,
  bitwiseNot as bitwiseInvert,
  round as around,
} from './elementwise.ts';
export { concatenate as concat } from './join.ts';
export { transpose as permuteDims } from './movement.ts';
export { max as amax, min as amin } from './reductions.ts';

/** The Euler–Mascheroni constant. */
export const eulerGamma = 0.5772156649015329;

/** Zeros: memory is never left undefined. */
export const empty = zeros;
/** Zeros in the shape and type of `x`. */
export const emptyLike = zerosLike;

/** The number of axes. */
export const ndim = (x: ValueLike): number => toValue('np.ndim', x).ndim;
/** The sizes of the axes. */
export const shape = (x: ValueLike): Shape => toValue('np.shape', x).shape;
/** The number of elements. */
export const size = (x: ValueLike): number => toValue('np.size', x).size;
/** Whether this is a number or an array without axes. */
export const isscalar = (x: ValueLike): boolean => toValue('np.isscalar', x).ndim === 0;

/** The sums of products over the last axes of both. */
export const inner = eagerly('np.inner', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = [toValue('np.inner', x), toValue('np.inner', y)];
  return tensordot(a, b, { axes: a.ndim === 0 || b.ndim === 0 ? 0 : [-1, -1] });
});

/** Matrices times vectors on the last axis; leading axes broadcast. */
export const matvec = eagerly(
  'np.matvec',
  (x: ValueLike, y: ValueLike): Value => squeeze(matmul(x, expandDims(y, -1)), { axis: -1 }),
);

/** Vectors on the last axis times matrices; leading axes broadcast. */
export const vecmat = eagerly(
  'np.vecmat',
  (x: ValueLike, y: ValueLike): Value => squeeze(matmul(expandDims(x, -2), y), { axis: -2 }),
);

/** bool[]: whether both broadcast to one shape and are equal there. */
export const arrayEquiv = eagerly('np.arrayEquiv', (x: ValueLike, y: ValueLike): Value => {
  const shapes = [x, y].map((v) => toValue('np.arrayEquiv', v).shape) as [Shape, Shape]; // One for each.
  try {
    broadcastShapes('np.arrayEquiv', shapes);
  } catch {
    return arrayEqual(zeros(1), zeros(2));
  }
  return sameShape(...shapes) ? arrayEqual(x, y) : all(equal(x, y));
});
