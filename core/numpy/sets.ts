/** Arrays as sets, with results of a size that is told. */

import { isFloat } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { subtract, where } from './arithmetic.ts';
import { isin, type SizeOptions } from './choosing.ts';
import { zeros } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { astype } from './elementwise.ts';
import { take } from './gathers.ts';
import { concatenate } from './join.ts';
import { less, notEqual } from './logic.ts';
import { broadcastTo, ravel, reshape, sliceAxis } from './movement.ts';
import { promote, toValue } from './operands.ts';
import { sum } from './reductions.ts';

/** Options of {@link uniqueAll} and its relatives. */
export interface UniqueOptions extends SizeOptions {
  /** Whether NaN equals NaN. Default false, but true for {@link unique}. */
  readonly equalNan?: boolean;
}

/** What {@link uniqueAll} gives. */
export interface Unique {
  /** […size]: the distinct elements, ascending; the first one again where there are no more. */
  readonly values: Value;
  /** int32[size]: where each occurs first. */
  readonly indices: Value;
  /** int32, in the shape of the array: which of the values each element is. */
  readonly inverse: Value;
  /** int32[size]: how often each occurs; 0 where there are no more. */
  readonly counts: Value;
}

/** bool[n]: true where a sorted array has an element for the first time. */
function starts(sorted: Value, equalNan: boolean): Value {
  const n = sorted.size;
  if (n === 0) return zeros(0, { dtype: 'bool' });
  const [later, earlier] = [sliceAxis(sorted, 0, 1, n), sliceAxis(sorted, 0, 0, n - 1)];
  const differ = notEqual(later, earlier);
  const isNew =
    equalNan && isFloat(sorted.dtype)
      ? prim.and(differ, prim.or(prim.eq(later, later), prim.eq(earlier, earlier)))
      : differ;
  return concatenate([broadcastTo(prim.literal(1, 'bool'), [1]), isNew]);
}

/** The distinct elements and all that is known of them. */
export function uniqueAll(
  operand: ValueLike,
  { size, fillValue, equalNan = false }: UniqueOptions,
): Unique {
  const [values, indices, inverse, counts] = asOneProgram('np.unique', () => {
    const given = toValue('np.unique', operand);
    const x = ravel(given);
    const positions = prim.iota('int32', [x.size], 0);
    const [sorted = x, order = x] = prim.sort([x, positions], 0, 1);
    const isNew = starts(sorted, equalNan);
    const group = subtract(prim.cumsum(astype(isNew, 'int32'), 0), 1);
    const count = sum(astype(isNew, 'int32'));
    // Where each group begins in the sorted array: later members of a group are dropped.
    const target = where(isNew, group, size);
    const begin = zeros(size, { dtype: 'int32' }).at(target).set(positions);
    const isThere = less(prim.iota('int32', [size], 0), count);
    const known = take(sorted, begin, { axis: 0, mode: 'clip' });
    const filler =
      fillValue === undefined ? sliceAxis(sorted, 0, 0, 1) : astype(fillValue, x.dtype);
    const ends = zeros(size, { dtype: 'int32' }).at(group).add(1);
    return [
      where(isThere, known, filler),
      take(order, where(isThere, begin, 0), { axis: 0, mode: 'clip' }),
      reshape(zeros(x.size, { dtype: 'int32' }).at(order).set(group), given.shape),
      ends,
    ];
  }) as [Value, Value, Value, Value]; // As many as the body returns.
  return { values, indices, inverse, counts };
}

/** […size]: the distinct elements, ascending. */
export const unique = (x: ValueLike, options: UniqueOptions): Value =>
  uniqueAll(x, { equalNan: true, ...options }).values;

/** […size]: the distinct elements, ascending; every NaN counts. */
export const uniqueValues = (x: ValueLike, options: UniqueOptions): Value =>
  uniqueAll(x, options).values;

/** [distinct elements, how often each occurs]. */
export function uniqueCounts(x: ValueLike, options: SizeOptions): [Value, Value] {
  const { values, counts } = uniqueAll(x, options);
  return [values, counts];
}

/** [distinct elements, which of them each element is]. */
export function uniqueInverse(x: ValueLike, options: SizeOptions): [Value, Value] {
  const { values, inverse } = uniqueAll(x, options);
  return [values, inverse];
}

function joined(op: string, x: ValueLike, y: ValueLike): [Value, Value] {
  const [a, b] = promote(op, [ravel(x), ravel(y)]) as [Value, Value]; // One for each.
  return [a, b];
}

/** Distinct elements where the mask holds, in order; `fillValue` (default: the first of them) where there are no more. */
function chosen(x: Value, mask: Value, { size, fillValue }: SizeOptions): Value {
  const positions = prim.iota('int32', [x.size], 0);
  const isOut = prim.not(mask);
  const [, sorted = x] = prim.sort([isOut, x], 0, 2);
  const isFirst = prim.or(
    starts(sorted, true),
    prim.eq(positions, broadcastTo(prim.literal(0, 'int32'), [x.size])),
  );
  const inside = less(positions, sum(astype(mask, 'int32')));
  const isNew = prim.and(isFirst, inside);
  const group = subtract(prim.cumsum(astype(isNew, 'int32'), 0), 1);
  const found = broadcastTo(prim.literal(0, x.dtype), [size])
    .at(where(isNew, group, size))
    .set(sorted);
  const isThere = less(prim.iota('int32', [size], 0), sum(astype(isNew, 'int32')));
  const filler = fillValue === undefined ? sliceAxis(found, 0, 0, 1) : astype(fillValue, x.dtype);
  return where(isThere, found, filler);
}

/** […size]: the elements that are in either, ascending, each once. */
export const union1d = eagerly(
  'np.union1d',
  (x: ValueLike, y: ValueLike, options: SizeOptions): Value =>
    unique(concatenate(joined('np.union1d', x, y)), options),
);

/** […size]: the elements that are in both, ascending, each once. */
export const intersect1d = eagerly(
  'np.intersect1d',
  (x: ValueLike, y: ValueLike, options: SizeOptions): Value => {
    const [a, b] = joined('np.intersect1d', x, y);
    return chosen(a, isin(a, b), options);
  },
);

/** […size]: the elements of x that are not in y, ascending, each once. */
export const setdiff1d = eagerly(
  'np.setdiff1d',
  (x: ValueLike, y: ValueLike, options: SizeOptions): Value => {
    const [a, b] = joined('np.setdiff1d', x, y);
    return chosen(a, isin(a, b, { invert: true }), options);
  },
);

/** […size]: the elements that are in one of both only, ascending, each once. */
export const setxor1d = eagerly(
  'np.setxor1d',
  (x: ValueLike, y: ValueLike, options: SizeOptions): Value => {
    const [a, b] = joined('np.setxor1d', x, y);
    const isSingle = concatenate([isin(a, b, { invert: true }), isin(b, a, { invert: true })]);
    return chosen(concatenate([a, b]), isSingle, options);
  },
);
