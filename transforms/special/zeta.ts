/** The zeta function of Hurwitz and what it gives. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { digamma, gammaln } from '../../core/scipy/special.ts';
import { elementFunction, underivable } from './element-function.ts';

/** Terms that are summed one by one before the rest is estimated. */
const summed = 10;
/** B₂ₖ / (2k)! of Bernoulli's numbers for k = 1, 2, …. */
const bernoulliRatios = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
];

/** The sum for q > 0. @see https://dlmf.nist.gov/25.11#E5, the formula of Euler and Maclaurin. */
function eulerMaclaurin(x: Value, q: Value): Value {
  let sum = q.pow(x.neg());
  for (let k = 1; k < summed; k++) sum = sum.add(q.add(k).pow(x.neg()));
  const end = q.add(summed);
  const last = end.pow(x.neg());
  sum = sum.add(last.mul(end.div(x.sub(1)).add(0.5)));
  let factor = last.mul(x).div(end);
  for (const [k, ratio] of bernoulliRatios.entries()) {
    sum = sum.add(factor.mul(ratio));
    // Division between the products keeps large x from overflowing before small powers take effect.
    factor = factor.mul(x.add(2 * k + 1).div(end)).mul(x.add(2 * k + 2).div(end));
  }
  return sum;
}

/** f32[…], ζ(x, q) = Σ (q + k)⁻ˣ over k ≥ 0, for operands of one shape. @see https://dlmf.nist.gov/25.11 */
export function zeta(x: Value, q: Value): Value {
  const isWhole = q.equal(np.floor(q));
  const isPole = q.lessEqual(0).and(isWhole);
  const isEven = x.equal(np.floor(x)).and(np.floor(x.mul(0.5)).mul(2).equal(x));
  const isUndefined = x.less(1).or(q.less(0).and(x.notEqual(np.floor(x))));
  const found = eulerMaclaurin(x, q);
  const atPole = np.where(isEven, Infinity, Number.NaN);
  const defined = np.where(isUndefined, Number.NaN, np.where(isPole, atPole, found));
  return np.where(np.isnan(x).or(np.isnan(q)), Number.NaN, np.where(x.equal(1), Infinity, defined));
}

/**
 * f32[…], ψ⁽ᵐ⁾(x), the m-th derivative of {@link digamma}; NaN unless m is a whole number from 0.
 *
 * @throws `constant-operand` when it is differentiated by m.
 */
export const polygamma = elementFunction({
  name: 'polygamma',
  compute: (m, x) => {
    const isOdd = np.floor(m.mul(0.5)).mul(2).notEqual(m);
    const size = np.exp(gammaln(m.add(1))).mul(zeta(m.add(1), x));
    const found = np.where(m.equal(0), digamma(x), np.where(isOdd, size, size.neg()));
    const isOrder = m.greaterEqual(0).and(m.equal(np.floor(m)));
    return np.where(isOrder, found, Number.NaN);
  },
  partials: [underivable('polygamma', 'm'), (_y, m, x) => polygamma(m.add(1), x)],
});
