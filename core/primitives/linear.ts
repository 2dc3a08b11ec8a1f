/** The family of operations that are linear in one array: movement, sums, running totals. */
import type { Aval } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import type { Lowering } from '../ir/lowering.ts';
import { definePrimitive, type PrimitiveOf } from '../ir/primitive.ts';
import type { Params } from '../ir/program.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { first } from './define.ts';

/** What differs between operations that are linear in their only operand. */
export interface LinearRules<P extends Params> {
  readonly name: string;
  readonly infer: (x: Aval, params: P) => Aval;
  /** The adjoint: from a cotangent of the result to one of the operand, whose type is `x`. */
  readonly adjoint: (ct: Value, x: Aval, params: P) => Value;
  /** The operation on an operand with one more leading axis. */
  readonly batch: (x: Value, params: P) => Value;
  readonly lower: (x: Aval, params: P, output: Aval) => Lowering;
}

/** The primitive of an operation that is linear in its only operand; its tangent is itself. */
export function linear<P extends Params>(rules: LinearRules<P>): PrimitiveOf<P> {
  const primitive: PrimitiveOf<P> = definePrimitive<P>({
    name: rules.name,
    infer: (avals, params) => [rules.infer(first(avals), params)],
    jvp: ([x], [dx], params) => [
      dx && x && isFloat(x.dtype) ? bindOne(primitive, [dx], params) : null,
    ],
    transpose: ([ct], operands, params) => [
      ct ? rules.adjoint(ct, first(operands).aval, params) : null,
    ],
    batch: (operands, _batched, params) => [rules.batch(first(operands), params)],
    lower: (avals, params, outputs) => rules.lower(first(avals), params, first(outputs)),
  });
  return primitive;
}
