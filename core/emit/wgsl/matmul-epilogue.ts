/** What happens to the finished sums of a matrix product. */
import { scalarTypeOf } from '../../base/dtype.ts';
import type { KernelStore, LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
import { structure } from '../../compile/structure.ts';
import {
  type Expr,
  load,
  makeAxis,
  makeSource,
  rebuild,
  type Source,
  walk,
} from '../../ir/expr.ts';
import { indexConstant } from '../../ir/index-algebra.ts';
import { BodyWriter } from './body-writer.ts';
import { findFours, unroll } from './by-fours.ts';
import type { ModuleWriter } from './module-writer.ts';
import { valueType } from './types.ts';

/** Expressions in an epilogue that may be written out for each of an invocation's sums. */
const fewNodes = 12;
const lanes = [0, 1, 2, 3] as const;

/** The function `finish`, which takes four sums side by side and their place. */
export class Epilogue {
  readonly #kernel: MatmulKernel;
  /** The stores of four columns, or of one where their number is no multiple of four. */
  readonly #stores: readonly KernelStore[];
  /** Stands for the four sums. */
  readonly #sums: readonly Expr[];
  readonly #isWide: boolean;
  readonly #columns;
  /** The arrays that the epilogue can read and write four elements at a time. */
  readonly fours: ReadonlySet<Source>;

  constructor(kernel: MatmulKernel) {
    const { columns, stores, lhs } = kernel;
    this.#kernel = kernel;
    this.#isWide = columns.extent % 4 === 0 && stores.every((store) => store.serial.length === 0);
    const sums = makeSource(scalarTypeOf(lhs.source.dtype), 4);
    this.#sums = lanes.map((lane) => load(sums, indexConstant(lane)));
    this.#columns = this.#isWide ? makeAxis(columns.extent / 4) : columns;
    this.#stores = this.#isWide
      ? unroll(stores, columns, this.#columns).map((store, i) => this.#withSum(store, i % 4))
      : stores.map((store) => this.#withSum(store, 0));
    this.fours = this.#isWide ? findFours(this.#asLoop()) : new Set();
  }

  /** True if the epilogue is so short that it may be repeated. */
  get isCheap(): boolean {
    return this.#isWide && this.#nodes(this.#kernel.stores).length <= fewNodes;
  }

  /** True if the epilogue loads single elements of an array. */
  loadsOneOf(source: Source): boolean {
    const isLoaded = this.#nodes(this.#stores).some(
      (node) => node.kind === 'load' && node.source === source,
    );
    return isLoaded && !this.fours.has(source);
  }

  /** The lines of the function. */
  write(module: ModuleWriter, [tileRows, tileColumns]: readonly [number, number]): string[] {
    const { batch, rows, columns } = this.#kernel;
    const type = valueType[scalarTypeOf(this.#kernel.lhs.source.dtype)];
    const body = new BodyWriter(module);
    const edges = [
      ...(rows.extent % tileRows === 0 ? [] : [`row >= ${rows.extent}i`]),
      ...(columns.extent % tileColumns === 0 ? [] : [`column >= ${columns.extent}i`]),
    ];
    if (edges.length > 0) body.line(`if (${edges.join(' || ')}) { return; }`);
    body.bindAxis(batch, 'batch');
    body.bindAxis(rows, 'row');
    body.bindAxis(this.#columns, this.#isWide ? '(column / 4i)' : 'column');
    this.#sums.forEach((sum, lane) => {
      body.bindValue(sum, this.#isWide ? `sum[${lane}]` : 'sum');
    });
    body.statements(structure([batch, rows, this.#columns], this.#stores));
    const place = 'batch: i32, row: i32, column: i32';
    if (this.#isWide) return [`fn finish(${place}, sum: vec4<${type}>) {`, ...body.lines, '}'];
    return [
      `fn finish_one(${place}, sum: ${type}) {`,
      ...body.lines,
      '}',
      `fn finish(${place}, sum: vec4<${type}>) {`,
      '  for (var i = 0i; i < 4i; i++) { finish_one(batch, row, column + i, sum[i]); }',
      '}',
    ];
  }

  #asLoop(): LoopKernel {
    const { name, buffers, batch, rows } = this.#kernel;
    const parallel = [batch, rows, this.#columns];
    return { kind: 'loop', name, buffers, parallel, stores: this.#stores };
  }

  #withSum(store: KernelStore, lane: number): KernelStore {
    const sum = this.#sums[lane];
    const value = rebuild(store.value, (node) => (node.kind === 'accumulator' ? sum : undefined));
    return { ...store, value };
  }

  #nodes(stores: readonly KernelStore[]): Expr[] {
    return walk(stores.map(({ value }) => value)).filter(({ kind }) => kind !== 'const');
  }
}
