/** Numbers that describe samples. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { asOneProgram, eagerly } from '../../../core/numpy/eager.ts';
import { unknownOption } from '../../../core/numpy/errors.ts';
import * as np from '../../../core/numpy/index.ts';
import { normalizeAxis, toInexact, toValue } from '../../../core/numpy/operands.ts';
import { itemAt } from '../../values.ts';
import { vmap } from '../../vmap.ts';

/** Options of {@link mode}. */
export interface ModeOptions {
  /** The axis to look along, or null for the whole array. Default 0. */
  readonly axis?: number | null;
  /** Whether the axis stays, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** The columns of x: [rows along the axis, everything else]. */
function columnsOf(op: string, x: Value, axis: number | null): { columns: Value; axis: number } {
  if (axis === null || x.ndim === 0) return { columns: x.reshape(-1, 1), axis: 0 };
  const place = normalizeAxis(op, axis, x.ndim);
  const size = x.shape[place] ?? 1;
  return { columns: np.moveaxis(x, place, 0).reshape(size, x.size / size), axis: place };
}

/** [the most frequent value, how often it occurs] of a sorted column. */
function modeOf(sorted: Value): Value[] {
  const first = np.searchsorted(sorted, sorted, { side: 'left' });
  const after = np.searchsorted(sorted, sorted, { side: 'right' });
  const counts = after.sub(first);
  const best = np.argmax(counts);
  return [np.take(sorted, best), np.take(counts, best)];
}

/** The most frequent value, the smallest of several, and how often it occurs. */
export function mode(
  a: ValueLike,
  { axis = 0, keepdims = false }: ModeOptions = {},
): { mode: Value; count: Value } {
  const op = 'scipy.stats.mode';
  const found = asOneProgram(op, () => {
    const x = toValue(op, a);
    const { columns, axis: place } = columnsOf(op, x, axis);
    const shape = x.shape
      .map((size, i) => (axis === null || i === place ? 1 : size))
      .filter((_, i) => keepdims || !(axis === null || i === place));
    const results = vmap(modeOf, { inAxes: 1 })(np.sort(columns, { axis: 0 }));
    return results.map((value) => value.reshape(shape));
  });
  return { mode: itemAt(found, 0), count: itemAt(found, 1) };
}

/** Options of {@link rankdata}. */
export interface RankdataOptions {
  /**
   * Which rank equal values have: the mean of their places (default 'average'), the first ('min'), the last
   * ('max'), the number of smaller values that differ ('dense'), or each its own ('ordinal').
   */
  readonly method?: 'average' | 'min' | 'max' | 'dense' | 'ordinal';
  /** The axis to rank along. Default: the whole array, on one axis. */
  readonly axis?: number | null;
}

const ranks: Record<string, (x: Value, sorted: Value) => Value> = {
  average: (x, sorted) => {
    const before = np.searchsorted(sorted, x, { side: 'left' });
    return before
      .add(np.searchsorted(sorted, x, { side: 'right' }))
      .add(1)
      .mul(0.5);
  },
  min: (x, sorted) => np.searchsorted(sorted, x, { side: 'left' }).add(1),
  max: (x, sorted) => np.searchsorted(sorted, x, { side: 'right' }),
  dense: (x, sorted) => {
    const n = x.size;
    const isNew = sorted.get(np.slice(1, null)).notEqual(sorted.get(np.slice(0, n - 1)));
    const places = np.concatenate([np.ones([1], { dtype: 'int32' }), isNew.astype('int32')]);
    return np.take(np.cumsum(places), np.searchsorted(sorted, x, { side: 'left' }));
  },
  ordinal: (x) => np.argsort(np.argsort(x)).add(1),
};

/** f32: the rank of each element, from 1; NaN all over if one element is. @throws `unknown-option` */
export const rankdata = eagerly(
  'scipy.stats.rankdata',
  (a: ValueLike, { method = 'average', axis = null }: RankdataOptions = {}): Value => {
    const op = 'scipy.stats.rankdata';
    const rule = ranks[method];
    if (rule === undefined) {
      throw unknownOption(op, 'method', String(method), Object.keys(ranks).join(', '));
    }
    const rank = (x: Value): Value => {
      const found = rule(x, np.sort(x)).astype('float32');
      return np.where(np.any(np.isnan(x)), Number.NaN, found);
    };
    const x = toValue(op, a);
    if (axis === null) return rank(x.ravel());
    const { columns, axis: place } = columnsOf(op, x, axis);
    const moved = np.moveaxis(x, place, 0).shape;
    return np.moveaxis(vmap(rank, { inAxes: 1, outAxes: 1 })(columns).reshape(moved), 0, place);
  },
);

/** Options of {@link sem}. */
export interface SemOptions {
  /** The axis to look along, or null for the whole array. Default 0. */
  readonly axis?: number | null;
  /** How much the divisor of the variance is less than the count. Default 1. */
  readonly ddof?: number;
  /** Whether NaN is a result ('propagate', the default) or is left out ('omit'). */
  readonly nanPolicy?: 'propagate' | 'omit';
  /** Whether the axis stays, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** The standard error of the mean. */
export const sem = eagerly(
  'scipy.stats.sem',
  (
    a: ValueLike,
    { axis = 0, ddof = 1, nanPolicy = 'propagate', keepdims = false }: SemOptions = {},
  ): Value => {
    const x = toInexact('scipy.stats.sem', a);
    const options = { axis, keepdims };
    if (nanPolicy === 'propagate') {
      const size = axis === null ? x.size : (x.shape.at(axis) ?? 1);
      return np.std(x, { ...options, ddof }).div(Math.sqrt(size));
    }
    const count = np.sum(np.isnan(x).not().astype('float32'), options);
    return np.nanstd(x, { ...options, ddof }).div(np.sqrt(count));
  },
);
