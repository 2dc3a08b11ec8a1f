/** Writes statements: names, loops and running totals. */
import { invariant } from '../../base/errors.ts';
import type { LoopStatement, Statement } from '../../compile/structure.ts';
import type { Axis, CumulateExpr, Expr, ReduceExpr } from '../../ir/expr.ts';
import { identityOf } from '../../ir/scalar-ops.ts';
import type { Code } from './bytes.ts';
import { combineScalars, combineVectors, pushCombinedLanes, pushIdentity } from './combine.ts';
import { type Emitter, localType, newFrame } from './emitter.ts';
import { Extreme, isExtreme } from './extreme.ts';
import { isLongSum, LongSum } from './long-sum.ts';
import { writeLet } from './names.ts';
import { branchIf, control, i32, i32Const, localGet, localSet, localTee } from './opcodes.ts';
import { pushScalar } from './scalar-expressions.ts';
import { endScan, startScan, writeScan } from './scan.ts';
import { writeStores } from './stores.ts';
import { pushVector } from './vector-expressions.ts';
import type { VectorPlan } from './vector-plan.ts';

/** Where a loop starts and ends: fixed, or the part of the axis that a unit of work covers. */
export interface Bounds {
  readonly low: number | { readonly local: number };
  readonly high: number | { readonly local: number };
}

/** What statements are written with, besides the emitter. */
export interface StatementContext {
  readonly emitter: Emitter;
  readonly plan: VectorPlan;
  /** The axis that units of work cover in part, if any. */
  readonly partial: { readonly axis: Axis; readonly bounds: Bounds } | null;
}

/** Turns of a float sum before its partial sum is set aside: keeps long sums accurate. */
const BLOCK = 128;

/** Writes statements in order. */
export function writeStatements(context: StatementContext, statements: readonly Statement[]): void {
  const { emitter } = context;
  for (let k = 0; k < statements.length; k++) {
    const statement = statements[k];
    if (statement === undefined) continue;
    if (statement.kind === 'let') writeLet(emitter, statement.expr);
    else if (statement.kind === 'cumulate') writeCumulate(emitter, statement.expr);
    else if (statement.kind === 'loop') writeLoop(context, statement);
    else {
      const group = [statement.store];
      for (let next = statements[k + 1]; next?.kind === 'store'; next = statements[++k + 1]) {
        group.push(next.store);
      }
      writeStores(emitter, group);
    }
  }
}

/** Accumulators of a reduction or a running total at their start, and how to take in a value. */
function startAccumulator(
  emitter: Emitter,
  { op, dtype }: { readonly op: ReduceExpr['op']; readonly dtype: Expr['dtype'] },
  asVector: boolean,
): number[] {
  if (!asVector) {
    const local = emitter.local(localType(dtype));
    pushIdentity(emitter, op, dtype);
    emitter.emit(localSet(local));
    return [local];
  }
  return Array.from({ length: emitter.vector?.copies ?? 1 }, () => {
    const local = emitter.local('v128');
    emitter.constantVector(identityOf(op, dtype), dtype);
    emitter.emit(localSet(local));
    return local;
  });
}

function accumulate(
  emitter: Emitter,
  { op, dtype, value }: Pick<ReduceExpr, 'op' | 'dtype' | 'value'>,
  locals: readonly number[],
  asVector: boolean,
): void {
  locals.forEach((local, copy) => {
    emitter.emit(localGet(local));
    if (asVector) {
      pushVector(emitter, value, copy);
      emitter.emit(combineVectors(op, dtype));
    } else {
      pushScalar(emitter, value);
      combineScalars(emitter, op, dtype);
    }
    emitter.emit(localSet(local));
  });
}

function takeExtremes(
  emitter: Emitter,
  extreme: Extreme,
  value: Expr,
  locals: readonly number[],
): void {
  locals.forEach((local, copy) => {
    extreme.take(local, () => pushVector(emitter, value, copy));
  });
}

function writeCumulate(emitter: Emitter, expr: CumulateExpr): void {
  const binding = emitter.find(expr);
  invariant(binding !== undefined, 'a running total outside its loop');
  if (emitter.vector?.axis === expr.axis) writeScan(emitter, expr, binding.locals);
  else accumulate(emitter, expr, binding.locals, binding.isVector);
}

function writeLoop(context: StatementContext, loop: LoopStatement): void {
  const { emitter } = context;
  const partial = context.partial?.axis === loop.axis ? context.partial.bounds : null;
  const bounds = partial ?? { low: 0, high: loop.axis.extent };
  const copies = emitter.vector === null ? context.plan.get(loop) : undefined;
  if (copies !== undefined) {
    writeVectorLoop(context, loop, bounds, copies);
    return;
  }
  const results = writePass(context, loop, bounds, 1);
  loop.accumulators.forEach((reduce, k) => {
    const locals = results[k] ?? [];
    emitter.bind(reduce, locals, emitter.varies(reduce));
  });
}

/** Four (or 8, 16) positions per turn, then those that are left. Accumulators end as scalars. */
function writeVectorLoop(
  context: StatementContext,
  loop: LoopStatement,
  bounds: Bounds,
  copies: number,
): void {
  const { emitter } = context;
  const totals = loop.accumulators.map((reduce) => startAccumulator(emitter, reduce, false));
  const carries = loop.running.map((total) => startAccumulator(emitter, total, false)[0] ?? 0);
  let low = bounds.low;
  for (const width of copies > 1 ? [copies, 1, 0] : [1, 0]) {
    const lanes = Math.max(1, width * 4);
    const high = lastMultiple(emitter, low, bounds.high, lanes);
    if (high === null) continue;
    emitter.vector = width === 0 ? null : { axis: loop.axis, copies: width };
    const results = writePass(context, loop, { low, high }, lanes, carries);
    emitter.vector = null;
    loop.accumulators.forEach((reduce, k) => {
      combineInto(emitter, reduce, totals[k]?.[0] ?? 0, results[k] ?? [], width > 0);
    });
    low = high;
  }
  loop.accumulators.forEach((reduce, k) => {
    emitter.bind(reduce, totals[k] ?? [], false);
  });
}

function combineInto(
  emitter: Emitter,
  { op, dtype }: ReduceExpr,
  total: number,
  partials: readonly number[],
  areVectors: boolean,
): void {
  const [first, ...rest] = partials;
  if (first === undefined) return;
  emitter.emit(localGet(total));
  if (areVectors) {
    for (const other of rest) {
      emitter.emit(localGet(first), localGet(other), combineVectors(op, dtype), localSet(first));
    }
    pushCombinedLanes(emitter, first, op, dtype);
  } else {
    emitter.emit(localGet(first));
  }
  combineScalars(emitter, op, dtype);
  emitter.emit(localSet(total));
}

/** The end of the whole turns of `lanes` positions from `low`; null if there is none for certain. */
function lastMultiple(
  emitter: Emitter,
  low: Bounds['low'],
  high: Bounds['high'],
  lanes: number,
): Bounds['high'] | null {
  if (typeof low === 'number' && typeof high === 'number') {
    const end = low + Math.floor((high - low) / lanes) * lanes;
    return end === low ? null : end;
  }
  if (lanes === 1) return high;
  const local = emitter.local('i32');
  pushBound(emitter, low);
  pushBound(emitter, high);
  pushBound(emitter, low);
  emitter.emit(i32.sub, i32Const(-lanes), i32.and, i32.add, localSet(local));
  return { local };
}

const pushBound = (emitter: Emitter, bound: Bounds['low']): void =>
  emitter.emit(typeof bound === 'number' ? i32Const(bound) : localGet(bound.local));

/** One loop from `low` to `high`, and the accumulators' locals after it. */
function writePass(
  context: StatementContext,
  loop: LoopStatement,
  { low, high }: Bounds,
  step: number,
  carries: readonly number[] = [],
): number[][] {
  const { emitter } = context;
  const ownVector = emitter.vector?.axis === loop.axis;
  const isVector = (reduce: ReduceExpr): boolean => ownVector || emitter.varies(reduce);
  const accumulators = loop.accumulators.map((reduce) =>
    startAccumulator(emitter, reduce, isVector(reduce)),
  );
  const scans = ownVector
    ? loop.running.map((total, k) => startScan(emitter, total, carries[k]))
    : [];
  const running = loop.running.map((total, k) => {
    const [scan, carry] = [scans[k], carries[k]];
    if (scan !== undefined) return { total, asVector: true, locals: scan };
    if (carry !== undefined) return { total, asVector: false, locals: [carry] };
    // A total varies with the vector axis only if its value does: its own axis is this loop.
    const asVector = emitter.vector !== null && total.value.deps.has(emitter.vector.axis);
    return { total, asVector, locals: startAccumulator(emitter, total, asVector) };
  });
  const extremes = loop.accumulators.map((reduce) =>
    isExtreme(reduce) && isVector(reduce) ? new Extreme(emitter, reduce) : null,
  );
  const turns =
    typeof low === 'number' && typeof high === 'number' ? (high - low) / step : Infinity;
  const blocked = turns > 2 * BLOCK ? loop.accumulators.map(isLongSum) : [];
  const sums = loop.accumulators.map((reduce, k) =>
    blocked[k] === true ? new LongSum(emitter, accumulators[k] ?? [], isVector(reduce)) : null,
  );
  writeCounted(
    emitter,
    { axis: loop.axis, low, high, step, block: blocked.includes(true) ? BLOCK : null },
    () => {
      for (const { total, asVector, locals } of running) emitter.bind(total, locals, asVector);
      writeStatements(context, loop.body);
      loop.accumulators.forEach((reduce, k) => {
        const locals = accumulators[k] ?? [];
        const extreme = extremes[k];
        if (extreme) takeExtremes(emitter, extreme, reduce.value, locals);
        else accumulate(emitter, reduce, locals, isVector(reduce));
      });
    },
    () => {
      for (const sum of sums) sum?.setAside();
    },
  );
  extremes.forEach((extreme, k) => {
    extreme?.finish(accumulators[k] ?? []);
  });
  scans.forEach((locals, k) => {
    endScan(emitter, loop.running[k]?.dtype, locals, carries[k]);
  });
  return accumulators.map((locals, k) => sums[k]?.totals ?? locals);
}

interface Counted extends Bounds {
  readonly axis: Axis;
  readonly step: number;
  /** Turns between calls of `between`, or null for never. */
  readonly block: number | null;
}

/** A counted loop. `between` writes what happens after each block of turns. */
function writeCounted(
  emitter: Emitter,
  { axis, low, high, step, block }: Counted,
  body: () => void,
  between: () => void,
): void {
  if (typeof low === 'number' && typeof high === 'number' && low >= high) return;
  const index = emitter.local('i32');
  const frame = newFrame(axis, index, step);
  pushBound(emitter, low);
  emitter.emit(localSet(index));
  emitter.code.push(frame.preheader);
  const mayBeEmpty = typeof low !== 'number' || typeof high !== 'number';
  if (mayBeEmpty) {
    emitter.emit(localGet(index));
    pushBound(emitter, high);
    emitter.emit(i32.ltS, control.if);
  }
  const outer = emitter.code;
  const turn: Code = [];
  emitter.code = turn;
  emitter.loops = [...emitter.loops, frame];
  emitter.scoped(body);
  emitter.loops = emitter.loops.slice(0, -1);
  emitter.code = outer;
  const stop = block === null ? null : emitter.local('i32');
  if (stop !== null) {
    emitter.emit(
      control.loop,
      localGet(index),
      i32Const((block ?? 1) * step),
      i32.add,
      localTee(stop),
    );
    pushBound(emitter, high);
    emitter.emit(localGet(stop));
    pushBound(emitter, high);
    emitter.emit(i32.ltS, control.select, localSet(stop));
  }
  emitter.emit(control.loop);
  emitter.code.push(turn, frame.increments);
  emitter.emit(localGet(index), i32Const(step), i32.add, localTee(index));
  if (stop === null) pushBound(emitter, high);
  else emitter.emit(localGet(stop));
  emitter.emit(i32.ltS, branchIf(0), control.end);
  if (stop !== null) {
    between();
    emitter.emit(localGet(index));
    pushBound(emitter, high);
    emitter.emit(i32.ltS, branchIf(0), control.end);
  }
  if (mayBeEmpty) emitter.emit(control.end);
}
