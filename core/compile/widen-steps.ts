/**
 * Operations that write in several steps (scatter, running totals, sorting) run in 32 bits: sums are
 * rounded once, and devices that write whole words only can write each element by itself.
 */
import { isStorageType, scalarTypeOf } from '../base/dtype.ts';
import type { Eqn, Program } from '../ir/program.ts';
import { bind, traceClosed } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { convert } from '../primitives/index.ts';

/** True if some operand or result of the equation is packed. */
export const isPacked = ({ inputs, outputs }: Eqn): boolean =>
  [...inputs, ...outputs].some(({ aval }) => isStorageType(aval.dtype));

/** The array in the type that it is computed in. */
export const widen = (x: Value): Value => convert(x, scalarTypeOf(x.dtype), x.aval.weak);

/** What the equation does, with all of its operands and results in 32 bits. */
export const widened = ({ primitive, params, inputs, outputs }: Eqn): Program =>
  traceClosed(
    (operands) =>
      bind(primitive, operands.map(widen), params).map((result, i) => {
        const aval = outputs[i]?.aval ?? result.aval;
        return convert(result, aval.dtype, aval.weak);
      }),
    inputs.map((v) => v.aval),
    primitive.name,
  );
