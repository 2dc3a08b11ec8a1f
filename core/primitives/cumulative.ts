/** Running totals. */

import { invariant } from '../base/errors.ts';
import { cumulate } from '../ir/expr.ts';
import { scaleIndex } from '../ir/index-algebra.ts';
import type { PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import {
  first,
  nth,
  numericDTypes,
  otherAxes,
  requireAxis,
  requireDType,
  sizesOf,
  withRecord,
} from './define.ts';
import { mapOne } from './index-maps.ts';
import { linear } from './linear.ts';

type CumsumParams = { readonly axis: number; readonly reverse: boolean };

const cumsumPrimitive: PrimitiveOf<CumsumParams> = linear({
  name: 'cumsum',
  infer: (x, { axis }) => {
    requireAxis('cumsum', axis, x);
    requireDType('cumsum', x, numericDTypes);
    return x;
  },
  adjoint: (ct, _, { axis, reverse }) => cumsum(ct, axis, !reverse),
  batch: (x, { axis, reverse }) => cumsum(x, axis + 1, reverse),
  lower: (x, { axis, reverse }) => {
    const extent = nth(x.shape, axis);
    if (extent <= 1) return mapOne((read, index) => read(index));
    return {
      kind: 'steps',
      build: ({ operands, outputs, step }) => {
        const [from, to] = [first(operands), first(outputs)];
        step({
          parallel: sizesOf(x.shape, otherAxes(x.shape.length, [axis])),
          serial: [extent],
          stores: (others, serial) => {
            const turn = first(serial);
            invariant(turn.kind === 'axis', 'the serial loop of cumsum is no axis');
            const position = reverse ? scaleIndex(turn, -1, extent - 1) : turn;
            const index = others.toSpliced(axis, 0, position);
            return [{ to, index, value: cumulate('add', turn.axis, from.at(index)) }];
          },
        });
      },
    };
  },
});

/**
 * The sums of all elements up to each one along `axis`, or from each one on if `reverse`.
 *
 * @throws `axis-out-of-range`, `unsupported-dtype` for booleans.
 */
export const cumsum = withRecord(
  cumsumPrimitive,
  (x: Value, axis: number, reverse = false): Value =>
    bindOne(cumsumPrimitive, [x], { axis, reverse }),
);
