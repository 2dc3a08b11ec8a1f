/** Every scalar operation on JavaScript numbers, as core/ir/scalar-ops.ts defines them. */
import type { DType } from '../../core/base/dtype.ts';
import type { ScalarOp } from '../../core/ir/scalar-ops.ts';
import { nearestWith } from '../laws/scalar-semantics.ts';

const words = new DataView(new ArrayBuffer(4));

const toBits = (value: number, dtype: DType): number => {
  if (dtype === 'float32') words.setFloat32(0, value);
  else words.setInt32(0, value);
  return words.getUint32(0);
};

function fromBits(bits: number, dtype: DType): number {
  words.setUint32(0, bits);
  if (dtype === 'float32') return words.getFloat32(0);
  return dtype === 'int32' ? words.getInt32(0) : dtype === 'uint32' ? bits : Number(bits !== 0);
}

const wrap = (value: number, dtype: DType): number => {
  if (dtype === 'float32') return Math.fround(value);
  if (dtype === 'int32') return value | 0;
  return dtype === 'uint32' ? value >>> 0 : value === 0 ? 0 : 1;
};

/** Abramowitz and Stegun 7.1.6 near 0, and the continued fraction 7.1.14 far out: double precision. */
export function erfcOf(x: number): number {
  if (x < 0) return 2 - erfcOf(-x);
  if (x < 2.5) return 1 - erfOf(x);
  let fraction = 0;
  for (let k = 80; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}

function erfOf(x: number): number {
  if (Math.abs(x) > 2.5) return x > 0 ? 1 - erfcOf(x) : erfcOf(-x) - 1;
  let term = x;
  let sum = x;
  for (let k = 1; k < 120; k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return x === 0 ? x : (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function erfInvOf(y: number): number {
  if (Math.abs(y) > 1 || Number.isNaN(y)) return Number.NaN;
  if (Math.abs(y) === 1) return y * Number.POSITIVE_INFINITY;
  if (y === 0) return y;
  let x = Math.sign(y) * Math.sqrt(-Math.log((1 - y) * (1 + y))) * 0.8;
  for (let k = 0; k < 60; k++) {
    const error = y > 0.5 ? 1 - y - erfcOf(x) : y < -0.5 ? erfcOf(-x) - (1 + y) : erfOf(x) - y;
    const step = (y > 0.5 ? -1 : 1) * error * (Math.sqrt(Math.PI) / 2) * Math.exp(x * x);
    x -= y > 0.5 ? -step * -1 * -1 : step;
  }
  return x;
}

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (!Number.isFinite(x)) return x;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  const rounded = up ? down + 1 : down;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

const floats: Partial<Record<ScalarOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  rem: (a, b) => a % b,
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  atan2: Math.atan2,
  max: Math.max,
  min: Math.min,
  neg: (a) => -a,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  sqrt: Math.sqrt,
  rsqrt: (a) => 1 / Math.sqrt(a),
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
  roundBfloat16: (a) => nearestWith(7, -126, 127, a),
  roundFloat16: (a) => nearestWith(10, -14, 15, a),
  erf: erfOf,
  erfc: erfcOf,
  erfInv: erfInvOf,
  logistic: (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a))),
};

const low = (dtype: DType): number => (dtype === 'int32' ? -0x80000000 : 0);

const integers: Partial<Record<ScalarOp, (a: number, b: number, dtype: DType) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => Math.imul(a, b),
  div: (a, b) => (b === 0 ? -1 : Math.trunc(a / b)),
  rem: (a, b) => (b === 0 ? a : a % b),
  pow: integerPow,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  sign: (a) => Math.sign(a),
  floor: (a) => a,
  ceil: (a) => a,
  round: (a) => a,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: (a, _, dtype) => (dtype === 'bool' ? 1 - a : ~a),
  shiftLeft: (a, b) => (b >>> 0 < 32 ? a << b : 0),
  shiftRightLogical: (a, b) => (b >>> 0 < 32 ? a >>> b : 0),
  shiftRightArithmetic: (a, b) => (a | 0) >> (b >>> 0 < 32 ? b : 31),
  countLeadingZeros: (a) => Math.clz32(a),
  populationCount: (a) => (a >>> 0).toString(2).replaceAll('0', '').length,
};

function integerPow(a: number, b: number, dtype: DType): number {
  if (b < 0 && low(dtype) < 0) {
    if (a === 1) return 1;
    if (a === -1) return b % 2 === 0 ? 1 : -1;
    return a === 0 ? -1 : 0;
  }
  let result = 1;
  let square = a;
  for (let rest = b >>> 0; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

const comparisons: Partial<Record<ScalarOp, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  isFinite: (a) => Number.isFinite(a),
};

function convert(value: number, to: DType): number {
  if (to === 'float32') return Math.fround(value);
  if (to === 'bool') return value === 0 ? 0 : 1;
  if (Number.isNaN(value)) return 0;
  const [least, most] = to === 'int32' ? [-0x80000000, 0x7fffffff] : [0, 0xffffffff];
  return Math.min(most, Math.max(least, Math.trunc(value)));
}

/** The value of an operation, given in numbers that its operand types can hold. */
export function scalarReference(
  name: ScalarOp,
  args: readonly number[],
  types: readonly DType[],
  result: DType,
): number {
  const [a = 0, b = 0, c = 0] = args;
  const type = types[types.length - 1] ?? result;
  if (name === 'select') return a !== 0 ? b : c;
  if (name === 'mulAdd') return Math.fround(Math.fround(a * b) + c);
  if (name === 'convert') {
    const isInteger = type !== 'float32' && result !== 'float32' && result !== 'bool';
    return isInteger ? wrap(a, result) : convert(a, result);
  }
  if (name === 'bitcast') return fromBits(toBits(a, type), result);
  const comparison = comparisons[name];
  if (comparison !== undefined) return Number(comparison(a, b));
  if (type === 'float32') return Math.fround(floats[name]?.(a, b) ?? Number.NaN);
  return wrap(integers[name]?.(a, b, type) ?? 0, result);
}
