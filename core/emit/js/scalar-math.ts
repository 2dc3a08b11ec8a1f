/** Scalar functions that JavaScript lacks, or defines otherwise than the scalar operations do. */

export {
  bfloat16Bits,
  bfloat16Value,
  float16Bits,
  float16Value,
  roundBfloat16,
  roundFloat16,
} from '../../base/half.ts';

const bits = new DataView(new ArrayBuffer(8));

/** a / b for int32: truncates; by zero −1. */
export const divideSigned = (a: number, b: number): number => (b === 0 ? -1 : (a / b) | 0);
/** a / b for uint32: truncates; by zero all ones. */
export const divideUnsigned = (a: number, b: number): number =>
  b === 0 ? 0xffffffff : (a / b) >>> 0;
/** Remainder with the sign of the dividend; by zero the dividend. */
export const remainderInteger = (a: number, b: number): number => (b === 0 ? a : a % b);

/** NaN if either is NaN, else the greater; +0 over −0. */
export const maximum = (a: number, b: number): number => Math.max(a, b);
/** NaN if either is NaN, else the lesser; −0 under +0. */
export const minimum = (a: number, b: number): number => Math.min(a, b);

/** IEEE power: 1 to any exponent, and −1 to an infinite one, are 1. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Infinity) return 1;
  return base ** exponent;
}

/** Integer power by squaring, modulo 2³²; with a negative exponent 0, but for bases of 1 and −1. */
export function powerInteger(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/** Nearest integer, ties to even. */
export function roundEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (Number.isNaN(fraction) || fraction === 0) return x;
  const up = fraction > 0.5 || (fraction === 0.5 && floor % 2 !== 0);
  const rounded = up ? floor + 1 : floor;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

/** Left shift; 0 past the width. */
export const shiftLeft = (a: number, b: number): number => (b >>> 0 > 31 ? 0 : a << b);
/** Right shift that fills with zeros; 0 past the width. */
export const shiftRightLogical = (a: number, b: number): number => (b >>> 0 > 31 ? 0 : a >>> b);
/** Right shift that fills with the sign; all sign past the width. */
export const shiftRightArithmetic = (a: number, b: number): number =>
  (a | 0) >> (b >>> 0 > 31 ? 31 : b);

/** The number of ones. */
export function populationCount(a: number): number {
  let count = 0;
  for (let rest = a >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Truncates, saturates, and sends NaN to 0. */
export const toSigned = (x: number): number =>
  x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0;
/** Truncates, saturates, and sends NaN to 0. */
export const toUnsigned = (x: number): number =>
  x >= 4294967295 ? 4294967295 : x > 0 ? Math.floor(x) : 0;

/** The bits of a float32 as int32. */
export function bitsOfFloat(x: number): number {
  bits.setFloat32(0, x);
  return bits.getInt32(0);
}
/** The float32 with these bits. */
export function floatOfBits(x: number): number {
  bits.setInt32(0, x);
  return bits.getFloat32(0);
}

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** Maclaurin series; converges fast below 3. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    const part = term / (2 * n + 1);
    sum += part;
    if (Math.abs(part) < 1e-17 * Math.abs(sum)) break;
  }
  return twoOverRootPi * sum;
}

/** Continued fraction by Lentz's method, for x ≥ 2. */
function erfcFraction(x: number): number {
  let value = 0;
  for (let k = 120; k > 0; k--) value = k / 2 / (x + value);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + value);
}

/** Error function, to double precision. */
export function erf(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  const size = Math.abs(x);
  if (size < 2.5) return erfSeries(x);
  return Math.sign(x) * (1 - erfcFraction(size));
}

/** Complementary error function, to double precision. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 2.5) return 1 - erf(x);
  return x > 30 ? 0 : erfcFraction(x);
}

/** Inverse error function: a rational start, then Newton's method on erf. */
export function erfInv(y: number): number {
  if (Number.isNaN(y) || Math.abs(y) > 1) return Number.NaN;
  if (Math.abs(y) === 1) return y * Infinity;
  if (y === 0) return y;
  const a = 0.147;
  const logTerm = Math.log1p(-y * y);
  const first = 2 / (Math.PI * a) + logTerm / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(first * first - logTerm / a) - first);
  for (let i = 0; i < 4; i++) {
    // Near ±1 the complement keeps the digits that erf(x) − y would lose.
    const error = y > 0.5 ? 1 - y - erfc(x) : y < -0.5 ? erfc(-x) - (1 + y) : erf(x) - y;
    const step = error / (twoOverRootPi * Math.exp(-x * x));
    x -= step / (1 + x * step);
  }
  return x;
}

/** 1 / (1 + e⁻ˣ). */
export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
