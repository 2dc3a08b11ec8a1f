/** Sorting and searching. */
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { eagerly } from './eager.ts';
import { less, lessEqual } from './logic.ts';
import { expandDims, flip, ravel } from './movement.ts';
import { normalizeAxis, promotePair, toValue } from './operands.ts';
import { sum } from './reductions.ts';

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Default: the last. Null sorts the flattened array. */
  readonly axis?: number | null;
  /** Largest first. Default false. */
  readonly descending?: boolean;
}

function prepare(op: string, operand: ValueLike, axis: number | null): [Value, number] {
  const x = axis === null ? ravel(operand) : toValue(op, operand);
  return [x, normalizeAxis(op, axis ?? 0, x.ndim)];
}

function sortAll(operands: readonly Value[], axis: number): Value[] {
  return prim.sort(operands, axis, 1);
}

/** The elements in ascending order along an axis, NaN last. */
export const sort = eagerly(
  'np.sort',
  (operand: ValueLike, { axis = -1, descending = false }: SortOptions = {}): Value => {
    const [x, place] = prepare('np.sort', operand, axis);
    const [sorted = x] = sortAll([x], place);
    return descending ? flip(sorted, { axis: place }) : sorted;
  },
);

/** int32: the positions of the elements in ascending order along an axis; equal ones keep their order. */
export const argsort = eagerly(
  'np.argsort',
  (operand: ValueLike, { axis = -1, descending = false }: SortOptions = {}): Value => {
    const [input, place] = prepare('np.argsort', operand, axis);
    // Sorting the reversed array and reversing the result keeps the order of equal elements.
    const x = descending ? flip(input, { axis: place }) : input;
    const counted = prim.iota('int32', x.shape, place);
    const positions = descending ? flip(counted, { axis: place }) : counted;
    const [, order = positions] = sortAll([x, positions], place);
    return descending ? flip(order, { axis: place }) : order;
  },
);

/** Options of {@link searchsorted}. */
export interface SearchOptions {
  /** Before (default) or after elements that are equal. */
  readonly side?: 'left' | 'right';
}

/**
 * int32: where each value would go in the ascending array `x` of one axis to keep it in order.
 * Compares with every element: meant for short arrays.
 */
export const searchsorted = eagerly(
  'np.searchsorted',
  (x: ValueLike, values: ValueLike, { side = 'left' }: SearchOptions = {}): Value => {
    const [sorted, wanted] = [toValue('np.searchsorted', x), toValue('np.searchsorted', values)];
    const compare = side === 'left' ? less : lessEqual;
    const [edges, columns] = promotePair('np.searchsorted', sorted, expandDims(wanted, -1));
    return sum(compare(edges, columns), { axis: -1 });
  },
);
