/** Functions that modules carry for operations that take more than a few instructions. */

import { outlinedFunction } from './functions.ts';
import { FunctionBuilder } from './module.ts';
import {
  branch,
  branchIf,
  control,
  f32,
  f64,
  f64Const,
  i32,
  i32Const,
  localGet,
  localSet,
  localTee,
} from './opcodes.ts';
import type { Helper, WrittenHelper } from './scalar-table.ts';

const integerPair = { parameters: ['i32', 'i32'], results: ['i32'] } as const;

/** Returns `value` if the local is `when`. */
const early = (local: number, when: number, value: readonly number[]): number[] => [
  ...localGet(local),
  ...i32Const(when),
  ...i32.eq,
  ...control.if,
  ...value,
  ...control.return,
  ...control.end,
];

function integer(...parts: readonly (readonly number[])[]): FunctionBuilder {
  const builder = new FunctionBuilder(integerPair);
  builder.code.push(...parts.flat());
  return builder;
}

const operands = [...localGet(0), ...localGet(1)];

/**
 * The exact remainder of two float32, with the sign of the first. In float64, a quotient cut to 24
 * bits times a 24-bit divisor is exact, so each turn removes 24 bits of the quotient without error.
 */
function remainderFloat(): FunctionBuilder {
  const builder = new FunctionBuilder({ parameters: ['f32', 'f32'], results: ['f32'] });
  const [rest, divisor, quotient] = [
    builder.local('f64'),
    builder.local('f64'),
    builder.local('f64'),
  ];
  const maskHigh24 = [
    ...localGet(quotient),
    0xbd, // i64.reinterpret_f64
    0x42, // i64.const −2³⁰, which clears the last 30 bits of the mantissa
    0x80,
    0x80,
    0x80,
    0x80,
    0x7c,
    0x83, // i64.and
    0xbf, // f64.reinterpret_i64
  ];
  builder.code.push(
    ...localGet(0),
    ...f64.promote,
    ...f64.abs,
    ...localSet(rest),
    ...localGet(1),
    ...f64.promote,
    ...f64.abs,
    ...localSet(divisor),
    // NaN, an infinite dividend and a zero divisor: x·y / (x·y) style NaN
    ...localGet(rest),
    ...f64Const(Infinity),
    ...f64.lt,
    ...i32.eqz,
    ...localGet(divisor),
    ...f64Const(0),
    ...f64.eq,
    ...i32.or,
    ...localGet(divisor),
    ...localGet(divisor),
    ...f64.ne,
    ...i32.or,
    ...control.if,
    0x43,
    0,
    0,
    0xc0,
    0x7f,
    ...control.return,
    ...control.end,
    ...control.block,
    ...control.loop,
    ...localGet(rest),
    ...localGet(divisor),
    ...f64.ge,
    ...i32.eqz,
    ...branchIf(1),
    ...localGet(rest),
    ...localGet(divisor),
    ...f64.div,
    ...localTee(quotient),
    ...f64Const(16777216),
    ...f64.lt,
    ...control.if,
    ...localGet(quotient),
    ...f64.trunc,
    ...localSet(quotient),
    ...control.else,
    ...maskHigh24,
    ...localSet(quotient),
    ...control.end,
    ...localGet(rest),
    ...localGet(quotient),
    ...localGet(divisor),
    ...f64.mul,
    ...f64.sub,
    ...localSet(rest),
    ...branch(0),
    ...control.end,
    ...control.end,
    ...localGet(rest),
    ...f32.demote,
    ...localGet(0),
    ...f32.copysign,
  );
  return builder;
}

/** Writes each helper that is not made from an expansion. */
const written: Record<WrittenHelper, () => FunctionBuilder> = {
  divideSigned: () =>
    integer(
      early(1, 0, i32Const(-1)),
      early(1, -1, [...i32Const(0), ...localGet(0), ...i32.sub]),
      operands,
      i32.divS,
    ),
  divideUnsigned: () => integer(early(1, 0, i32Const(-1)), operands, i32.divU),
  remainderSigned: () => integer(early(1, 0, localGet(0)), operands, i32.remS),
  remainderUnsigned: () => integer(early(1, 0, localGet(0)), operands, i32.remU),
  remainderFloat,
};

/** The function that a kernel calls. */
export function helperFunction(helper: Helper, options: { relaxed: boolean }): FunctionBuilder {
  if (typeof helper === 'string') return written[helper]();
  return outlinedFunction(helper.op, helper.isVector, options);
}

/** Tells helpers apart. */
export const helperKey = (helper: Helper): string =>
  typeof helper === 'string' ? helper : `${helper.op}${helper.isVector ? '4' : ''}`;
