/** Functions of corresponding elements that are written with loops, and have derivatives of their own. */
import { type Aval, sameShape, showAval } from '../../core/base/aval.ts';
import {
  definePrimitive,
  notLinear,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import type { Params, Program } from '../../core/ir/program.ts';
import { bindOne, traceClosed } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted } from '../../core/primitives/broadcast.ts';
import { shapeMismatch } from '../../core/primitives/errors.ts';
import { add, mul } from '../../core/primitives/index.ts';
import { itemAt } from '../values.ts';
import { noDerivative } from './errors.ts';

/** The derivative with respect to one operand, from the result and the operands. */
export type Partial = (result: Value, ...operands: Value[]) => Value;

/** For an operand by which there is no derivative. */
export const underivable =
  (name: string, operand: string): Partial =>
  () => {
    throw noDerivative(name, operand);
  };

/** What differs between such functions. */
export interface ElementFunction {
  readonly name: string;
  /** f32[…] from operands of one shape, the last of them f32[…]. */
  readonly compute: (...operands: Value[]) => Value;
  /** One per operand; null for integers, and where the derivative is zero. */
  readonly partials: readonly (Partial | null)[];
}

/**
 * An operation on corresponding elements that is computed by a program of its own.
 *
 * A record rather than a function with a custom rule: of the derivatives only those that are asked for
 * are computed, and a batch is one larger array instead of a loop that waits for its slowest member.
 */
export function elementFunction({
  name,
  compute,
  partials,
}: ElementFunction): (...operands: Value[]) => Value {
  const programs = new Map<string, Program>();
  const programFor = (avals: readonly Aval[]): Program => {
    const types = avals.map(showAval).join();
    const known = programs.get(types);
    if (known !== undefined) return known;
    const program = traceClosed((inputs) => [compute(...inputs)], avals, name);
    programs.set(types, program);
    return program;
  };
  const apply = (...operands: Value[]): Value => bindOne(primitive, operands, {});
  const primitive: PrimitiveOf<Params> = definePrimitive<Params>({
    name,
    infer: (avals) => {
      const last = itemAt(avals, partials.length - 1);
      if (!avals.every((aval) => sameShape(aval.shape, last.shape))) {
        throw shapeMismatch(name, avals);
      }
      return [{ ...last, weak: false }];
    },
    jvp: (primals, tangents, _params, [result]) => {
      const parts = tangents.map((tangent, i) => {
        const partial = partials[i];
        if (!tangent || !partial || !result) return null;
        return mul(tangent, partial(result, ...primals));
      });
      return [
        parts.reduce<Tangent>((sum, part) => (sum && part ? add(sum, part) : (sum ?? part)), null),
      ];
    },
    transpose: notLinear,
    batch: (operands, batched, _params, size) => [
      apply(...operands.map((x, i) => lifted(x, batched[i], size))),
    ],
    lower: (avals) => ({ kind: 'call', program: programFor(avals), isApart: false }),
  });
  return apply;
}
