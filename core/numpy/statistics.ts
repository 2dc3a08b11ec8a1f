/** Order statistics, correlations and histograms. */
import { range } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { add, clip, divide, maximum, minimum, multiply, subtract, where } from './arithmetic.ts';
import { linspace, zeros } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { astype, ceil, floor, sqrt } from './elementwise.ts';
import { unknownOption, wrongRank } from './errors.ts';
import { takeAlongAxis } from './gathers.ts';
import { concatenate } from './join.ts';
import { equal, greaterEqual, isnan, lessEqual, logicalAnd, logicalNot } from './logic.ts';
import { diagonal, expandDims, flip, moveaxis, ravel, reshape, sliceAxis } from './movement.ts';
import { type Axes, normalizeAxes, toInexact, toValue } from './operands.ts';
import { matmul } from './products.ts';
import { any, average, diff, max, mean, min, sum } from './reductions.ts';
import { searchsorted, sort } from './sorting.ts';

/** How {@link quantile} chooses between two neighbours. */
export type QuantileMethod = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

/** Options of {@link quantile} and its relatives. */
export interface QuantileOptions {
  /** One axis, several, or null (default) for all. */
  readonly axis?: Axes;
  /** Whether reduced axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
  /** Default `linear`. */
  readonly method?: QuantileMethod;
}

function between(low: Value, high: Value, weight: Value, method: QuantileMethod): Value {
  switch (method) {
    case 'linear':
      return add(multiply(low, subtract(1, weight)), multiply(high, weight));
    case 'lower':
      return low;
    case 'higher':
      return high;
    case 'midpoint':
      return multiply(add(low, high), 0.5);
    case 'nearest':
      return where(weight.greater(0.5), high, low);
    default:
      throw unknownOption(
        'np.quantile',
        'method',
        String(method),
        'linear, lower, higher, midpoint, nearest',
      );
  }
}

function quantiles(
  op: string,
  operand: ValueLike,
  q: ValueLike,
  { axis = null, keepdims = false, method = 'linear' }: QuantileOptions,
  skipNaN: boolean,
): Value {
  const input = toInexact(op, operand);
  const share = toInexact(op, q);
  const axes = normalizeAxes(op, axis, input.ndim);
  const kept = range(input.ndim).filter((i) => !axes.includes(i));
  const rest = kept.map((i) => input.shape[i] ?? 1);
  const rows = reshape(prim.transpose(input, [...kept, ...axes]), [...rest, -1]);
  const isMissing = isnan(rows);
  const spoiled = skipNaN
    ? rows
    : where(any(isMissing, { axis: -1, keepdims: true }), Number.NaN, rows);
  const sorted = sort(spoiled);
  const size = rows.shape.at(-1) ?? 0;
  const count = skipNaN
    ? sum(astype(logicalNot(isMissing), 'float32'), { axis: -1, keepdims: true })
    : toInexact(op, size);
  const last = subtract(count, 1);
  const place = multiply(ravel(share), last);
  const limit = (x: Value): Value => astype(clip(x, 0, maximum(last, 0)), 'int32');
  const weight = subtract(place, floor(place));
  const spread = (at: Value): Value =>
    at.ndim === rows.ndim ? at : reshape(at, [...rest.map(() => 1), -1]);
  const at = (position: Value): Value =>
    takeAlongAxis(sorted, spread(limit(position)), { mode: 'clip' });
  const mixed = method === 'nearest' ? prim.stopGradient(spread(weight)) : spread(weight);
  const found = moveaxis(between(at(floor(place)), at(ceil(place)), mixed, method), -1, 0);
  const shape = keepdims ? input.shape.map((n, i) => (axes.includes(i) ? 1 : n)) : rest;
  return reshape(found, [...share.shape, ...shape]);
}

/**
 * The values below which the shares `q` (from 0 to 1) of the elements lie; the axes of `q` come first. NaN where
 * there is a NaN.
 */
export const quantile = eagerly(
  'np.quantile',
  (x: ValueLike, q: ValueLike, options: QuantileOptions = {}): Value =>
    quantiles('np.quantile', x, q, options, false),
);

/** {@link quantile} with shares from 0 to 100. */
export const percentile = eagerly(
  'np.percentile',
  (x: ValueLike, q: ValueLike, options: QuantileOptions = {}): Value =>
    quantiles('np.percentile', x, divide(q, 100), options, false),
);

/** The value in the middle; the mean of the two there if their number is even. */
export const median = eagerly(
  'np.median',
  (x: ValueLike, options: Omit<QuantileOptions, 'method'> = {}): Value =>
    quantiles('np.median', x, 0.5, { ...options, method: 'midpoint' }, false),
);

/** {@link quantile} of the elements that are not NaN. */
export const nanquantile = eagerly(
  'np.nanquantile',
  (x: ValueLike, q: ValueLike, options: QuantileOptions = {}): Value =>
    quantiles('np.nanquantile', x, q, options, true),
);

/** {@link percentile} of the elements that are not NaN. */
export const nanpercentile = eagerly(
  'np.nanpercentile',
  (x: ValueLike, q: ValueLike, options: QuantileOptions = {}): Value =>
    quantiles('np.nanpercentile', x, divide(q, 100), options, true),
);

/** {@link median} of the elements that are not NaN. */
export const nanmedian = eagerly(
  'np.nanmedian',
  (x: ValueLike, options: Omit<QuantileOptions, 'method'> = {}): Value =>
    quantiles('np.nanmedian', x, 0.5, { ...options, method: 'midpoint' }, true),
);

/** Options of {@link cov}. */
export interface CovOptions {
  /** More variables, observed together with those of `x`. */
  readonly y?: ValueLike;
  /** Whether each row is a variable. Default true; else each column is. */
  readonly rowvar?: boolean;
  /** Divides by the number of observations instead of one less. Default false. */
  readonly bias?: boolean;
  /** Divides by the number of observations less this, whatever `bias` says. */
  readonly ddof?: number;
  /** int32[observations]: how often each was made. */
  readonly fweights?: ValueLike;
  /** f32[observations]: how much each counts. */
  readonly aweights?: ValueLike;
}

/** One variable in each row. */
function variables(op: string, operand: ValueLike, rowvar: boolean): Value {
  const x = toInexact(op, operand);
  if (x.ndim > 2) throw wrongRank(op, 'at most two axes', x.aval);
  const rows = x.ndim < 2 ? reshape(x, [1, -1]) : x;
  return rowvar || x.ndim < 2 ? rows : prim.transpose(rows, [1, 0]);
}

/** The covariances of variables: f32[variables, variables], f32[] of a single one. */
export const cov = eagerly('np.cov', (operand: ValueLike, options: CovOptions = {}): Value => {
  const { y, rowvar = true, bias = false, fweights, aweights } = options;
  const own = variables('np.cov', operand, rowvar);
  const x = y === undefined ? own : concatenate([own, variables('np.cov', y, rowvar)]);
  const ddof = options.ddof ?? (bias ? 0 : 1);
  const given = [fweights, aweights].filter((w) => w !== undefined);
  if (given.length === 0) {
    const centred = subtract(x, mean(x, { axis: 1, keepdims: true }));
    const product = matmul(centred, prim.transpose(centred, [1, 0]));
    const found = divide(product, (x.shape[1] ?? 0) - ddof);
    return x.shape[0] === 1 ? reshape(found, []) : found;
  }
  const weights = given.map((w) => toInexact('np.cov', w)).reduce((a, b) => multiply(a, b));
  const total = sum(weights);
  const lost =
    aweights === undefined ? ddof : multiply(ddof, divide(sum(multiply(weights, aweights)), total));
  const centred = subtract(x, expandDims(average(x, { axis: 1, weights: weights }), 1));
  const product = matmul(multiply(centred, weights), prim.transpose(centred, [1, 0]));
  const found = divide(product, subtract(total, lost));
  return x.shape[0] === 1 ? reshape(found, []) : found;
});

/** The correlations of variables, from −1 to 1: f32[variables, variables]. */
export const corrcoef = eagerly(
  'np.corrcoef',
  (x: ValueLike, options: Pick<CovOptions, 'y' | 'rowvar'> = {}): Value => {
    const found = cov(x, options);
    if (found.ndim === 0) return divide(found, found);
    const spread = sqrt(diagonal(found));
    return clip(divide(divide(found, expandDims(spread, 1)), expandDims(spread, 0)), -1, 1);
  },
);

/** Options of {@link bincount}. */
export interface BincountOptions {
  /** How many values are counted: 0 … length − 1. Larger ones are left out. */
  readonly length: number;
  /** How much each element counts. Default 1, giving int32. */
  readonly weights?: ValueLike;
}

/** How often each of 0 … length − 1 occurs: int32[length]. Negative elements count as 0. */
export const bincount = eagerly(
  'np.bincount',
  (operand: ValueLike, { length, weights }: BincountOptions): Value => {
    const x = maximum(ravel(toValue('np.bincount', operand)), 0);
    const values =
      weights === undefined ? prim.broadcastInDim(prim.literal(1, 'int32'), x.shape, []) : weights;
    const counts = toValue('np.bincount', values);
    return zeros(length, { dtype: counts.dtype }).at(astype(x, 'int32')).add(ravel(counts));
  },
);

/** Options of {@link digitize}. */
export interface DigitizeOptions {
  /** Whether a bin has its right end instead of its left one. Default false. */
  readonly right?: boolean;
}

/** int32: the bin that each element is in, for ascending or descending edges; 0 before the first. */
export const digitize = eagerly(
  'np.digitize',
  (operand: ValueLike, bins: ValueLike, { right = false }: DigitizeOptions = {}): Value => {
    const [x, edges] = [toValue('np.digitize', operand), toValue('np.digitize', bins)];
    const size = edges.shape[0] ?? 0;
    if (size === 0) return zeros(x.shape, { dtype: 'int32' });
    const [side, other] = right ? (['left', 'right'] as const) : (['right', 'left'] as const);
    const ascending = searchsorted(edges, x, { side });
    const descending = subtract(size, searchsorted(flip(edges), x, { side: other }));
    const isAscending = greaterEqual(edges.get(-1), edges.get(0));
    return where(isAscending, ascending, descending);
  },
);

/** Options of {@link histogram}. */
export interface HistogramOptions {
  /** How many bins of equal width, or f32[bins + 1] with their edges. Default 10. */
  readonly bins?: number | ValueLike;
  /** Where the bins begin and end. Default: the least and greatest element. */
  readonly range?: readonly [ValueLike, ValueLike];
  /** How much each element counts. Default 1. */
  readonly weights?: ValueLike;
  /** Divides so that the area is 1. Default false. */
  readonly density?: boolean;
}

/** The edges that {@link histogram} uses: f32[bins + 1]. */
export const histogramBinEdges = eagerly(
  'np.histogramBinEdges',
  (operand: ValueLike, { bins = 10, range: limits }: HistogramOptions = {}): Value => {
    if (typeof bins !== 'number') return toInexact('np.histogramBinEdges', bins as ValueLike);
    const x = ravel(toInexact('np.histogramBinEdges', operand));
    const low = limits === undefined ? min(x) : toInexact('np.histogramBinEdges', limits[0]);
    const high = limits === undefined ? max(x) : toInexact('np.histogramBinEdges', limits[1]);
    const isPoint = equal(low, high);
    const from = where(isPoint, subtract(low, 0.5), low);
    return linspace(from, where(isPoint, add(high, 0.5), high), bins + 1);
  },
);

/** [counts, edges]: how many elements are in each bin, f32[bins], and where the bins are, f32[bins + 1]. */
export function histogram(operand: ValueLike, options: HistogramOptions = {}): [Value, Value] {
  return asOneProgram('np.histogram', () => {
    const { density = false, weights } = options;
    const x = ravel(toInexact('np.histogram', operand));
    const edges = histogramBinEdges(x, options);
    const last = (edges.shape[0] ?? 1) - 1;
    const [from, to] = [edges.get(0), edges.get(-1)];
    // The last bin has both of its ends.
    const bin = where(equal(x, to), last, searchsorted(edges, x, { side: 'right' }));
    const isInside = logicalAnd(greaterEqual(x, from), lessEqual(x, to));
    const counted = where(isInside, weights === undefined ? 1 : ravel(weights), 0);
    const all = zeros(last + 1)
      .at(astype(minimum(bin, last), 'int32'))
      .add(astype(counted, 'float32'));
    const counts = sliceAxis(all, 0, 1, last + 1);
    return [density ? divide(divide(counts, sum(counts)), diff(edges)) : counts, edges];
  }) as [Value, Value]; // As many as the body returns.
}

/** Options of {@link histogramdd} and {@link histogram2d}. */
export interface HistogramOptionsOfMany {
  /** How many bins of equal width along every axis, or along each. Default 10. */
  readonly bins?: number | readonly number[];
  /** Where the bins of each axis begin and end. Default: the least and greatest element. */
  readonly range?: readonly (readonly [ValueLike, ValueLike])[];
  /** How much each element counts. Default 1. */
  readonly weights?: ValueLike;
  /** Divides so that the volume is 1. Default false. */
  readonly density?: boolean;
}

/** [counts, edges of the first axis, edges of the second, …] of points f32[points, axes]. */
export function histogramdd(operand: ValueLike, options: HistogramOptionsOfMany = {}): Value[] {
  return asOneProgram('np.histogramdd', () => {
    const { bins = 10, range: limits, weights, density = false } = options;
    const points = toInexact('np.histogramdd', operand);
    const columns = range(points.shape[1] ?? 0).map((k) =>
      reshape(sliceAxis(points, 1, k, k + 1), [-1]),
    );
    const sizes = columns.map((_, k) => (typeof bins === 'number' ? bins : (bins[k] ?? 10)));
    const edges = columns.map((x, k) => {
      const own = limits?.[k];
      return histogramBinEdges(
        x,
        own === undefined ? { bins: sizes[k] ?? 10 } : { bins: sizes[k] ?? 10, range: own },
      );
    });
    const places = columns.map((x, k) => {
      const [own, last] = [edges[k] ?? x, sizes[k] ?? 10];
      const bin = searchsorted(own, x, { side: 'right' });
      return where(equal(x, own.get(-1)), last, bin);
    });
    const lengths = sizes.map((n) => n + 2);
    const flat = places.reduce(
      (sum, place, k) => add(multiply(sum, lengths[k] ?? 1), place),
      toValue('np.histogramdd', 0),
    );
    const counted =
      weights === undefined
        ? prim.broadcastInDim(prim.literal(1, 'int32'), [points.shape[0] ?? 0], [])
        : astype(weights, 'float32');
    const all = reshape(
      zeros(
        lengths.reduce((a, n) => a * n, 1),
        { dtype: counted.dtype },
      )
        .at(astype(flat, 'int32'))
        .add(counted),
      lengths,
    );
    const counts = prim.slice(
      all,
      lengths.map(() => 1),
      lengths.map((n) => n - 1),
    );
    const volumes = edges
      .map((own, k) =>
        reshape(
          diff(own),
          edges.map((_, a) => (a === k ? -1 : 1)),
        ),
      )
      .reduce((a, b) => multiply(a, b));
    return [density ? divide(divide(counts, sum(counts)), volumes) : counts, ...edges];
  });
}

/** [counts, edges of x, edges of y] of points given by their coordinates. */
export const histogram2d = (
  x: ValueLike,
  y: ValueLike,
  options: HistogramOptionsOfMany = {},
): Value[] =>
  asOneProgram('np.histogram2d', () => {
    const columns = [x, y].map((v) => expandDims(toInexact('np.histogram2d', v), 1));
    return histogramdd(concatenate(columns, { axis: 1 }), options);
  });
