/** Running totals. */

import { type Aval, makeAval, sizeOf } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import { cumulate, type Expr, op, reduce } from '../ir/expr.ts';
import { addIndex, indexConstant, scaleIndex } from '../ir/index-algebra.ts';
import type { Lowering, Place, StepBuilder } from '../ir/lowering.ts';
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
import { clampIndex, mapOne } from './index-maps.ts';
import { linear } from './linear.ts';
import { reshape } from './movement.ts';
import { pad } from './slicing.ts';

type CumulativeParams = { readonly axis: number; readonly reverse: boolean };

/** Rows from which on there is enough to do at once. */
const manyRows = 256;
/** Elements of a row from which on it is worth cutting, and of one part. */
const longRow = 8192;
const partLength = 1024;

/** What the steps of a running result share. */
interface Running {
  readonly builder: StepBuilder;
  readonly op: ReduceOp;
  readonly axis: number;
  readonly extent: number;
  /** Sizes of the other axes. */
  readonly rows: readonly number[];
  /** The place in the array of a turn on a row. */
  readonly place: (row: readonly Expr[], turn: Expr) => Expr[];
}

/** Loops along the axis that keep a running result: one per row, or one per part of a long row. */
function running(op: ReduceOp, x: Aval, { axis, reverse }: CumulativeParams): Lowering {
  const extent = nth(x.shape, axis);
  if (extent <= 1) return mapOne((read, index) => read(index));
  const rows = sizesOf(x.shape, otherAxes(x.shape.length, [axis]));
  const place = (row: readonly Expr[], turn: Expr): Expr[] =>
    row.toSpliced(axis, 0, reverse ? scaleIndex(turn, -1, extent - 1) : turn);
  return {
    kind: 'steps',
    build: (builder) => {
      const scan = { builder, op, axis, extent, rows, place };
      if (extent < longRow || sizeOf(rows) >= manyRows) runTurns(scan, 0, extent, null);
      else runParts(scan);
    },
  };
}

/** Running results of the turns from `begin` up to `end` of each row, on top of what came `before`. */
function runTurns(
  { builder, op: combine, rows, place }: Running,
  begin: number,
  end: number,
  before: ((row: readonly Expr[]) => Expr) | null,
): void {
  const [from, to] = [first(builder.operands), first(builder.outputs)];
  builder.step({
    parallel: rows,
    serial: [end - begin],
    stores: (row, serial) => {
      const turn = first(serial);
      const index = place(row, addIndex(turn, indexConstant(begin)));
      const start =
        before === null
          ? null
          : op(combine, [before(row), from.at(place(row, indexConstant(begin)))]);
      return [{ to, index, value: runningAlong(combine, turn, from.at(index), start) }];
    },
  });
}

/** The running result of `value`, with `start` for its first value unless that is null. */
function runningAlong(combine: ReduceOp, turn: Expr, value: Expr, start: Expr | null = null): Expr {
  invariant(turn.kind === 'axis', 'the serial loop of a running total is no axis');
  if (start === null) return cumulate(combine, turn.axis, value);
  const isFirst = op('eq', [turn, indexConstant(0)]);
  return cumulate(combine, turn.axis, op('select', [isFirst, start, value]));
}

/**
 * Parts of rows at once: the totals of all parts, then the totals before each part, then the running
 * results within the parts.
 *
 * @see Blelloch: Prefix sums and their applications, CMU-CS-90-190 (1990) §1.
 */
function runParts(scan: Running): void {
  const { builder, op: combine, rows, extent, place } = scan;
  const [from, to] = [first(builder.operands), first(builder.outputs)];
  const parts = Math.floor(extent / partLength);
  const temporary = (): Place => builder.temporary(makeAval([...rows, parts], from.aval.dtype));
  const [totals, sums] = [temporary(), temporary()];
  builder.step({
    parallel: [...rows, parts],
    stores: (index) => {
      const [row, part] = [index.slice(0, -1), nth(index, rows.length)];
      const value = reduce(combine, partLength, (turn) =>
        from.at(place(row, addIndex(scaleIndex(part, partLength), turn))),
      );
      return [{ to: totals, index, value }];
    },
  });
  builder.step({
    parallel: rows,
    serial: [parts],
    stores: (row, serial) => {
      const turn = first(serial);
      const index = [...row, turn];
      return [{ to: sums, index, value: runningAlong(combine, turn, totals.at(index)) }];
    },
  });
  builder.step({
    parallel: [...rows, parts],
    serial: [partLength],
    stores: (parallel, serial) => {
      const [row, part, turn] = [parallel.slice(0, -1), nth(parallel, rows.length), first(serial)];
      const begin = scaleIndex(part, partLength);
      const index = place(row, addIndex(begin, turn));
      const own = from.at(place(row, begin));
      const previous = sums.at([...row, clampIndex(addIndex(part, indexConstant(-1)), 0, parts)]);
      const isFirst = op('eq', [part, indexConstant(0)]);
      const start = op('select', [isFirst, own, op(combine, [previous, own])]);
      return [{ to, index, value: runningAlong(combine, turn, from.at(index), start) }];
    },
  });
  const done = parts * partLength;
  if (done < extent) {
    runTurns(scan, done, extent, (row) => sums.at([...row, indexConstant(parts - 1)]));
  }
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
