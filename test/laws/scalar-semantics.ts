/** What each scalar operation means, written independently of every backend, for the oracle. */
import { type DType, isFloat } from '../../core/base/dtype.ts';
import type { ReduceOp, ScalarOp } from '../../core/ir/scalar-ops.ts';

/** Floats are rounded to this precision after every operation. */
export type Precision = 'float32' | 'float64';

const words = new DataView(new ArrayBuffer(4));

function bitsOf(value: number, from: DType): number {
  if (from === 'float32') words.setFloat32(0, value);
  else words.setInt32(0, value | 0);
  return words.getInt32(0);
}

function fromBits(bits: number, to: DType): number {
  words.setInt32(0, bits);
  return to === 'float32' ? words.getFloat32(0) : to === 'int32' ? bits : bits >>> 0;
}

/** The nearest number of so many fraction bits and exponents, ties to even: by the spacing of such numbers. */
export function nearestWith(fraction: number, least: number, most: number, value: number): number {
  const size = Math.abs(Math.fround(value));
  if (size === 0 || !Number.isFinite(size)) return value;
  const exponent = Math.max(least, Math.floor(Math.log2(size)));
  const spacing = 2 ** (exponent - fraction);
  const steps = size / spacing;
  const below = Math.floor(steps);
  const rest = steps - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  const rounded = (below + (isUp ? 1 : 0)) * spacing;
  const result = rounded >= 2 ** (most + 1) ? Infinity : rounded;
  return value < 0 || Object.is(value, -0) ? -result : result;
}

/** The value as it is once stored in this type. */
export function wrap(value: number, dtype: DType, precision: Precision): number {
  switch (dtype) {
    case 'float32':
      return precision === 'float32' ? Math.fround(value) : value;
    case 'bfloat16':
      return nearestWith(7, -126, 127, value);
    case 'float16':
      return nearestWith(10, -14, 15, value);
    case 'int32':
      return value | 0;
    case 'uint32':
      return value >>> 0;
    case 'int16':
      return Int16Array.of(value)[0] ?? 0;
    case 'uint16':
      return Uint16Array.of(value)[0] ?? 0;
    case 'int8':
      return Int8Array.of(value)[0] ?? 0;
    case 'uint8':
      return Uint8Array.of(value)[0] ?? 0;
    case 'bool':
      return value === 0 ? 0 : 1;
  }
}

/** 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, all terms of one sign. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 400; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(x * x);
}

/** 1 − erf near 0, a continued fraction from 2 on. */
function erfc(x: number): number {
  if (!(x >= 2)) return 1 - erf(x);
  if (x === Infinity) return 0;
  let tail = x;
  for (let k = 300; k >= 1; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/** By bisection: slow and certain. */
function erfInv(y: number): number {
  if (!(Math.abs(y) <= 1)) return Number.NaN;
  if (Math.abs(y) === 1) return y * Infinity;
  if (y === 0) return y;
  const target = Math.abs(y);
  let low = 0;
  let high = 6;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    const isBelow = middle < 1 ? erf(middle) < target : erfc(middle) > 1 - target;
    if (isBelow) low = middle;
    else high = middle;
  }
  return Math.sign(y) * high;
}

function roundHalfEven(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const below = Math.floor(x);
  const gap = x - below;
  const result = gap < 0.5 ? below : gap > 0.5 ? below + 1 : below % 2 === 0 ? below : below + 1;
  return result === 0 && (x < 0 || Object.is(x, -0)) ? -0 : result;
}

function power(x: number, y: number): number {
  // C and XLA: 1 to any power is 1, even NaN, and −1 to an infinite one is.
  if (x === 1 || y === 0) return 1;
  if (x === -1 && Math.abs(y) === Infinity) return 1;
  return x ** y;
}

function toInteger(x: number, low: number, high: number): number {
  if (Number.isNaN(x)) return 0;
  return Math.min(high, Math.max(low, Math.trunc(x)));
}

function convert(x: number, from: DType, to: DType): number {
  if (from !== 'float32') return x;
  if (to === 'int32') return toInteger(x, -(2 ** 31), 2 ** 31 - 1);
  if (to === 'uint32') return toInteger(x, 0, 2 ** 32 - 1);
  return to === 'bool' ? Number(x !== 0) : x;
}

const float: Partial<Record<ScalarOp, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  roundBfloat16: (x) => nearestWith(7, -126, 127, x),
  roundFloat16: (x) => nearestWith(10, -14, 15, x),
  erf,
  erfc,
  erfInv,
  logistic: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
};

const shiftCount = (y: number): number => y >>> 0;

/** An operation on values of type `type`, before the result is wrapped. */
export function applyScalar(
  op: ScalarOp,
  args: readonly number[],
  type: DType,
  result: DType,
): number {
  const [a = 0, b = 0, c = 0] = args;
  const unary = float[op];
  if (unary !== undefined) return unary(a);
  switch (op) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return isFloat(type) ? a * b : Math.imul(a, b);
    case 'div':
      return type === 'float32' ? a / b : b === 0 ? -1 : Math.trunc(a / b);
    case 'rem':
      return type !== 'float32' && b === 0 ? a : a % b;
    case 'pow':
      return power(a, b);
    case 'atan2':
      return Math.atan2(a, b);
    case 'max':
      return Math.max(a, b);
    case 'min':
      return Math.min(a, b);
    case 'neg':
      return -a;
    case 'abs':
      return Math.abs(a);
    case 'sign':
      return Math.sign(a);
    case 'eq':
      return Number(a === b);
    case 'ne':
      return Number(a !== b);
    case 'lt':
      return Number(a < b);
    case 'le':
      return Number(a <= b);
    case 'gt':
      return Number(a > b);
    case 'ge':
      return Number(a >= b);
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'not':
      return type === 'bool' ? 1 - a : ~a;
    case 'shiftLeft':
      return shiftCount(b) > 31 ? 0 : a << b;
    case 'shiftRightLogical':
      return shiftCount(b) > 31 ? 0 : a >>> b;
    case 'shiftRightArithmetic':
      return (a | 0) >> Math.min(31, shiftCount(b));
    case 'populationCount':
      return (a >>> 0).toString(2).replaceAll('0', '').length;
    case 'countLeadingZeros':
      return Math.clz32(a);
    case 'isFinite':
      return Number(Number.isFinite(a));
    case 'mulAdd':
      return a * b + c;
    case 'select':
      return a !== 0 ? b : c;
    case 'convert':
      return convert(a, type, result);
    case 'bitcast':
      return fromBits(bitsOf(a, type), result);
    default:
      throw new Error(`the oracle does not know ${op}`);
  }
}

/** One step of a reduction. */
export function combine(op: ReduceOp, a: number, b: number, dtype: DType): number {
  switch (op) {
    case 'add':
      return a + b;
    case 'mul':
      return isFloat(dtype) ? a * b : Math.imul(a, b);
    case 'max':
      return Math.max(a, b);
    case 'min':
      return Math.min(a, b);
    case 'and':
      return a & b;
    case 'or':
      return a | b;
  }
}
