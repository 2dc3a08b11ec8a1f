/** Distributions of real numbers with parameters that change their shape. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { betaln, gammaln, i0e, xlog1py, xlogy } from '../../../core/scipy/special.ts';
import { betainc, gammainc, gammaincc } from '../special.ts';
import { type Compute, expOf, family, isShare, logOf, onlyIf, unit } from './family.ts';

const ofBeta = family<
  [x: ValueLike, a: ValueLike, b: ValueLike, loc?: ValueLike, scale?: ValueLike]
>('beta', [undefined, undefined, undefined, 0, 1]);
const betaLog: Compute = (x, a, b, loc, scale) => {
  const y = unit(x, loc, scale);
  const linear = xlogy(a.sub(1), y).add(xlog1py(b.sub(1), y.neg()));
  const found = linear.sub(betaln(a, b)).sub(np.log(scale));
  const isOutside = x.greater(loc.add(scale)).or(x.less(loc));
  const arePositive = a.greater(0).and(b.greater(0)).and(scale.greater(0));
  return onlyIf(arePositive, np.where(isOutside, -Infinity, found));
};
const betaCdf: Compute = (x, a, b, loc, scale) => betainc(a, b, np.clip(unit(x, loc, scale), 0, 1));
const betaSf: Compute = (x, a, b, loc, scale) =>
  betainc(b, a, np.subtract(1, np.clip(unit(x, loc, scale), 0, 1)));

/** The beta distribution. (x, a, b, loc = 0, scale = 1). */
export const beta = {
  logpdf: ofBeta('logpdf', betaLog),
  pdf: ofBeta('pdf', expOf(betaLog)),
  cdf: ofBeta('cdf', betaCdf),
  logcdf: ofBeta('logcdf', logOf(betaCdf)),
  sf: ofBeta('sf', betaSf),
  logsf: ofBeta('logsf', logOf(betaSf)),
};

type Shaped = [x: ValueLike, shape: ValueLike, loc?: ValueLike, scale?: ValueLike];
const shaped = [undefined, undefined, 0, 1] as const;

const ofGamma = family<Shaped>('gamma', shaped);
const gammaLog: Compute = (x, a, loc, scale) => {
  const isInside = x.greaterEqual(loc);
  const y = np.where(isInside, unit(x, loc, scale), 1);
  const found = xlogy(a.sub(1), y)
    .sub(y)
    .sub(gammaln(a).add(np.log(scale)));
  return np.where(isInside, found, -Infinity);
};
const gammaCdf: Compute = (x, a, loc, scale) =>
  gammainc(a, np.clip(unit(x, loc, scale), 0, Infinity));
const gammaSf: Compute = (x, a, loc, scale) => {
  const y = unit(x, loc, scale);
  return np.where(y.less(0), 1, gammaincc(a, y));
};

/** The gamma distribution. (x, a, loc = 0, scale = 1). */
export const gamma = {
  logpdf: ofGamma('logpdf', gammaLog),
  pdf: ofGamma('pdf', expOf(gammaLog)),
  cdf: ofGamma('cdf', gammaCdf),
  logcdf: ofGamma('logcdf', logOf(gammaCdf)),
  sf: ofGamma('sf', gammaSf),
  logsf: ofGamma('logsf', logOf(gammaSf)),
};

const ofChi2 = family<Shaped>('chi2', shaped);
const chi2Log: Compute = (x, df, loc, scale) => {
  const [y, half] = [unit(x, loc, scale), df.mul(0.5)];
  const constant = gammaln(half).add(half.mul(Math.LN2)).add(np.log(scale));
  const kernel = half.sub(1).mul(np.log(y)).sub(y.mul(0.5));
  return np.where(x.less(loc), -Infinity, kernel.sub(constant));
};
const halved = (x: Value, loc: Value, scale: Value): Value =>
  np.clip(x.sub(loc).div(scale.mul(2)), 0, Infinity);
const chi2Cdf: Compute = (x, df, loc, scale) => gammainc(df.mul(0.5), halved(x, loc, scale));
const chi2Sf: Compute = (x, df, loc, scale) => gammaincc(df.mul(0.5), halved(x, loc, scale));

/** The χ² distribution. (x, df, loc = 0, scale = 1). */
export const chi2 = {
  logpdf: ofChi2('logpdf', chi2Log),
  pdf: ofChi2('pdf', expOf(chi2Log)),
  cdf: ofChi2('cdf', chi2Cdf),
  logcdf: ofChi2('logcdf', logOf(chi2Cdf)),
  sf: ofChi2('sf', chi2Sf),
  logsf: ofChi2('logsf', logOf(chi2Sf)),
};

const ofT = family<Shaped>('t', shaped);
const tLog: Compute = (x, df, loc, scale) => {
  const half = df.mul(0.5);
  const width = np.log(np.square(scale).mul(Math.PI).mul(df)).mul(0.5);
  const constant = gammaln(half)
    .add(width)
    .sub(gammaln(half.add(0.5)));
  const tail = half.add(0.5).mul(np.log1p(np.square(unit(x, loc, scale)).div(df)));
  return constant.add(tail).neg();
};

/** Student's distribution. (x, df, loc = 0, scale = 1). */
export const t = { logpdf: ofT('logpdf', tLog), pdf: ofT('pdf', expOf(tLog)) };

const ofPareto = family<Shaped>('pareto', shaped);
/** The function of (x − loc) / scale, and `outside` where that is below 1. */
const fromOne =
  (outside: number, compute: (y: Value, b: Value, scale: Value) => Value): Compute =>
  (x, b, loc, scale) => {
    const isOutside = x.less(loc.add(scale));
    const y = np.where(isOutside, 1, unit(x, loc, scale));
    return np.where(isOutside, outside, compute(y, b, scale));
  };
const paretoLog = fromOne(-Infinity, (y, b, scale) =>
  np
    .log(scale.div(b))
    .add(b.add(1).mul(np.log(y)))
    .neg(),
);
const paretoLogSf = fromOne(0, (y, b) => b.mul(np.log(y)).neg());

/** The distribution of Pareto. (x, b, loc = 0, scale = 1). */
export const pareto = {
  logpdf: ofPareto('logpdf', paretoLog),
  pdf: ofPareto('pdf', expOf(paretoLog)),
  cdf: ofPareto(
    'cdf',
    fromOne(0, (y, b) => np.subtract(1, np.power(y, b.neg()))),
  ),
  logcdf: ofPareto(
    'logcdf',
    fromOne(-Infinity, (y, b) => np.log1p(np.power(y, b.neg()).neg())),
  ),
  sf: ofPareto('sf', expOf(paretoLogSf)),
  logsf: ofPareto('logsf', paretoLogSf),
  ppf: ofPareto('ppf', (q, b, loc, scale) => {
    const grown = np.power(np.subtract(1, q), np.divide(-1, b));
    return onlyIf(isShare(q), loc.add(scale.mul(grown)));
  }),
};

type OneShape = [x: ValueLike, shape: ValueLike];
const oneShape = [undefined, undefined] as const;

const ofGennorm = family<OneShape>('gennorm', oneShape);
const gennormLog: Compute = (x, power) =>
  np
    .log(power.mul(0.5))
    .sub(gammaln(np.divide(1, power)))
    .sub(np.power(np.abs(x), power));

/** The generalized normal distribution. (x, beta). */
export const gennorm = {
  logpdf: ofGennorm('logpdf', gennormLog),
  pdf: ofGennorm('pdf', expOf(gennormLog)),
  cdf: ofGennorm('cdf', (x, power) => {
    const inside = gammainc(np.divide(1, power), np.power(np.abs(x), power));
    return np.sign(x).mul(inside).add(1).mul(0.5);
  }),
};

const ofVonmises = family<OneShape>('vonmises', oneShape);
const vonmisesLog: Compute = (x, kappa) => {
  const constant = np.log(i0e(kappa).mul(2 * Math.PI));
  return onlyIf(kappa.greater(0), kappa.mul(np.cos(x).sub(1)).sub(constant));
};

/** The distribution of von Mises, on the circle. (x, kappa). */
export const vonmises = {
  logpdf: ofVonmises('logpdf', vonmisesLog),
  pdf: ofVonmises('pdf', expOf(vonmisesLog)),
};

const ofWrapcauchy = family<OneShape>('wrapcauchy', oneShape);
const wrapcauchyLog: Compute = (x, c) => {
  const square = np.square(c);
  const bent = np.log(square.add(1).sub(c.mul(2).mul(np.cos(x))));
  const found = np
    .log(np.subtract(1, square))
    .sub(Math.log(2 * Math.PI))
    .sub(bent);
  const isInside = x.greaterEqual(0).and(x.lessEqual(2 * Math.PI));
  return onlyIf(c.greater(0).and(c.less(1)), np.where(isInside, found, -Infinity));
};

/** The distribution of Cauchy wrapped around the circle, x from 0 to 2π. (x, c). */
export const wrapcauchy = {
  logpdf: ofWrapcauchy('logpdf', wrapcauchyLog),
  pdf: ofWrapcauchy('pdf', expOf(wrapcauchyLog)),
};
