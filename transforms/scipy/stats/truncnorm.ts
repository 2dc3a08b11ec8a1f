/** The normal distribution between two bounds. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { logNdtr, ndtr } from '../../../core/scipy/special.ts';
import { type Compute, expOf, family, unit } from './family.ts';
import { norm } from './location-scale.ts';

const ofTruncnorm = family<
  [x: ValueLike, a: ValueLike, b: ValueLike, loc?: ValueLike, scale?: ValueLike]
>('truncnorm', [undefined, undefined, undefined, 0, 1]);

/** log(exp x − exp y) for x ≥ y. */
function logDifference(x: Value, y: Value): Value {
  const most = np.where(np.isfinite(x), x, 0);
  return np.log(np.exp(x.sub(most)).sub(np.exp(y.sub(most)))).add(most);
}

/** log(Φ(b) − Φ(a)), by the tail on whose side both are. */
function logMass(a: Value, b: Value): Value {
  const isRight = a.greater(0);
  const isCentral = b.lessEqual(0).or(isRight).not();
  const [low, high] = [np.where(isRight, b.neg(), a), np.where(isRight, a.neg(), b)];
  const tail = logDifference(logNdtr(high), logNdtr(low));
  const centre = np.log1p(ndtr(a).neg().sub(ndtr(b.neg())));
  return np.where(isCentral, centre, tail);
}

const log: Compute = (x, a, b, loc, scale) => {
  const y = unit(x, loc, scale);
  const found = norm.logpdf(x, loc, scale).sub(logMass(a, b));
  const isOutside = y.less(a).or(y.greater(b));
  return np.where(a.greaterEqual(b), Number.NaN, np.where(isOutside, -Infinity, found));
};

const logCdf: Compute = (x, a, b, loc, scale) => {
  const y = unit(x, loc, scale);
  const all = logMass(a, b);
  // Derivatives of what is not chosen below must stay finite.
  const middle = a.add(b).mul(0.5);
  const isInside = y.greater(a).and(y.less(b)).or(np.isfinite(middle).not());
  const at = np.where(isInside, y, middle);
  const below = logMass(a, at).sub(all);
  const above = logMass(at, b).sub(all);
  const inside = np.where(below.greater(-0.1), np.log1p(np.exp(above).neg()), below);
  const found = np.where(
    y.greaterEqual(b),
    0,
    np.where(y.lessEqual(a), -Infinity, np.where(y.greater(a), inside, 0)),
  );
  return np.where(a.greaterEqual(b), Number.NaN, found);
};
const logSf: Compute = (x, a, b, loc, scale) => logCdf(x.neg(), b.neg(), a.neg(), loc.neg(), scale);

/** The normal distribution between loc + a · scale and loc + b · scale. (x, a, b, loc = 0, scale = 1). */
export const truncnorm = {
  logpdf: ofTruncnorm('logpdf', log),
  pdf: ofTruncnorm('pdf', expOf(log)),
  cdf: ofTruncnorm('cdf', expOf(logCdf)),
  logcdf: ofTruncnorm('logcdf', logCdf),
  sf: ofTruncnorm('sf', expOf(logSf)),
  logsf: ofTruncnorm('logsf', logSf),
};
