/** Reductions that leave NaN out. */
import { isFloat } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import { divide, multiply, subtract, where } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { astype, sqrt } from './elementwise.ts';
import { isnan, logicalNot } from './logic.ts';
import { broadcastTo } from './movement.ts';
import { toInexact, toValue } from './operands.ts';
import {
  all,
  argmax,
  argmin,
  type CumulativeOptions,
  cumprod,
  cumsum,
  max,
  min,
  type OneAxisOptions,
  prod,
  type ReduceOptions,
  type SumOptions,
  sum,
  type VarianceOptions,
} from './reductions.ts';

const withoutNaN = (x: Value, instead: number): Value =>
  isFloat(x.dtype) ? where(isnan(x), instead, x) : x;

/** The sum of the elements that are not NaN. */
export const nansum = eagerly(
  'np.nansum',
  (x: ValueLike, options: SumOptions = {}): Value =>
    sum(withoutNaN(toValue('np.nansum', x), 0), options),
);

/** The product of the elements that are not NaN. */
export const nanprod = eagerly(
  'np.nanprod',
  (x: ValueLike, options: SumOptions = {}): Value =>
    prod(withoutNaN(toValue('np.nanprod', x), 1), options),
);

/** The mean of the elements that are not NaN; NaN if there is none. */
export const nanmean = eagerly(
  'np.nanmean',
  (operand: ValueLike, options: SumOptions = {}): Value => {
    const x = toInexact('np.nanmean', operand);
    return divide(nansum(x, options), sum(astype(logicalNot(isnan(x)), 'int32'), options));
  },
);

/** The mean squared distance from the mean, of the elements that are not NaN. */
export const nanvar = eagerly(
  'np.nanvar',
  (operand: ValueLike, { ddof = 0, ...options }: VarianceOptions = {}): Value => {
    const x = toInexact('np.nanvar', operand);
    const isMissing = isnan(x);
    const centred = where(isMissing, 0, subtract(x, nanmean(x, { ...options, keepdims: true })));
    const count = subtract(sum(astype(logicalNot(isMissing), 'int32'), options), ddof);
    const total = sum(multiply(centred, centred), options);
    return where(count.greater(0), divide(total, where(count.greater(0), count, 1)), Number.NaN);
  },
);

/** The square root of {@link nanvar}. */
export const nanstd = eagerly(
  'np.nanstd',
  (x: ValueLike, options: VarianceOptions = {}): Value => sqrt(nanvar(x, options)),
);

const extreme =
  (op: string, reducer: typeof max, worst: number) =>
  (operand: ValueLike, options: ReduceOptions = {}): Value => {
    const x = toValue(op, operand);
    if (!isFloat(x.dtype)) return reducer(x, options);
    const found = reducer(withoutNaN(x, worst), options);
    return where(all(isnan(x), options), Number.NaN, found);
  };

/** The largest of the elements that are not NaN; NaN if there is none. */
export const nanmax = eagerly('np.nanmax', extreme('np.nanmax', max, -Infinity));

/** The smallest of the elements that are not NaN; NaN if there is none. */
export const nanmin = eagerly('np.nanmin', extreme('np.nanmin', min, Infinity));

const argument =
  (op: string, find: typeof argmax, worst: number) =>
  (operand: ValueLike, options: OneAxisOptions = {}): Value => {
    const x = toValue(op, operand);
    if (!isFloat(x.dtype)) return find(x, options);
    const isNone = all(isnan(x), { ...options, axis: options.axis ?? null });
    const found = find(withoutNaN(x, worst), options);
    return where(broadcastTo(isNone, found.shape), -1, found);
  };

/** int32: the position of the first largest element that is not NaN; −1 if there is none. */
export const nanargmax = eagerly('np.nanargmax', argument('np.nanargmax', argmax, -Infinity));

/** int32: the position of the first smallest element that is not NaN; −1 if there is none. */
export const nanargmin = eagerly('np.nanargmin', argument('np.nanargmin', argmin, Infinity));

/** The sum of the elements up to and including each, NaN counting as 0. */
export const nancumsum = eagerly(
  'np.nancumsum',
  (x: ValueLike, options: CumulativeOptions = {}): Value =>
    cumsum(withoutNaN(toValue('np.nancumsum', x), 0), options),
);

/** The product of the elements up to and including each, NaN counting as 1. */
export const nancumprod = eagerly(
  'np.nancumprod',
  (x: ValueLike, options: CumulativeOptions = {}): Value =>
    cumprod(withoutNaN(toValue('np.nancumprod', x), 1), options),
);
