/** Running totals. */

import type { Aval } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import { cumulate } from '../ir/expr.ts';
import { scaleIndex } from '../ir/index-algebra.ts';
import type { Lowering } from '../ir/lowering.ts';
import { definePrimitive, type JvpRule, notLinear, type PrimitiveOf } from '../ir/primitive.ts';
import type { ReduceOp } from '../ir/scalar-ops.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { full } from './broadcast.ts';
import {
  first,
  type HasRecord,
  nth,
  numericDTypes,
  otherAxes,
  requireAxis,
  requireDType,
  sizesOf,
  withRecord,
} from './define.ts';
import { add, mul } from './elementwise/arithmetic.ts';
import { select } from './elementwise/choose.ts';
import { eq } from './elementwise/compare.ts';
import { gather } from './gather.ts';
import { iota } from './generate.ts';
import { mapOne } from './index-maps.ts';
import { linear } from './linear.ts';
import { reshape } from './movement.ts';
import { pad } from './slicing.ts';

type CumulativeParams = { readonly axis: number; readonly reverse: boolean };

/** One serial loop along the axis that keeps a running result. */
function running(reduceOp: ReduceOp, x: Aval, { axis, reverse }: CumulativeParams): Lowering {
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
          invariant(turn.kind === 'axis', 'the serial loop of a running total is no axis');
          const position = reverse ? scaleIndex(turn, -1, extent - 1) : turn;
          const index = others.toSpliced(axis, 0, position);
          return [{ to, index, value: cumulate(reduceOp, turn.axis, from.at(index)) }];
        },
      });
    },
  };
}

const cumsumPrimitive: PrimitiveOf<CumulativeParams> = linear({
  name: 'cumsum',
  infer: (x, { axis }) => {
    requireAxis('cumsum', axis, x);
    requireDType('cumsum', x, numericDTypes);
    return x;
  },
  adjoint: (ct, _, { axis, reverse }) => cumsum(ct, axis, !reverse),
  batch: (x, { axis, reverse }) => cumsum(x, axis + 1, reverse),
  lower: (x, params) => running('add', x, params),
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

/** An operation that keeps a running result along one axis. */
export type Cumulative = ((x: Value, axis: number, reverse?: boolean) => Value) & HasRecord;

function cumulative(name: string, reduceOp: ReduceOp, jvp: JvpRule<CumulativeParams>): Cumulative {
  const apply = (x: Value, axis: number, reverse = false): Value =>
    bindOne(primitive, [x], { axis, reverse });
  const primitive: PrimitiveOf<CumulativeParams> = definePrimitive<CumulativeParams>({
    name,
    infer: (avals) => {
      const x = first(avals);
      requireDType(name, x, numericDTypes);
      return [x];
    },
    jvp,
    transpose: notLinear,
    batch: (operands, _batched, { axis, reverse }) => [apply(first(operands), axis + 1, reverse)],
    lower: (avals, params) => running(reduceOp, first(avals), params),
  });
  return withRecord(primitive, (x: Value, axis: number, reverse = false): Value => {
    requireAxis(name, axis, x.aval);
    return apply(x, axis, reverse);
  });
}

/** The array moved along an axis by so many places, `filler` coming in. */
function shifted(x: Value, axis: number, by: number, filler: number): Value {
  const none = x.shape.map(() => 0);
  return pad(
    x,
    full(filler, { shape: [], dtype: x.dtype }),
    none.with(axis, by),
    none.with(axis, -by),
    none,
  );
}

/** Products of runs that double in length: no division, so it holds where factors are zero. */
const jvpOfCumprod: JvpRule<CumulativeParams> = ([x], [dx], { axis, reverse }) => {
  if (!x || !dx || !isFloat(x.dtype)) return [null];
  let [product, tangent] = [x, dx];
  for (let reach = 1; reach < nth(x.shape, axis); reach *= 2) {
    const by = reverse ? -reach : reach;
    const before = shifted(product, axis, by, 1);
    tangent = add(mul(tangent, before), mul(product, shifted(tangent, axis, by, 0)));
    product = mul(product, before);
  }
  return [tangent];
};

/** The tangent of the latest element that equals the running extreme. */
const jvpOfExtreme: JvpRule<CumulativeParams> = ([x], [dx], { axis, reverse }, [y]) => {
  if (!x || !dx || !y || !isFloat(x.dtype)) return [null];
  const place = iota('int32', x.shape, axis);
  const none = full(reverse ? nth(x.shape, axis) : -1, place.aval);
  const reached = select(eq(x, y), place, none);
  const latest = reverse ? cummin(reached, axis, true) : cummax(reached, axis, false);
  const others = otherAxes(x.ndim, [axis]);
  const found = gather(dx, reshape(latest, [...latest.shape, 1]), {
    offsetDims: [],
    collapsedSliceDims: [axis],
    startIndexMap: [axis],
    operandBatchingDims: others,
    indicesBatchingDims: others,
    sliceSizes: x.shape.map(() => 1),
    mode: 'clip',
  });
  return [found];
};

/** The products of all elements up to each one along `axis`, or from each one on if `reverse`. @throws `axis-out-of-range`, `unsupported-dtype` */
export const cumprod: Cumulative = cumulative('cumprod', 'mul', jvpOfCumprod);

/** The greatest element up to each one along `axis`, or from each one on if `reverse`. @throws `axis-out-of-range`, `unsupported-dtype` */
export const cummax: Cumulative = cumulative('cummax', 'max', jvpOfExtreme);

/** The least element up to each one along `axis`, or from each one on if `reverse`. @throws `axis-out-of-range`, `unsupported-dtype` */
export const cummin: Cumulative = cumulative('cummin', 'min', jvpOfExtreme);
