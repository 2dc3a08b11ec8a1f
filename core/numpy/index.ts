/**
 * Arrays as in NumPy, by the names of `jax.numpy` in camel case. Exported as the namespace `np`.
 *
 * Functions take arrays, numbers and booleans, promote them to a common type as JAX does, and broadcast.
 */
import './methods.ts';

export type { Shape } from '../base/aval.ts';
export type { DType, TypedArray } from '../base/dtype.ts';
/** An immutable array, or its stand-in while a program is traced. */
export { type Nested, Value as Array, type ValueLike as ArrayLike } from '../ir/value.ts';
export * from './aliases.ts';
export * from './arithmetic.ts';
export * from './array.ts';
export * from './bit-packing.ts';
export * from './choosing.ts';
export * from './creation.ts';
export * from './dtypes.ts';
export { einsum, einsumPath } from './einsum.ts';
export * from './elementwise.ts';
export * as fft from './fft.ts';
export { type GatherMode, type TakeOptions, take, takeAlongAxis } from './gathers.ts';
export * from './grids.ts';
export { type Index, Slice, slice } from './index-plan.ts';
export { type GetOptions, IndexedUpdate } from './indexing.ts';
export * from './join.ts';
export * from './layout.ts';
export { deleteAt as delete } from './layout.ts';
export * as linalg from './linalg.ts';
export * from './logic.ts';
export type { ArrayMethods } from './methods.ts';
/** All elements on one axis. */
export {
  type AxisOption,
  broadcastTo,
  type DiagonalOptions,
  diagonal,
  expandDims,
  flip,
  matrixTranspose,
  moveaxis,
  type PadOptions,
  type PadWidth,
  pad,
  ravel,
  ravel as flatten,
  reshape,
  squeeze,
  swapaxes,
  transpose,
} from './movement.ts';
export * from './nan.ts';
export { trace } from './norms.ts';
export type { Axes } from './operands.ts';
export * from './patterns.ts';
export { ix as ix_ } from './patterns.ts';
export * from './polynomials.ts';
export {
  cross,
  dot,
  kron,
  matmul,
  outer,
  type TensordotAxes,
  tensordot,
  vdot,
  vecdot,
} from './products.ts';
export * from './reductions.ts';
/** The mean squared distance from the mean; `np.var`. */
export { variance as var } from './reductions.ts';
export * from './sets.ts';
export {
  bartlett,
  blackman,
  type ConvolveOptions,
  type CumulativeArrayOptions,
  convolve,
  correlate,
  cumulativeProd,
  cumulativeSum,
  type Ediff1dOptions,
  ediff1d,
  type GradientOptions,
  gradient,
  hamming,
  hanning,
  type InterpOptions,
  i0,
  interp,
  kaiser,
  poly,
  polyval,
  type TrapezoidOptions,
  trapezoid,
  type UnwrapOptions,
  unwrap,
} from './signals.ts';
export * from './sorting.ts';
export * from './statistics.ts';
export * from './types.ts';
