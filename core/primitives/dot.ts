/** Products of arrays summed over paired axes. */
import { type Aval, makeAval, range, sizeOf } from '../base/aval.ts';
import { type DType, isFloat } from '../base/dtype.ts';
import { constant } from '../ir/expr.ts';
import type { DotDims } from '../ir/lowering.ts';
import { definePrimitive, isHole, type PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import {
  allWeak,
  first,
  nth,
  numericDTypes,
  pair,
  requireAxes,
  requireDType,
  shifted,
  sizesOf,
  withRecord,
} from './define.ts';
import { add } from './elementwise/arithmetic.ts';
import { convert } from './elementwise/choose.ts';
import { sumTangents } from './elementwise/family.ts';
import { badContraction, dtypeMismatch } from './errors.ts';
import { transpose } from './movement.ts';

/** DotDims as plain parameters. */
type DotParams = {
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
  /** The type of the result, if it is not that of the operands. */
  readonly preferredElementType?: DType;
};

/** Options of {@link dotGeneral}. */
export interface DotOptions {
  /**
   * The type of the result. Sums are made in float32 (int32) and rounded to it once. With it, floats
   * of different types may meet. Default: the type of the operands.
   */
  readonly preferredElementType?: DType;
}

/** The axes of one operand that are neither paired nor batched. */
const freeAxes = (ndim: number, contract: readonly number[], batch: readonly number[]): number[] =>
  range(ndim).filter((axis) => !contract.includes(axis) && !batch.includes(axis));

function inferDot(avals: readonly Aval[], dims: DotParams): Aval {
  const [x, y] = pair(avals);
  const { lhsContract, rhsContract, lhsBatch, rhsBatch, preferredElementType } = dims;
  requireAxes('dotGeneral', [...lhsBatch, ...lhsContract], x);
  requireAxes('dotGeneral', [...rhsBatch, ...rhsContract], y);
  const agree = (a: readonly number[], b: readonly number[], role: string): void => {
    const [left, right] = [sizesOf(x.shape, a), sizesOf(y.shape, b)];
    if (left.length === right.length && left.every((size, i) => size === right[i])) return;
    throw badContraction(
      x,
      y,
      `${role} axes have sizes [${left.join(', ')}] and [${right.join(', ')}]`,
    );
  };
  agree(lhsContract, rhsContract, 'contracted');
  agree(lhsBatch, rhsBatch, 'batch');
  const mayDiffer = preferredElementType !== undefined && isFloat(x.dtype) && isFloat(y.dtype);
  if (x.dtype !== y.dtype && !mayDiffer) throw dtypeMismatch('dotGeneral', avals);
  requireDType('dotGeneral', x, numericDTypes);
  const shape = [
    ...sizesOf(x.shape, lhsBatch),
    ...sizesOf(x.shape, freeAxes(x.shape.length, lhsContract, lhsBatch)),
    ...sizesOf(y.shape, freeAxes(y.shape.length, rhsContract, rhsBatch)),
  ];
  const dtype = preferredElementType ?? x.dtype;
  const sameKind = numericDTypes.filter((type) => isFloat(type) === isFloat(x.dtype));
  requireDType('dotGeneral with preferredElementType', makeAval(shape, dtype), sameKind);
  return makeAval(shape, dtype, allWeak(avals));
}

/** The same product with the operands' roles exchanged. */
const exchanged = (dims: DotParams): DotParams => ({
  ...dims,
  lhsContract: dims.rhsContract,
  rhsContract: dims.lhsContract,
  lhsBatch: dims.rhsBatch,
  rhsBatch: dims.lhsBatch,
});

/**
 * The cotangent of the lhs of type `x`. `ctFree` are the cotangent's axes that came from `y`.
 */
function cotangentOf(x: Aval, y: Value, ct: Value, dims: DotParams, ctFree: number[]): Value {
  const { lhsContract, rhsContract, lhsBatch, rhsBatch } = dims;
  const { preferredElementType } = dims;
  const rounded = dotGeneral(
    ct,
    y,
    {
      lhsContract: ctFree,
      rhsContract: freeAxes(y.ndim, rhsContract, rhsBatch),
      lhsBatch: range(lhsBatch.length),
      rhsBatch,
    },
    preferredElementType === undefined ? {} : { preferredElementType: x.dtype },
  );
  const product = convert(rounded, x.dtype, rounded.aval.weak);
  // The product has the batch axes, the free axes of x, then the contracted ones in the order of y.
  const byY = range(rhsContract.length).toSorted(
    (a, b) => nth(rhsContract, a) - nth(rhsContract, b),
  );
  const origin = [
    ...lhsBatch,
    ...freeAxes(x.shape.length, lhsContract, lhsBatch),
    ...byY.map((i) => nth(lhsContract, i)),
  ];
  return transpose(
    product,
    range(x.shape.length).map((axis) => origin.indexOf(axis)),
  );
}

/** `x` with the axis `from` moved to the front. */
const toFront = (x: Value, from: number): Value =>
  transpose(x, [from, ...range(x.ndim).filter((axis) => axis !== from)]);

const dotPrimitive: PrimitiveOf<DotParams> = definePrimitive({
  name: 'dotGeneral',
  infer: (avals, dims) => [inferDot(avals, dims)],
  jvp: (primals, tangents, dims) => {
    const [x, y] = pair(primals);
    const [dx, dy] = pair(tangents);
    if (!isFloat(x.dtype)) return [null];
    return [
      sumTangents(
        dx && dotGeneral(dx, y, dims, dims),
        dy && dotGeneral(x, dy, dims, dims),
        (a, b) => add(a, b),
      ),
    ];
  },
  transpose: ([ct], operands, dims) => {
    const [x, y] = pair(operands);
    if (!ct) return [null, null];
    const batches = dims.lhsBatch.length;
    const freeOfX = freeAxes(x.aval.shape.length, dims.lhsContract, dims.lhsBatch).length;
    const fromX = range(freeOfX).map((i) => batches + i);
    const fromY = range(ct.ndim).slice(batches + freeOfX);
    return [
      isHole(x) && !isHole(y) ? cotangentOf(x.aval, y, ct, dims, fromY) : null,
      isHole(y) && !isHole(x) ? cotangentOf(y.aval, x, ct, exchanged(dims), fromX) : null,
    ];
  },
  batch: (operands, batched, dims) => {
    const { lhsContract, rhsContract, lhsBatch, rhsBatch } = dims;
    const [x, y] = pair(operands);
    const [isBatchedX, isBatchedY] = pair(batched);
    const both = isBatchedX && isBatchedY;
    const at = (axes: readonly number[], isBatched: boolean, withBatch: boolean): number[] => [
      ...(withBatch ? [0] : []),
      ...(isBatched ? shifted(axes) : axes),
    ];
    const batchedDims = {
      lhsContract: at(lhsContract, isBatchedX, false),
      rhsContract: at(rhsContract, isBatchedY, false),
      lhsBatch: at(lhsBatch, isBatchedX, both),
      rhsBatch: at(rhsBatch, isBatchedY, both),
    };
    const product = dotGeneral(x, y, batchedDims, dims);
    if (both) return [product];
    // The batch is the first free axis of the operand that has it.
    const before = isBatchedX ? lhsBatch.length : x.ndim - lhsContract.length;
    return [toFront(product, before)];
  },
  lower: (avals, dims, outputs) => {
    const [x] = pair(avals);
    if (sizeOf(sizesOf(x.shape, dims.lhsContract)) > 0) return { kind: 'dot', dims };
    return { kind: 'map', values: () => [() => constant(0, first(outputs).dtype)] };
  },
});

/**
 * The products of `x` and `y` summed over paired axes. The result has the batch axes, then the free axes of
 * `x`, then those of `y`. Floats are summed in float32, integers in 32 bits.
 *
 * @throws `bad-contraction`, `axis-out-of-range`, `repeated-axis`, `dtype-mismatch`, `unsupported-dtype`
 * @see https://openxla.org/stablehlo/spec#dot_general
 */
export const dotGeneral = withRecord(
  dotPrimitive,
  (x: Value, y: Value, dims: DotDims, { preferredElementType }: DotOptions = {}): Value => {
    const { lhsContract, rhsContract, lhsBatch, rhsBatch } = dims;
    const plain = { lhsContract, rhsContract, lhsBatch, rhsBatch };
    return bindOne(
      dotPrimitive,
      [x, y],
      preferredElementType === undefined ||
        (preferredElementType === x.dtype && x.dtype === y.dtype)
        ? plain
        : { ...plain, preferredElementType },
    );
  },
);
