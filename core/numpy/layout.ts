/** Arrangements of whole arrays: flips, turns, blocks, stacks, parts. */
import { range, type Shape, sizeOf } from '../base/aval.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { zeros } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { wrongRank } from './errors.ts';
import { take } from './gathers.ts';
import { fromFront } from './index-plan.ts';
import { concatenate, split, stack, tile } from './join.ts';
import {
  broadcastTo,
  expandDims,
  flip,
  moveaxis,
  ravel,
  reshape,
  sliceAxis,
  swapaxes,
  transpose,
} from './movement.ts';
import { broadcastTogether, castTo, normalizeAxis, toValue } from './operands.ts';

/** The columns in reverse order. */
export const fliplr = (x: ValueLike): Value => flip(x, { axis: 1 });

/** The rows in reverse order. */
export const flipud = (x: ValueLike): Value => flip(x, { axis: 0 });

/** Options of {@link rot90}. */
export interface Rot90Options {
  /** How many quarter turns, from the first axis to the second. Default 1. */
  readonly k?: number;
  /** The plane. Default [0, 1]. */
  readonly axes?: readonly [number, number];
}

/** The array turned by quarter turns. */
export const rot90 = eagerly(
  'np.rot90',
  (x: ValueLike, { k = 1, axes: [a, b] = [0, 1] }: Rot90Options = {}): Value => {
    const turns = ((k % 4) + 4) % 4;
    if (turns === 0) return toValue('np.rot90', x);
    if (turns === 2) return flip(x, { axis: [a, b] });
    return turns === 1
      ? swapaxes(flip(x, { axis: b }), a, b)
      : flip(swapaxes(x, a, b), { axis: b });
  },
);

const padded = (x: Value, ndim: number): Value =>
  x.ndim >= ndim ? x : reshape(x, [...range(ndim - x.ndim).map(() => 1), ...x.shape]);

/** With at least one axis. */
export const atleast1d = (x: ValueLike): Value => padded(toValue('np.atleast1d', x), 1);

/** With at least two axes; a new one comes first. */
export const atleast2d = (x: ValueLike): Value => padded(toValue('np.atleast2d', x), 2);

/** With at least three axes: […] becomes [1, …, 1], [a, b] becomes [a, b, 1]. */
export function atleast3d(operand: ValueLike): Value {
  const x = toValue('np.atleast3d', operand);
  if (x.ndim >= 3) return x;
  const shape = x.ndim === 2 ? [...x.shape, 1] : [1, x.size, 1];
  return reshape(x, shape);
}

/** The arrays as columns of a matrix; those of two axes side by side. */
export const columnStack = eagerly(
  'np.columnStack',
  (arrays: readonly ValueLike[]): Value =>
    concatenate(
      arrays.map((array) => {
        const x = toValue('np.columnStack', array);
        return x.ndim < 2 ? reshape(x, [-1, 1]) : x;
      }),
      { axis: 1 },
    ),
);

/** The arrays one behind the other, on the third axis. */
export const dstack = eagerly(
  'np.dstack',
  (arrays: readonly ValueLike[]): Value => concatenate(arrays.map(atleast3d), { axis: 2 }),
);

/** Parts along axis 0. */
export const vsplit = (x: ValueLike, sections: number | readonly number[]): Value[] =>
  split(x, sections, { axis: 0 });

/** Parts along axis 1, or 0 if there is only one. */
export const hsplit = (x: ValueLike, sections: number | readonly number[]): Value[] =>
  split(x, sections, { axis: toValue('np.hsplit', x).ndim === 1 ? 0 : 1 });

/** Parts along axis 2. */
export const dsplit = (x: ValueLike, sections: number | readonly number[]): Value[] =>
  split(x, sections, { axis: 2 });

/** So many parts along an axis, the first ones one longer where they cannot be equal. */
export function arraySplit(
  operand: ValueLike,
  sections: number | readonly number[],
  { axis = 0 }: { readonly axis?: number } = {},
): Value[] {
  if (typeof sections !== 'number') return split(operand, sections, { axis });
  const x = toValue('np.arraySplit', operand);
  const size = x.shape[normalizeAxis('np.arraySplit', axis, x.ndim)] ?? 0;
  const [each, longer] = [Math.floor(size / sections), size % sections];
  const cuts = range(sections - 1).map((i) => (i + 1) * each + Math.min(i + 1, longer));
  return split(x, cuts, { axis });
}

/** Arrays, or lists of them, which form the rows of a block matrix. */
export type Blocks = ValueLike | readonly Blocks[];

/** The array that nested lists of blocks form: innermost lists are joined along the last axis. */
export const block = eagerly('np.block', (blocks: Blocks): Value => {
  const depthOf = (item: Blocks): number =>
    Array.isArray(item) ? 1 + depthOf(item[0] as Blocks) : 0;
  const leaves = (item: Blocks): Value[] =>
    Array.isArray(item) ? item.flatMap(leaves) : [toValue('np.block', item as ValueLike)];
  const depth = depthOf(blocks);
  const ndim = Math.max(depth, ...leaves(blocks).map((x) => x.ndim));
  const join = (item: Blocks, level: number): Value =>
    Array.isArray(item)
      ? concatenate(
          item.map((part) => join(part, level - 1)),
          { axis: ndim - level },
        )
      : padded(toValue('np.block', item as ValueLike), ndim);
  return join(blocks, depth);
});

/** The arrays in the one shape that they broadcast to. */
export const broadcastArrays = (...arrays: readonly ValueLike[]): Value[] =>
  asOneProgram('np.broadcastArrays', () =>
    broadcastTogether(
      'np.broadcastArrays',
      arrays.map((x) => toValue('np.broadcastArrays', x)),
    ),
  );

/** `values` after the elements of `x`; both are flattened unless an axis is given. */
export const append = (
  x: ValueLike,
  values: ValueLike,
  { axis = null }: { readonly axis?: number | null } = {},
): Value => concatenate([x, values], { axis });

/** The elements repeated or cut off to fill a shape. */
export const resize = eagerly('np.resize', (operand: ValueLike, shape: number | Shape): Value => {
  const x = ravel(operand);
  const wanted = typeof shape === 'number' ? [shape] : shape;
  const size = sizeOf(wanted);
  if (x.size === 0 || size === 0) return broadcastTo(prim.literal(0, x.dtype), wanted);
  const long = tile(x, Math.ceil(size / x.size));
  return reshape(sliceAxis(long, 0, 0, size), wanted);
});

/** The axis moved to before the one at `start`. */
export function rollaxis(operand: ValueLike, axis: number, start = 0): Value {
  const x = toValue('np.rollaxis', operand);
  const from = normalizeAxis('np.rollaxis', axis, x.ndim);
  const to = start < 0 ? start + x.ndim : start;
  return moveaxis(x, from, to > from ? to - 1 : to);
}

function positionsWithout(op: string, x: Value, axis: number, gone: readonly number[]): number[] {
  const size = x.shape[axis] ?? 0;
  const drop = gone.map((i) => normalizeAxis(op, i, size));
  return range(size).filter((i) => !drop.includes(i));
}

/** Runs of consecutive positions as slices of the array. */
function pick(x: Value, axis: number, positions: readonly number[]): Value {
  const pieces: Value[] = [];
  let start = 0;
  for (let i = 1; i <= positions.length; i++) {
    if (i < positions.length && positions[i] === (positions[i - 1] ?? 0) + 1) continue;
    const from = positions[start] ?? 0;
    pieces.push(sliceAxis(x, axis, from, from + i - start));
    start = i;
  }
  return pieces.length === 0 ? sliceAxis(x, axis, 0, 0) : concatenate(pieces, { axis });
}

/** What is left when positions that are computed, all different, are taken out. */
function withoutPlaces(x: Value, axis: number, places: Value): Value {
  const size = x.shape[axis] ?? 0;
  const numbers = prim.iota('int32', [size], 0);
  const gone = fromFront(ravel(places), size);
  const isGone = prim.reduceOr(
    prim.eq(
      prim.broadcastInDim(numbers, [size, gone.size], [0]),
      prim.broadcastInDim(gone, [size, gone.size], [1]),
    ),
    [1],
  );
  const [, kept = numbers] = prim.sort([isGone, numbers], 0, 1);
  return take(x, sliceAxis(kept, 0, 0, size - gone.size), { axis, mode: 'clip' });
}

/**
 * The array without some positions of an axis (of the flattened array by default). Positions in an array must all
 * be different.
 */
export const deleteAt = eagerly(
  'np.deleteAt',
  (
    operand: ValueLike,
    positions: number | readonly number[] | Value,
    { axis = null }: { readonly axis?: number | null } = {},
  ): Value => {
    const x = axis === null ? ravel(operand) : toValue('np.deleteAt', operand);
    const place = normalizeAxis('np.deleteAt', axis ?? 0, x.ndim);
    if (positions instanceof Value) return withoutPlaces(x, place, positions);
    const gone = typeof positions === 'number' ? [positions] : positions;
    return pick(x, place, positionsWithout('np.deleteAt', x, place, gone));
  },
);

/** Values put in before positions that are computed, in their order. */
function insertedAt(x: Value, axis: number, places: Value, given: Value): Value {
  const size = x.shape[axis] ?? 0;
  const before = fromFront(ravel(places), size);
  const count = before.size;
  const total = size + count;
  const [sorted = before, order = before] = prim.sort(
    [before, prim.iota('int32', [count], 0)],
    0,
    1,
  );
  const numbers = prim.iota('int32', [count], 0);
  const isNew = zeros(total, { dtype: 'int32' }).at(prim.add(sorted, numbers)).set(1);
  const ones = broadcastTo(prim.literal(1, 'int32'), [total]);
  const counted = prim.cumsum(isNew, 0);
  const fromNew = take(order, prim.sub(counted, ones), { axis: 0, mode: 'clip' });
  const fromOld = prim.sub(prim.iota('int32', [total], 0), counted);
  const front = moveaxis(x, axis, 0);
  const rest = front.shape.slice(1);
  const shaped = given.ndim === 1 ? reshape(given, [-1, ...rest.map(() => 1)]) : given;
  const slabs = given.ndim === x.ndim && given.ndim > 1 ? moveaxis(given, axis, 0) : shaped;
  const all = broadcastTo(slabs, [count, ...rest]);
  const chosen = prim.select(
    broadcastTo(reshape(prim.gt(isNew, prim.sub(ones, ones)), [-1, ...rest.map(() => 1)]), [
      total,
      ...rest,
    ]),
    take(all, fromNew, { axis: 0, mode: 'clip' }),
    take(front, fromOld, { axis: 0, mode: 'clip' }),
  );
  return moveaxis(chosen, 0, axis);
}

/** The array with values put in before some positions of an axis (of the flattened array by default). */
export const insert = eagerly(
  'np.insert',
  (
    operand: ValueLike,
    positions: number | readonly number[] | Value,
    values: ValueLike,
    { axis = null }: { readonly axis?: number | null } = {},
  ): Value => {
    const x = axis === null ? ravel(operand) : toValue('np.insert', operand);
    const place = normalizeAxis('np.insert', axis ?? 0, x.ndim);
    const size = x.shape[place] ?? 0;
    const given = castTo('np.insert', values, { dtype: x.dtype, weak: false });
    if (positions instanceof Value) return insertedAt(x, place, positions, given);
    const list = typeof positions === 'number' ? [positions] : positions;
    const isOne = typeof positions === 'number';
    const rest = x.shape.toSpliced(place, 1);
    const several = isOne && given.ndim > 0 && axis === null ? given.size : list.length;
    const spread =
      isOne && given.ndim === x.ndim && axis !== null
        ? given
        : moveaxis(
            broadcastTo(
              axis === null
                ? given
                : given.ndim <= 1 && !isOne && given.ndim > 0
                  ? reshape(given, [-1, ...rest.map(() => 1)])
                  : given,
              [several, ...rest],
            ),
            0,
            place,
          );
    const at = range(several).map((i) => {
      const p = list[isOne ? 0 : i] ?? 0;
      return { p: p < 0 ? p + size : p, i };
    });
    const order = at.toSorted((a, b) => a.p - b.p || a.i - b.i);
    const pieces: Value[] = [];
    let from = 0;
    for (const { p, i } of order) {
      pieces.push(sliceAxis(x, place, from, p), sliceAxis(spread, place, i, i + 1));
      from = p;
    }
    pieces.push(sliceAxis(x, place, from, size));
    return concatenate(pieces, { axis: place });
  },
);

/** The diagonal replaced by `value`; in more than two axes where all positions are equal. */
export const fillDiagonal = eagerly(
  'np.fillDiagonal',
  (operand: ValueLike, value: ValueLike): Value => {
    const x = toValue('np.fillDiagonal', operand);
    if (x.ndim < 2) throw wrongRank('np.fillDiagonal', 'at least two axes', x.aval);
    const places = range(x.ndim).map((axis) => prim.iota('int32', x.shape, axis));
    const [first = x, ...others] = places;
    const isOn = others.map((p) => prim.eq(first, p)).reduce((a, b) => prim.and(a, b));
    const given = castTo('np.fillDiagonal', value, { dtype: x.dtype, weak: false });
    const wide = given.ndim === 1 ? reshape(given, [-1, ...range(x.ndim - 1).map(() => 1)]) : given;
    return prim.select(isOn, broadcastTo(wide, x.shape), x);
  },
);

/** `func` of every vector along `axis`, whose results take the place of that axis. */
export function applyAlongAxis(
  func: (row: Value) => Value,
  axis: number,
  operand: ValueLike,
): Value {
  const [result] = asOneProgram('np.applyAlongAxis', () => {
    const x = toValue('np.applyAlongAxis', operand);
    const place = normalizeAxis('np.applyAlongAxis', axis, x.ndim);
    const moved = moveaxis(x, place, -1);
    const lead = moved.shape.slice(0, -1);
    const rows = reshape(moved, [-1, x.shape[place] ?? 0]);
    const results = range(sizeOf(lead)).map((i) =>
      func(reshape(sliceAxis(rows, 0, i, i + 1), [-1])),
    );
    const all = stack(results);
    const shaped = reshape(all, [...lead, ...all.shape.slice(1)]);
    const own = range(all.ndim - 1);
    return [
      own.length === 0
        ? shaped
        : transpose(shaped, [
            ...range(place),
            ...own.map((k) => lead.length + k),
            ...range(lead.length - place).map((k) => place + k),
          ]),
    ];
  });
  return result ?? toValue('np.applyAlongAxis', operand);
}

/** `func(x, axis)` over several axes one after the other; an axis that it drops is put back with size 1. */
export function applyOverAxes(
  func: (x: Value, axis: number) => Value,
  operand: ValueLike,
  axes: number | readonly number[],
): Value {
  const x = toValue('np.applyOverAxes', operand);
  const list = typeof axes === 'number' ? [axes] : axes;
  return list.reduce((value, axis) => {
    const place = normalizeAxis('np.applyOverAxes', axis, x.ndim);
    const found = func(value, place);
    return found.ndim === value.ndim ? found : expandDims(found, place);
  }, x);
}
