/** The incomplete beta function. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { gammaln } from '../../core/scipy/special.ts';
import { whileLoop } from '../control/while.ts';
import { elementFunction, underivable } from './element-function.ts';

const halfEps = 2 ** -24;
const verySmall = 2 ** -125;
/** Turns after which the fraction ends in any case: enough for float32. */
const maxTerms = 200;

/** The numerator of turn k ≥ 1 of the continued fraction. @see https://dlmf.nist.gov/8.17.E23 */
function numerator(k: Value, a: Value, b: Value, x: Value): Value {
  const m = np.floor(k.sub(1).mul(0.5));
  const twice = a.add(m.mul(2));
  const atZero = a.add(b).neg().mul(x).div(a.add(1));
  const even = a
    .add(m)
    .neg()
    .mul(a.add(b).add(m))
    .mul(x)
    .div(twice.mul(twice.add(1)));
  const odd = m.mul(b.sub(m)).mul(x).div(twice.sub(1).mul(twice));
  const isEven = np.equal(k.sub(np.floor(k.mul(0.5)).mul(2)), 0);
  const found = np.where(isEven, np.where(m.equal(0), atZero, even), odd);
  return np.where(k.equal(1), 1, found);
}

const notSmall = (x: Value): Value => np.where(x.abs().less(halfEps), halfEps, x);

/** The continued fraction. @see Lentz 1976; Thompson & Barnett 1986. */
function fraction(a: Value, b: Value, x: Value): Value {
  // The denominator before the first turn is 0, of which the method takes a small number instead.
  const start = np.fullLike(x, halfEps);
  const first = {
    k: np.ones([]),
    isOn: np.ones([], { dtype: 'bool' }),
    c: start,
    d: np.zerosLike(x),
    h: start,
  };
  const last = whileLoop(
    (s) => s.isOn,
    (s) => {
      const p = numerator(s.k, a, b, x);
      const c = notSmall(p.div(s.c).add(1));
      const d = np.divide(1, notSmall(p.mul(s.d).add(1)));
      const factor = c.mul(d);
      const isOn = factor.sub(1).abs().greaterEqual(halfEps).any();
      return { k: s.k.add(1), isOn, c, d, h: s.h.mul(factor) };
    },
    first,
    { maxIterations: maxTerms - 1 },
  );
  return last.h;
}

/** log B(a, b) without its first term, log Γ(a). */
const restOfLogBeta = (a: Value, b: Value): Value => gammaln(b).sub(gammaln(a.add(b)));

function compute(a: Value, b: Value, x: Value): Value {
  const isAtZero = a.equal(0).or(b.equal(Infinity));
  const isAtOne = b.equal(0).or(a.equal(Infinity));
  const [isLeft, isRight] = [x.equal(0), x.equal(1)];
  const isNan = np.isnan(a).or(np.isnan(b)).or(np.isnan(x)).or(isAtZero.and(isAtOne));
  const isOutside = a.less(0).or(b.less(0)).or(x.less(0)).or(x.greater(1)).or(isNan);
  const isZero = isAtOne.and(isRight.not()).or(isAtZero.and(isLeft));
  const isOne = isAtZero.and(isLeft.not()).or(isAtOne.and(isRight));
  // Where the fraction converges slowly, that of 1 − I(b, a, 1 − x) does not.
  const isFast = x.less(a.add(1).div(a.add(b).add(2)));
  const [p, q] = [np.where(isFast, a, b), np.where(isFast, b, a)];
  const y = np.where(isFast, x, np.subtract(1, x));
  const rest = restOfLogBeta(p, q);
  const logTail = np.log1p(y.neg()).mul(q);
  const plain = np.exp(np.log(y).mul(p).add(logTail).sub(gammaln(p).add(rest))).div(p);
  const factor = np.where(p.less(verySmall), np.exp(logTail.sub(rest)), plain);
  const product = fraction(p, q, y).mul(factor);
  const inside = np.where(isFast, product, np.subtract(1, product));
  const known = np.where(isOne, 1, np.where(isZero, 0, inside));
  return np.where(isOutside, Number.NaN, known);
}

/**
 * f32[…], Iₓ(a, b), the regularized incomplete beta function.
 *
 * @throws `constant-operand` when it is differentiated by a or b.
 * @see https://dlmf.nist.gov/8.17
 */
export const betainc = elementFunction({
  name: 'betainc',
  compute,
  partials: [
    underivable('betainc', 'a'),
    underivable('betainc', 'b'),
    (_y, a, b, x) => {
      const powers = b
        .sub(1)
        .mul(np.log1p(x.neg()))
        .add(a.sub(1).mul(np.log(x)));
      return np.exp(powers.sub(gammaln(a).add(restOfLogBeta(a, b))));
    },
  ],
});
