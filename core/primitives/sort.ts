/** Sorting several arrays together. */
import { type Aval, range, type Shape, sameShape } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../ir/primitive.ts';
import { bind } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { lifted } from './broadcast.ts';
import { first, nth, requireAxis, withRecord } from './define.ts';
import { badKeyCount, shapeMismatch } from './errors.ts';
import { gather } from './gather.ts';
import { iota } from './generate.ts';

import { reshape } from './movement.ts';
import { sortLowering } from './sort-lowering.ts';

type SortParams = { readonly axis: number; readonly numKeys: number };

function inferSort(avals: readonly Aval[], { axis, numKeys }: SortParams): readonly Aval[] {
  const isCount = Number.isInteger(numKeys) && numKeys >= 1 && numKeys <= avals.length;
  if (!isCount) throw badKeyCount(numKeys, avals.length);
  const { shape } = first(avals);
  if (!avals.every((x) => sameShape(x.shape, shape))) throw shapeMismatch('sort', avals);
  requireAxis('sort', axis, first(avals));
  return avals;
}

/** `x` with its elements along `axis` taken from the positions `order`, an int32 array of its shape. */
function takeAlong(x: Value, order: Value, axis: number): Value {
  const others = range(x.ndim).filter((a) => a !== axis);
  return gather(x, reshape(order, [...order.shape, 1]), {
    offsetDims: [],
    collapsedSliceDims: [axis],
    startIndexMap: [axis],
    operandBatchingDims: others,
    indicesBatchingDims: others,
    sliceSizes: x.shape.map(() => 1),
    mode: 'clip',
  });
}

/** True if there is nothing to bring into order. */
const isSorted = (shape: Shape, axis: number): boolean => nth(shape, axis) <= 1;

const sortPrimitive: PrimitiveOf<SortParams> = definePrimitive({
  name: 'sort',
  infer: inferSort,
  jvp: (primals, tangents, { axis, numKeys }) => {
    const { shape } = first(primals);
    if (isSorted(shape, axis) || tangents.every((dx) => dx === null)) return tangents;
    const positions = iota('int32', shape, axis);
    const sorted = sort([...primals, positions], axis, numKeys);
    const order = nth(sorted, primals.length);
    return primals.map((x, i) => {
      const dx = nth(tangents, i);
      return dx !== null && isFloat(x.dtype) ? takeAlong(dx, order, axis) : null;
    });
  },
  transpose: notLinear,
  batch: (operands, batched, { axis, numKeys }, size) =>
    sort(
      operands.map((x, i) => lifted(x, batched[i], size)),
      axis + 1,
      numKeys,
    ),
  lower: (avals, { axis, numKeys }) => {
    if (!isSorted(first(avals).shape, axis)) return sortLowering(avals, axis, numKeys);
    return { kind: 'map', values: (readers) => readers.map((read) => read) };
  },
});

/**
 * The arrays sorted together along `axis`, ascending, by the first `numKeys` of them in turn. Elements
 * that compare equal keep their order; −0 equals 0, and NaN comes last.
 *
 * @throws `bad-key-count`, `shape-mismatch`, `axis-out-of-range`
 */
export const sort = withRecord(
  sortPrimitive,
  (operands: readonly Value[], axis: number, numKeys = 1): Value[] =>
    bind(sortPrimitive, operands, { axis, numKeys }),
);
