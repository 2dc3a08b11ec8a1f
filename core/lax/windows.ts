/** Convolutions and reductions of windows. */
import { range } from '../base/aval.ts';
import type { Value } from '../ir/value.ts';
import { eagerly } from '../numpy/eager.ts';
import * as prim from '../primitives/index.ts';
import {
  channelsFirst,
  convGeneralPermutations,
  type DimensionNumbers,
} from './dimension-numbers.ts';

export type { DimensionNumbers } from './dimension-numbers.ts';

/** Elements added before and after each spatial axis: given, none, or so many that strides of 1 keep the size. */
export type Padding = 'SAME' | 'VALID' | readonly (readonly [number, number])[];

/** Options of {@link convGeneralDilated}. */
export interface ConvOptions {
  /** Default 1 for each axis. */
  readonly windowStrides?: readonly number[];
  /** Default `VALID`. */
  readonly padding?: Padding;
  /** Zeros put between elements of x, less one: 2 for a transposed convolution of stride 2. Default 1. */
  readonly lhsDilation?: readonly number[];
  /** From one element of the kernel to the next. Default 1. */
  readonly rhsDilation?: readonly number[];
  /** Default batch, channels, space for x and the result; outputs, inputs, space for the kernel. */
  readonly dimensionNumbers?: DimensionNumbers;
  /** In how many groups channels are kept apart. Default 1. */
  readonly featureGroupCount?: number;
}

function paddingOf(
  padding: Padding,
  size: number,
  window: number,
  stride: number,
  k: number,
): readonly [number, number] {
  if (padding === 'VALID') return [0, 0];
  if (padding !== 'SAME') return padding[k] ?? [0, 0];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/**
 * The convolution (without flipping the kernel) of x with a kernel.
 *
 * @param x - f32[batch, channels, …space].
 * @param kernel - f32[outputs, channels / groups, …window].
 * @returns f32[batch, outputs, …positions].
 * @see `jax.lax.conv_general_dilated`.
 */
export const convGeneralDilated = eagerly(
  'lax.convGeneralDilated',
  (x: Value, kernel: Value, options: ConvOptions = {}): Value => {
    const { padding = 'VALID', featureGroupCount: groups = 1 } = options;
    const space = range(x.ndim - 2);
    const plain = channelsFirst(x.ndim);
    const [lhsSpec, rhsSpec, outSpec] = convGeneralPermutations(options.dimensionNumbers ?? plain);
    const [strides, lhsDilation, rhsDilation] = [
      options.windowStrides,
      options.lhsDilation,
      options.rhsDilation,
    ].map((given) => space.map((k) => given?.[k] ?? 1)) as [number[], number[], number[]]; // Three of each.
    const pads = space.map((k) => {
      const size = x.shape[lhsSpec[k + 2] ?? -1] ?? 0;
      const spread = size === 0 ? 0 : (size - 1) * (lhsDilation[k] ?? 1) + 1;
      const window = kernel.shape[rhsSpec[k + 2] ?? -1] ?? 1;
      const reach = (window - 1) * (rhsDilation[k] ?? 1) + 1;
      return paddingOf(padding, spread, reach, strides[k] ?? 1, k);
    });
    return prim.convolution(x, kernel, {
      strides,
      low: pads.map(([before]) => before),
      high: pads.map(([, after]) => after),
      lhsDilation,
      rhsDilation,
      groups,
      lhsSpec,
      rhsSpec,
      outSpec,
    });
  },
);

/** Options of {@link reduceWindow}. */
export interface ReduceWindowOptions {
  /** Default 1 for each axis. */
  readonly windowStrides?: readonly number[];
  /** Default `VALID`; padded elements change nothing. */
  readonly padding?: Padding;
  /** Default 1 for each axis. */
  readonly windowDilation?: readonly number[];
}

/** The first greatest (or least) element along an axis, which alone has a derivative. */
const firstOf =
  (find: (x: Value, axis: number) => Value) =>
  (x: Value, [axis = 0]: readonly number[]): Value => {
    const others = x.shape.map((_, a) => a).filter((a) => a !== axis);
    const place = prim.broadcastInDim(find(x, axis), x.shape, others);
    const isFirst = prim.eq(prim.iota('int32', x.shape, axis), place);
    const zero = prim.broadcastInDim(prim.literal(0, x.dtype), x.shape, []);
    return prim.reduceSum(prim.select(isFirst, x, zero), [axis]);
  };

const reducers = {
  add: { reduce: prim.reduceSum, neutral: 0 },
  max: { reduce: firstOf(prim.argmax), neutral: -Infinity },
  min: { reduce: firstOf(prim.argmin), neutral: Infinity },
  mul: { reduce: prim.reduceProd, neutral: 1 },
} as const;

/** All elements of each window combined: pooling. Of elements that tie for the greatest the first has the derivative. */
export const reduceWindow = eagerly(
  'lax.reduceWindow',
  (
    x: Value,
    operation: keyof typeof reducers,
    window: readonly number[],
    options: ReduceWindowOptions = {},
  ): Value => {
    const { reduce, neutral } = reducers[operation];
    const { padding = 'VALID', windowStrides, windowDilation } = options;
    const limit =
      x.dtype === 'float32' ? neutral : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, neutral));
    // From the last axis on, so that the first of equal elements is the first in row-major order.
    return window.reduceRight<Value>((value, size, axis) => {
      const [stride, dilation] = [windowStrides?.[axis] ?? 1, windowDilation?.[axis] ?? 1];
      const [before, after] = paddingOf(
        padding,
        x.shape[axis] ?? 0,
        (size - 1) * dilation + 1,
        stride,
        axis,
      );
      if (size === 1 && stride === 1 && before === 0 && after === 0) return value;
      const none = value.shape.map(() => 0);
      const padded = prim.pad(
        value,
        prim.literal(limit, value.dtype),
        none.with(axis, before),
        none.with(axis, after),
        none,
      );
      return reduce(prim.unfold(padded, axis, { size, stride, dilation }), [axis + 1]);
    }, x);
  },
);

/** log Σ exp of all elements up to each one along an axis, without overflow. */
export const cumlogsumexp = eagerly(
  'lax.cumlogsumexp',
  (x: Value, axis: number, reverse?: boolean): Value => {
    const size = x.shape[axis] ?? 0;
    const least = prim.literal(-Infinity, x.dtype);
    let found = x;
    for (let reach = 1; reach < size; reach *= 2) {
      const by = reverse === true ? -reach : reach;
      const none = x.shape.map(() => 0);
      const before = prim.pad(found, least, none.with(axis, by), none.with(axis, -by), none);
      const [high, low] = [prim.max(found, before), prim.min(found, before)];
      const isNothing = prim.eq(low, prim.broadcastInDim(least, x.shape, []));
      const safe = prim.select(isNothing, high, low);
      const moved = prim.sub(high, prim.stopGradient(high));
      const exact = prim.add(
        prim.stopGradient(high),
        prim.log1p(
          prim.sub(
            prim.add(prim.exp(moved), prim.exp(prim.sub(safe, prim.stopGradient(high)))),
            prim.broadcastInDim(prim.literal(1, x.dtype), x.shape, []),
          ),
        ),
      );
      found = prim.select(isNothing, high, exact);
    }
    return found;
  },
);
