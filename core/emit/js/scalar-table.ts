/** The `js` column of the scalar operations: the reference that the other columns are tested against. */
import { isFloat, type ScalarType } from '../../base/dtype.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';

/** JavaScript text of an operation. `m` is scalar-math.ts, `M` is Math. Booleans are JavaScript booleans. */
export type JsOp = (args: readonly string[], result: ScalarType, operand: ScalarType) => string;

/** Wraps an integer result to its width. */
const wrap = (text: string, dtype: ScalarType): string =>
  dtype === 'int32' ? `(${text}|0)` : dtype === 'uint32' ? `(${text}>>>0)` : text;

const infix =
  (symbol: string): JsOp =>
  ([a, b], dtype) =>
    wrap(`(${a}${symbol}${b})`, dtype);
const compare =
  (symbol: string): JsOp =>
  ([a, b]) =>
    `(${a}${symbol}${b})`;
const math =
  (name: string): JsOp =>
  (args) =>
    `M.${name}(${args.join(',')})`;
const helper =
  (name: string): JsOp =>
  (args, dtype) =>
    wrap(`m.${name}(${args.join(',')})`, dtype);
/** Bit operations; logical ones on booleans. */
const bitwise =
  (symbol: string, logical: string): JsOp =>
  ([a, b], dtype) =>
    dtype === 'bool' ? `(${a}${logical}${b})` : wrap(`(${a}${symbol}${b})`, dtype);

const convert: JsOp = ([a], to, from) => {
  if (to === 'bool') return `(${a}!==0)`;
  const number = from === 'bool' ? `(${a}?1:0)` : String(a);
  if (isFloat(to)) return number;
  if (isFloat(from)) return to === 'int32' ? `m.toSigned(${a})` : `m.toUnsigned(${a})`;
  return wrap(number, to);
};

const bitcast: JsOp = ([a], to, from) => {
  if (isFloat(to) === isFloat(from)) return wrap(String(a), to);
  return isFloat(to) ? `m.floatOfBits(${a})` : wrap(`m.bitsOfFloat(${a})`, to);
};

export const jsOps = {
  add: infix('+'),
  sub: infix('-'),
  mul: ([a, b], dtype) => (isFloat(dtype) ? `(${a}*${b})` : wrap(`M.imul(${a},${b})`, dtype)),
  div: ([a, b], dtype) =>
    isFloat(dtype)
      ? `(${a}/${b})`
      : dtype === 'int32'
        ? `m.divideSigned(${a},${b})`
        : `m.divideUnsigned(${a},${b})`,
  rem: ([a, b], dtype) =>
    isFloat(dtype) ? `(${a}%${b})` : wrap(`m.remainderInteger(${a},${b})`, dtype),
  pow: ([a, b], dtype) =>
    isFloat(dtype) ? `m.power(${a},${b})` : wrap(`m.powerInteger(${a},${b})`, dtype),
  atan2: math('atan2'),
  mulAdd: ([a, b, c]) => `(${a}*${b}+${c})`,
  max: ([a, b], dtype) => (dtype === 'bool' ? `(${a}||${b})` : `m.maximum(${a},${b})`),
  min: ([a, b], dtype) => (dtype === 'bool' ? `(${a}&&${b})` : `m.minimum(${a},${b})`),
  neg: ([a], dtype) => wrap(`(-${a})`, dtype),
  abs: ([a], dtype) => wrap(`M.abs(${a})`, dtype),
  sign: math('sign'),
  floor: math('floor'),
  ceil: math('ceil'),
  round: helper('roundEven'),
  sqrt: math('sqrt'),
  rsqrt: ([a]) => `(1/M.sqrt(${a}))`,
  exp: math('exp'),
  expm1: math('expm1'),
  log: math('log'),
  log1p: math('log1p'),
  sin: math('sin'),
  cos: math('cos'),
  tan: math('tan'),
  asin: math('asin'),
  acos: math('acos'),
  atan: math('atan'),
  sinh: math('sinh'),
  cosh: math('cosh'),
  tanh: math('tanh'),
  asinh: math('asinh'),
  acosh: math('acosh'),
  atanh: math('atanh'),
  erf: helper('erf'),
  erfc: helper('erfc'),
  erfInv: helper('erfInv'),
  logistic: helper('logistic'),
  eq: compare('==='),
  ne: compare('!=='),
  lt: compare('<'),
  le: compare('<='),
  gt: compare('>'),
  ge: compare('>='),
  and: bitwise('&', '&&'),
  or: bitwise('|', '||'),
  xor: bitwise('^', '!=='),
  not: ([a], dtype) => (dtype === 'bool' ? `(!${a})` : wrap(`(~${a})`, dtype)),
  shiftLeft: helper('shiftLeft'),
  shiftRightLogical: helper('shiftRightLogical'),
  shiftRightArithmetic: helper('shiftRightArithmetic'),
  populationCount: helper('populationCount'),
  countLeadingZeros: math('clz32'),
  roundBfloat16: helper('roundBfloat16'),
  roundFloat16: helper('roundFloat16'),
  isFinite: ([a]) => `Number.isFinite(${a})`,
  select: ([condition, yes, no]) => `(${condition}?${yes}:${no})`,
  convert,
  bitcast,
} as const satisfies Record<ScalarOp, JsOp>;
