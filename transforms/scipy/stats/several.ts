/** Distributions of several numbers. */
import { sameShape } from '../../../core/base/aval.ts';
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { diagonals } from '../../../core/numpy/decompositions.ts';
import { eagerly } from '../../../core/numpy/eager.ts';
import * as np from '../../../core/numpy/index.ts';
import { broadcastShapes, broadcastValue, toInexact } from '../../../core/numpy/operands.ts';
import { shapeMismatch } from '../../../core/primitives/errors.ts';
import { triangularSolve } from '../../../core/primitives/index.ts';
import { gammaln, xlogy } from '../../../core/scipy/special.ts';

function dirichletLog(op: string, x: ValueLike, alpha: ValueLike): Value {
  const [given, a] = [toInexact(op, x), toInexact(op, alpha)];
  const count = a.shape[0] ?? 0;
  const [parts = 0] = given.shape;
  if (a.ndim !== 1 || (parts !== count && parts !== count - 1)) {
    throw shapeMismatch(op, [given.aval, a.aval]);
  }
  const last = np.subtract(1, np.sum(given, { axis: 0, keepdims: true }));
  const all = parts === count ? given : np.concatenate([given, last]);
  const powers = a.sub(1).reshape(count, ...all.shape.slice(1).map(() => 1));
  const constant = np.sum(gammaln(a)).sub(gammaln(np.sum(a)));
  const found = np.sum(xlogy(powers, all), { axis: 0 }).sub(constant);
  const isWhole = np.abs(np.sum(all, { axis: 0 }).sub(1)).less(1e-6);
  return np.where(np.all(all.greater(0), { axis: 0 }).and(isWhole), found, -Infinity);
}

/**
 * Shares that add up to 1. (x, alpha): f32[shares, …] and f32[shares]; the last share may be left out of x.
 *
 * @throws `shape-mismatch` for another number of shares.
 */
export const dirichlet = {
  logpdf: eagerly(
    'scipy.stats.dirichlet.logpdf',
    (x: ValueLike, alpha: ValueLike): Value =>
      dirichletLog('scipy.stats.dirichlet.logpdf', x, alpha),
  ),
  pdf: eagerly(
    'scipy.stats.dirichlet.pdf',
    (x: ValueLike, alpha: ValueLike): Value =>
      np.exp(dirichletLog('scipy.stats.dirichlet.pdf', x, alpha)),
  ),
};

const logTwoPi = Math.log(2 * Math.PI);

/** [squared lengths measured by the covariance, log of its determinant]: f32[…] each. */
function measured(op: string, centred: Value, spread: Value): [Value, Value] {
  const n = centred.shape.at(-1) ?? 1;
  if (!sameShape(spread.shape.slice(-2), [n, n])) {
    throw shapeMismatch(op, [centred.aval, spread.aval]);
  }
  const factor = np.linalg.cholesky(spread);
  const logs = np.sum(np.log(diagonals(factor)), { axis: -1 }).mul(2);
  if (spread.ndim === 2) {
    const flat = centred.reshape(-1, n);
    const solved = triangularSolve(factor, flat.T, { lower: true });
    return [np.sum(np.square(solved), { axis: 0 }).reshape(centred.shape.slice(0, -1)), logs];
  }
  const lead = broadcastShapes(op, [centred.shape.slice(0, -1), spread.shape.slice(0, -2)]);
  const columns = np.expandDims(broadcastValue(op, centred, [...lead, n]), -1);
  const factors = broadcastValue(op, factor, [...lead, n, n]);
  const solved = triangularSolve(factors, columns, { lower: true });
  return [np.sum(np.square(solved), { axis: [-2, -1] }), logs];
}

function multivariateLog(op: string, x: ValueLike, mean: ValueLike, cov: ValueLike): Value {
  const [at, centre, spread] = [toInexact(op, x), toInexact(op, mean), toInexact(op, cov)];
  const centred = at.sub(centre);
  if (centre.ndim === 0) {
    return np.square(centred).div(spread).add(np.log(spread)).add(logTwoPi).mul(-0.5);
  }
  const n = centre.shape.at(-1) ?? 0;
  if (spread.ndim === 0) {
    const length = np.sum(np.square(centred), { axis: -1 }).div(spread);
    return length.add(np.log(spread).add(logTwoPi).mul(n)).mul(-0.5);
  }
  const [lengths, logs] = measured(op, centred, spread);
  return lengths
    .add(logs)
    .add(n * logTwoPi)
    .mul(-0.5);
}

/**
 * The normal distribution of several numbers. (x, mean, cov): f32[…, n], f32[…, n], f32[…, n, n]. A mean or a
 * covariance without axes holds for each number.
 *
 * @throws `shape-mismatch`
 */
export const multivariateNormal = {
  logpdf: eagerly(
    'scipy.stats.multivariateNormal.logpdf',
    (x: ValueLike, mean: ValueLike, cov: ValueLike): Value =>
      multivariateLog('scipy.stats.multivariateNormal.logpdf', x, mean, cov),
  ),
  pdf: eagerly(
    'scipy.stats.multivariateNormal.pdf',
    (x: ValueLike, mean: ValueLike, cov: ValueLike): Value =>
      np.exp(multivariateLog('scipy.stats.multivariateNormal.pdf', x, mean, cov)),
  ),
};
