/** Special functions by the names of `jax.scipy.special`. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { asOneProgram, eagerly } from '../../core/numpy/eager.ts';
import { wrongDType } from '../../core/numpy/errors.ts';
import * as np from '../../core/numpy/index.ts';
import { broadcastTogether, kindOf, toInexact } from '../../core/numpy/operands.ts';
import { gamma, gammaln } from '../../core/scipy/special.ts';
import * as integral from '../special/exponential-integral.ts';
import * as hypergeometric from '../special/hypergeometric.ts';
import * as beta from '../special/incomplete-beta.ts';
import * as incomplete from '../special/incomplete-gamma.ts';
import * as rational from '../special/integrals.ts';
import * as hurwitz from '../special/zeta.ts';

export * from '../../core/scipy/special.ts';
export { type BesselOptions, bernoulli, besselJn } from './sequences.ts';
export {
  type LogsumexpOptions,
  logSoftmax,
  logsumexp,
  logsumexpWithSign,
  type SoftmaxOptions,
  softmax,
} from './softmax.ts';

/** The function of arrays that broadcast together, as floats. */
function broadcasting<A extends readonly ValueLike[]>(
  name: string,
  of: (...operands: Value[]) => Value,
): (...operands: A) => Value {
  const op = `scipy.special.${name}`;
  return eagerly(op, (...operands: A) =>
    of(
      ...broadcastTogether(
        op,
        operands.map((x) => toInexact(op, x)),
      ),
    ),
  );
}

type One = (x: ValueLike) => Value;
type Two = (x: ValueLike, y: ValueLike) => Value;

/** P(a, x), the regularized lower incomplete gamma function. */
export const gammainc: Two = broadcasting<[ValueLike, ValueLike]>('gammainc', incomplete.igamma);
/** Q(a, x), the regularized upper incomplete gamma function. */
export const gammaincc: Two = broadcasting<[ValueLike, ValueLike]>('gammaincc', incomplete.igammac);
/** Iₓ(a, b), the regularized incomplete beta function. @throws `constant-operand` by a and b. */
export const betainc = broadcasting<[a: ValueLike, b: ValueLike, x: ValueLike]>(
  'betainc',
  beta.betainc,
);
/** ζ(x, q), the zeta function of Hurwitz. */
export const zeta: Two = broadcasting<[ValueLike, ValueLike]>('zeta', hurwitz.zeta);
/** Eₙ(x), the generalized exponential integral. @throws `constant-operand` by n. */
export const expn: Two = broadcasting<[ValueLike, ValueLike]>('expn', integral.expn);
/** E₁(x). */
export const exp1: One = (x) => expn(1, x);
/** Ei(x), the exponential integral. */
export const expi: One = broadcasting<[ValueLike]>('expi', integral.expi);
/** Dawson's integral. */
export const dawsn: One = broadcasting<[ValueLike]>('dawsn', rational.dawsn);
/** exp(x²) · erfc(x). */
export const erfcx: One = broadcasting<[ValueLike]>('erfcx', rational.erfcx);
/** Li₂(1 − x), Spence's function. */
export const spence: One = broadcasting<[ValueLike]>('spence', rational.spence);
/** T(h, a), Owen's function. */
export const owensT: Two = broadcasting<[ValueLike, ValueLike]>('owensT', rational.owensT);
/** ₁F₁(a; b; x), the confluent hypergeometric function. */
export const hyp1f1 = broadcasting<[a: ValueLike, b: ValueLike, x: ValueLike]>(
  'hyp1f1',
  hypergeometric.hyp1f1,
);

const pairOf = (name: string, x: ValueLike, first: One, second: One): Value[] =>
  asOneProgram(`scipy.special.${name}`, () => [first(x), second(x)]);

/** [Si(x), Ci(x)], the sine and cosine integrals. */
export const sici = (x: ValueLike): Value[] =>
  pairOf(
    'sici',
    x,
    broadcasting<[ValueLike]>('sici', rational.sineIntegral),
    broadcasting<[ValueLike]>('sici', rational.cosineIntegral),
  );

/** [S(x), C(x)], the integrals of Fresnel. */
export const fresnel = (x: ValueLike): Value[] =>
  pairOf(
    'fresnel',
    x,
    broadcasting<[ValueLike]>('fresnel', rational.fresnelS),
    broadcasting<[ValueLike]>('fresnel', rational.fresnelC),
  );

/** ψ⁽ⁿ⁾(x), the n-th derivative of digamma, for whole numbers n. @throws `wrong-dtype` for other types. */
export const polygamma = eagerly('scipy.special.polygamma', (n: ValueLike, x: ValueLike): Value => {
  const op = 'scipy.special.polygamma';
  const { dtype } = kindOf(op, n);
  const isWhole = typeof n === 'number' ? Number.isInteger(n) : dtype.includes('int');
  if (!isWhole) throw wrongDType(op, 'a whole order', np.asarray(n).aval);
  const [order = np.zeros([]), at = np.zeros([])] = broadcastTogether(op, [
    toInexact(op, n),
    toInexact(op, x),
  ]);
  return hurwitz.polygamma(order, at);
});

/** 1 where Γ(x) > 0, −1 where it is negative, NaN where it is neither. */
export const gammasgn: One = broadcasting<[ValueLike]>('gammasgn', (x) => {
  const whole = np.floor(x);
  const isNegative = x.less(0);
  const isOdd = np.floor(whole.mul(0.5)).mul(2).notEqual(whole);
  const isBelow = isNegative.and(isOdd).or(x.equal(0).and(np.signbit(x)));
  const isNone = isNegative.and(x.equal(whole)).or(np.isnan(x));
  return np.where(isNone, Number.NaN, np.where(isBelow, -1, 1));
});

/** log Γ(x), NaN where that is not a real number. */
export const loggamma: One = broadcasting<[ValueLike]>('loggamma', (x) =>
  np.where(x.greater(0), gammaln(x), Number.NaN),
);

/** Γ(z + m) / Γ(z). */
export const poch: Two = broadcasting<[ValueLike, ValueLike]>('poch', (z, m) =>
  np.where(m.equal(0), 1, gamma(z.add(m)).div(gamma(z))),
);

const boxcoxOf = (log: Value, power: Value): Value => {
  const isZero = power.equal(0);
  const safe = np.where(isZero, 1, power);
  return np.where(isZero, log, np.expm1(safe.mul(log)).div(safe));
};

/** (xᵖ − 1) / p, and log x for p = 0. */
export const boxcox: Two = broadcasting<[ValueLike, ValueLike]>('boxcox', (x, power) =>
  boxcoxOf(np.log(x), power),
);

/** {@link boxcox} of 1 + x. */
export const boxcox1p: Two = broadcasting<[ValueLike, ValueLike]>('boxcox1p', (x, power) =>
  boxcoxOf(np.log1p(x), power),
);

/** Options of {@link comb}. */
export interface CombOptions {
  /** Whether things may be taken again. Default false. */
  readonly repetition?: boolean;
}

function combinations(n: Value, k: Value): Value {
  const isPossible = k.lessEqual(n).and(n.greaterEqual(0)).and(k.greaterEqual(0));
  const [things, taken] = [np.where(isPossible, n, 0), np.where(isPossible, k, 0)];
  const log = gammaln(things.add(1))
    .sub(gammaln(taken.add(1)))
    .sub(gammaln(things.add(1).sub(taken)));
  return np.where(isPossible, np.exp(log), 0);
}

/** In how many ways k of n things can be taken, 0 if in none. */
export const comb = eagerly(
  'scipy.special.comb',
  (n: ValueLike, k: ValueLike, { repetition = false }: CombOptions = {}): Value => {
    const op = 'scipy.special.comb';
    const [things = np.zeros([]), taken = np.zeros([])] = broadcastTogether(op, [
      toInexact(op, n),
      toInexact(op, k),
    ]);
    if (!repetition) return combinations(things, taken);
    const isNone = taken.equal(0).and(things.greaterEqual(0));
    return np.where(isNone, 1, combinations(things.add(taken).sub(1), taken));
  },
);
