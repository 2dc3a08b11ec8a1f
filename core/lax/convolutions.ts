/** Convolutions with fewer arguments, their transposes, and the shapes of their results. */
import { range, type Shape, sizeOf } from '../base/aval.ts';
import type { Value } from '../ir/value.ts';
import { eagerly } from '../numpy/eager.ts';
import { moveaxis } from '../numpy/movement.ts';
import * as prim from '../primitives/index.ts';
import {
  channelsFirst,
  convGeneralPermutations,
  type DimensionNumbers,
  letters,
} from './dimension-numbers.ts';
import { type ConvOptions, convGeneralDilated, type Padding } from './windows.ts';

export { convGeneralPermutations } from './dimension-numbers.ts';

/** Batch, space, channels; space, inputs, outputs. */
const channelsLast = (ndim: number): DimensionNumbers => [
  `N${letters(ndim - 2)}C`,
  `${letters(ndim - 2)}IO`,
  `N${letters(ndim - 2)}C`,
];

/** For x, kernel and result the positions of batch (or outputs), channels (or inputs) and space. */
export interface ConvDimensionNumbers {
  readonly lhsSpec: readonly number[];
  readonly rhsSpec: readonly number[];
  readonly outSpec: readonly number[];
}

/** The positions that dimension numbers name; by default channels come before space. */
export function convDimensionNumbers(
  lhsShape: Shape,
  _rhsShape: Shape,
  numbers: DimensionNumbers | null = null,
): ConvDimensionNumbers {
  const [lhsSpec, rhsSpec, outSpec] = convGeneralPermutations(
    numbers ?? channelsFirst(lhsShape.length),
  );
  return { lhsSpec, rhsSpec, outSpec };
}

/** How many elements are added before and after each axis. */
export const padtypeToPads = (
  sizes: Shape,
  window: Shape,
  strides: readonly number[],
  padding: 'SAME' | 'SAME_LOWER' | 'VALID',
): [number, number][] =>
  sizes.map((size, k) => {
    if (padding === 'VALID') return [0, 0];
    const stride = strides[k] ?? 1;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + (window[k] ?? 1) - size);
    const half = Math.floor(total / 2);
    return padding === 'SAME' ? [half, total - half] : [total - half, half];
  });

const padsOf = (sizes: Shape, window: Shape, strides: readonly number[], padding: Padding) =>
  typeof padding === 'string' ? padtypeToPads(sizes, window, strides, padding) : padding;

/** The shape of a convolution's result, channels before space. */
export function convShapeTuple(
  lhsShape: Shape,
  rhsShape: Shape,
  strides: readonly number[],
  padding: Padding,
  batchGroupCount = 1,
): number[] {
  const [sizes, window] = [lhsShape.slice(2), rhsShape.slice(2)];
  const pads = padsOf(sizes, window, strides, padding);
  const space = sizes.map((size, k) => {
    const [before, after] = pads[k] ?? [0, 0];
    const room = size + before + after - (window[k] ?? 1);
    return Math.max(0, Math.floor(room / (strides[k] ?? 1)) + 1);
  });
  return [(lhsShape[0] ?? 0) / batchGroupCount, rhsShape[0] ?? 0, ...space];
}

const taken = (shape: Shape, order: readonly number[]): number[] => order.map((a) => shape[a] ?? 0);

const putBack = (shape: Shape, order: readonly number[]): number[] =>
  range(shape.length).map((axis) => shape[order.indexOf(axis)] ?? 0);

/** The shape of a convolution's result with axes as the dimension numbers say. */
export function convGeneralShapeTuple(
  lhsShape: Shape,
  rhsShape: Shape,
  strides: readonly number[],
  padding: Padding,
  numbers: DimensionNumbers,
): number[] {
  const [lhs, rhs, out] = convGeneralPermutations(numbers);
  const shape = convShapeTuple(taken(lhsShape, lhs), taken(rhsShape, rhs), strides, padding);
  return putBack(shape, out);
}

/** Before and after: what a transposed convolution adds so that it undoes the shape of the forward one. */
function transposedPads(size: number, stride: number, padding: 'SAME' | 'VALID'): [number, number] {
  const total =
    padding === 'SAME' ? size + stride - 2 : size + stride - 2 + Math.max(size - stride, 0);
  const before = padding === 'VALID' || stride > size - 1 ? size - 1 : Math.ceil(total / 2);
  return [before, total - before];
}

/** The shape of a transposed convolution's result. */
export function convTransposeShapeTuple(
  lhsShape: Shape,
  rhsShape: Shape,
  strides: readonly number[],
  padding: Padding,
  numbers: DimensionNumbers,
): number[] {
  const [lhs, rhs, out] = convGeneralPermutations(numbers);
  const [x, kernel] = [taken(lhsShape, lhs), taken(rhsShape, rhs)];
  const space = x.slice(2).map((size, k) => {
    const [window, stride] = [kernel[k + 2] ?? 1, strides[k] ?? 1];
    const [before, after] =
      typeof padding === 'string'
        ? transposedPads(window, stride, padding)
        : (padding[k] ?? [0, 0]);
    return (size - 1) * stride - window + 2 + before + after;
  });
  return putBack([x[0] ?? 0, kernel[0] ?? 0, ...space], out);
}

/** The shape of what {@link reduceWindow} gives. */
export const reduceWindowShapeTuple = (
  shape: Shape,
  window: Shape,
  strides: readonly number[],
  padding: Padding,
): number[] => convShapeTuple([1, 1, ...shape], [1, 1, ...window], strides, padding).slice(2);

/** A convolution with strides and nothing else. */
export const conv = (
  x: Value,
  kernel: Value,
  windowStrides: readonly number[],
  padding: Padding,
): Value => convGeneralDilated(x, kernel, { windowStrides, padding });

/** A convolution with dilations, channels before space. */
export const convWithGeneralPadding = (
  x: Value,
  kernel: Value,
  windowStrides: readonly number[],
  padding: Padding,
  { lhsDilation, rhsDilation }: Pick<ConvOptions, 'lhsDilation' | 'rhsDilation'> = {},
): Value =>
  convGeneralDilated(x, kernel, {
    windowStrides,
    padding,
    ...(lhsDilation === undefined ? {} : { lhsDilation }),
    ...(rhsDilation === undefined ? {} : { rhsDilation }),
  });

/** Options of {@link convTranspose}. */
export interface ConvTransposeOptions {
  /** From one element of the kernel to the next. Default 1. */
  readonly rhsDilation?: readonly number[];
  /** Default batch, space, channels; space, inputs, outputs for the kernel. */
  readonly dimensionNumbers?: DimensionNumbers;
  /** Turns the kernel round and swaps its channels, as the derivative of a convolution does. Default false. */
  readonly transposeKernel?: boolean;
  /** Counts given padding as that of the forward convolution. Default false: as that of this one. */
  readonly useConsistentPadding?: boolean;
}

/**
 * A convolution of an array that is spread by the strides, the shape of whose result is that which a convolution
 * starts from.
 *
 * @see `jax.lax.conv_transpose`.
 */
export const convTranspose = eagerly(
  'lax.convTranspose',
  (
    x: Value,
    kernel: Value,
    strides: readonly number[],
    padding: Padding,
    options: ConvTransposeOptions = {},
  ): Value => {
    const { transposeKernel = false, useConsistentPadding = false } = options;
    const numbers = options.dimensionNumbers ?? channelsLast(x.ndim);
    const [, order] = convGeneralPermutations(numbers);
    const windows = taken(kernel.shape, order).slice(2);
    const rhsDilation = options.rhsDilation ?? windows.map(() => 1);
    const pads = windows.map((window, k): readonly [number, number] => {
      const reach = window === 0 ? 0 : (window - 1) * (rhsDilation[k] ?? 1) + 1;
      if (typeof padding === 'string') return transposedPads(reach, strides[k] ?? 1, padding);
      const [before, after] = padding[k] ?? [0, 0];
      return useConsistentPadding ? [reach - before - 1, reach - after - 1] : [before, after];
    });
    const turned = transposeKernel ? swapped(prim.reverse(kernel, order.slice(2)), order) : kernel;
    return convGeneralDilated(x, turned, {
      padding: pads,
      lhsDilation: strides,
      rhsDilation,
      dimensionNumbers: numbers,
    });
  },
);

/** The kernel with inputs and outputs in each other's places. */
function swapped(kernel: Value, [outputs = 0, inputs = 1]: readonly number[]): Value {
  const order = range(kernel.ndim).map((a) =>
    a === outputs ? inputs : a === inputs ? outputs : a,
  );
  return prim.transpose(kernel, order);
}

/** Options of {@link convGeneralDilatedPatches}. */
export type PatchOptions = Omit<ConvOptions, 'featureGroupCount'>;

/**
 * The windows that a convolution would multiply with its kernel, in place of the channels: those of the first
 * channel, then those of the second.
 */
export const convGeneralDilatedPatches = eagerly(
  'lax.convGeneralDilatedPatches',
  (x: Value, filterShape: Shape, options: PatchOptions = {}): Value => {
    const numbers = options.dimensionNumbers ?? channelsFirst(x.ndim);
    const [[, channelAxis = 1], [outAxis = 0, inAxis = 1]] = convGeneralPermutations(numbers);
    const size = sizeOf(filterShape);
    const channels = x.shape[channelAxis] ?? 1;
    const grid = [channels, size, size];
    const isOn = prim.eq(prim.iota('int32', grid, 1), prim.iota('int32', grid, 2));
    const one = prim.reshape(prim.convert(isOn, x.dtype), [channels * size, 1, ...filterShape]);
    return convGeneralDilated(x, moveaxis(one, [0, 1], [outAxis, inAxis]), {
      ...options,
      dimensionNumbers: numbers,
      featureGroupCount: channels,
    });
  },
);

/**
 * A convolution with a kernel of its own at every place.
 *
 * @param kernel - […outputs, channels · window, …places] in the order of the dimension numbers' kernel.
 */
export const convGeneralDilatedLocal = eagerly(
  'lax.convGeneralDilatedLocal',
  (x: Value, kernel: Value, filterShape: Shape, options: PatchOptions = {}): Value => {
    const numbers = options.dimensionNumbers ?? channelsFirst(x.ndim);
    const [, [, ofInputs = 1, ...ofSpace], [batch = 0, channels = 1, ...space]] =
      convGeneralPermutations(numbers);
    const patches = convGeneralDilatedPatches(x, filterShape, options);
    const found = prim.dotGeneral(kernel, patches, {
      lhsContract: [ofInputs],
      rhsContract: [channels],
      lhsBatch: ofSpace,
      rhsBatch: space,
    });
    // […places, outputs, batch]
    const places = space.length;
    const order = range(x.ndim).map((axis) =>
      axis === batch ? places + 1 : axis === channels ? places : space.indexOf(axis),
    );
    return prim.transpose(found, order);
  },
);
