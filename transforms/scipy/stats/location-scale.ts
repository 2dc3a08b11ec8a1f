/** Distributions that have a place and a width only. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { expit, logit, logNdtr, ndtr, ndtri } from '../../../core/scipy/special.ts';
import { type Compute, expOf, family, isShare, logOf, onlyIf, unit } from './family.ts';

type LocScale = [x: ValueLike, loc?: ValueLike, scale?: ValueLike];
const defaults = [undefined, 0, 1] as const;

/** The function at −x of the distribution at −loc. */
const mirrored =
  (compute: Compute): Compute =>
  (x, loc, ...rest) =>
    compute(x.neg(), loc.neg(), ...rest);

const ofNorm = family<LocScale>('norm', defaults);
const normLog: Compute = (x, loc, scale) => {
  const variance = np.square(scale);
  const quadratic = np.square(x.sub(loc)).div(variance);
  return np
    .log(variance.mul(2 * Math.PI))
    .add(quadratic)
    .div(-2);
};
const normCdf: Compute = (x, loc, scale) => ndtr(unit(x, loc, scale));
const normLogCdf: Compute = (x, loc, scale) => logNdtr(unit(x, loc, scale));
const normPpf = (q: Value, loc: Value, scale: Value): Value => ndtri(q).mul(scale).add(loc);

/** The normal distribution. (x, loc = 0, scale = 1). */
export const norm = {
  logpdf: ofNorm('logpdf', normLog),
  pdf: ofNorm('pdf', expOf(normLog)),
  cdf: ofNorm('cdf', normCdf),
  logcdf: ofNorm('logcdf', normLogCdf),
  sf: ofNorm('sf', mirrored(normCdf)),
  logsf: ofNorm('logsf', mirrored(normLogCdf)),
  ppf: ofNorm('ppf', normPpf),
  isf: ofNorm('isf', (q, loc, scale) => normPpf(np.subtract(1, q), loc, scale)),
};

const ofUniform = family<LocScale>('uniform', defaults);
const uniformLog: Compute = (x, loc, scale) => {
  const isOutside = x.greater(loc.add(scale)).or(x.less(loc));
  return np.where(isOutside, -Infinity, np.log(scale).neg());
};

/** The uniform distribution from loc to loc + scale. (x, loc = 0, scale = 1). */
export const uniform = {
  logpdf: ofUniform('logpdf', uniformLog),
  pdf: ofUniform('pdf', expOf(uniformLog)),
  cdf: ofUniform('cdf', (x, loc, scale) => {
    const isAfter = x.greater(loc.add(scale));
    // NaN gives 0, as in JAX.
    return np.where(isAfter, 1, np.where(x.greaterEqual(loc), unit(x, loc, scale), 0));
  }),
  ppf: ofUniform('ppf', (q, loc, scale) => onlyIf(isShare(q), scale.mul(q).add(loc))),
};

const ofLaplace = family<LocScale>('laplace', defaults);
const laplaceLog: Compute = (x, loc, scale) =>
  np
    .abs(x.sub(loc))
    .div(scale)
    .add(np.log(scale.mul(2)))
    .neg();

/** The distribution of Laplace. (x, loc = 0, scale = 1). */
export const laplace = {
  logpdf: ofLaplace('logpdf', laplaceLog),
  pdf: ofLaplace('pdf', expOf(laplaceLog)),
  cdf: ofLaplace('cdf', (x, loc, scale) => {
    const y = unit(x, loc, scale);
    const below = np.exp(np.minimum(y, 0)).mul(0.5);
    return np.where(y.lessEqual(0), below, np.subtract(1, np.exp(y.neg()).mul(0.5)));
  }),
};

const ofCauchy = family<LocScale>('cauchy', defaults);
const cauchyLog: Compute = (x, loc, scale) =>
  np
    .log(scale.mul(Math.PI))
    .add(np.log1p(np.square(unit(x, loc, scale))))
    .neg();
const cauchyCdf: Compute = (x, loc, scale) =>
  np
    .arctan(unit(x, loc, scale))
    .mul(1 / Math.PI)
    .add(0.5);

/** The distribution of Cauchy. (x, loc = 0, scale = 1). */
export const cauchy = {
  logpdf: ofCauchy('logpdf', cauchyLog),
  pdf: ofCauchy('pdf', expOf(cauchyLog)),
  cdf: ofCauchy('cdf', cauchyCdf),
  logcdf: ofCauchy('logcdf', logOf(cauchyCdf)),
  sf: ofCauchy('sf', mirrored(cauchyCdf)),
  logsf: ofCauchy('logsf', mirrored(logOf(cauchyCdf))),
  ppf: ofCauchy('ppf', (q, loc, scale) =>
    np
      .tan(q.mul(Math.PI).sub(Math.PI / 2))
      .mul(scale)
      .add(loc),
  ),
  isf: ofCauchy('isf', (q, loc, scale) =>
    np
      .tan(np.subtract(Math.PI / 2, q.mul(Math.PI)))
      .mul(scale)
      .add(loc),
  ),
};

const ofExpon = family<LocScale>('expon', defaults);
const exponLog: Compute = (x, loc, scale) =>
  np.where(x.less(loc), -Infinity, unit(x, loc, scale).add(np.log(scale)).neg());
const exponLogSf: Compute = (x, loc, scale) => np.where(x.less(loc), 0, loc.sub(x).div(scale));

/** The exponential distribution. (x, loc = 0, scale = 1). */
export const expon = {
  logpdf: ofExpon('logpdf', exponLog),
  pdf: ofExpon('pdf', expOf(exponLog)),
  cdf: ofExpon('cdf', (x, loc, scale) =>
    np.where(x.less(loc), 0, np.expm1(loc.sub(x).div(scale)).neg()),
  ),
  logcdf: ofExpon('logcdf', (...args) => np.log1p(np.exp(exponLogSf(...args)).neg())),
  sf: ofExpon('sf', expOf(exponLogSf)),
  logsf: ofExpon('logsf', exponLogSf),
  ppf: ofExpon('ppf', (q, loc, scale) => onlyIf(isShare(q), loc.sub(scale.mul(np.log1p(q.neg()))))),
};

const ofLogistic = family<LocScale>('logistic', defaults);
const logisticLog: Compute = (x, loc, scale) => {
  const half = unit(x, loc, scale).mul(0.5);
  return np.logaddexp(half, half.neg()).mul(-2).sub(np.log(scale));
};

/** The logistic distribution. (x, loc = 0, scale = 1). */
export const logistic = {
  logpdf: ofLogistic('logpdf', logisticLog),
  pdf: ofLogistic('pdf', expOf(logisticLog)),
  cdf: ofLogistic('cdf', (x, loc, scale) => expit(unit(x, loc, scale))),
  sf: ofLogistic('sf', (x, loc, scale) => expit(unit(x, loc, scale).neg())),
  ppf: ofLogistic('ppf', (q, loc, scale) => logit(q).mul(scale).add(loc)),
  isf: ofLogistic('isf', (q, loc, scale) => logit(q).neg().mul(scale).add(loc)),
};
