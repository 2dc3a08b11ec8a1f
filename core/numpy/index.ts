/**
 * Arrays as in NumPy, by the names of `jax.numpy` in camel case. Exported as the namespace `np`.
 *
 * Functions take arrays, numbers and booleans, promote them to a common type as JAX does, and broadcast.
 */
import './methods.ts';

/** An immutable array, or its stand-in while a program is traced. */
export { Value as Array, type Nested, type ValueLike as ArrayLike } from '../ir/value.ts';
export type { Shape } from '../base/aval.ts';
export type { DType, TypedArray } from '../base/dtype.ts';
export type { ArrayMethods } from './methods.ts';
export * from './arithmetic.ts';
export * from './array.ts';
export * from './creation.ts';
export * from './dtypes.ts';
export * from './elementwise.ts';
export { einsum } from './einsum.ts';
export { take, takeAlongAxis, type GatherMode, type TakeOptions } from './gathers.ts';
export { Slice, slice, type Index } from './index-plan.ts';
export { IndexedUpdate, type GetOptions } from './indexing.ts';
export * from './join.ts';
export * as linalg from './linalg.ts';
export { trace } from './linalg.ts';
export * from './logic.ts';
export {
  broadcastTo,
  diagonal,
  expandDims,
  flip,
  matrixTranspose,
  moveaxis,
  pad,
  ravel,
  reshape,
  squeeze,
  swapaxes,
  transpose,
  type AxisOption,
  type DiagonalOptions,
  type PadOptions,
  type PadWidth,
} from './movement.ts';
/** All elements on one axis. */
export { ravel as flatten } from './movement.ts';
export type { Axes } from './operands.ts';
export {
  cross,
  dot,
  kron,
  matmul,
  outer,
  tensordot,
  vdot,
  vecdot,
  type TensordotAxes,
} from './products.ts';
export * from './reductions.ts';
/** The mean squared distance from the mean; `np.var`. */
export { variance as var } from './reductions.ts';
export * from './sorting.ts';
