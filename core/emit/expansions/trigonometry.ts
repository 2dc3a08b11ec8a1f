/**
 * sin, cos, tan and their inverses.
 *
 * @see Payne, Hanek: Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983).
 * @see Cephes 2.8 single precision, https://netlib.org/cephes (sinf, asinf, atanf): polynomials.
 */
import type { Expr } from '../../ir/expr.ts';
import * as scalar from './build.ts';

const { f, i, u, add, sub, mul, mulAdd, div, neg, abs, sqrt, select, polynomial, withSign } =
  scalar;

/** The bits of 2/π after the binary point, behind 32 zeros that let small numbers use the same path. */
const TWO_OVER_PI = [
  0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
] as const;

/** The upper 32 bits of a · b. */
function multiplyHigh(a: Expr, b: Expr): Expr {
  const aLow = scalar.and(a, u(0xffff));
  const aHigh = scalar.shiftRight(a, i16);
  const bLow = scalar.and(b, u(0xffff));
  const bHigh = scalar.shiftRight(b, i16);
  const middle = add(mul(aHigh, bLow), scalar.shiftRight(mul(aLow, bLow), i16));
  const cross = add(mul(aLow, bHigh), scalar.and(middle, u(0xffff)));
  return add(add(mul(aHigh, bHigh), scalar.shiftRight(middle, i16)), scalar.shiftRight(cross, i16));
}
const i16 = u(16);

/** Word number `index` + `by` of 2/π, for 0 ≤ index ≤ 4. */
const tableWord = (index: Expr, by: number): Expr =>
  [3, 2, 1, 0].reduce<Expr>(
    (otherwise, k) => select(scalar.eq(index, u(k)), u(TWO_OVER_PI[k + by] ?? 0), otherwise),
    u(TWO_OVER_PI[4 + by] ?? 0),
  );

/** `value` where the bit of `flags` is clear, else `shifted`. */
const ifBit = (flags: Expr, bit: number, shifted: Expr, value: Expr): Expr =>
  select(scalar.ne(scalar.and(flags, u(bit)), u(0)), shifted, value);

/** Words moved left by `count` bits, 8 or 16; the last one only feeds the others. */
const moveWords = (words: readonly Expr[], count: number): Expr[] =>
  words
    .slice(0, -1)
    .map((word, k) =>
      scalar.or(
        scalar.shiftLeft(word, u(count)),
        scalar.shiftRight(words[k + 1] ?? u(0), u(32 - count)),
      ),
    );

/**
 * Three words of 2/π from bit `start`, less the last three bits of it. SIMD has no shift by a
 * different amount in each lane, so the amount is taken bit by bit.
 */
function wordsFrom(start: Expr): Expr[] {
  const index = scalar.shiftRight(start, u(5));
  let words = [0, 1, 2, 3].map((by) => tableWord(index, by));
  for (const count of [16, 8]) {
    const moved = moveWords(words, count);
    const last = scalar.shiftLeft(words[words.length - 1] ?? u(0), u(count));
    words = words.map((word, k) => ifBit(start, count, moved[k] ?? last, word));
  }
  return words.slice(0, 3);
}

/** q · π/2 + r with |r| ≤ π/4; `q` is int32, of which only the last two bits count. */
interface Angle {
  readonly q: Expr;
  readonly r: Expr;
}

/** Any finite |x| as an angle. */
function reduceAngle(size: Expr): Angle {
  const raw = scalar.unsignedBits(size);
  const integerMantissa = scalar.or(scalar.and(raw, u(0x7fffff)), u(0x800000));
  // |x| = mantissa · 2^(exponent − 150); the window starts where products are multiples of 4 no more.
  const start = sub(scalar.shiftRight(raw, u(23)), u(150 + 2 - 32));
  const [w0 = u(0), w1 = u(0), w2 = u(0)] = wordsFrom(start);
  const mantissa = [1, 2, 4].reduce(
    (value, bit) => ifBit(start, bit, scalar.shiftLeft(value, u(bit)), value),
    integerMantissa,
  );
  const low = add(mul(mantissa, w1), multiplyHigh(mantissa, w2));
  const carry = select(scalar.lt(low, mul(mantissa, w1)), u(1), u(0));
  const high = add(add(mul(mantissa, w0), multiplyHigh(mantissa, w1)), carry);
  // The top two bits count quarter turns; rounding makes the rest signed.
  const quarter = scalar.shiftRight(add(high, u(0x20000000)), u(30));
  const fraction = scalar.bits(sub(high, scalar.shiftLeft(quarter, u(30))));
  const whole = scalar.convert(fraction, 'float32');
  const lost = sub(fraction, scalar.convert(whole, 'int32'));
  const turns = add(
    mul(whole, f(2 ** -30)),
    add(
      mul(scalar.convert(lost, 'float32'), f(2 ** -30)),
      mul(scalar.convert(scalar.shiftRight(low, u(8)), 'float32'), f(2 ** -54)),
    ),
  );
  const isSmall = scalar.lt(size, f(0.78539816));
  return {
    q: select(isSmall, i(0), scalar.bits(quarter)),
    r: select(isSmall, size, mul(turns, f(1.5707963267948966))),
  };
}

const sinNear = (r: Expr): Expr => {
  const square = mul(r, r);
  const tail = polynomial(square, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
  return mulAdd(mul(tail, square), r, r);
};

const cosNear = (r: Expr): Expr => {
  const square = mul(r, r);
  const tail = polynomial(
    square,
    [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2],
  );
  return mulAdd(mul(tail, square), square, mulAdd(f(-0.5), square, f(1)));
};

/** NaN where x is NaN or infinite. */
const finiteOnly = (x: Expr, value: Expr): Expr =>
  select(scalar.lt(abs(x), f(Infinity)), value, f(Number.NaN));

/** π/2 in parts, of which the first three have so few bits that their multiples up to 2¹³ are exact. */
const HALF_PI_PARTS = [
  1.5703125, 4.837512969970703e-4, 7.549533620476723e-8, 2.5633440682570896e-12,
];

/** The largest |x| that {@link reduceNear} may be given. */
export const nearAngle = 12000;

/** {@link reduceAngle} for 0 ≤ size ≤ {@link nearAngle}, at a tenth of the work. */
function reduceNear(size: Expr): Angle {
  const turns = scalar.round(mul(size, f(2 / Math.PI)));
  const r = HALF_PI_PARTS.reduce((rest, part) => add(mul(turns, f(-part)), rest), size);
  return { q: scalar.convert(turns, 'int32'), r };
}

/** sin(|x| + quarters · π/2), and its sign put right for a negative x. */
function wave({ q, r }: Angle, quarters: number, flipped: Expr | null): Expr {
  const turned = quarters === 0 ? q : add(q, i(quarters));
  const isCos = scalar.ne(scalar.and(turned, i(1)), i(0));
  const value = select(isCos, cosNear(r), sinNear(r));
  const half = scalar.shiftLeft(scalar.and(turned, i(2)), i(30));
  const sign = flipped === null ? half : scalar.xor(half, flipped);
  return scalar.fromBits(scalar.xor(scalar.bits(value), sign));
}

/** tan|x|, and its sign put right for a negative x. */
function slope({ q, r }: Angle, flipped: Expr): Expr {
  const isOdd = scalar.ne(scalar.and(q, i(1)), i(0));
  const [sine, cosine] = [sinNear(r), cosNear(r)];
  const value = div(select(isOdd, neg(cosine), sine), select(isOdd, sine, cosine));
  return scalar.fromBits(scalar.xor(scalar.bits(value), flipped));
}

/** The sine, exact to 2 units in the last place for every finite x. */
export const sin = (x: Expr): Expr =>
  finiteOnly(x, wave(reduceAngle(abs(x)), 0, scalar.signBit(x)));
/** The cosine, exact to 2 units in the last place for every finite x. */
export const cos = (x: Expr): Expr => finiteOnly(x, wave(reduceAngle(abs(x)), 1, null));
/** The tangent. */
export const tan = (x: Expr): Expr => finiteOnly(x, slope(reduceAngle(abs(x)), scalar.signBit(x)));

/** The same for |x| ≤ {@link nearAngle}. */
export const nearExpansions = {
  sin: (x: Expr): Expr => wave(reduceNear(abs(x)), 0, scalar.signBit(x)),
  cos: (x: Expr): Expr => wave(reduceNear(abs(x)), 1, null),
  tan: (x: Expr): Expr => slope(reduceNear(abs(x)), scalar.signBit(x)),
};

const PI = Math.PI;
const HALF_PI = PI / 2;

/** asin on 0 … ½, given x and x². */
const asinNear = (x: Expr, square: Expr): Expr =>
  add(
    mul(
      mul(
        polynomial(
          square,
          [4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1],
        ),
        square,
      ),
      x,
    ),
    x,
  );

/** The inverse sine; NaN beyond ±1. */
export function asin(x: Expr): Expr {
  const size = abs(x);
  const isFar = scalar.gt(size, f(0.5));
  const square = select(isFar, mul(f(0.5), sub(f(1), size)), mul(size, size));
  const root = select(isFar, sqrt(square), size);
  const inner = asinNear(root, square);
  const value = select(isFar, sub(f(HALF_PI), add(inner, inner)), inner);
  return select(scalar.le(size, f(1)), withSign(value, scalar.signBit(x)), f(Number.NaN));
}

/** The inverse cosine; NaN beyond ±1. */
export function acos(x: Expr): Expr {
  const size = abs(x);
  const isFar = scalar.gt(size, f(0.5));
  const square = select(isFar, mul(f(0.5), sub(f(1), size)), mul(size, size));
  const inner = asinNear(select(isFar, sqrt(square), size), square);
  const twice = add(inner, inner);
  const isNegative = scalar.lt(x, f(0));
  const far = select(isNegative, sub(f(PI), twice), twice);
  const near = sub(f(HALF_PI), select(isNegative, neg(inner), inner));
  return select(scalar.le(size, f(1)), select(isFar, far, near), f(Number.NaN));
}

/** atan of a ratio top / bottom ≥ 0, not both zero. */
function atanRatio(top: Expr, bottom: Expr): Expr {
  const isMiddle = scalar.gt(top, mul(bottom, f(0.414213562373095)));
  const isFar = scalar.gt(top, mul(bottom, f(2.414213562373095)));
  // atan(t) = π/2 + atan(−1/t) = π/4 + atan((t − 1)/(t + 1))
  const numerator = select(isFar, neg(bottom), select(isMiddle, sub(top, bottom), top));
  const denominator = select(isFar, top, select(isMiddle, add(top, bottom), bottom));
  const t = div(numerator, denominator);
  const start = select(isFar, f(HALF_PI), select(isMiddle, f(PI / 4), f(0)));
  const square = mul(t, t);
  const tail = polynomial(
    square,
    [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1],
  );
  return add(start, mulAdd(mul(tail, square), t, t));
}

/** The inverse tangent. */
export function atan(x: Expr): Expr {
  const size = abs(x);
  const value = select(scalar.eq(size, f(Infinity)), f(HALF_PI), atanRatio(size, f(1)));
  return select(scalar.isNotNumber(x), x, withSign(value, scalar.signBit(x)));
}

/** The angle of the point (x, y), with the signs of zeros respected. */
export function atan2(y: Expr, x: Expr): Expr {
  const [top, right] = [abs(y), abs(x)];
  const isTall = scalar.gt(top, right);
  const [low, high] = [select(isTall, right, top), select(isTall, top, right)];
  // The ratio is at most 1; scaling keeps sums of huge or tiny operands in range.
  const ratio = div(low, high);
  const both = scalar.and(scalar.eq(top, f(Infinity)), scalar.eq(right, f(Infinity)));
  const safe = select(both, f(1), select(scalar.eq(high, f(0)), f(0), ratio));
  const angle = atanRatio(safe, f(1));
  const first = select(isTall, sub(f(HALF_PI), angle), angle);
  const isLeft = scalar.lt(scalar.bits(x), i(0));
  const value = withSign(select(isLeft, sub(f(PI), first), first), scalar.signBit(y));
  return select(scalar.or(scalar.isNotNumber(x), scalar.isNotNumber(y)), f(Number.NaN), value);
}
