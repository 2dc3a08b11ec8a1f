/**
 * Reductions down the columns of a matrix that lies in memory by rows. Taken column by column they would touch
 * a line of memory for a few numbers of it. Here an iteration takes some hundred neighbouring columns, goes
 * through the rows, and keeps what it has so far in an array of its own.
 */
import { invariant } from '../base/errors.ts';
import {
  type Axis,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
  type ReduceExpr,
  rebuild,
  type Source,
  walk,
} from '../ir/expr.ts';
import {
  addIndex,
  axisPosition,
  indexConstant,
  scaleIndex,
  strideAlong,
} from '../ir/index-algebra.ts';
import { identityOf, type ReduceOp } from '../ir/scalar-ops.ts';
import { buffersOf } from './buffers.ts';
import { joinReductions } from './join-axes.ts';
import type { KernelStore, LoopKernel } from './kernel.ts';

/** Columns that one iteration takes: what it keeps of them stays in the innermost cache. */
const mostColumns = 1024;
const leastColumns = 64;
/** Iterations that threads can share. */
const wantedParts = 4;
/** Rows below which a reduction is done before another order pays. */
const leastRows = 16;
/** Elements between rows that are far apart. */
const farStride = 64;
/** What one turn costs at most, in additions, if it takes several rows. */
const turnCost = 40;
/** Turns of a float sum before its partial sum is set aside. */
const sumTurns = 16;

/** The kernel by rows, or the same one if that is no gain. */
export function reduceByRows(kernel: LoopKernel): LoopKernel {
  if (kernel.locals?.length || kernel.stores.some(({ serial }) => serial.length > 0)) return kernel;
  const stores = kernel.stores.map((store) => ({ ...store, value: joinReductions(store.value) }));
  const joined = { ...kernel, stores };
  const columns = columnsOf(joined);
  const width = columns === null ? null : widthOf(columns.extent, joined);
  return columns === null || width === null ? kernel : new ByRows(joined, columns, width).build();
}

const valuesOf = ({ stores }: LoopKernel): Expr[] =>
  stores.flatMap(({ value, guard }) => (guard === null ? [value] : [value, guard]));

const reductionsOf = (roots: readonly Expr[]): ReduceExpr[] =>
  walk(roots).filter((node): node is ReduceExpr => node.kind === 'reduce');

/** The axis of neighbouring columns, if all reductions over columns can be taken by rows. */
function columnsOf(kernel: LoopKernel): Axis | null {
  const reductions = reductionsOf(valuesOf(kernel));
  const axis = kernel.parallel.find((candidate) =>
    reductions.some((loop) => runsDown(loop, candidate)),
  );
  if (axis === undefined) return null;
  const own = reductions.filter((loop) => loop.deps.has(axis));
  const isFine = own.every(
    (loop) =>
      ['float32', 'int32', 'uint32'].includes(loop.dtype) &&
      reductionsOf([loop.value]).every(
        (inner) => !inner.deps.has(axis) || !inner.deps.has(loop.axis),
      ),
  );
  return isFine && !own.every(isExtreme) ? axis : null;
}

/** True for the greatest or least of floats, which cost more to compare one by one than their columns to visit. */
const isExtreme = ({ op: name, dtype }: ReduceExpr): boolean =>
  dtype === 'float32' && (name === 'max' || name === 'min');

/** True if the reduction reads whole rows that are far apart, column by column. */
function runsDown({ axis, value }: ReduceExpr, columns: Axis): boolean {
  if (axis.extent < leastRows) return false;
  return walk([value]).some((node) => {
    if (node.kind !== 'load' || strideAlong(node.index, columns) !== 1) return false;
    const stride = strideAlong(node.index, axis);
    return stride !== null && Math.abs(stride) >= farStride;
  });
}

/** Columns of one iteration: a divisor of all, so that iterations are alike. */
function widthOf(columns: number, { parallel }: LoopKernel): number | null {
  const others = parallel.reduce((count, axis) => count * axis.extent, 1) / columns;
  const parts = Math.max(Math.ceil(columns / mostColumns), Math.ceil(wantedParts / others));
  for (let count = parts; columns / count >= leastColumns; count++) {
    if (columns % count === 0 && (columns / count) % 4 === 0) return columns / count;
  }
  return columns >= leastColumns && columns <= mostColumns ? columns : null;
}

class ByRows {
  readonly #kernel: LoopKernel;
  readonly #columns: Axis;
  readonly #width: number;
  /** First column of an iteration. */
  readonly #first: Expr;
  readonly #part: Axis;
  readonly #locals: Source[] = [];
  readonly #stores: KernelStore[] = [];
  /** Where the results of finished reductions are. */
  readonly #done = new Map<Expr, Source>();

  constructor(kernel: LoopKernel, columns: Axis, width: number) {
    this.#kernel = kernel;
    this.#columns = columns;
    this.#width = width;
    this.#part = makeAxis(columns.extent / width);
    this.#first = scaleIndex(axisPosition(this.#part), width);
  }

  build(): LoopKernel {
    const own = reductionsOf(valuesOf(this.#kernel)).filter(({ deps }) => deps.has(this.#columns));
    for (let rest = own; rest.length > 0; ) {
      const together = this.#nextOf(rest);
      this.#reduce(together);
      rest = rest.filter((loop) => !together.includes(loop));
    }
    const column = makeAxis(this.#width);
    const change = (expr: Expr): Expr => this.#at(expr, column);
    for (const store of this.#kernel.stores) {
      const { index, value, guard } = store;
      const kept = guard === null ? null : change(guard);
      const serial = [column];
      this.#stores.push({
        ...store,
        index: change(index),
        value: change(value),
        guard: kept,
        serial,
      });
    }
    const locals = this.#locals;
    const parallel = this.#kernel.parallel.map((axis) =>
      axis === this.#columns ? this.#part : axis,
    );
    const buffers = buffersOf(this.#stores, [], locals);
    return { ...this.#kernel, buffers, parallel, stores: this.#stores, locals };
  }

  /** Reductions of as many rows as the first, that need no others any more. */
  #nextOf(rest: readonly ReduceExpr[]): readonly ReduceExpr[] {
    const ready = rest.filter((loop) =>
      reductionsOf([loop.value]).every((inner) => !rest.includes(inner)),
    );
    const together = ready.filter(({ axis }) => axis.extent === ready[0]?.axis.extent);
    invariant(together.length > 0, 'reductions that need each other');
    return together;
  }

  #reduce(loops: readonly ReduceExpr[]): void {
    const [first] = loops;
    invariant(first !== undefined, 'reductions expected');
    const results = this.#arrays(loops);
    this.#start(loops, results, []);
    this.#gather(loops, results, [], indexConstant(0), first.axis.extent);
    loops.forEach((loop, k) => {
      const result = results[k];
      if (result !== undefined) this.#done.set(loop, result);
    });
  }

  #arrays(loops: readonly ReduceExpr[]): Source[] {
    const made = loops.map(({ dtype }) => makeSource(dtype, this.#width));
    this.#locals.push(...made);
    return made;
  }

  #start(loops: readonly ReduceExpr[], into: readonly Source[], turns: readonly Axis[]): void {
    this.#store(loops, into, turns, ({ op: name, dtype }) =>
      constant(identityOf(name, dtype), dtype),
    );
  }

  /** Takes `count` rows from row `start` on into arrays, within the loops of `turns`. */
  #gather(
    loops: readonly ReduceExpr[],
    into: readonly Source[],
    turns: readonly Axis[],
    start: Expr,
    count: number,
  ): void {
    const rows = rowsOfTurn(loops);
    const isLong = loops.some(losesDigits) && count > 2 * sumTurns * rows;
    if (isLong) {
      let block = sumTurns * rows;
      while (block * sumTurns < count) block *= sumTurns;
      const inner = [...turns, makeAxis(Math.floor(count / block))];
      const parts = this.#arrays(loops);
      this.#start(loops, parts, inner);
      this.#gather(loops, parts, inner, this.#row(start, inner, block), block);
      this.#store(loops, into, inner, ({ op: name }, k, column) =>
        op(name, [kept(into[k], column), kept(parts[k], column)]),
      );
      const rest = count % block;
      if (rest > 0)
        this.#gather(loops, into, turns, addIndex(start, indexConstant(count - rest)), rest);
      return;
    }
    const take = (inner: readonly Axis[], from: Expr, howMany: number): void =>
      this.#store(loops, into, inner, (loop, k, column) => {
        const values = Array.from({ length: howMany }, (_, row) =>
          this.#at(loop.value, column, loop.axis, addIndex(from, indexConstant(row))),
        );
        return op(loop.op, [kept(into[k], column), inPairs(loop.op, values)]);
      });
    const whole = Math.floor(count / rows);
    if (whole > 0) {
      const inner = [...turns, makeAxis(whole)];
      take(inner, this.#row(start, inner, rows), rows);
    }
    const rest = count % rows;
    if (rest > 0) take(turns, addIndex(start, indexConstant(count - rest)), rest);
  }

  /** The first row of a turn of the innermost loop. */
  #row(start: Expr, turns: readonly Axis[], rows: number): Expr {
    const axis = turns.at(-1);
    invariant(axis !== undefined, 'a turn of no loop');
    return addIndex(start, scaleIndex(axisPosition(axis), rows));
  }

  /** Writes an element of each array for each column. */
  #store(
    loops: readonly ReduceExpr[],
    into: readonly Source[],
    turns: readonly Axis[],
    element: (loop: ReduceExpr, k: number, column: Axis) => Expr,
  ): void {
    const column = makeAxis(this.#width);
    const index = axisPosition(column);
    loops.forEach((loop, k) => {
      const target = into[k];
      invariant(target !== undefined, 'a reduction without an array');
      const value = element(loop, k, column);
      const serial = [...turns, column];
      this.#stores.push({ target, index, value, mode: 'set', guard: null, serial });
    });
  }

  /** An expression of the original kernel at one column of this iteration, and at one row. */
  #at(expr: Expr, column: Axis, rows?: Axis, row?: Expr): Expr {
    const position = addIndex(this.#first, axisPosition(column));
    return rebuild(expr, (node) => {
      const isTouched = node.deps.has(this.#columns) || (rows !== undefined && node.deps.has(rows));
      if (!isTouched) return node;
      if (node.kind === 'axis') return node.axis === this.#columns ? position : row;
      const done = this.#done.get(node);
      return done === undefined ? undefined : kept(done, column);
    });
  }
}

const kept = (source: Source | undefined, column: Axis): Expr => {
  invariant(source !== undefined, 'a reduction without an array');
  return load(source, axisPosition(column));
};

const losesDigits = ({ op: name, dtype }: ReduceExpr): boolean =>
  name === 'add' && dtype === 'float32';

/** As many rows as make a turn of some length: 8, 4, 2 or 1. */
function rowsOfTurn(loops: readonly ReduceExpr[]): number {
  const cost = loops.reduce((sum, { value }) => sum + value.cost, 0);
  return [8, 4, 2].find((rows) => rows * cost <= turnCost) ?? 1;
}

function inPairs(name: ReduceOp, values: readonly Expr[]): Expr {
  const [first, second] = values;
  invariant(first !== undefined, 'nothing to combine');
  if (second === undefined) return first;
  const half = Math.ceil(values.length / 2);
  return op(name, [inPairs(name, values.slice(0, half)), inPairs(name, values.slice(half))]);
}
