/**
 * The operations themselves, exported as the namespace `lax`.
 *
 * They are strict: operands are arrays that agree in shape and element type; nothing is broadcast,
 * promoted or wrapped around. Most have the name they have in `jax.lax`; those that do not have both.
 */

export type { DotDims } from '../ir/lowering.ts';
export * from '../primitives/index.ts';
export {
  /** The bits of `x` read as another type. */
  bitcast as bitcastConvertType,
  /** `x` as another element type. */
  convert as convertElementType,
  /** The elements in reverse order along axes. */
  reverse as rev,
} from '../primitives/index.ts';
export * from './convolutions.ts';
export * from './elementwise.ts';
export * from './fourier.ts';
export * as linalg from './linalg.ts';
export * from './products.ts';
export { reducePrecision } from './reduce-precision.ts';
export * from './scatters.ts';
export * from './selection.ts';
export * from './shapes.ts';
export {
  dynamicIndexInDim,
  dynamicSlice,
  dynamicSliceInDim,
  dynamicUpdateIndexInDim,
  dynamicUpdateSlice,
  dynamicUpdateSliceInDim,
  type IndexOptions,
  indexInDim,
  indexTake,
  type StartOptions,
  sliceInDim,
} from './slices.ts';
export * from './windows.ts';
