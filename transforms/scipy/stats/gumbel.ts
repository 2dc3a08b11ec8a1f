/** The distributions of the smallest and the largest of many numbers. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { type Compute, expOf, family, onlyIf, unit } from './family.ts';

type LocScale = [x: ValueLike, loc?: ValueLike, scale?: ValueLike];
const defaults = [undefined, 0, 1] as const;

/** The function of z = (x − loc) / scale; NaN unless the scale is positive. */
const ofUnit =
  (compute: (z: Value, scale: Value) => Value): Compute =>
  (x, loc, scale) =>
    onlyIf(scale.greater(0), compute(unit(x, loc, scale), scale));

/** log(1 − exp(−x)) for positive x. */
function log1mexp(x: Value): Value {
  const isSmall = x.less(Math.LN2);
  const [small, large] = [np.where(isSmall, x, 1), np.where(isSmall, 1, x)];
  return np.where(
    isSmall,
    np.log(np.expm1(small.neg()).neg()),
    np.log1p(np.exp(large.neg()).neg()),
  );
}

const isBetween = (p: Value): Value => p.greater(0).and(p.less(1));

const ofLeft = family<LocScale>('gumbelL', defaults);
const leftLog = ofUnit((z, scale) => z.sub(np.exp(z)).sub(np.log(scale)));
const leftLogCdf = ofUnit((z) => np.log(np.expm1(np.exp(z).neg()).neg()));
const leftLogSf = ofUnit((z) => np.exp(z).neg());

/** Gumbel's distribution of smallest values. (x, loc = 0, scale = 1). */
export const gumbelL = {
  logpdf: ofLeft('logpdf', leftLog),
  pdf: ofLeft('pdf', expOf(leftLog)),
  logcdf: ofLeft('logcdf', leftLogCdf),
  cdf: ofLeft('cdf', expOf(leftLogCdf)),
  logsf: ofLeft('logsf', leftLogSf),
  sf: ofLeft('sf', expOf(leftLogSf)),
  ppf: ofLeft('ppf', (p, loc, scale) =>
    onlyIf(isBetween(p), loc.add(scale.mul(np.log(np.log1p(p.neg()).neg())))),
  ),
};

const ofRight = family<LocScale>('gumbelR', defaults);
const rightLog = ofUnit((z, scale) => z.add(np.exp(z.neg())).add(np.log(scale)).neg());
const rightLogCdf = ofUnit((z) => np.exp(z.neg()).neg());

/** Gumbel's distribution of largest values. (x, loc = 0, scale = 1). */
export const gumbelR = {
  logpdf: ofRight('logpdf', rightLog),
  pdf: ofRight('pdf', expOf(rightLog)),
  logcdf: ofRight('logcdf', rightLogCdf),
  cdf: ofRight('cdf', expOf(rightLogCdf)),
  logsf: ofRight(
    'logsf',
    ofUnit((z) => log1mexp(np.exp(z.neg()))),
  ),
  sf: ofRight(
    'sf',
    ofUnit((z) => np.subtract(1, np.exp(np.exp(z.neg()).neg()))),
  ),
  ppf: ofRight('ppf', (p, loc, scale) =>
    onlyIf(isBetween(p), loc.sub(scale.mul(np.log(np.log(p).neg())))),
  ),
};
