/** What kernels of matrix products have in common: where operands begin, and what becomes of finished sums. */
import { invariant } from '../../base/errors.ts';
import type { KernelBuffer, KernelStore, LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
import {
  type Axis,
  axisIndex,
  constant,
  type Expr,
  load,
  makeSource,
  rebuild,
  type Source,
  substitute,
} from '../../ir/expr.ts';
import { affineSum } from '../../ir/index-algebra.ts';
import { strideAlong } from './addresses.ts';
import { assign, at } from './assembly.ts';
import { Emitter, newFrame } from './emitter.ts';
import { TILE_COLUMNS } from './gemm.ts';
import { helperFunction } from './helpers.ts';
import { addLoopFunction, scheduleLoops } from './loop-kernel.ts';
import { sizeIn } from './memory.ts';
import { expandOperations } from './merge-axes.ts';
import type { FunctionBuilder, ModuleBuilder } from './module.ts';
import { call, i32, i32Const, i32Load, localGet } from './opcodes.ts';
import { pushScalar } from './scalar-expressions.ts';

/** Results of a product and what happens to them. */
export type Product = Pick<
  MatmulKernel,
  'name' | 'buffers' | 'batch' | 'rows' | 'columns' | 'stores'
>;

/** A function that is being written, and what it knows. */
interface Surroundings {
  readonly builder: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly relaxed: boolean;
  readonly buffers: readonly KernelBuffer[];
  /** Local with the address of the table of buffers. */
  readonly table: number;
  /** The batch axis and the local with the position on it. */
  readonly batch: { readonly axis: Axis; readonly local: number };
}

/** Pushes the address of an operand's first element for one position of the batch. */
export function pushFirst(
  { builder, module, relaxed, buffers, table, batch }: Surroundings,
  { source, base }: { readonly source: Source; readonly base: Expr },
): void {
  const pointers = new Map(
    buffers.map((buffer, k): [Source, number] => {
      const local = builder.local('i32');
      builder.code.push(...localGet(table), ...i32Load(k * 4), ...assign(local));
      return [buffer.source, local];
    }),
  );
  const pointer = pointers.get(source);
  invariant(pointer !== undefined, 'an operand that the kernel does not list');
  const emitter = new Emitter({
    builder,
    pointers,
    written: new Set(),
    relaxed,
    callHelper: (helper) => call(module.add(helperFunction(helper, { relaxed }))),
  });
  emitter.decoded.set(batch.axis, batch.local);
  const frame = newFrame();
  emitter.loops = [frame];
  builder.code.push(frame.preheader);
  pushScalar(emitter, expandOperations([base])(base));
  builder.code.push(...i32Const(sizeIn(source)), ...i32.mul);
  builder.code.push(...localGet(pointer), ...i32.add);
}

/** How finished sums lie in the memory of a thread. */
interface SumLayout {
  /** Floats from one row to the next. */
  readonly sumStride: number;
  /** Columns of a block. */
  readonly chunk: number;
}

/** Adds what becomes of the sums: a loop kernel over (batch, rows) × columns that reads them from scratch memory. */
export function addEpilogue(
  module: ModuleBuilder,
  { batch, rows, columns, stores, buffers, name }: Product,
  { sumStride, chunk, relaxed }: SumLayout & { readonly relaxed: boolean },
): number {
  const sums = makeSource('float32', Number.POSITIVE_INFINITY);
  const place = affineSum(
    [
      { atom: axisIndex(batch), coefficient: rows.extent * sumStride },
      { atom: axisIndex(rows), coefficient: sumStride },
      { atom: axisIndex(columns), coefficient: 1 },
    ],
    0,
  );
  const finish = (expr: Expr): Expr =>
    rebuild(expr, (node) => (node.kind === 'accumulator' ? load(sums, place) : undefined));
  const kernel: LoopKernel = {
    kind: 'loop',
    name,
    buffers,
    parallel: [batch, rows, columns],
    stores: stores.map(
      (s): KernelStore => ({
        ...s,
        value: finish(s.value),
        guard: s.guard === null ? null : finish(s.guard),
      }),
    ),
  };
  const schedule = scheduleLoops(kernel, { merge: false, chunk });
  return addLoopFunction(module, kernel, schedule, { scratchSource: sums, relaxed });
}

/** Calls the epilogue for `count` rows from `row` on, of one block of columns, whose sums are at `out`; all are locals. */
export function callEpilogue(
  { batch, rows }: Product,
  epilogue: number,
  {
    at: local,
    sumStride,
    chunk,
  }: SumLayout & {
    readonly at: Readonly<Record<'table' | 'batch' | 'column' | 'row' | 'count' | 'out', number>>;
  },
): number[] {
  const total = batch.extent * rows.extent;
  // Unit of (column block, batch, row), and the address that row 0 of batch 0 would have.
  const flatRow = at(localGet(local.row), localGet(local.batch), rows.extent);
  const unit = [
    ...flatRow,
    ...localGet(local.column),
    ...i32Const(chunk),
    ...i32.divU,
    ...i32Const(total),
    ...i32.mul,
    ...i32.add,
  ];
  const origin = [
    ...localGet(local.out),
    ...flatRow,
    ...i32Const(sumStride * 4),
    ...i32.mul,
    ...i32.sub,
    ...localGet(local.column),
    ...i32Const(4),
    ...i32.mul,
    ...i32.sub,
  ];
  return [
    ...unit,
    ...unit,
    ...localGet(local.count),
    ...i32.add,
    ...origin,
    ...localGet(local.table),
    ...call(epilogue),
  ];
}

/** Where the sums may be written at once: one store of the bare sum to full tiles of a row-major array. */
export function directTarget(
  { rows, columns, stores }: Product,
  operands: readonly { readonly source: Source }[],
): { index: Expr; target: Source; stride: number } | null {
  const [store] = stores;
  if (store === undefined || stores.length !== 1) return null;
  if (
    store.value.kind !== 'accumulator' ||
    store.mode !== 'set' ||
    store.guard !== null ||
    store.serial.length > 0
  )
    return null;
  if (operands.some(({ source }) => source === store.target)) return null;
  if (rows.extent % 2 !== 0 || columns.extent % TILE_COLUMNS !== 0) return null;
  const stride = strideAlong(store.index, rows);
  if (stride === null || stride <= 0 || strideAlong(store.index, columns) !== 1) return null;
  const zero = constant(0, 'int32');
  const index = substitute(
    store.index,
    new Map<Axis, Expr>([
      [rows, zero],
      [columns, zero],
    ]),
  );
  return { index, target: store.target, stride };
}
