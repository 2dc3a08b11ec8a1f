/**
 * sin, cos, tan and their inverses.
 *
 * @see Payne, Hanek: Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983).
 * @see Cephes 2.8 single precision, https://netlib.org/cephes (sinf, asinf, atanf): polynomials.
 */
import type { Expr } from '../../ir/expr.ts';
import * as x_ from './build.ts';

const { f, i, u, add, sub, mul, div, neg, abs, sqrt, select, polynomial, withSign } = x_;

/** The bits of 2/π after the binary point, behind 32 zeros that let small numbers use the same path. */
const TWO_OVER_PI = [
  0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
] as const;

/** The upper 32 bits of a · b. */
function multiplyHigh(a: Expr, b: Expr): Expr {
  const aLow = x_.and(a, u(0xffff));
  const aHigh = x_.shiftRight(a, i16);
  const bLow = x_.and(b, u(0xffff));
  const bHigh = x_.shiftRight(b, i16);
  const middle = add(mul(aHigh, bLow), x_.shiftRight(mul(aLow, bLow), i16));
  const cross = add(mul(aLow, bHigh), x_.and(middle, u(0xffff)));
  return add(add(mul(aHigh, bHigh), x_.shiftRight(middle, i16)), x_.shiftRight(cross, i16));
}
const i16 = u(16);

/** Word number `index` + `by` of 2/π, for 0 ≤ index ≤ 4. */
const tableWord = (index: Expr, by: number): Expr =>
  [3, 2, 1, 0].reduce<Expr>(
    (otherwise, k) => select(x_.eq(index, u(k)), u(TWO_OVER_PI[k + by] ?? 0), otherwise),
    u(TWO_OVER_PI[4 + by] ?? 0),
  );

/** `value` where the bit of `flags` is clear, else `shifted`. */
const ifBit = (flags: Expr, bit: number, shifted: Expr, value: Expr): Expr =>
  select(x_.ne(x_.and(flags, u(bit)), u(0)), shifted, value);

/** Words moved left by `count` bits, 8 or 16; the last one only feeds the others. */
const moveWords = (words: readonly Expr[], count: number): Expr[] =>
  words
    .slice(0, -1)
    .map((word, k) =>
      x_.or(
        x_.shiftLeft(word, u(count)),
        x_.shiftRight(words[k + 1] ?? u(0), u(32 - count)),
      ),
    );

/**
 * Three words of 2/π from bit `start`, less the last three bits of it. SIMD has no shift by a
 * different amount in each lane, so the amount is taken bit by bit.
 */
function wordsFrom(start: Expr): Expr[] {
  const index = x_.shiftRight(start, u(5));
  let words = [0, 1, 2, 3].map((by) => tableWord(index, by));
  for (const count of [16, 8]) {
    const moved = moveWords(words, count);
    const last = x_.shiftLeft(words[words.length - 1] ?? u(0), u(count));
    words = words.map((word, k) => ifBit(start, count, moved[k] ?? last, word));
  }
  return words.slice(0, 3);
}

/** |x| = q · π/2 + r with |r| ≤ π/4; `q` is int32, of which only the last two bits count. */
function reduceAngle(size: Expr): { q: Expr; r: Expr } {
  const raw = x_.unsignedBits(size);
  const integerMantissa = x_.or(x_.and(raw, u(0x7fffff)), u(0x800000));
  // |x| = mantissa · 2^(exponent − 150); the window starts where products are multiples of 4 no more.
  const start = sub(x_.shiftRight(raw, u(23)), u(150 + 2 - 32));
  const [w0 = u(0), w1 = u(0), w2 = u(0)] = wordsFrom(start);
  const mantissa = [1, 2, 4].reduce(
    (value, bit) => ifBit(start, bit, x_.shiftLeft(value, u(bit)), value),
    integerMantissa,
  );
  const low = add(mul(mantissa, w1), multiplyHigh(mantissa, w2));
  const carry = select(x_.lt(low, mul(mantissa, w1)), u(1), u(0));
  const high = add(add(mul(mantissa, w0), multiplyHigh(mantissa, w1)), carry);
  // The top two bits count quarter turns; rounding makes the rest signed.
  const quarter = x_.shiftRight(add(high, u(0x20000000)), u(30));
  const fraction = x_.bits(sub(high, x_.shiftLeft(quarter, u(30))));
  const whole = x_.convert(fraction, 'float32');
  const lost = sub(fraction, x_.convert(whole, 'int32'));
  const turns = add(
    mul(whole, f(2 ** -30)),
    add(
      mul(x_.convert(lost, 'float32'), f(2 ** -30)),
      mul(x_.convert(x_.shiftRight(low, u(8)), 'float32'), f(2 ** -54)),
    ),
  );
  const isSmall = x_.lt(size, f(0.78539816));
  return {
    q: select(isSmall, i(0), x_.bits(quarter)),
    r: select(isSmall, size, mul(turns, f(1.5707963267948966))),
  };
}

const sinNear = (r: Expr): Expr => {
  const square = mul(r, r);
  const tail = polynomial(square, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
  return add(mul(mul(tail, square), r), r);
};

const cosNear = (r: Expr): Expr => {
  const square = mul(r, r);
  const tail = polynomial(
    square,
    [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2],
  );
  return add(mul(mul(tail, square), square), sub(f(1), mul(f(0.5), square)));
};

/** NaN where x is NaN or infinite. */
const finiteOnly = (x: Expr, value: Expr): Expr =>
  select(x_.lt(abs(x), f(Infinity)), value, f(Number.NaN));

/** sin(|x| + quarters · π/2), and its sign put right for a negative x. */
function wave(x: Expr, quarters: number, flipped: Expr | null): Expr {
  const { q, r } = reduceAngle(abs(x));
  const turned = quarters === 0 ? q : add(q, i(quarters));
  const isCos = x_.ne(x_.and(turned, i(1)), i(0));
  const value = select(isCos, cosNear(r), sinNear(r));
  const half = x_.shiftLeft(x_.and(turned, i(2)), i(30));
  const sign = flipped === null ? half : x_.xor(half, flipped);
  return finiteOnly(x, x_.fromBits(x_.xor(x_.bits(value), sign)));
}

export const sin = (x: Expr): Expr => wave(x, 0, x_.signBit(x));
export const cos = (x: Expr): Expr => wave(x, 1, null);

export function tan(x: Expr): Expr {
  const { q, r } = reduceAngle(abs(x));
  const isOdd = x_.ne(x_.and(q, i(1)), i(0));
  const [sine, cosine] = [sinNear(r), cosNear(r)];
  const value = div(select(isOdd, neg(cosine), sine), select(isOdd, sine, cosine));
  return finiteOnly(x, x_.fromBits(x_.xor(x_.bits(value), x_.signBit(x))));
}

const PI = 3.141592653589793;
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

export function asin(x: Expr): Expr {
  const size = abs(x);
  const isFar = x_.gt(size, f(0.5));
  const square = select(isFar, mul(f(0.5), sub(f(1), size)), mul(size, size));
  const root = select(isFar, sqrt(square), size);
  const inner = asinNear(root, square);
  const value = select(isFar, sub(f(HALF_PI), add(inner, inner)), inner);
  return select(x_.le(size, f(1)), withSign(value, x_.signBit(x)), f(Number.NaN));
}

export function acos(x: Expr): Expr {
  const size = abs(x);
  const isFar = x_.gt(size, f(0.5));
  const square = select(isFar, mul(f(0.5), sub(f(1), size)), mul(size, size));
  const inner = asinNear(select(isFar, sqrt(square), size), square);
  const twice = add(inner, inner);
  const isNegative = x_.lt(x, f(0));
  const far = select(isNegative, sub(f(PI), twice), twice);
  const near = sub(f(HALF_PI), select(isNegative, neg(inner), inner));
  return select(x_.le(size, f(1)), select(isFar, far, near), f(Number.NaN));
}

/** atan of a ratio top / bottom ≥ 0, not both zero. */
function atanRatio(top: Expr, bottom: Expr): Expr {
  const isMiddle = x_.gt(top, mul(bottom, f(0.4142135623730950)));
  const isFar = x_.gt(top, mul(bottom, f(2.414213562373095)));
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
  return add(start, add(mul(mul(tail, square), t), t));
}

export function atan(x: Expr): Expr {
  const size = abs(x);
  const value = select(x_.eq(size, f(Infinity)), f(HALF_PI), atanRatio(size, f(1)));
  return select(x_.isNaN(x), x, withSign(value, x_.signBit(x)));
}

export function atan2(y: Expr, x: Expr): Expr {
  const [top, right] = [abs(y), abs(x)];
  const isTall = x_.gt(top, right);
  const [low, high] = [select(isTall, right, top), select(isTall, top, right)];
  // The ratio is at most 1; scaling keeps sums of huge or tiny operands in range.
  const ratio = div(low, high);
  const both = x_.and(x_.eq(top, f(Infinity)), x_.eq(right, f(Infinity)));
  const safe = select(both, f(1), select(x_.eq(high, f(0)), f(0), ratio));
  const angle = atanRatio(safe, f(1));
  const first = select(isTall, sub(f(HALF_PI), angle), angle);
  const isLeft = x_.lt(x_.bits(x), i(0));
  const value = withSign(select(isLeft, sub(f(PI), first), first), x_.signBit(y));
  return select(x_.or(x_.isNaN(x), x_.isNaN(y)), f(Number.NaN), value);
}
