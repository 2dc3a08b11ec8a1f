/** Abstract values: what is known of an array before it is computed. */
import { type DType, shortName } from './dtype.ts';

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/** Shape and element type of an array. `weak` types give way to others, as plain numbers do. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly weak: boolean;
}

/** The abstract value of this shape and type. */
export const makeAval = (shape: Shape, dtype: DType, weak = false): Aval => ({
  shape,
  dtype,
  weak,
});

/** `f32[8, 3]`; a star marks a weak type: `f32*[]`. */
export const showAval = ({ shape, dtype, weak }: Aval): string =>
  `${shortName(dtype)}${weak ? '*' : ''}[${shape.join(', ')}]`;

/** True if both have the same shape. */
export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** True if shape and element type agree; weakness does not matter. */
export const sameType = (a: Aval, b: Aval): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** The number of elements; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** The whole numbers from 0 up to `count`, without it. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
