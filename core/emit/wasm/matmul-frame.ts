/**
 * What all kernels of matrix products share: where operands lie, and what becomes of the sums. Sums of a block of
 * rows and columns are written straight to where they belong, or to private memory, from where an epilogue goes on.
 */
import { invariant } from '../../base/errors.ts';
import type { KernelStore, LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
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
import { affineSum, strideAlong } from '../../ir/index-algebra.ts';

import { assign, at } from './assembly.ts';
import { Emitter, newFrame } from './emitter.ts';
import { helperFunction } from './helpers.ts';
import { addLoopFunction, scheduleLoops } from './loop-kernel.ts';
import { sizeIn } from './memory.ts';
import { expandOperations } from './merge-axes.ts';
import type { FunctionBuilder, ModuleBuilder } from './module.ts';
import { call, i32, i32Const, i32Load, localGet } from './opcodes.ts';
import { pushScalar } from './scalar-expressions.ts';

/** The block that an epilogue works on: locals with the table of addresses, its place, and its sums. */
export interface SumBlock {
  readonly table: number;
  readonly batch: number;
  readonly column: number;
  readonly row: number;
  /** Rows of the block. */
  readonly count: number;
  /** Address of the sums. */
  readonly out: number;
}

/** Columns that are worked on together, and how many floats a row of their sums takes. */
export interface ColumnBlock {
  readonly columns: number;
  readonly sumStride: number;
}

/** A product, however its operands lie in memory. */
export type Product = Pick<
  MatmulKernel,
  'name' | 'buffers' | 'batch' | 'rows' | 'columns' | 'stores'
> & { readonly lhs: { readonly source: Source }; readonly rhs: { readonly source: Source } };

/** Writes the parts of a product's functions that do not depend on how its sums are computed. */
export class MatmulFrame {
  readonly #kernel: Product;
  readonly #module: ModuleBuilder;
  readonly #relaxed: boolean;
  readonly #block: ColumnBlock;

  constructor(
    kernel: Product,
    module: ModuleBuilder,
    { relaxed, block }: { readonly relaxed: boolean; readonly block: ColumnBlock },
  ) {
    this.#kernel = kernel;
    this.#module = module;
    this.#relaxed = relaxed;
    this.#block = block;
  }

  /** What becomes of the sums: a loop kernel over (batch, rows) × columns that reads them from scratch memory. */
  addEpilogue(): number {
    const { batch, rows, columns, stores, buffers, name } = this.#kernel;
    const { sumStride } = this.#block;
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
    const schedule = scheduleLoops(kernel, { merge: false, chunk: this.#block.columns });
    return addLoopFunction(this.#module, kernel, schedule, {
      scratchSource: sums,
      relaxed: this.#relaxed,
    });
  }

  /** Pushes the address of an operand's first element for the batch in local `batch`. */
  pushBase(
    builder: FunctionBuilder,
    table: number,
    batch: number,
    operand: { source: Source; base: Expr },
  ): void {
    const position = this.#kernel.buffers.findIndex(({ source }) => source === operand.source);
    invariant(position >= 0, 'an operand that the kernel does not list');
    const pointer = builder.local('i32');
    builder.code.push(...localGet(table), ...i32Load(position * 4), ...assign(pointer));
    const pointers = new Map(
      this.#kernel.buffers.map(({ source }, k): [Source, number] => {
        const local = builder.local('i32');
        builder.code.push(...localGet(table), ...i32Load(k * 4), ...assign(local));
        return [source, local];
      }),
    );
    const emitter = new Emitter({
      builder,
      pointers,
      written: new Set(),
      relaxed: this.#relaxed,
      callHelper: (helper) =>
        call(this.#module.add(helperFunction(helper, { relaxed: this.#relaxed }))),
    });
    emitter.decoded.set(this.#kernel.batch, batch);
    const frame = newFrame();
    emitter.loops = [frame];
    builder.code.push(frame.preheader);
    pushScalar(emitter, expandOperations([operand.base])(operand.base));
    builder.code.push(...i32Const(sizeIn(operand.source)), ...i32.mul);
    builder.code.push(...localGet(pointer), ...i32.add);
  }

  /** Calls the epilogue on a block of sums. */
  callEpilogue(epilogue: number, local: SumBlock): number[] {
    const { batch, rows } = this.#kernel;
    const total = batch.extent * rows.extent;
    // Unit of (column block, batch, row), and the address that row 0 of batch 0 would have.
    const flatRow = at(localGet(local.row), localGet(local.batch), rows.extent);
    const unit = [
      ...flatRow,
      ...localGet(local.column),
      ...i32Const(this.#block.columns),
      ...i32.divU,
      ...i32Const(total),
      ...i32.mul,
      ...i32.add,
    ];
    const origin = [
      ...localGet(local.out),
      ...flatRow,
      ...i32Const(this.#block.sumStride * 4),
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

  /** Pushes one of the words that the host adds to the table. */
  extra(table: number, word: number): number[] {
    return [...localGet(table), ...i32Load((this.#kernel.buffers.length + word) * 4)];
  }
}

/** An array that sums are written to without an epilogue. */
export interface DirectTarget {
  /** Of element (0, 0), an expression in the batch axis. */
  readonly index: Expr;
  readonly target: Source;
  /** Elements from row to row. */
  readonly stride: number;
}

/** Where the sums may be written at once: one store of the bare sum to full tiles of a row-major array. */
export function directTarget(
  kernel: Product,
  tile: { readonly rows: number; readonly columns: number },
): DirectTarget | null {
  const { rows, columns, stores, lhs, rhs } = kernel;
  const [store] = stores;
  if (store === undefined || stores.length !== 1) return null;
  if (
    store.value.kind !== 'accumulator' ||
    store.mode !== 'set' ||
    store.guard !== null ||
    store.serial.length > 0
  )
    return null;
  if (store.target === lhs.source || store.target === rhs.source) return null;
  if (rows.extent % tile.rows !== 0 || columns.extent % tile.columns !== 0) return null;
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
