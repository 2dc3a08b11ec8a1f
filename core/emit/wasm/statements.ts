/** Writes statements: names, loops, running totals and stores. */
import { invariant } from '../../base/errors.ts';
import type { KernelStore } from '../../compile/kernel.ts';
import type { LoopStatement, Statement } from '../../compile/structure.ts';
import type { Axis } from '../../ir/expr.ts';
import { type Expr, type ReduceExpr, walk } from '../../ir/expr.ts';
import { identityOf } from '../../ir/scalar-ops.ts';
import { strideAlong } from './addresses.ts';
import type { Code } from './bytes.ts';
import { combineScalars, combineVectors, pushCombinedLanes, pushIdentity } from './combine.ts';
import { type Emitter, type LoopFrame, localType } from './emitter.ts';
import {
  branchIf,
  control,
  f32,
  f32Load,
  f32Store,
  f32x4,
  i32,
  i32Const,
  i32Load,
  i32Store,
  i32x4,
  i32x4Extract,
  localGet,
  localSet,
  localTee,
  v128,
  v128Load,
  v128Store,
} from './opcodes.ts';
import { pushAddress, pushScalar } from './scalar-expressions.ts';
import { pushLane, pushVector } from './vector-expressions.ts';
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

/** Names a value. Sums of indices stay unnamed, since addresses take them apart; their atoms are named. */
function writeLet(emitter: Emitter, expr: Expr): void {
  if (expr.kind === 'affine') {
    for (const { atom } of expr.terms) if (atom.kind !== 'axis') writeLet(emitter, atom);
    return;
  }
  if (emitter.find(expr) === undefined) emitter.bind(expr, ...valueLocals(emitter, expr));
}

/** New locals with the value: one scalar, or one vector per copy. */
function valueLocals(emitter: Emitter, expr: Expr): [locals: number[], isVector: boolean] {
  if (!emitter.varies(expr)) {
    const local = emitter.local(localType(expr.dtype));
    pushScalar(emitter, expr);
    emitter.emit(localSet(local));
    return [[local], false];
  }
  const copies = emitter.vector?.copies ?? 1;
  const locals = Array.from({ length: copies }, (_, copy) => {
    const local = emitter.local('v128');
    pushVector(emitter, expr, copy);
    emitter.emit(localSet(local));
    return local;
  });
  return [locals, true];
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

function writeCumulate(emitter: Emitter, expr: Extract<Expr, { kind: 'cumulate' }>): void {
  const binding = emitter.find(expr);
  invariant(binding !== undefined, 'a running total outside its loop');
  accumulate(emitter, expr, binding.locals, binding.isVector);
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
  let low = bounds.low;
  for (const width of copies > 1 ? [copies, 1, 0] : [1, 0]) {
    const lanes = Math.max(1, width * 4);
    const high = lastMultiple(emitter, low, bounds.high, lanes);
    if (high === null) continue;
    emitter.vector = width === 0 ? null : { axis: loop.axis, copies: width };
    const results = writePass(context, loop, { low, high }, lanes);
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
): number[][] {
  const { emitter } = context;
  const ownVector = emitter.vector?.axis === loop.axis;
  const isVector = (reduce: ReduceExpr): boolean => ownVector || emitter.varies(reduce);
  const accumulators = loop.accumulators.map((reduce) =>
    startAccumulator(emitter, reduce, isVector(reduce)),
  );
  const running = loop.running.map((total) => {
    // A total varies with the vector axis only if its value does: its own axis is this loop.
    const asVector = emitter.vector !== null && total.value.deps.has(emitter.vector.axis);
    return { total, asVector, locals: startAccumulator(emitter, total, asVector) };
  });
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
        accumulate(emitter, reduce, accumulators[k] ?? [], isVector(reduce));
      });
    },
    () => {
      for (const sum of sums) sum?.setAside();
    },
  );
  return accumulators.map((locals, k) => sums[k]?.totals ?? locals);
}

const isLongSum = (reduce: ReduceExpr): boolean =>
  reduce.op === 'add' && reduce.dtype === 'float32';

/**
 * A float sum in two levels: partial sums of a block of turns, added up with compensation.
 *
 * @see Kahan: Further remarks on reducing truncation errors, CACM 8 (1965).
 */
class LongSum {
  readonly totals: number[];
  readonly #emitter: Emitter;
  readonly #partials: readonly number[];
  readonly #lost: number[];
  readonly #isVector: boolean;

  constructor(emitter: Emitter, partials: readonly number[], isVector: boolean) {
    this.#emitter = emitter;
    this.#partials = partials;
    this.#isVector = isVector;
    this.totals = partials.map(() => this.#zero());
    this.#lost = partials.map(() => this.#zero());
  }

  #zero(): number {
    const local = this.#emitter.local(this.#isVector ? 'v128' : 'f32');
    this.#pushZero();
    this.#emitter.emit(localSet(local));
    return local;
  }

  #pushZero(): void {
    if (this.#isVector) this.#emitter.constantVector(0, 'float32');
    else this.#emitter.emit([0x43, 0, 0, 0, 0]);
  }

  /** Adds the partial sums to the totals and starts new ones. */
  setAside(): void {
    const emitter = this.#emitter;
    const { add, sub } = this.#isVector ? f32x4 : f32;
    const type = this.#isVector ? 'v128' : 'f32';
    this.#partials.forEach((partial, k) => {
      const [total = 0, lost = 0] = [this.totals[k], this.#lost[k]];
      const [value, sum] = [emitter.local(type), emitter.local(type)];
      emitter.emit(localGet(partial), localGet(lost), sub, localSet(value));
      emitter.emit(localGet(total), localGet(value), add, localSet(sum));
      emitter.emit(localGet(sum), localGet(total), sub, localGet(value), sub, localSet(lost));
      // Infinite sums have no rounding error, but ∞ − ∞ would make one of NaN.
      if (this.#isVector) {
        emitter.emit(
          localGet(lost),
          localGet(lost),
          localGet(lost),
          f32x4.eq,
          v128.and,
          localSet(lost),
        );
      } else {
        emitter.emit(localGet(lost), [0x43, 0, 0, 0, 0], localGet(lost), localGet(lost), f32.eq);
        emitter.emit(control.select, localSet(lost));
      }
      emitter.emit(localGet(sum), localSet(total));
      this.#pushZero();
      emitter.emit(localSet(partial));
    });
  }
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
  const frame: LoopFrame = {
    axis,
    index,
    step,
    preheader: [],
    increments: [],
    strides: new Map(),
    hoisted: new Map(),
    inline: new Map(),
  };
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

/** Stores of one place. All values are computed before the first write if a later one reads what it changes. */
function writeStores(emitter: Emitter, stores: readonly KernelStore[]): void {
  const early = new Set<KernelStore>();
  stores.forEach((store, k) => {
    const before = new Set(stores.slice(0, k).map((s) => s.target));
    const parts = [store.index, store.value, ...(store.guard === null ? [] : [store.guard])];
    const reads = walk(parts).some((e) => e.kind === 'load' && before.has(e.source));
    if (reads) early.add(store);
  });
  emitter.scoped(() => {
    for (const store of early) {
      for (const part of [store.value, store.guard, store.index]) {
        if (part !== null && part.kind !== 'const' && part.kind !== 'axis') writeLet(emitter, part);
      }
    }
    for (const store of stores) {
      if (emitter.vector !== null && dependsOn(store, emitter.vector.axis))
        writeVectorStore(emitter, store);
      else writeScalarStore(emitter, store);
    }
  });
}

const dependsOn = ({ index, value, guard }: KernelStore, axis: Axis): boolean =>
  index.deps.has(axis) || value.deps.has(axis) || (guard?.deps.has(axis) ?? false);

function writeScalarStore(emitter: Emitter, store: KernelStore): void {
  const { guard } = store;
  if (guard === null) {
    storeElement(emitter, store);
    return;
  }
  pushScalar(emitter, guard);
  emitter.emit(control.if);
  emitter.conditional(() => storeElement(emitter, store));
  emitter.emit(control.end);
}

function storeElement(emitter: Emitter, { target, index, value, mode }: KernelStore): void {
  const { dtype } = target;
  const offset = pushAddress(emitter, target, index);
  const isFloat = dtype === 'float32';
  if (mode === 'set') {
    pushScalar(emitter, value);
  } else {
    const address = emitter.local('i32');
    emitter.emit(localTee(address), localGet(address), isFloat ? f32Load(offset) : i32Load(offset));
    pushScalar(emitter, value);
    combineScalars(emitter, mode, dtype);
  }
  emitter.emit(isFloat ? f32Store(offset) : i32Store(offset));
}

function writeVectorStore(emitter: Emitter, store: KernelStore): void {
  const { vector } = emitter;
  invariant(vector !== null, 'a vector store outside a vector loop');
  const { guard } = store;
  const isGuarded = guard?.deps.has(vector.axis) ?? false;
  const isWide = strideAlong(store.index, vector.axis) === 1 && !isGuarded;
  if (guard !== null && !isGuarded) {
    pushScalar(emitter, guard);
    emitter.emit(control.if);
  }
  emitter.conditional(() => {
    for (let copy = 0; copy < vector.copies; copy++) {
      if (isWide) storeVector(emitter, store, copy);
      else storeLanes(emitter, store, copy, isGuarded);
    }
  });
  if (guard !== null && !isGuarded) emitter.emit(control.end);
}

function storeVector(
  emitter: Emitter,
  { target, index, value, mode }: KernelStore,
  copy: number,
): void {
  const { dtype } = target;
  const offset = pushAddress(emitter, target, index, 4 * copy);
  if (mode === 'set') {
    pushVector(emitter, value, copy);
  } else {
    const address = emitter.local('i32');
    emitter.emit(localTee(address), localGet(address), v128Load(offset));
    if (dtype === 'bool') emitter.emit(i32x4.neg);
    pushVector(emitter, value, copy);
    emitter.emit(combineVectors(mode, dtype));
  }
  if (dtype === 'bool') emitter.emit(i32x4.neg);
  emitter.emit(v128Store(offset));
}

/** Lane by lane: for strides other than 1, indices from data, and guards that differ. */
function storeLanes(emitter: Emitter, store: KernelStore, copy: number, isGuarded: boolean): void {
  const { target, index, value, mode, guard } = store;
  const { dtype } = target;
  const isFloat = dtype === 'float32';
  const vectorLocal = (expr: Expr): number => {
    const local = emitter.local('v128');
    pushVector(emitter, expr, copy);
    emitter.emit(localSet(local));
    return local;
  };
  const [values, indices] = [vectorLocal(value), vectorLocal(index)];
  const guards = isGuarded && guard !== null ? vectorLocal(guard) : null;
  const pointer = emitter.pointers.get(target);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const address = emitter.local('i32');
  for (let lane = 0; lane < 4; lane++) {
    if (guards !== null) emitter.emit(localGet(guards), i32x4Extract(lane), control.if);
    emitter.emit(localGet(indices), i32x4Extract(lane), i32Const(2), i32.shl, localGet(pointer));
    emitter.emit(i32.add, localTee(address));
    if (mode === 'set') {
      pushLane(emitter, values, lane, dtype);
    } else {
      emitter.emit(localGet(address), isFloat ? f32Load() : i32Load());
      pushLane(emitter, values, lane, dtype);
      combineScalars(emitter, mode, dtype);
    }
    emitter.emit(isFloat ? f32Store() : i32Store());
    if (guards !== null) emitter.emit(control.end);
  }
}
