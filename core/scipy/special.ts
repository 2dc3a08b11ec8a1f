/** Special functions by the names of `jax.scipy.special`. */
import type { Value, ValueLike } from '../ir/value.ts';
import { add, divide, multiply, subtract, where } from '../numpy/arithmetic.ts';
import { eagerly } from '../numpy/eager.ts';
import { abs, exp, floor, log, log1p, sin, square, tan } from '../numpy/elementwise.ts';
import {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
} from '../numpy/logic.ts';
import { promotePair, toInexact } from '../numpy/operands.ts';
import { chebyshev, i0, i0e } from '../numpy/signals.ts';
import * as prim from '../primitives/index.ts';

export { i0, i0e };

/** Coefficients of Lanczos's approximation for g = 7, n = 9. */
const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];
const lanczosBase = 0.9999999999998099;
const lanczosG = 7;

const unary = (name: string, compute: (x: Value) => Value): ((x: ValueLike) => Value) =>
  eagerly(`scipy.special.${name}`, (x: ValueLike) =>
    compute(toInexact(`scipy.special.${name}`, x)),
  );

/** z, Lanczos's sum at z, and its derivative, for z = x − 1 with x ≥ ½. */
function lanczosSums(z: Value): { value: Value; slope: Value } {
  let [value, slope]: Value[] = [add(multiply(z, 0), lanczosBase), multiply(z, 0)];
  lanczos.forEach((c, i) => {
    const shifted = add(z, i + 1);
    value = add(value ?? z, divide(c, shifted));
    slope = subtract(slope ?? z, divide(c, square(shifted)));
  });
  return { value: value ?? z, slope: slope ?? z };
}

function logGamma(x: Value): Value {
  const needsReflection = less(x, 0.5);
  const z = where(needsReflection, prim.neg(x), subtract(x, 1));
  const t = add(lanczosG + 0.5, z);
  // log t = log(g + ½) + log1p(z / (g + ½)), exact where the sum is about to cancel.
  const logT = add(log1p(divide(z, lanczosG + 0.5)), Math.log(lanczosG + 0.5));
  const tail = add(log(lanczosSums(z).value), 0.5 * Math.log(2 * Math.PI));
  const found = add(multiply(subtract(add(z, 0.5), divide(t, logT)), logT), tail);
  const size = abs(x);
  const fraction = subtract(size, floor(size));
  const near = where(greater(fraction, 0.5), subtract(1, fraction), fraction);
  const isPole = equal(near, 0);
  const logSine = log(sin(multiply(where(isPole, 0.5, near), Math.PI)));
  const reflected = subtract(subtract(Math.log(Math.PI), logSine), found);
  const isWholeNegative = logicalAnd(isPole, lessEqual(x, 0));
  const isInfinite = equal(size, Infinity);
  const plain = where(needsReflection, where(isWholeNegative, Infinity, reflected), found);
  return where(isInfinite, Infinity, plain);
}

/** log |Γ(x)|. */
export const gammaln = unary('gammaln', logGamma);

/** ψ(x), the derivative of log Γ. */
export const digamma = unary('digamma', (x) => {
  const needsReflection = less(x, 0.5);
  const z = where(needsReflection, prim.neg(x), subtract(x, 1));
  const { value, slope } = lanczosSums(z);
  const t = add(lanczosG + 0.5, z);
  const logT = add(log1p(divide(z, lanczosG + 0.5)), Math.log(lanczosG + 0.5));
  const found = subtract(add(logT, divide(slope, value)), divide(lanczosG, t));
  const fraction = subtract(x, floor(add(x, 0.5)));
  const safe = where(needsReflection, where(equal(fraction, 0), 0.25, fraction), 0.25);
  const reflected = subtract(found, divide(Math.PI, tan(multiply(safe, Math.PI))));
  const isPole = logicalAnd(lessEqual(x, 0), equal(x, floor(x)));
  return where(isPole, Number.NaN, where(needsReflection, reflected, found));
});

/** Γ(x). */
export const gamma = unary('gamma', (x) => {
  const isOdd = equal(subtract(floor(x), multiply(floor(multiply(x, 0.5)), 2)), 1);
  const sign = where(logicalAnd(less(x, 0), isOdd), -1, 1);
  return multiply(sign, exp(logGamma(x)));
});

/** Coefficients of Stirling's series of log Γ, less its leading terms. */
const stirling = [
  0.0833333333333333, -0.00277777777760991, 0.00079365066682539, -0.00059520293135187,
  0.000837308034031215, -0.00165322962780713,
];

/**
 * log Γ(b) − log Γ(a + b) for b ≥ 8 and a ≤ b, where the two would cancel.
 *
 * @see Didonato & Morris 1992, "Algorithm 708", function ALGDIV.
 */
function logGammaRatio(a: Value, b: Value): Value {
  const h = divide(a, b);
  const c = divide(h, add(h, 1));
  const squared = multiply(c, c);
  const t = square(divide(1, b));
  // Powers sₖ = (1 − cᵏ) / (1 − c) for k = 1, 3, 5, …
  const sums = [add(multiply(c, 0), 1)];
  for (let k = 1; k < stirling.length; k++) {
    sums.push(add(add(multiply(squared, sums[k - 1] ?? c), c), 1));
  }
  const series = stirling.reduceRight<Value>(
    (sum, coefficient, k) => add(multiply(sum, t), multiply(sums[k] ?? c, coefficient)),
    multiply(c, 0),
  );
  const rest = multiply(series, divide(c, b));
  const u = multiply(add(b, subtract(a, 0.5)), log1p(h));
  const v = multiply(a, subtract(log(b), 1));
  return subtract(subtract(rest, u), v);
}

/** log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b). */
export const betaln = eagerly('scipy.special.betaln', (a: ValueLike, b: ValueLike): Value => {
  const [x, y] = promotePair('scipy.special.betaln', toInexact('scipy.special.betaln', a), b);
  const [low, high] = [prim.min(x, y), prim.max(x, y)];
  const isLarge = greaterEqual(high, 8);
  const plain = subtract(logGamma(high), logGamma(add(low, high)));
  const ratio = logGammaRatio(where(isLarge, low, 1), where(isLarge, high, 8));
  return add(logGamma(low), where(isLarge, ratio, plain));
});

/** B(a, b). */
export const beta = (a: ValueLike, b: ValueLike): Value => exp(betaln(a, b));

/** log(x!), of Γ(x + 1). */
export const factorial = unary('factorial', (x) => where(less(x, 0), 0, exp(logGamma(add(x, 1)))));

/** The error function. */
export const erf = unary('erf', prim.erf);
/** 1 − erf(x). */
export const erfc = unary('erfc', prim.erfc);
/** The inverse of {@link erf}. */
export const erfinv = unary('erfinv', prim.erfInv);
/** 1 / (1 + exp(−x)). */
export const expit = unary('expit', prim.logistic);
/** log(x / (1 − x)). */
export const logit = unary('logit', (x) => subtract(log(x), log1p(prim.neg(x))));

/** Whether a is 0 and the logarithm next to it infinite or undefined. Elsewhere a product has derivatives. */
const isNothing = (a: Value, b: Value, least: number): Value =>
  logicalAnd(equal(a, 0), logicalOr(lessEqual(b, least), equal(b, Infinity)));

/** x · log y, 0 where x = 0. */
export const xlogy = eagerly('scipy.special.xlogy', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('scipy.special.xlogy', toInexact('scipy.special.xlogy', x), y);
  return multiply(a, log(where(isNothing(a, b, 0), 1, b)));
});

/** x · log(1 + y), 0 where x = 0. */
export const xlog1py = eagerly('scipy.special.xlog1py', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('scipy.special.xlog1py', toInexact('scipy.special.xlog1py', x), y);
  return multiply(a, log1p(where(isNothing(a, b, -1), 0, b)));
});

/** −x · log x; 0 at 0, −∞ below. */
export const entr = unary('entr', (x) => {
  const isPositive = greater(x, 0);
  const safe = where(isPositive, x, 1);
  return where(isPositive, prim.neg(multiply(safe, log(safe))), where(equal(x, 0), 0, -Infinity));
});

/** x · log(x / y) − x + y. */
export const klDiv = eagerly(
  'scipy.special.klDiv',
  (x: ValueLike, y: ValueLike): Value => add(subtract(relEntr(x, y), x), y),
);

/** x · log(x / y). */
export const relEntr = eagerly('scipy.special.relEntr', (x: ValueLike, y: ValueLike): Value => {
  const [p, q] = promotePair('scipy.special.relEntr', toInexact('scipy.special.relEntr', x), y);
  const arePositive = logicalAnd(greater(p, 0), greater(q, 0));
  const [a, b] = [where(arePositive, p, 1), where(arePositive, q, 1)];
  const isZero = logicalAnd(equal(p, 0), prim.ge(q, multiply(q, 0)));
  return where(
    arePositive,
    subtract(multiply(a, log(a)), multiply(a, log(b))),
    where(isZero, 0, Infinity),
  );
});

/** Φ(x), the normal distribution function. */
export const ndtr = unary('ndtr', (x) => {
  const w = multiply(x, Math.SQRT1_2);
  const z = abs(w);
  const outside = where(greater(w, 0), subtract(2, prim.erfc(z)), prim.erfc(z));
  return multiply(where(less(z, Math.SQRT1_2), add(1, prim.erf(w)), outside), 0.5);
});

/** log Φ(x), without underflow. */
export const logNdtr = unary('logNdtr', (x) => {
  const isFar = less(x, -5);
  const far = where(isFar, x, -6);
  const inverse = divide(1, square(far));
  // The asymptotic series of Mills's ratio.
  const series = [-945, 105, -15, 3, -1, 1].reduce<Value>(
    (sum, c) => add(multiply(sum, inverse), c),
    add(multiply(inverse, 0), 10395),
  );
  const tail = subtract(
    add(prim.neg(multiply(square(far), 0.5)), log(series)),
    add(log(prim.neg(far)), 0.5 * Math.log(2 * Math.PI)),
  );
  const near = where(isFar, 0, x);
  const isHigh = greater(near, 5);
  const middle = log(ndtr(where(isHigh, 0, near)));
  const high = log1p(prim.neg(ndtr(prim.neg(near))));
  return where(isFar, tail, where(isHigh, high, middle));
});

/** The inverse of {@link ndtr}. */
export const ndtri = unary('ndtri', (p) =>
  multiply(prim.erfInv(subtract(multiply(p, 2), 1)), Math.SQRT2),
);

const near1 = [
  9.38153738649577e-9, -4.445059128796329e-8, 2.0032947535521353e-7, -8.568720264695455e-7,
  3.4702513081376785e-6, -1.3273163656039436e-5, 4.781565107550054e-5, -0.00016176081582589674,
  0.0005122859561685758, -0.0015135724506312532, 0.004156422944312888, -0.010564084894626197,
  0.024726449030626516, -0.05294598120809499, 0.1026436586898471, -0.17641651835783406,
  0.25258718644363365,
];
const far1 = [
  -3.83538038596423e-9, -2.6314688468895196e-8, -2.512236237870209e-7, -3.882564808877691e-6,
  -0.00011058893876262371, -0.009761097491361469, 0.7785762350182801,
];

/** exp(−|x|) I₁(x), the modified Bessel function of order 1, scaled. */
export const i1e = unary('i1e', (x) => {
  const size = abs(x);
  const isNear = lessEqual(size, 8);
  const small = where(isNear, size, 1);
  const near = multiply(chebyshev(subtract(multiply(small, 0.5), 2), near1), small);
  const large = where(isNear, 8, size);
  const far = divide(chebyshev(subtract(divide(32, large), 2), far1), prim.sqrt(large));
  return multiply(prim.sign(x), where(isNear, near, far));
});

/** I₁(x), the modified Bessel function of order 1. */
export const i1 = unary('i1', (x) => multiply(exp(abs(x)), i1e(x)));

/** log Γ of several variables: Γ_d(a). */
export const multigammaln = eagerly(
  'scipy.special.multigammaln',
  (a: ValueLike, d: number): Value => {
    const x = toInexact('scipy.special.multigammaln', a);
    const terms = Array.from({ length: d }, (_, k) => logGamma(subtract(x, k / 2)));
    return terms.reduce(
      (sum, term) => add(sum, term),
      add(multiply(x, 0), (d * (d - 1) * Math.log(Math.PI)) / 4),
    );
  },
);
