/** The incomplete gamma functions, and their derivatives by the parameter. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { digamma, gammaln } from '../../core/scipy/special.ts';
import { whileLoop } from '../control/while.ts';
import { elementFunction, underivable } from './element-function.ts';

const eps = 2 ** -23;
const logOfGreatest = Math.log(3.4028234663852886e38);
/** Turns after which a sum ends in any case; it needs about √(32 a) at worst, where x is near a. */
const maxTerms = 2000;

/** What is wanted of the integral: itself, ∂/∂a, or the derivative of a sample by a. */
type Wanted = 'value' | 'derivative' | 'sample';

/** What both expansions need: the operands, their common factor, and which elements to compute. */
interface Operands {
  readonly a: Value;
  readonly x: Value;
  readonly factor: Value;
  readonly isOn: Value;
}

/** Σ xᵏ / ((a + 1) … (a + k)) and its derivative by a. @see https://dlmf.nist.gov/8.11#E4 */
function series({ a, x, factor, isOn }: Operands, wanted: Wanted): Value {
  const [one, zero] = [np.onesLike(a), np.zerosLike(a)];
  const first = { isOn, r: a, term: one, sum: one, dTerm: zero, dSum: zero };
  const last = whileLoop(
    (s) => s.isOn.any(),
    (s) => {
      const r = s.r.add(1);
      const ratio = x.div(r);
      const dTerm = s.dTerm.mul(ratio).sub(s.term.mul(x).div(r.mul(r)));
      const term = s.term.mul(ratio);
      const [sum, dSum] = [s.sum.add(term), s.dSum.add(dTerm)];
      const error = wanted === 'value' ? term.div(sum) : dTerm.div(dSum).abs();
      const keep = (next: Value, before: Value): Value => np.where(s.isOn, next, before);
      return {
        isOn: s.isOn.and(error.greater(eps)),
        r: keep(r, s.r),
        term: keep(term, s.term),
        sum: keep(sum, s.sum),
        dTerm: keep(dTerm, s.dTerm),
        dSum: keep(dSum, s.dSum),
      };
    },
    first,
    { maxIterations: maxTerms },
  );
  if (wanted === 'value') return last.sum.mul(factor).div(a);
  const slope = np.log(x).sub(digamma(a.add(1)));
  const total = last.dSum.add(last.sum.mul(slope));
  return wanted === 'derivative' ? factor.mul(total).div(a) : total.neg().mul(x).div(a);
}

/** The continued fraction of Γ(a, x), and its derivative by a. @see https://dlmf.nist.gov/8.9#E2 */
function fraction({ a, x, factor, isOn }: Operands, wanted: Wanted): Value {
  const [one, zero] = [np.onesLike(x), np.zerosLike(x)];
  const y = np.subtract(1, a);
  const z = x.add(y).add(1);
  const [p1, q1] = [x.add(1), z.mul(x)];
  const value = p1.div(q1);
  const dq1 = x.neg();
  const first = {
    ...{ isOn, value, y, z, count: np.zeros([]) },
    ...{ p1, q1, p2: one, q2: x },
    ...{ dp1: zero, dq1, dp2: zero, dq2: zero, slope: value.neg().mul(dq1).div(q1) },
  };
  const last = whileLoop(
    (s) => s.isOn.any(),
    (s) => {
      const count = s.count.add(1);
      const [ny, nz] = [s.y.add(1), s.z.add(2)];
      const yc = ny.mul(count);
      const p = s.p1.mul(nz).sub(s.p2.mul(yc));
      const q = s.q1.mul(nz).sub(s.q2.mul(yc));
      const isSound = q.notEqual(0);
      const ratio = p.div(q);
      const change = np.where(isSound, s.value.sub(ratio).div(ratio).abs(), 1);
      const found = np.where(isSound, ratio, s.value);
      const dp = s.dp1.mul(nz).sub(s.p1).sub(s.dp2.mul(yc)).add(s.p2.mul(count));
      const dq = s.dq1.mul(nz).sub(s.q1).sub(s.dq2.mul(yc)).add(s.q2.mul(count));
      const slope = np.where(isSound, dp.sub(found.mul(dq)).div(q), s.slope);
      const bend = np.where(isSound, slope.sub(s.slope).abs(), 1);
      const isBig = p.abs().greater(1 / eps);
      const scaled = (v: Value): Value => np.where(isBig, v.mul(eps), v);
      const keep = (next: Value, before: Value): Value => np.where(s.isOn, next, before);
      return {
        isOn: s.isOn.and((wanted === 'value' ? change : bend).greater(eps)),
        value: keep(found, s.value),
        y: keep(ny, s.y),
        z: keep(nz, s.z),
        count,
        p1: keep(scaled(p), s.p1),
        q1: keep(scaled(q), s.q1),
        p2: keep(scaled(s.p1), s.p2),
        q2: keep(scaled(s.q1), s.q2),
        dp1: keep(scaled(dp), s.dp1),
        dq1: keep(scaled(dq), s.dq1),
        dp2: keep(scaled(s.dp1), s.dp2),
        dq2: keep(scaled(s.dq1), s.dq2),
        slope: keep(slope, s.slope),
      };
    },
    first,
    { maxIterations: maxTerms },
  );
  if (wanted === 'value') return last.value.mul(factor);
  const total = last.slope.add(last.value.mul(np.log(x).sub(digamma(a))));
  return wanted === 'derivative' ? factor.mul(total) : total.mul(x).neg();
}

const isNan = (a: Value, x: Value): Value => np.isnan(a).or(np.isnan(x));

/** log(xᵃ e⁻ˣ / Γ(a)). */
const logFactor = (a: Value, x: Value): Value => a.mul(np.log(x)).sub(x).sub(gammaln(a));

/** Both expansions, each for the elements where it converges: below the mean and above it. */
function expanded(a: Value, x: Value, isOn: Value, isAbove: Value, wanted: Wanted): Value[] {
  const log = logFactor(a, x);
  const factor = np.exp(log);
  const on = isOn.and(log.less(-logOfGreatest).not());
  return [
    series({ a, x, factor, isOn: on.and(isAbove.not()) }, wanted),
    fraction({ a, x, factor, isOn: on.and(isAbove) }, wanted),
  ];
}

/** Where either function has no value. */
const outside = (a: Value, x: Value): Value =>
  x
    .less(0)
    .or(a.less(0))
    .or(a.equal(0).and(x.equal(0)))
    .or(isNan(a, x));

/** ∂P(a, x)/∂x: the density of the gamma distribution. */
const density = (a: Value, x: Value): Value =>
  np.exp(a.sub(1).mul(np.log(x)).sub(x).sub(gammaln(a)));

const byParameter = (wanted: Wanted) => (a: Value, x: Value) => {
  const isOutside = x.less(0).or(a.lessEqual(0)).or(isNan(a, x));
  const isAbove = x.greater(1).and(x.greater(a));
  const isOn = x.equal(0).or(isOutside).not();
  const [below = x, above = x] = expanded(a, x, isOn, isAbove, wanted);
  const found = np.where(isAbove, above.neg(), below);
  return np.where(isOutside, Number.NaN, np.where(x.equal(0), 0, found));
};

/** f32[…], the derivative of {@link igamma} by a. @throws `constant-operand` when it is differentiated. */
export const igammaGradA = elementFunction({
  name: 'igammaGradA',
  compute: byParameter('derivative'),
  partials: [underivable('igammaGradA', 'a'), underivable('igammaGradA', 'x')],
});

/**
 * f32[…], how a sample x of the gamma distribution changes with its parameter a, as if its quantile were
 * kept: −(∂P/∂a) / (∂P/∂x).
 *
 * @throws `constant-operand` when it is differentiated.
 * @see Figurnov, Mohamed & Mnih 2018, "Implicit reparameterization gradients", arXiv:1805.08498.
 */
export const randomGammaGrad = elementFunction({
  name: 'randomGammaGrad',
  compute: byParameter('sample'),
  partials: [underivable('randomGammaGrad', 'a'), underivable('randomGammaGrad', 'x')],
});

/** f32[…], P(a, x), the regularized lower incomplete gamma function. @see https://dlmf.nist.gov/8.2 */
export const igamma = elementFunction({
  name: 'igamma',
  compute: (a, x) => {
    const isAbove = x.greaterEqual(1).and(x.greater(a));
    const isInfinite = x.equal(Infinity);
    const isOn = x.equal(0).or(outside(a, x)).or(isInfinite).not();
    const [below = x, above = x] = expanded(a, x, isOn, isAbove, 'value');
    const inside = np.where(x.equal(0), 0, np.where(isAbove, np.subtract(1, above), below));
    return np.where(outside(a, x), Number.NaN, np.where(isInfinite, 1, inside));
  },
  partials: [(_y, a, x) => igammaGradA(a, x), (_y, a, x) => density(a, x)],
});

/** f32[…], Q(a, x) = 1 − P(a, x), the regularized upper incomplete gamma function. */
export const igammac = elementFunction({
  name: 'igammac',
  compute: (a, x) => {
    const isAbove = x.less(1).or(x.less(a)).not();
    const isZero = x.equal(Infinity).or(a.equal(0));
    const isOn = outside(a, x).or(isZero).not();
    const [below = x, above = x] = expanded(a, x, isOn, isAbove, 'value');
    const inside = np.where(isAbove, above, np.subtract(1, below));
    return np.where(outside(a, x), Number.NaN, np.where(isZero, 0, inside));
  },
  partials: [(_y, a, x) => igammaGradA(a, x).neg(), (_y, a, x) => density(a, x).neg()],
});
