/** Grids and joined ranges: what NumPy writes with brackets. */
import { range } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import { arange, linspace } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { type Index, Slice } from './index-plan.ts';
import { concatenate, stack } from './join.ts';
import { broadcastTo, expandDims, reshape } from './movement.ts';
import { promote, toValue } from './operands.ts';

/** So many points from `start` to `stop`, both included: NumPy's imaginary step. */
export interface Points {
  readonly start: number;
  readonly stop: number;
  readonly points: number;
}

/** A range `np.slice(start, stop, step)`, or points. */
export type GridRange = Slice | Points;

const isPoints = (item: unknown): item is Points =>
  typeof item === 'object' && item !== null && 'points' in item;

const numbersOf = (item: GridRange): Value =>
  isPoints(item)
    ? linspace(item.start, item.stop, item.points)
    : arange(item.start ?? 0, item.stop ?? 0, item.step);

const spread = (op: string, ranges: readonly GridRange[]): Value[] =>
  promote(op, ranges.map(numbersOf)).map((x, k) =>
    reshape(
      x,
      ranges.map((_, a) => (a === k ? -1 : 1)),
    ),
  );

/**
 * [axes, …]: the coordinates of every point of a grid; for a single range the range itself.
 *
 * @example
 * const grid = np.mgrid(np.slice(0, 3), np.slice(0, 2)); // int32[2, 3, 2]
 */
export const mgrid = eagerly('np.mgrid', (...ranges: readonly GridRange[]): Value => {
  const axes = spread('np.mgrid', ranges);
  const [only] = axes;
  if (axes.length === 1 && only !== undefined) return only;
  const shape = axes.map((x) => x.size);
  return stack(axes.map((x) => broadcastTo(x, shape)));
});

/** The coordinates along each axis of a grid, which broadcast to {@link mgrid}. */
export const ogrid = (...ranges: readonly GridRange[]): Value[] =>
  asOneProgram('np.ogrid', () => spread('np.ogrid', ranges));

/** What {@link r_} and {@link c_} join: ranges, points, arrays and numbers. */
export type Joined = GridRange | ValueLike;

const partsOf = (op: string, items: readonly Joined[]): Value[] =>
  promote(
    op,
    items.map((item) =>
      item instanceof Slice || isPoints(item) ? numbersOf(item) : toValue(op, item),
    ),
  );

/** Ranges, arrays and numbers one after the other, along the first axis. */
export const r_ = eagerly('np.r_', (...items: readonly Joined[]): Value => {
  const parts = partsOf('np.r_', items);
  const ndim = Math.max(1, ...parts.map((x) => x.ndim));
  return concatenate(
    parts.map((x) => reshape(x, [...range(ndim - x.ndim).map(() => 1), ...x.shape])),
    { axis: 0 },
  );
});

/** Ranges and arrays of one axis as the columns of a matrix; others joined along the last axis. */
export const c_ = eagerly('np.c_', (...items: readonly Joined[]): Value => {
  const parts = partsOf('np.c_', items).map((x) =>
    x.ndim === 0 ? reshape(x, [1, 1]) : x.ndim === 1 ? expandDims(x, 1) : x,
  );
  return concatenate(parts, { axis: -1 });
});

/**
 * The index itself, to be kept and used later: `x.get(...index)`.
 *
 * @example
 * const corner = np.s_(np.slice(0, 2), -1);
 * const values = np.ones([3, 4]).get(...corner);
 */
export const s_ = (...index: readonly Index[]): readonly Index[] => index;

/** Another name of {@link s_}. */
export const indexExp = s_;
