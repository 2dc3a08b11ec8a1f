/** Short names for writing expansions: float32 and int32 arithmetic on expressions. */

import type { ScalarType } from '../../base/dtype.ts';
import { constant, type Expr, op } from '../../ir/expr.ts';

/** A float32 constant, rounded as storing it would. */
export const f = (value: number): Expr => constant(Math.fround(value), 'float32');
/** An int32 constant. */
export const i = (value: number): Expr => constant(value | 0, 'int32');
/** A uint32 constant. */
export const u = (value: number): Expr => constant(value >>> 0, 'uint32');

/** a + b. */
export const add = (a: Expr, b: Expr): Expr => op('add', [a, b]);
/** a − b. */
export const sub = (a: Expr, b: Expr): Expr => op('sub', [a, b]);
/** a · b. */
export const mul = (a: Expr, b: Expr): Expr => op('mul', [a, b]);
/** a / b. */
export const div = (a: Expr, b: Expr): Expr => op('div', [a, b]);
/** −a. */
export const neg = (a: Expr): Expr => op('neg', [a]);
/** |a|. */
export const abs = (a: Expr): Expr => op('abs', [a]);
/** √a. */
export const sqrt = (a: Expr): Expr => op('sqrt', [a]);
/** a, rounded down. */
export const floor = (a: Expr): Expr => op('floor', [a]);

/** a, rounded to the nearest whole number, halves to even. */
export const round = (a: Expr): Expr => op('round', [a]);

/** a = b. */
export const eq = (a: Expr, b: Expr): Expr => op('eq', [a, b]);
/** a ≠ b. */
export const ne = (a: Expr, b: Expr): Expr => op('ne', [a, b]);
/** a < b. */
export const lt = (a: Expr, b: Expr): Expr => op('lt', [a, b]);
/** a ≤ b. */
export const le = (a: Expr, b: Expr): Expr => op('le', [a, b]);
/** a > b. */
export const gt = (a: Expr, b: Expr): Expr => op('gt', [a, b]);
/** a ≥ b. */
export const ge = (a: Expr, b: Expr): Expr => op('ge', [a, b]);
/** Bits in both, or logical and. */
export const and = (a: Expr, b: Expr): Expr => op('and', [a, b]);
/** Bits in either, or logical or. */
export const or = (a: Expr, b: Expr): Expr => op('or', [a, b]);
/** Bits in one of the two. */
export const xor = (a: Expr, b: Expr): Expr => op('xor', [a, b]);
/** All bits flipped, or logical not. */
export const not = (a: Expr): Expr => op('not', [a]);

/** Shifts by less than 32. */
export const shiftLeft = (a: Expr, by: Expr): Expr => op('shiftLeft', [a, by], a.dtype);
export const shiftRight = (a: Expr, by: Expr): Expr => op('shiftRightLogical', [a, by], a.dtype);
export const shiftRightSigned = (a: Expr, by: Expr): Expr =>
  op('shiftRightArithmetic', [a, by], a.dtype);

/** `yes` where the condition holds, else `no`; both are computed. */
export const select = (condition: Expr, yes: Expr, no: Expr): Expr =>
  op('select', [condition, yes, no]);
/** `a` as another type, by value. */
export const convert = (a: Expr, dtype: ScalarType): Expr => op('convert', [a], dtype);
/** The bits of a float32 as int32. */
export const bits = (a: Expr): Expr => op('bitcast', [a], 'int32');
/** The bits of a float32 as uint32. */
export const unsignedBits = (a: Expr): Expr => op('bitcast', [a], 'uint32');
/** The float32 with these bits. */
export const fromBits = (a: Expr): Expr => op('bitcast', [a], 'float32');

/** a · b + c, rounded once where that is as fast. */
export const mulAdd = (a: Expr, b: Expr, c: Expr): Expr => op('mulAdd', [a, b, c]);

/** Horner's rule; the highest power first. */
export function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  const [highest = 0, ...rest] = coefficients;
  return rest.reduce<Expr>((sum, c) => mulAdd(sum, x, f(c)), f(highest));
}

/** True for NaN, by the bits, since compilers for GPUs may assume that there is none. */
export const isNotNumber = (x: Expr): Expr => gt(and(bits(x), i(0x7fffffff)), i(0x7f800000));

/** The sign bit of a float32 in place. */
export const signBit = (x: Expr): Expr => and(bits(x), i(0x80000000));

/** `magnitude`, which is not negative, with a sign bit put in. */
export const withSign = (magnitude: Expr, sign: Expr): Expr => fromBits(or(bits(magnitude), sign));

/** 2^n for −126 ≤ n ≤ 127. */
export const powerOfTwo = (n: Expr): Expr => fromBits(shiftLeft(add(n, i(127)), i(23)));

/** `x` below `limit`, NaN unchanged. */
export const atMost = (x: Expr, limit: number): Expr => select(gt(x, f(limit)), f(limit), x);
/** `x` above `limit`, NaN unchanged. */
export const atLeast = (x: Expr, limit: number): Expr => select(lt(x, f(limit)), f(limit), x);
