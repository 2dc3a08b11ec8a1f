/** Distributions of whole numbers. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { eagerly } from '../../../core/numpy/eager.ts';
import * as np from '../../../core/numpy/index.ts';
import { toInexact } from '../../../core/numpy/operands.ts';
import { betaln, entr, gammaln, xlog1py, xlogy } from '../../../core/scipy/special.ts';
import { gammaincc } from '../special.ts';
import { type Compute, expOf, family, isShare, onlyIf } from './family.ts';

type OneShape = [k: ValueLike, p: ValueLike, loc?: ValueLike];
const oneShape = [undefined, undefined, 0] as const;
type TwoShapes = [k: ValueLike, n: ValueLike, p: ValueLike, loc?: ValueLike];
const twoShapes = [undefined, undefined, undefined, 0] as const;

const ofBernoulli = family<OneShape>('bernoulli', oneShape);
const bernoulliLog: Compute = (k, p, loc) => {
  const x = k.sub(loc);
  const found = xlogy(x, p).add(xlog1py(np.subtract(1, x), p.neg()));
  return np.where(x.less(0).or(x.greater(1)), -Infinity, found);
};
const ofCoin = family<[x: ValueLike, p: ValueLike]>('bernoulli', [undefined, undefined]);

/** One throw of a coin, 0 or 1. (k, p, loc = 0); cdf and ppf without loc, as in JAX. */
export const bernoulli = {
  logpmf: ofBernoulli('logpmf', bernoulliLog),
  pmf: ofBernoulli('pmf', expOf(bernoulliLog)),
  cdf: ofCoin('cdf', (k, p) => {
    const steps = np.where(k.less(0), 0, np.where(k.less(1), np.subtract(1, p), 1));
    return onlyIf(np.isnan(k).not().and(isShare(p)), steps);
  }),
  ppf: ofCoin('ppf', (q, p) =>
    onlyIf(isShare(p).and(isShare(q)), np.where(q.lessEqual(np.subtract(1, p)), 0, 1)),
  ),
};

const ofPoisson = family<OneShape>('poisson', oneShape);
const poissonLog: Compute = (k, mu, loc) => {
  const x = k.sub(loc);
  const found = xlogy(x, mu)
    .sub(gammaln(x.add(1)))
    .sub(mu);
  return np.where(x.less(0).or(np.round(k).notEqual(k)), -Infinity, found);
};

/** The entropy in nats, from so many first terms. */
function entropySum(mu: Value, terms: number, limit: Value): Value {
  const k = np.arange(terms, { dtype: 'float32' }).reshape(terms, ...mu.shape.map(() => 1));
  const parts = entr(np.exp(poissonLog(k, mu, np.zeros([]), mu, mu)));
  return np.sum(np.where(k.less(np.ceil(limit)), parts, 0), { axis: 0 });
}

/** Counts of rare events. (k, mu, loc = 0); entropy is of (mu, loc = 0). */
export const poisson = {
  logpmf: ofPoisson('logpmf', poissonLog),
  pmf: ofPoisson('pmf', expOf(poissonLog)),
  cdf: ofPoisson('cdf', (k, mu, loc) => {
    const x = k.sub(loc);
    return np.where(x.less(0), 0, gammaincc(np.floor(x.add(1)), mu));
  }),
  entropy: family<[mu: ValueLike, loc?: ValueLike]>('poisson', [undefined, 0])(
    'entropy',
    (mu, loc) => {
      const few = entropySum(mu, 35, mu.add(20));
      const some = entropySum(mu, 250, np.sqrt(mu).mul(10).add(mu).add(20));
      const many = np
        .log(mu.mul(2 * Math.PI * Math.E))
        .mul(0.5)
        .sub(np.divide(1, mu.mul(12)));
      const found = np.where(mu.less(10), few, np.where(mu.less(100), some, many));
      return np.where(mu.equal(0), 0, found).add(loc.mul(0));
    },
  ),
};

const ofGeom = family<OneShape>('geom', oneShape);
const geomLog: Compute = (k, p, loc) => {
  const x = k.sub(loc);
  return np.where(x.lessEqual(0), -Infinity, xlog1py(x.sub(1), p.neg()).add(np.log(p)));
};

/** The number of trials up to the first success. (k, p, loc = 0). */
export const geom = {
  logpmf: ofGeom('logpmf', geomLog),
  pmf: ofGeom('pmf', expOf(geomLog)),
};

const ofBinom = family<TwoShapes>('binom', twoShapes);
const binomLog: Compute = (k, n, p, loc) => {
  const y = k.sub(loc);
  const ways = gammaln(n.add(1)).sub(gammaln(y.add(1)).add(gammaln(n.sub(y).add(1))));
  const linear = xlogy(y, p).add(xlog1py(n.sub(y), p.neg()));
  const isCertain = y.equal(0).and(n.equal(0)).or(linear.equal(0));
  const found = np.where(isCertain, 0, ways.add(linear));
  return np.where(k.greaterEqual(loc).and(k.less(loc.add(n).add(1))), found, -Infinity);
};

/** The number of successes in n trials. (k, n, p, loc = 0). */
export const binom = {
  logpmf: ofBinom('logpmf', binomLog),
  pmf: ofBinom('pmf', expOf(binomLog)),
};

const ofNbinom = family<TwoShapes>('nbinom', twoShapes);
const nbinomLog: Compute = (k, n, p, loc) => {
  const y = k.sub(loc);
  const ways = gammaln(y.add(n))
    .sub(gammaln(n))
    .sub(gammaln(y.add(1)));
  const linear = xlogy(n, p).add(xlogy(y, np.subtract(1, p)));
  return np.where(k.less(loc), -Infinity, ways.add(linear));
};

/** The number of failures before the n-th success. (k, n, p, loc = 0). */
export const nbinom = {
  logpmf: ofNbinom('logpmf', nbinomLog),
  pmf: ofNbinom('pmf', expOf(nbinomLog)),
};

const ofBetabinom = family<
  [k: ValueLike, n: ValueLike, a: ValueLike, b: ValueLike, loc?: ValueLike]
>('betabinom', [undefined, undefined, undefined, undefined, 0]);
const betabinomLog: Compute = (k, n, a, b, loc) => {
  const y = np.floor(k).sub(loc);
  const ways = np
    .log1p(n)
    .add(betaln(n.sub(y).add(1), y.add(1)))
    .neg();
  const shares = betaln(y.add(a), n.sub(y).add(b)).sub(betaln(a, b));
  const found = np.where(y.equal(0).and(n.equal(0)), 0, ways.add(shares));
  const isOutside = y.less(loc.neg()).or(y.greater(n)).or(y.add(a).lessEqual(0));
  const isNone = n.less(0).or(a.lessEqual(0)).or(b.lessEqual(0));
  return np.where(isNone, Number.NaN, np.where(isOutside, -Infinity, found));
};

/** The number of successes in n trials whose chance has a beta distribution. (k, n, a, b, loc = 0). */
export const betabinom = {
  logpmf: ofBetabinom('logpmf', betabinomLog),
  pmf: ofBetabinom('pmf', expOf(betabinomLog)),
};

const multinomialLog = (op: string, counts: ValueLike, n: ValueLike, p: ValueLike): Value => {
  const [x, trials] = [toInexact(op, counts), toInexact(op, n)];
  const terms = xlogy(x, p).sub(gammaln(x.add(1)));
  const found = gammaln(trials.add(1)).add(np.sum(terms, { axis: -1 }));
  return np.where(np.sum(x, { axis: -1 }).equal(trials), found, -Infinity);
};

/**
 * The counts of each outcome in n trials. (x, n, p): int32[…, outcomes], int32[…], f32[…, outcomes].
 *
 * Differs: of several rows, each must add up to n; JAX wants that of all rows together.
 */
export const multinomial = {
  logpmf: eagerly(
    'scipy.stats.multinomial.logpmf',
    (x: ValueLike, n: ValueLike, p: ValueLike): Value =>
      multinomialLog('scipy.stats.multinomial.logpmf', x, n, p),
  ),
  pmf: eagerly(
    'scipy.stats.multinomial.pmf',
    (x: ValueLike, n: ValueLike, p: ValueLike): Value =>
      np.exp(multinomialLog('scipy.stats.multinomial.pmf', x, n, p)),
  ),
};
