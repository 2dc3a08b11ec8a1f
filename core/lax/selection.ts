/** Greatest elements, sorted keys, and reductions by any function. */
import type { Value, ValueLike } from '../ir/value.ts';
import { asOneProgram } from '../numpy/eager.ts';
import { moveaxis, sliceAxis } from '../numpy/movement.ts';
import { broadcastValue, castTo, normalizeAxis } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';

const two = (values: readonly Value[]): [Value, Value] => values as [Value, Value];

/**
 * [values, positions] of the k greatest elements along an axis (default: the last), descending: […, k] and
 * int32[…, k]. Of equal ones the first comes first.
 */
export const topK = (
  x: Value,
  k: number,
  { axis = -1 }: { readonly axis?: number } = {},
): [Value, Value] =>
  two(
    asOneProgram('lax.topK', () => {
      const place = normalizeAxis('lax.topK', axis, x.ndim);
      const positions = prim.iota('int32', x.shape, place);
      const backwards = [x, positions].map((v) => prim.reverse(v, [place]));
      // Sorted ascending from the end, so that of equal elements the first one comes first after turning round.
      const sorted = prim.sort(backwards, place, 1).map((v) => prim.reverse(v, [place]));
      return sorted.map((v) => sliceAxis(v, place, 0, k));
    }),
  );

/** Options of {@link approxMaxK}. */
export interface ApproxOptions {
  /** The axis that is searched. Default: the last. */
  readonly reductionDimension?: number;
  /** What share of the greatest must be found: all are, always. */
  readonly recallTarget?: number;
}

/** [values, positions] of the k greatest along an axis: exact, as JAX is on a CPU. */
export const approxMaxK = (
  x: Value,
  k: number,
  { reductionDimension = -1 }: ApproxOptions = {},
): [Value, Value] => topK(x, k, { axis: reductionDimension });

/** [values, positions] of the k least along an axis, ascending: exact, as JAX is on a CPU. */
export const approxMinK = (
  x: Value,
  k: number,
  { reductionDimension = -1 }: ApproxOptions = {},
): [Value, Value] =>
  two(
    asOneProgram('lax.approxMinK', () => {
      const place = normalizeAxis('lax.approxMinK', reductionDimension, x.ndim);
      const sorted = prim.sort([x, prim.iota('int32', x.shape, place)], place, 1);
      return sorted.map((v) => sliceAxis(v, place, 0, k));
    }),
  );

/** [sorted keys, values in the same order] along an axis (default: the last); equal keys keep their order. */
export const sortKeyVal = (keys: Value, values: Value, axis = -1): [Value, Value] =>
  two(
    asOneProgram('lax.sortKeyVal', () => {
      const place = normalizeAxis('lax.sortKeyVal', axis, keys.ndim);
      return prim.sort([keys, broadcastValue('lax.sortKeyVal', values, keys.shape)], place, 1);
    }),
  );

/**
 * All elements along axes combined by `combine`, an associative function that works element by element.
 *
 * @param initial - A value that changes nothing; it may be combined any number of times.
 */
export const reduce = (
  x: Value,
  initial: ValueLike,
  combine: (x: Value, y: Value) => Value,
  axes: readonly number[],
): Value =>
  asOneProgram('lax.reduce', () => {
    const neutral = castTo('lax.reduce', initial, { dtype: x.dtype, weak: false });
    const places = axes.map((axis) => normalizeAxis('lax.reduce', axis, x.ndim));
    const order = [...places].sort((a, b) => b - a);
    const found = order.reduce((value, axis) => halved(value, neutral, combine, axis), x);
    return [combine(broadcastValue('lax.reduce', neutral, found.shape), found)];
  })[0] as Value; // One, as the body returns.

/** The axis in halves that are combined until one element is left. */
function halved(
  x: Value,
  neutral: Value,
  combine: (x: Value, y: Value) => Value,
  axis: number,
): Value {
  let value = moveaxis(x, axis, 0);
  const rest = value.shape.slice(1);
  if (value.shape[0] === 0) return broadcastValue('lax.reduce', neutral, rest);
  while ((value.shape[0] ?? 1) > 1) {
    const size = value.shape[0] ?? 1;
    const none = value.shape.map(() => 0);
    const even = size % 2 === 0 ? value : prim.pad(value, neutral, none, none.with(0, 1), none);
    const length = even.shape[0] ?? 1;
    // Neighbours, so that the order of elements is kept.
    const every = (first: number): Value =>
      prim.slice(
        even,
        none.with(0, first),
        even.shape.with(0, length - 1 + first),
        value.shape.map((_, a) => (a === 0 ? 2 : 1)),
      );
    value = combine(every(0), every(1));
  }
  return prim.reshape(value, rest);
}

/** The exclusive or of all elements along axes, which disappear. */
export const reduceXor = (x: Value, axes: readonly number[]): Value => reduce(x, 0, prim.xor, axes);
