/**
 * x to the power y, for floats (in twice the working precision, so that large exponents keep their
 * digits) and for integers.
 *
 * @see Dekker: A floating-point technique for extending the available precision, Numer. Math. 18 (1971).
 */
import type { Expr } from '../../ir/expr.ts';
import * as scalar from './build.ts';
import { splitExponent } from './logarithm.ts';

const { f, i, add, sub, mul, div, abs, select, polynomial, powerOfTwo } = scalar;

/** An unevaluated sum of two float32: about 48 bits. */
interface Double {
  readonly high: Expr;
  readonly low: Expr;
}

const quickSum = (a: Expr, b: Expr): Double => {
  const high = add(a, b);
  return { high, low: sub(b, sub(high, a)) };
};

/** The upper 12 bits of a mantissa; what is left has 12 bits as well. */
const upper = (a: Expr): Expr => scalar.fromBits(scalar.and(scalar.bits(a), i(0xfffff000)));

/** a · b exactly. */
function product(a: Expr, b: Expr): Double {
  const high = mul(a, b);
  const [a1, b1] = [upper(a), upper(b)];
  const [a2, b2] = [sub(a, a1), sub(b, b1)];
  const low = add(add(add(sub(mul(a1, b1), high), mul(a1, b2)), mul(a2, b1)), mul(a2, b2));
  return { high, low };
}

/** A double times a float32. */
function scale(a: Double, b: Expr): Double {
  const { high, low } = product(a.high, b);
  return quickSum(high, add(low, mul(a.low, b)));
}

const TWO_OVER_LN2 = 2.8853900817779268;
const TWO_OVER_LN2_HIGH = Math.fround(TWO_OVER_LN2);

/** log₂ of a positive, finite x. */
function log2(x: Expr): Double {
  const { e, m } = splitExponent(x);
  // log m = 2 atanh(s), s = (m − 1)/(m + 1)
  const top = sub(m, f(1));
  const bottom = quickSumOfOne(m);
  const s = div(top, bottom.high);
  const back = product(s, bottom.high);
  const rest = sub(sub(sub(top, back.high), back.low), mul(s, bottom.low));
  const sLow = div(rest, bottom.high);
  const square = mul(s, s);
  const tail = mul(mul(polynomial(square, [1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3]), square), s);
  const odd = quickSum(s, add(sLow, tail));
  const scaled = scale(odd, f(TWO_OVER_LN2_HIGH));
  const low = add(scaled.low, mul(odd.high, f(TWO_OVER_LN2 - TWO_OVER_LN2_HIGH)));
  const exponent = scalar.convert(e, 'float32');
  // |e| is 0 or at least the fraction, so the quick sum is exact after ordering by hand.
  const sum = add(exponent, scaled.high);
  const lost = sub(scaled.high, sub(sum, exponent));
  return quickSum(sum, add(lost, low));
}

/** m + 1 for √½ ≤ m < √2, with what rounding loses. */
function quickSumOfOne(m: Expr): Double {
  const high = add(m, f(1));
  const low = select(scalar.gt(m, f(1)), sub(f(1), sub(high, m)), sub(m, sub(high, f(1))));
  return { high, low };
}

/** 2^(high + low). */
function exp2({ high, low }: Double): Expr {
  const inside = scalar.atLeast(scalar.atMost(high, 200), -200);
  const shifted = add(inside, f(12582912));
  const n = sub(scalar.bits(shifted), i(0x4b400000));
  const safeLow = select(scalar.lt(abs(high), f(200)), low, f(0));
  const r = add(sub(inside, sub(shifted, f(12582912))), safeLow);
  const value = polynomial(
    r,
    [
      1.5353361883195e-4, 1.339887440266574e-3, 9.61843735767464e-3, 5.550332471162809e-2,
      2.402264791363012e-1, 6.931472028550421e-1, 1,
    ],
  );
  const half = scalar.shiftRightSigned(n, i(1));
  return mul(mul(value, powerOfTwo(half)), powerOfTwo(sub(n, half)));
}

const isInteger = (y: Expr): Expr => scalar.eq(scalar.floor(y), y);

/** True for odd whole numbers; floats of 2²⁴ and above are even. */
function isOdd(y: Expr): Expr {
  const half = mul(y, f(0.5));
  return scalar.and(isInteger(y), scalar.ne(scalar.floor(half), half));
}

/** x to the power y for float32, with the special cases of IEEE 754. */
export function pow(x: Expr, y: Expr): Expr {
  const size = abs(x);
  const tame = select(scalar.and(scalar.gt(size, f(0)), scalar.lt(size, f(Infinity))), size, f(1));
  // Beyond this any base but 1 overflows or vanishes, and splitting y would overflow.
  const exponent = scalar.atLeast(scalar.atMost(y, 1e30), -1e30);
  const inside = exp2(scale(log2(tame), exponent));
  const [isZero, isInfinite] = [scalar.eq(size, f(0)), scalar.eq(size, f(Infinity))];
  const grows = scalar.xor(isZero, scalar.gt(y, f(0)));
  const edge = select(grows, f(Infinity), f(0));
  const magnitude = select(scalar.or(isZero, isInfinite), edge, inside);
  const sign = select(isOdd(y), scalar.signBit(x), i(0));
  const signed = scalar.fromBits(scalar.or(scalar.bits(magnitude), sign));
  const isUndefined = scalar.or(
    scalar.or(scalar.isNotNumber(x), scalar.isNotNumber(y)),
    scalar.and(scalar.and(scalar.lt(x, f(0)), scalar.not(isInfinite)), scalar.not(isInteger(y))),
  );
  const value = select(isUndefined, f(Number.NaN), signed);
  const isOne = scalar.or(
    scalar.or(scalar.eq(y, f(0)), scalar.eq(x, f(1))),
    scalar.and(scalar.eq(x, f(-1)), scalar.eq(abs(y), f(Infinity))),
  );
  return select(isOne, f(1), value);
}

/** Integer power by squaring; a negative exponent gives the reciprocal, rounded toward zero. */
export function integerPow(x: Expr, y: Expr): Expr {
  const isSigned = x.dtype === 'int32';
  const one = isSigned ? i(1) : scalar.u(1);
  const zero = isSigned ? i(0) : scalar.u(0);
  let result: Expr = one;
  let square = x;
  for (let bit = 0; bit < 32; bit++) {
    const mask = isSigned ? i(1 << bit) : scalar.u(2 ** bit);
    result = select(scalar.ne(scalar.and(y, mask), zero), mul(result, square), result);
    square = mul(square, square);
  }
  if (!isSigned) return result;
  const parity = select(scalar.ne(scalar.and(y, one), zero), i(-1), one);
  const reciprocal = select(
    scalar.eq(x, one),
    one,
    select(scalar.eq(x, i(-1)), parity, select(scalar.eq(x, zero), i(-1), zero)),
  );
  return select(scalar.lt(y, zero), reciprocal, result);
}
