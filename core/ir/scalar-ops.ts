/** The scalar operations that lowering rules speak. How each backend computes them is in core/emit. */
import { bytesOf, type DType, isFloat, isSigned } from '../base/dtype.ts';

/** What the compiler needs to know of a scalar operation. */
export interface ScalarOpFacts {
  readonly arity: 1 | 2 | 3;
  /** Type of the result; `operand` is that of the last operand, `given` is told by the user of the op. */
  readonly result: 'operand' | 'bool' | 'given';
  /** Rough price in additions, for fusion decisions. */
  readonly cost: number;
}

const unary = (cost: number): ScalarOpFacts => ({ arity: 1, result: 'operand', cost });
const binary = (cost: number): ScalarOpFacts => ({ arity: 2, result: 'operand', cost });
const compare: ScalarOpFacts = { arity: 2, result: 'bool', cost: 1 };
const cast: ScalarOpFacts = { arity: 1, result: 'given', cost: 1 };

/**
 * Every scalar operation. Semantics are those of the `js` column, the reference:
 * integer arithmetic wraps; `div` of integers truncates, by zero gives −1 (uint32: all ones); `rem` has
 * the sign of the dividend, by zero gives the dividend; shifts past the width give 0 (arithmetic: the
 * sign); `max` and `min` propagate NaN; `round` is half to even; comparisons with NaN are false but
 * `ne`, which is true; `convert` float to integer truncates, saturates, and sends NaN to 0;
 * `mulAdd(a, b, c)`, of floats, is a·b + c, rounded once or twice as suits the device;
 * `convert` to bool is `≠ 0`; `roundBfloat16` and `roundFloat16` give the nearest value of those types, ties
 * to even, as float32; `select(condition, whenTrue, whenFalse)`.
 */
export const scalarOpFacts = {
  add: binary(1),
  sub: binary(1),
  mul: binary(1),
  div: binary(4),
  rem: binary(8),
  pow: binary(30),
  atan2: binary(30),
  max: binary(1),
  min: binary(1),
  mulAdd: { arity: 3, result: 'operand', cost: 2 },
  neg: unary(1),
  abs: unary(1),
  sign: unary(2),
  floor: unary(1),
  ceil: unary(1),
  round: unary(1),
  sqrt: unary(6),
  rsqrt: unary(8),
  exp: unary(12),
  expm1: unary(16),
  log: unary(14),
  log1p: unary(18),
  sin: unary(20),
  cos: unary(20),
  tan: unary(30),
  asin: unary(20),
  acos: unary(20),
  atan: unary(20),
  sinh: unary(24),
  cosh: unary(20),
  tanh: unary(20),
  asinh: unary(24),
  acosh: unary(24),
  atanh: unary(24),
  erf: unary(20),
  erfc: unary(24),
  erfInv: unary(40),
  logistic: unary(16),
  eq: compare,
  ne: compare,
  lt: compare,
  le: compare,
  gt: compare,
  ge: compare,
  and: binary(1),
  or: binary(1),
  xor: binary(1),
  not: unary(1),
  shiftLeft: binary(1),
  shiftRightLogical: binary(1),
  shiftRightArithmetic: binary(1),
  populationCount: unary(4),
  countLeadingZeros: unary(2),
  roundBfloat16: unary(3),
  roundFloat16: unary(6),
  isFinite: { arity: 1, result: 'bool', cost: 2 },
  select: { arity: 3, result: 'operand', cost: 1 },
  convert: cast,
  bitcast: { ...cast, cost: 0 },
} as const satisfies Record<string, ScalarOpFacts>;

/** The name of a scalar operation. */
export type ScalarOp = keyof typeof scalarOpFacts;

/** Associative operations that reductions, running totals and scatters combine with. */
export type ReduceOp = 'add' | 'mul' | 'max' | 'min' | 'and' | 'or';

/** The element that leaves others unchanged under `op`, as a number (booleans: 0 and 1). */
export function identityOf(op: ReduceOp, dtype: DType): number {
  switch (op) {
    case 'add':
    case 'or':
      return 0;
    case 'mul':
      return 1;
    case 'and':
      return isSigned(dtype) ? -1 : greatest(dtype);
    case 'max':
      return isFloat(dtype) ? -Infinity : isSigned(dtype) ? -greatest(dtype) - 1 : 0;
    case 'min':
      return isFloat(dtype) ? Infinity : greatest(dtype);
  }
}

/** The greatest value of an integer type, or of booleans. */
const greatest = (dtype: DType): number =>
  dtype === 'bool' ? 1 : 2 ** (8 * bytesOf(dtype) - (isSigned(dtype) ? 1 : 0)) - 1;
