/** Exponential integrals. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { digamma, gammaln } from '../../core/scipy/special.ts';
import { whileLoop } from '../control/while.ts';
import { elementFunction, underivable } from './element-function.ts';

const eulerGamma = 0.5772156649015329;
const eps = 2 ** -23;
const big = 2 ** 57;
/** Turns after which sums and fractions end in any case: more than float32 ever needs. */
const [maxTerms, maxTurns] = [200, 1000];

/** E₁ … for 0 < x ≤ 1. @see https://dlmf.nist.gov/8.19#E8 */
function series(n: Value, x: Value, isOn: Value): Value {
  const z = x.neg();
  const isFirst = n.equal(1);
  const start = np.where(isFirst, 0, np.divide(1, np.subtract(1, np.where(isFirst, 2, n))));
  const first = { isOn, k: np.zeros([]), power: np.onesLike(x), sum: start };
  const last = whileLoop(
    (s) => s.isOn.any(),
    (s) => {
      const k = s.k.add(1);
      const power = s.power.mul(z).div(k);
      const order = k.add(1).sub(n);
      const isOther = order.notEqual(0);
      const sum = s.sum.add(np.where(isOther, power.div(np.where(isOther, order, 1)), 0));
      const error = np.where(sum.notEqual(0), power.div(sum).abs(), 1);
      const keep = (next: Value, before: Value): Value => np.where(s.isOn, next, before);
      return {
        isOn: s.isOn.and(error.greater(eps)),
        k,
        power: keep(power, s.power),
        sum: keep(sum, s.sum),
      };
    },
    first,
    { maxIterations: maxTerms },
  );
  const head = z.pow(n.sub(1)).mul(digamma(n).sub(np.log(x)));
  return head.div(np.exp(gammaln(n))).sub(last.sum);
}

/** For x > 1. @see https://dlmf.nist.gov/8.19#E17 */
function fraction(n: Value, x: Value, isOn: Value): Value {
  const one = np.onesLike(x);
  const start = np.divide(1, x.add(n));
  const first = { isOn, k: np.ones([]), p1: one, q1: x.add(n), p2: one, q2: x, value: start };
  const last = whileLoop(
    (s) => s.isOn.any(),
    (s) => {
      const k = s.k.add(1);
      const half = np.floor(k.mul(0.5));
      const isOdd = half.mul(2).notEqual(k);
      const yk = np.where(isOdd, 1, x);
      const xk = np.where(isOdd, n.add(half), half);
      const p = s.p1.mul(yk).add(s.p2.mul(xk));
      const q = s.q1.mul(yk).add(s.q2.mul(xk));
      const isSound = q.notEqual(0);
      const ratio = p.div(np.where(isSound, q, 1));
      const error = np.where(isSound, s.value.sub(ratio).div(ratio).abs(), 1);
      const isBig = p.abs().greater(big);
      const scaled = (v: Value): Value => np.where(isBig, v.div(big), v);
      const keep = (next: Value, before: Value): Value => np.where(s.isOn, next, before);
      return {
        isOn: s.isOn.and(error.greater(eps)),
        k,
        p1: keep(scaled(p), s.p1),
        q1: keep(scaled(q), s.q1),
        p2: keep(scaled(s.p1), s.p2),
        q2: keep(scaled(s.q1), s.q2),
        value: keep(np.where(isSound, ratio, s.value), s.value),
      };
    },
    first,
    { maxIterations: maxTurns },
  );
  return last.value.mul(np.exp(x.neg()));
}

/** For n ≥ 5000. @see https://dlmf.nist.gov/8.20 */
function large(n: Value, x: Value): Value {
  const sum = x.add(n);
  const y = np.divide(1, sum.mul(sum));
  const inner = x.mul(x).mul(6).sub(n.mul(x).mul(8)).add(n.mul(n));
  const middle = y
    .mul(n)
    .mul(inner)
    .add(n.mul(n.sub(x.mul(2))));
  const outer = y.mul(y.mul(middle).add(n)).add(1);
  return outer.mul(np.exp(x.neg())).div(sum);
}

/**
 * f32[…], Eₙ(x) = ∫₁^∞ e^−xt / tⁿ dt for operands of one shape.
 *
 * @throws `constant-operand` when it is differentiated by n.
 */
export const expn = elementFunction({
  name: 'expn',
  compute: (n, x) => {
    const isZero = n.equal(0);
    const isOutside = n.less(0).or(x.less(0)).or(np.isnan(x)).or(np.isnan(n));
    const isLarge = n.greaterEqual(5000);
    const isPlain = isOutside.or(isZero).or(isLarge).or(x.equal(0)).not();
    const isHigh = x.greater(1);
    const [low, high] = [
      series(n, np.where(isPlain, x, 1), isPlain.and(isHigh.not())),
      fraction(n, np.where(isPlain, x, 2), isPlain.and(isHigh)),
    ];
    const found = np.where(isLarge, large(n, x), np.where(isHigh, high, low));
    const nonzero = np.where(isZero, np.exp(x.neg()).div(x), found);
    const isPole = n.less(2);
    const atZero = np.where(isPole, Infinity, np.divide(1, np.where(isPole, 2, n).sub(1)));
    return np.where(isOutside, Number.NaN, np.where(x.equal(0), atZero, nonzero));
  },
  partials: [underivable('expn', 'n'), (_y, n, x) => expn(n.sub(1), x).neg()],
});

/** γ + log x + Σ xᵏ / (k k!): no term is negative, so nothing cancels. @see https://dlmf.nist.gov/6.6#E2 */
function growing(x: Value): Value {
  const first = {
    isOn: x.greater(0),
    k: np.zeros([]),
    power: np.onesLike(x),
    sum: np.zerosLike(x),
  };
  const last = whileLoop(
    (s) => s.isOn.any(),
    (s) => {
      const k = s.k.add(1);
      const power = s.power.mul(x).div(k);
      const term = power.div(k);
      const sum = s.sum.add(term);
      const isOn = s.isOn.and(term.greater(sum.mul(eps / 4)));
      return { isOn, k, power, sum };
    },
    first,
    { maxIterations: maxTerms },
  );
  return np.log(x).add(last.sum.add(eulerGamma));
}

/** eˣ / x · Σ k! / xᵏ, for x from 40. @see https://dlmf.nist.gov/6.12#E2 */
function asymptotic(x: Value): Value {
  let sum = np.onesLike(x);
  for (let k = 12; k > 0; k--) sum = sum.mul(k).div(x).add(1);
  // The factor is split, since eˣ alone may overflow before the quotient does.
  const half = np.exp(x.mul(0.5));
  return half.div(x).mul(sum).mul(half);
}

/** f32[…], Ei(x), the principal value of ∫ eᵗ / t dt from −∞ to x. */
export const expi = elementFunction({
  name: 'expi',
  compute: (x) => {
    const isNegative = x.less(0);
    const isFar = x.greater(40);
    const isNear = isNegative.or(isFar).not();
    const below = expn(np.onesLike(x), np.where(isNegative, x.neg(), 1)).neg();
    const near = growing(np.where(isNear, x, 1));
    const far = np.where(x.equal(Infinity), Infinity, asymptotic(np.where(isFar, x, 50)));
    return np.where(isNegative, below, np.where(isFar, far, near));
  },
  partials: [(_y, x) => np.exp(x).div(x)],
});
