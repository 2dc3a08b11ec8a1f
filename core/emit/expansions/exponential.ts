/**
 * exp, its relatives, and the hyperbolic functions.
 *
 * @see Cephes 2.8 single precision, https://netlib.org/cephes (expf, sinhf): ranges, and the polynomial of sinh.
 */
import type { Expr } from '../../ir/expr.ts';
import * as scalar from './build.ts';

const { f, i, add, sub, mul, mulAdd, div, neg, abs, select, polynomial } = scalar;
const { fromBits, powerOfTwo, withSign } = scalar;

const LOG2_E = Math.LOG2E;
// ln 2 in two parts; the first has few bits, so that n · LN2_HIGH is exact.
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
// Adding 1.5 · 2²³ leaves the rounded integer in the low bits; 254 more, so that it is positive.
const ROUNDER = 12582912 + 254;
const ROUNDER_BITS = 0x4b400000 + 254;

/** (exp(r) − 1 − r) / r² for |r| ≤ ln 2 / 2, fitted so that exp(r) is right to 3.1e-9 of its size; the highest power first. */
export const expTail: readonly number[] = [
  1.381453789e-3, 8.36874532e-3, 4.166839083e-2, 1.66665204e-1, 4.999999343e-1,
];

/** x = n · ln 2 + r with |r| ≤ ln 2 / 2; `minusOne` is exp(r) − 1; `shifted` has n + 254 in its low bits. */
function reduceExp(x: Expr): { shifted: Expr; minusOne: Expr } {
  const sum = mulAdd(x, f(LOG2_E), f(ROUNDER));
  const whole = sub(sum, f(ROUNDER));
  const r = mulAdd(whole, f(-LN2_LOW), mulAdd(whole, f(-LN2_HIGH), x));
  const tail = polynomial(r, expTail);
  return { shifted: scalar.bits(sum), minusOne: mulAdd(mul(r, r), tail, r) };
}

/** exp(x) · 2^shift, without overflow on the way. */
function scaledExp(x: Expr, shift: number): Expr {
  const { shifted, minusOne } = reduceExp(scalar.atLeast(scalar.atMost(x, 90), -105));
  // Two factors, since 2^n alone may be out of range while the result is not. Their exponents, biased as
  // they are stored, are the halves of n + 254; what stands above them is shifted out.
  const half = scalar.shiftRight(shifted, i(1));
  const rest = sub(shifted, half);
  const first = fromBits(scalar.shiftLeft(shift === 0 ? half : add(half, i(shift)), i(23)));
  return mul(mulAdd(minusOne, first, first), fromBits(scalar.shiftLeft(rest, i(23))));
}

/** e to the power x; overflows to infinity and reaches denormals, within 2 units in the last place. */
export const exp = (x: Expr): Expr => scaledExp(x, 0);

/** exp(x) − 1, exact near 0. */
export function expm1(x: Expr): Expr {
  const { shifted, minusOne } = reduceExp(scalar.atLeast(scalar.atMost(x, 87), -18));
  const power = powerOfTwo(sub(shifted, i(ROUNDER_BITS)));
  const near = mulAdd(power, minusOne, sub(power, f(1)));
  const finite = select(scalar.gt(x, f(40)), exp(x), near);
  return select(scalar.eq(x, f(0)), x, finite);
}

/** 1 / (1 + exp(−x)), without cancellation on either side. */
export function logistic(x: Expr): Expr {
  const small = exp(neg(abs(x)));
  const denominator = add(small, f(1));
  return div(select(scalar.lt(x, f(0)), small, f(1)), denominator);
}

/** The hyperbolic tangent: with e = exp(−2|x|) − 1, |tanh x| = −e / (2 + e), without cancellation. */
export function tanh(x: Expr): Expr {
  // Beyond 10 the result rounds to ±1.
  const twice = mul(scalar.atMost(abs(x), 10), f(-2));
  const { shifted, minusOne } = reduceExp(twice);
  const power = fromBits(scalar.shiftLeft(sub(shifted, i(127)), i(23)));
  const e = mulAdd(power, minusOne, sub(power, f(1)));
  return withSign(abs(div(e, add(e, f(2)))), scalar.signBit(x));
}

/** The hyperbolic sine. */
export function sinh(x: Expr): Expr {
  const size = abs(x);
  const square = mul(x, x);
  const near = add(
    mul(mul(polynomial(square, [2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1]), square), x),
    x,
  );
  const half = scaledExp(size, -1);
  const far = sub(half, div(f(0.25), half));
  return select(scalar.lt(size, f(1)), near, withSign(far, scalar.signBit(x)));
}

/** The hyperbolic cosine. */
export function cosh(x: Expr): Expr {
  const half = scaledExp(abs(x), -1);
  return add(half, div(f(0.25), half));
}
