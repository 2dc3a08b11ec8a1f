/** Arrays in other shapes. */
import { type Shape, sizeOf } from '../base/aval.ts';
import type { DType } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import { zeros } from '../numpy/creation.ts';
import { asOneProgram, eagerly } from '../numpy/eager.ts';
import * as join from '../numpy/join.ts';
import * as movement from '../numpy/movement.ts';
import { broadcastValue, castTo, normalizeAxis } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';

export { broadcastShapes } from '../numpy/dtypes.ts';

/** The array repeated along new leading axes: [...sizes, …]. */
export const broadcast = eagerly(
  'lax.broadcast',
  (x: Value, sizes: readonly number[]): Value =>
    prim.broadcastInDim(
      x,
      [...sizes, ...x.shape],
      x.shape.map((_, axis) => sizes.length + axis),
    ),
);

/** The array in the shape of another, which it broadcasts to. */
export const broadcastLike = eagerly(
  'lax.broadcastLike',
  (x: Value, like: Value): Value => broadcastValue('lax.broadcastLike', x, like.shape),
);

/** The array with new leading axes of size 1, up to `rank` axes. */
export const broadcastToRank = eagerly(
  'lax.broadcastToRank',
  (x: Value, rank: number): Value =>
    prim.reshape(x, [...Array.from({ length: Math.max(0, rank - x.ndim) }, () => 1), ...x.shape]),
);

/** dtype[shape]: each element's position on one axis. */
export const broadcastedIota = (dtype: DType, shape: Shape, axis: number): Value =>
  prim.iota(dtype, shape, axis);

/** The array with the axes from `start` up to `stop` (default: the end) as one. */
export const collapse = eagerly(
  'lax.collapse',
  (x: Value, start: number, stop: number = x.ndim): Value => {
    const from = start < 0 ? start + x.ndim : start;
    const to = stop < 0 ? stop + x.ndim : stop;
    const joined = sizeOf(x.shape.slice(from, to));
    return prim.reshape(x, x.shape.toSpliced(from, to - from, joined));
  },
);

/** The array with new axes of size 1, which have these positions in the result. */
export const expandDims = (x: Value, axes: readonly number[]): Value =>
  movement.expandDims(x, axes);

/** The array without these axes, which have size 1. */
export const squeeze = (x: Value, axes: readonly number[]): Value =>
  movement.squeeze(x, { axis: axes });

/** Consecutive parts of these sizes along an axis. */
export const split = (x: Value, sizes: readonly number[], axis = 0): Value[] =>
  asOneProgram('lax.split', () => {
    const place = normalizeAxis('lax.split', axis, x.ndim);
    let end = 0;
    return sizes.map((size) => {
      end += size;
      return movement.sliceAxis(x, place, end - size, end);
    });
  });

/** The arrays, which have one shape, along a new axis. */
export const stack = (arrays: readonly Value[], axis = 0): Value => join.stack(arrays, { axis });

/** The slices along an axis, which they no longer have. */
export const unstack = (x: Value, axis = 0): Value[] => join.unstack(x, { axis });

/** The array repeated as a whole: so many times along each axis. */
export const tile = (x: Value, counts: readonly number[]): Value => join.tile(x, counts);

/** One number everywhere, in the shape of `x` and its type, unless others are given. */
export const fullLike = eagerly(
  'lax.fullLike',
  (
    x: Value,
    value: ValueLike,
    { dtype = x.dtype, shape = x.shape }: { readonly dtype?: DType; readonly shape?: Shape } = {},
  ): Value =>
    broadcastValue('lax.fullLike', castTo('lax.fullLike', value, { dtype, weak: false }), shape),
);

/** Zeros: memory is never left undefined. */
export const empty = (shape: Shape, dtype: DType): Value => zeros(shape, { dtype });

/** int32[axes]: the sizes of a shape as an array. */
export const shapeAsValue = (shape: Shape): Value =>
  asOneProgram('lax.shapeAsValue', () => [
    shape.length === 0
      ? zeros([0], { dtype: 'int32' })
      : prim.concatenate(
          shape.map((size) => prim.broadcastInDim(prim.literal(size, 'int32'), [1], [])),
          0,
        ),
  ])[0] as Value; // One, as the body returns.
