/**
 * log, log1p and the inverse hyperbolic functions.
 *
 * @see Cephes 2.8 single precision, https://netlib.org/cephes (logf).
 */
import type { Expr } from '../../ir/expr.ts';
import * as scalar from './build.ts';

const { f, i, add, sub, mul, mulAdd, div, neg, abs, sqrt, select, polynomial, withSign } = scalar;

const LN2 = Math.LN2;

/** A positive x = m · 2^e with √½ ≤ m < √2; `e` is int32. */
export function splitExponent(x: Expr): { e: Expr; m: Expr } {
  const isSmall = scalar.lt(x, f(1.1754943508222875e-38));
  const normal = select(isSmall, mul(x, f(8388608)), x);
  // Adding the distance from √½ to 1 moves the boundary between exponents to √½.
  const moved = add(scalar.bits(normal), i(0x3f800000 - 0x3f3504f3));
  const e = sub(scalar.shiftRightSigned(moved, i(23)), select(isSmall, i(127 + 23), i(127)));
  const m = scalar.fromBits(add(scalar.and(moved, i(0x007fffff)), i(0x3f3504f3)));
  return { e, m };
}

/** log of x, which is positive and finite, plus a small correction. */
function logPositive(x: Expr, correction: Expr | null): Expr {
  const { e, m } = splitExponent(x);
  const exponent = scalar.convert(e, 'float32');
  const r = sub(m, f(1));
  const square = mul(r, r);
  const tail = mul(
    mul(
      polynomial(
        r,
        [
          7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
          -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
        ],
      ),
      square,
    ),
    r,
  );
  const low = mulAdd(exponent, f(-2.1219444e-4), tail);
  const corrected = correction === null ? low : add(low, correction);
  const fraction = add(r, mulAdd(f(-0.5), square, corrected));
  return mulAdd(exponent, f(0.693359375), fraction);
}

/** Puts in the values at 0, below 0, at infinity and NaN. */
function withEdges(x: Expr, inside: Expr): Expr {
  const positive = select(scalar.lt(x, f(Infinity)), inside, x);
  const notNegative = select(scalar.gt(x, f(0)), positive, f(-Infinity));
  const bad = scalar.or(scalar.lt(x, f(0)), scalar.isNotNumber(x));
  return select(bad, f(Number.NaN), notNegative);
}

/** The natural logarithm; −∞ at 0, NaN below. */
export const log = (x: Expr): Expr => withEdges(x, logPositive(x, null));

/** log(1 + x), exact near 0. */
export function log1p(x: Expr): Expr {
  const sum = add(f(1), x);
  // What rounding 1 + x lost, to first order.
  const lost = select(scalar.gt(x, f(1)), sub(f(1), sub(sum, x)), sub(x, sub(sum, f(1))));
  const value = withEdges(sum, logPositive(sum, div(lost, sum)));
  return select(scalar.lt(abs(x), f(1e-8)), x, value);
}

/** The inverse hyperbolic sine. */
export function asinh(x: Expr): Expr {
  const size = abs(x);
  const square = mul(size, size);
  const near = log1p(add(size, div(square, add(f(1), sqrt(add(square, f(1)))))));
  const far = add(log(size), f(LN2));
  return withSign(select(scalar.gt(size, f(1e9)), far, near), scalar.signBit(x));
}

/** The inverse hyperbolic cosine; NaN below 1. */
export function acosh(x: Expr): Expr {
  const above = sub(x, f(1));
  const near = log1p(add(above, sqrt(add(add(above, above), mul(above, above)))));
  const far = add(log(x), f(LN2));
  const value = select(scalar.gt(x, f(1e9)), far, near);
  return select(scalar.lt(x, f(1)), f(Number.NaN), value);
}

/** The inverse hyperbolic tangent; ±∞ at ±1, NaN beyond. */
export function atanh(x: Expr): Expr {
  const size = abs(x);
  const value = mul(f(0.5), log1p(div(add(size, size), sub(f(1), size))));
  const signed = select(scalar.isNotNumber(value), value, withSign(value, scalar.signBit(x)));
  return select(scalar.lt(size, f(1e-4)), x, signed);
}

/** −log(1 − x²), as the inverse error function needs it. */
export const minusLogOneMinusSquare = (x: Expr): Expr => neg(log1p(neg(mul(x, x))));
