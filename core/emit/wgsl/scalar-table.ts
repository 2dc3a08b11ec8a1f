/** The `wgsl` column of the scalar operations. */
import type { ScalarType } from '../../base/dtype.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
import type { HelperName } from './helpers/index.ts';
import { constantText, type UseHelper, valueType } from './types.ts';

/** One use of an operation. */
export interface ScalarCall {
  /** WGSL text of the operands; safe to put next to any operator. */
  readonly args: readonly string[];
  /** Type of the first operand. */
  readonly from: ScalarType;
  /** Type of the result. */
  readonly to: ScalarType;
  /** The last operand, if it is a constant. */
  readonly constant: number | null;
  readonly use: UseHelper;
}

/** WGSL text of an operation. Booleans are WGSL's bool. */
export type WgslScalarOp = (call: ScalarCall) => string;

/** What differs by the type of the operands. */
type ByType = Readonly<Partial<Record<ScalarType, WgslScalarOp>>> & {
  readonly other: WgslScalarOp;
};

const byType =
  ({ other, ...rows }: ByType): WgslScalarOp =>
  (call) =>
    (rows[call.from] ?? other)(call);

const infix =
  (symbol: string): WgslScalarOp =>
  ({ args: [a, b] }) =>
    `(${a} ${symbol} ${b})`;
const prefix =
  (symbol: string): WgslScalarOp =>
  ({ args: [a] }) =>
    `(${symbol}${a})`;
const builtin =
  (name: string): WgslScalarOp =>
  ({ args }) =>
    `${name}(${args.join(', ')})`;
const library =
  (name: HelperName): WgslScalarOp =>
  ({ args, use }) =>
    `${use(name)}(${args.join(', ')})`;
const same: WgslScalarOp = ({ args: [a] }) => String(a);

/** The operation on booleans as 0 and 1. */
const onBits =
  (of: WgslScalarOp): WgslScalarOp =>
  (call) =>
    of({ ...call, args: call.args.map((arg) => `u32(${arg})`), from: 'uint32' });

const swapped =
  (of: WgslScalarOp): WgslScalarOp =>
  (call) =>
    of({ ...call, args: call.args.toReversed() });
const negated =
  (of: WgslScalarOp): WgslScalarOp =>
  (call) =>
    `(!${of(call)})`;

const equal = byType({ float32: library('eq_f32'), other: infix('==') });
const less = byType({ float32: library('lt_f32'), bool: onBits(infix('<')), other: infix('<') });
const lessEqual = byType({
  float32: library('le_f32'),
  bool: onBits(infix('<=')),
  other: infix('<='),
});

/** Constant divisors other than 0 and −1 need no guard; indices are divided by such. */
const unguarded =
  (plain: WgslScalarOp, guarded: WgslScalarOp): WgslScalarOp =>
  (call) =>
    call.constant === null || call.constant === 0 || call.constant === -1
      ? guarded(call)
      : plain(call);

const floatOnly = (name: HelperName): WgslScalarOp =>
  byType({ float32: library(name), other: same });

/** Shifts of the bits as u32; a constant distance within the width needs no guard. */
const shift =
  (symbol: string, name: HelperName): WgslScalarOp =>
  ({ args: [a, b], to, constant, use }) => {
    const type = valueType[to];
    const bits = to === 'uint32' ? a : `bitcast<u32>(${a})`;
    const inRange = constant !== null && constant >= 0 && constant < 32;
    const shifted = inRange
      ? `(${bits} ${symbol} ${constant}u)`
      : `${use(name)}(${bits}, u32(${b}))`;
    return to === 'uint32' ? shifted : `bitcast<${type}>(${shifted})`;
  };

const shiftRightArithmetic: WgslScalarOp = ({ args: [a, b], to, use }) =>
  to === 'int32'
    ? `${use('sar')}(${a}, u32(${b}))`
    : `bitcast<u32>(${use('sar')}(bitcast<i32>(${a}), u32(${b})))`;

const convert: WgslScalarOp = ({ args: [a], from, to, use }) => {
  if (from === to) return String(a);
  if (from === 'float32') {
    // `x != 0.0` is an ordered comparison in some compilers: false for NaN.
    if (to === 'bool') return `((bitcast<u32>(${a}) << 1u) != 0u)`;
    return `${use(to === 'int32' ? 'i32_from_f32' : 'u32_from_f32')}(${a})`;
  }
  if (to === 'bool') return `(${a} != ${constantText(0, from, use)})`;
  return `${valueType[to]}(${a})`;
};

const bitcast: WgslScalarOp = ({ args: [a], from, to }) => {
  if (from === to) return String(a);
  const bits = from === 'bool' ? `u32(${a})` : a;
  return to === 'bool' ? `(bitcast<u32>(${bits}) != 0u)` : `bitcast<${valueType[to]}>(${bits})`;
};

export const wgslOps = {
  add: byType({ bool: infix('|'), other: infix('+') }),
  sub: byType({ bool: infix('!='), other: infix('-') }),
  mul: byType({ bool: infix('&'), other: infix('*') }),
  div: byType({
    int32: unguarded(infix('/'), library('div_i32')),
    uint32: unguarded(infix('/'), library('div_u32')),
    other: infix('/'),
  }),
  rem: byType({
    int32: unguarded(infix('%'), library('rem_i32')),
    uint32: unguarded(infix('%'), library('rem_u32')),
    other: library('rem_f32'),
  }),
  pow: byType({ int32: library('pow_i32'), uint32: library('pow_u32'), other: library('pow_f32') }),
  atan2: library('atan2_f32'),
  mulAdd: ({ args: [a, b, c] }) => `fma(${a}, ${b}, ${c})`,
  max: byType({ float32: library('max_f32'), bool: infix('|'), other: builtin('max') }),
  min: byType({ float32: library('min_f32'), bool: infix('&'), other: builtin('min') }),
  neg: byType({ uint32: ({ args: [a] }) => `(0u - ${a})`, bool: same, other: prefix('-') }),
  abs: byType({ float32: builtin('abs'), int32: builtin('abs'), other: same }),
  sign: byType({
    float32: library('sign_f32'),
    int32: builtin('sign'),
    uint32: ({ args: [a] }) => `min(${a}, 1u)`,
    other: same,
  }),
  floor: byType({ float32: builtin('floor'), other: same }),
  ceil: byType({ float32: builtin('ceil'), other: same }),
  round: byType({ float32: builtin('round'), other: same }),
  sqrt: floatOnly('sqrt_f32'),
  rsqrt: floatOnly('rsqrt_f32'),
  exp: floatOnly('exp_f32'),
  expm1: floatOnly('expm1_f32'),
  log: floatOnly('log_f32'),
  log1p: floatOnly('log1p_f32'),
  sin: floatOnly('sin_f32'),
  cos: floatOnly('cos_f32'),
  tan: floatOnly('tan_f32'),
  asin: floatOnly('asin_f32'),
  acos: floatOnly('acos_f32'),
  atan: floatOnly('atan_f32'),
  sinh: floatOnly('sinh_f32'),
  cosh: floatOnly('cosh_f32'),
  tanh: floatOnly('tanh_f32'),
  asinh: floatOnly('asinh_f32'),
  acosh: floatOnly('acosh_f32'),
  atanh: floatOnly('atanh_f32'),
  erf: floatOnly('erf_f32'),
  erfc: floatOnly('erfc_f32'),
  erfInv: floatOnly('erf_inv_f32'),
  logistic: floatOnly('logistic_f32'),
  eq: equal,
  ne: negated(equal),
  lt: less,
  le: lessEqual,
  gt: swapped(less),
  ge: swapped(lessEqual),
  and: infix('&'),
  or: infix('|'),
  xor: byType({ bool: infix('!='), other: infix('^') }),
  not: byType({ bool: prefix('!'), other: prefix('~') }),
  shiftLeft: shift('<<', 'shl'),
  shiftRightLogical: shift('>>', 'shr'),
  shiftRightArithmetic,
  populationCount: builtin('countOneBits'),
  countLeadingZeros: builtin('countLeadingZeros'),
  roundBfloat16: library('round_bf16'),
  roundFloat16: library('round_f16'),
  isFinite: byType({ float32: library('is_finite'), other: () => 'true' }),
  select: ({ args: [condition, yes, no] }) => `select(${no}, ${yes}, ${condition})`,
  convert,
  bitcast,
} as const satisfies Record<ScalarOp, WgslScalarOp>;
