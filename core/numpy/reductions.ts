/** Reductions: sums, extremes, moments, along the axes named or all. */
import { range, type Shape, sizeOf } from '../base/aval.ts';
import { bytesOf, type DType, isFloat, isStorageType, scalarTypeOf } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { divide, maximum, minimum, multiply, subtract, where } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { astype, sqrt } from './elementwise.ts';
import { emptyReduction } from './errors.ts';
import { broadcastTo, ravel, reshape, sliceAxis } from './movement.ts';
import { type Axes, castTo, normalizeAxes, normalizeAxis, toInexact, toValue } from './operands.ts';

/** What every reduction is told. */
export interface ReduceOptions {
  /** One axis, several, or null (default) for all. */
  readonly axis?: Axes;
  /** Whether reduced axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** Options of sums, products and means. */
export interface SumOptions extends ReduceOptions {
  /** Only elements where this bool array holds count. */
  readonly where?: ValueLike;
}

/** Options of {@link max} and {@link min}. */
export interface ExtremeOptions extends ReduceOptions {
  /** Only elements where this bool array holds count; needs `initial`. */
  readonly where?: ValueLike;
  /** One more value to compare with. */
  readonly initial?: ValueLike;
}

type Reducer = (x: Value, axes: readonly number[]) => Value;

function reduceWith(op: string, x: Value, reducer: Reducer, options: ReduceOptions): Value {
  const axes = normalizeAxes(op, options.axis, x.ndim);
  const reduced = axes.length === 0 ? x : reducer(x, axes);
  return options.keepdims === true ? reshape(reduced, kept(x.shape, axes)) : reduced;
}

const kept = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** Elements that do not count, replaced by one that changes nothing. */
const masked = (x: Value, mask: ValueLike | undefined, neutral: number): Value =>
  mask === undefined ? x : where(broadcastTo(mask, x.shape), x, astype(neutral, x.dtype));

/** Booleans and narrow integers are counted in 32 bits. */
const countable = (x: Value): Value =>
  isFloat(x.dtype) || bytesOf(x.dtype) === 4
    ? x.dtype === 'bool'
      ? astype(x, 'int32')
      : x
    : astype(x, scalarTypeOf(x.dtype));

/** The sum; booleans and narrow integers are counted in 32 bits, narrow floats in float32 with one rounding. */
export const sum = eagerly('np.sum', (operand: ValueLike, options: SumOptions = {}): Value => {
  const x = countable(toValue('np.sum', operand));
  return reduceWith('np.sum', masked(x, options.where, 0), prim.reduceSum, options);
});

/** The product; booleans and narrow integers count in 32 bits. */
export const prod = eagerly('np.prod', (operand: ValueLike, options: SumOptions = {}): Value => {
  const x = countable(toValue('np.prod', operand));
  return reduceWith('np.prod', masked(x, options.where, 1), prim.reduceProd, options);
});

/** The arithmetic mean, as a float. */
export const mean = eagerly('np.mean', (operand: ValueLike, options: SumOptions = {}): Value => {
  const given = toInexact('np.mean', operand);
  // The sum of narrow floats may be out of their range though the mean is not.
  if (isStorageType(given.dtype)) {
    return astype(mean(astype(given, 'float32'), options), given.dtype);
  }
  const x = given;
  const axes = normalizeAxes('np.mean', options.axis, x.ndim);
  const total = sum(x, options);
  if (options.where === undefined) return divide(total, countOf(x, axes));
  const { where: mask, ...rest } = options;
  return divide(total, sum(broadcastTo(astype(mask, 'int32'), x.shape), rest));
});

const countOf = (x: Value, axes: readonly number[]): number =>
  sizeOf(axes.map((axis) => x.shape[axis] ?? 1));

function extreme(
  op: string,
  operand: ValueLike,
  reducer: Reducer,
  combine: (x: ValueLike, y: ValueLike) => Value,
  options: ExtremeOptions,
): Value {
  const x = toValue(op, operand);
  const { initial } = options;
  const axes = normalizeAxes(op, options.axis, x.ndim);
  const isEmpty = countOf(x, axes) === 0;
  if (initial === undefined) {
    if (isEmpty || options.where !== undefined) throw emptyReduction(op, x.shape);
    return reduceWith(op, x, reducer, options);
  }
  const start = castTo(op, initial, x.aval);
  if (isEmpty) {
    const rest = kept(x.shape, axes);
    const shape = options.keepdims === true ? rest : rest.filter((_, i) => !axes.includes(i));
    return broadcastTo(start, shape);
  }
  const counted =
    options.where === undefined ? x : where(broadcastTo(options.where, x.shape), x, start);
  return combine(reduceWith(op, counted, reducer, options), start);
}

/** The largest element; NaN if there is one. */
export const max = eagerly(
  'np.max',
  (x: ValueLike, options: ExtremeOptions = {}): Value =>
    extreme('np.max', x, prim.reduceMax, maximum, options),
);

/** The smallest element; NaN if there is one. */
export const min = eagerly(
  'np.min',
  (x: ValueLike, options: ExtremeOptions = {}): Value =>
    extreme('np.min', x, prim.reduceMin, minimum, options),
);

/** The largest element minus the smallest. */
export const ptp = eagerly(
  'np.ptp',
  (x: ValueLike, options: ReduceOptions = {}): Value => subtract(max(x, options), min(x, options)),
);

/** bool: whether all elements are ≠ 0. */
export const all = eagerly(
  'np.all',
  (x: ValueLike, options: ReduceOptions = {}): Value =>
    reduceWith('np.all', astype(x, 'bool'), prim.reduceAnd, options),
);

/** bool: whether any element is ≠ 0. */
export const any = eagerly(
  'np.any',
  (x: ValueLike, options: ReduceOptions = {}): Value =>
    reduceWith('np.any', astype(x, 'bool'), prim.reduceOr, options),
);

/** int32: how many elements are ≠ 0. */
export const countNonzero = eagerly(
  'np.countNonzero',
  (x: ValueLike, options: ReduceOptions = {}): Value => sum(astype(x, 'bool'), options),
);

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions extends ReduceOptions {
  /** Divides by the count minus this; 1 for a sample. Default 0. */
  readonly ddof?: number;
}

/** The mean squared distance from the mean, as a float. */
export const variance = eagerly(
  'np.var',
  (operand: ValueLike, { ddof = 0, ...options }: VarianceOptions = {}): Value => {
    const x = toInexact('np.var', operand);
    const axes = normalizeAxes('np.var', options.axis, x.ndim);
    const centred = subtract(x, mean(x, { ...options, keepdims: true }));
    return divide(sum(multiply(centred, centred), options), countOf(x, axes) - ddof);
  },
);

/** The standard deviation: the square root of the variance. */
export const std = eagerly(
  'np.std',
  (x: ValueLike, options: VarianceOptions = {}): Value => sqrt(variance(x, options)),
);

/** Options of {@link average}. */
export interface AverageOptions extends ReduceOptions {
  /** How much each element counts; broadcasts to x. Default: all alike. */
  readonly weights?: ValueLike;
}

/** The mean, weighted if weights are given. */
export const average = eagerly(
  'np.average',
  (operand: ValueLike, options: AverageOptions = {}): Value => {
    const { weights, ...rest } = options;
    if (weights === undefined) return mean(operand, rest);
    const x = toInexact('np.average', operand);
    const share = broadcastTo(toInexact('np.average', weights), x.shape);
    return divide(sum(multiply(x, share), rest), sum(share, rest));
  },
);

/** Options of reductions along one axis. */
export interface OneAxisOptions {
  /** Null (default) for the flattened array. */
  readonly axis?: number | null;
  /** Whether the reduced axis stays, with size 1. Default false. */
  readonly keepdims?: boolean;
}

function position(
  op: string,
  operand: ValueLike,
  find: (x: Value, axis: number) => Value,
  { axis = null, keepdims = false }: OneAxisOptions,
): Value {
  const input = toValue(op, operand);
  const x = axis === null ? ravel(input) : input;
  const place = normalizeAxis(op, axis ?? 0, x.ndim);
  if (x.shape[place] === 0) throw emptyReduction(op, input.shape);
  const found = find(x, place);
  const places = axis === null ? range(input.ndim) : [place];
  return keepdims ? reshape(found, kept(input.shape, places)) : found;
}

/** int32: the position of the first largest element (the first NaN, if there is one). */
export const argmax = eagerly(
  'np.argmax',
  (x: ValueLike, options: OneAxisOptions = {}): Value =>
    position('np.argmax', x, prim.argmax, options),
);

/** int32: the position of the first smallest element (the first NaN, if there is one). */
export const argmin = eagerly(
  'np.argmin',
  (x: ValueLike, options: OneAxisOptions = {}): Value =>
    position('np.argmin', x, prim.argmin, options),
);

/** Options of {@link cumsum}. */
export interface CumulativeOptions {
  /** Null (default) for the flattened array. */
  readonly axis?: number | null;
  /** The element type to sum in. */
  readonly dtype?: DType;
}

/** The sum of the elements up to and including each; booleans count as int32. */
export const cumsum = eagerly(
  'np.cumsum',
  (operand: ValueLike, { axis = null, dtype }: CumulativeOptions = {}): Value => {
    const input = countable(toValue('np.cumsum', operand));
    const typed = dtype === undefined ? input : astype(input, dtype);
    const x = axis === null ? ravel(typed) : typed;
    return prim.cumsum(x, normalizeAxis('np.cumsum', axis ?? 0, x.ndim), false);
  },
);

/** The product of the elements up to and including each; booleans count as int32. */
export const cumprod = eagerly(
  'np.cumprod',
  (operand: ValueLike, { axis = null, dtype }: CumulativeOptions = {}): Value => {
    const input = countable(toValue('np.cumprod', operand));
    const typed = dtype === undefined ? input : astype(input, dtype);
    const x = axis === null ? ravel(typed) : typed;
    return prim.cumprod(x, normalizeAxis('np.cumprod', axis ?? 0, x.ndim), false);
  },
);

/** Options of {@link diff}. */
export interface DiffOptions {
  /** How often. Default 1. */
  readonly n?: number;
  /** Default: the last. */
  readonly axis?: number;
}

/** Each element minus the one before it; one fewer along the axis. */
export const diff = eagerly(
  'np.diff',
  (operand: ValueLike, { n = 1, axis = -1 }: DiffOptions = {}): Value => {
    const x = toValue('np.diff', operand);
    const place = normalizeAxis('np.diff', axis, x.ndim);
    return range(n).reduce((values) => {
      const size = values.shape[place] ?? 0;
      const later = sliceAxis(values, place, Math.min(1, size), size);
      const earlier = sliceAxis(values, place, 0, Math.max(0, size - 1));
      return x.dtype === 'bool' ? prim.xor(later, earlier) : prim.sub(later, earlier);
    }, x);
  },
);
