/**
 * Matrix products of few results and long sums, in two stages: partial sums that keep the device busy, then their
 * sum, always in the same order, so that results are the same every time.
 */
import { scalarTypeOf } from '../base/dtype.ts';
import {
  accumulator,
  type Expr,
  load,
  makeAxis,
  makeSource,
  rebuild,
  reduce,
  substitute,
} from '../ir/expr.ts';
import {
  addIndex,
  axisPosition,
  flatten,
  floorDiv,
  modulo,
  scaleIndex,
} from '../ir/index-algebra.ts';
import { buffersOf, sourcesOf } from './buffers.ts';
import type { Kernel, LoopKernel, MatmulKernel } from './kernel.ts';

/** When products are split. */
export interface SplitProducts {
  /** Results, partial ones included, that keep the device busy. */
  readonly outputs: number;
  /** Terms that a partial sum has at least. */
  readonly terms: number;
  /** Products of so many rows at most share out their sums anyway: columns, likewise, that keep the device busy then. */
  readonly fewRows?: { readonly rows: number; readonly columns: number };
}

/** Parts that a sum is split into at most: their sum is a loop. */
const maxParts = 64;

/** The product as it is, or the kernel of its partial sums and the one that adds them up. */
export function splitProduct(kernel: MatmulKernel, split: SplitProducts | null): readonly Kernel[] {
  const parts = split === null ? 1 : partsOf(kernel, split);
  if (parts === 1) return [kernel];
  const { batch, rows, columns, lhs, rhs, depth } = kernel;
  const dtype = scalarTypeOf(lhs.source.dtype);
  const terms = depth / parts;
  const both = makeAxis(batch.extent * parts);
  const part = modulo(axisPosition(both), parts);
  const place = new Map([[batch, floorDiv(axisPosition(both), parts)]]);
  const shape = [batch.extent * parts, rows.extent, columns.extent];
  const [height = 1, width = 1] = shape.slice(1);
  const source = makeSource(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  );
  const at = (slice: Expr): Expr =>
    flatten([slice, axisPosition(rows), axisPosition(columns)], [height * width, width, 1]);
  const from = (base: Expr, stride: number): Expr =>
    addIndex(substitute(base, place), scaleIndex(part, terms * stride));
  const stores = [
    {
      target: source,
      index: at(axisPosition(both)),
      value: accumulator(dtype),
      ...plain,
    },
  ];
  const partialLhs = { ...lhs, base: from(lhs.base, lhs.columnStride) };
  const partialRhs = { ...rhs, base: from(rhs.base, rhs.rowStride) };
  const partial: MatmulKernel = {
    ...kernel,
    batch: both,
    depth: terms,
    lhs: partialLhs,
    rhs: partialRhs,
    buffers: buffersOf(stores, [...sourcesOf(partialLhs), ...sourcesOf(partialRhs)]),
    stores,
  };
  const sum = reduce('add', parts, (k) =>
    load(source, at(addIndex(scaleIndex(axisPosition(batch), parts), k))),
  );
  return [partial, finish(kernel, sum)];
}

const plain = { mode: 'set', guard: null, serial: [] } as const;

/** The most parts, a power of two, that leave each enough terms and all no more results than the device needs. */
function partsOf({ batch, rows, columns, depth }: MatmulKernel, split: SplitProducts): number {
  const outputs = batch.extent * rows.extent * columns.extent;
  const side = Math.min(rows.extent, columns.extent);
  const { fewRows } = split;
  const isFew = fewRows !== undefined && side <= fewRows.rows;
  const most = isFew ? fewRows.columns * side : split.outputs;
  let parts = 1;
  for (let more = 2; more <= maxParts; more *= 2) {
    if (depth % more !== 0 || depth / more < split.terms || outputs * more > most) break;
    parts = more;
  }
  return parts;
}

/** What the product does with its sums, done with the finished ones. */
function finish(
  { name, batch, rows, columns, stores: given }: MatmulKernel,
  sum: Expr,
): LoopKernel {
  const stores = given.map((store) => ({
    ...store,
    value: rebuild(store.value, (node) => (node.kind === 'accumulator' ? sum : undefined)),
  }));
  const parallel = [batch, rows, columns].filter(({ extent }) => extent > 1);
  return { kind: 'loop', name, buffers: buffersOf(stores), parallel, stores };
}
