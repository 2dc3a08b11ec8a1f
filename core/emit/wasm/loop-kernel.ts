/** A loop kernel as a WebAssembly function that computes a range of its units of work. */

import { invariant } from '../../base/errors.ts';
import type { LoopKernel } from '../../compile/kernel.ts';
import { type Statement, structure } from '../../compile/structure.ts';
import type { Axis, Expr, Source } from '../../ir/expr.ts';
import { childrenOf, walk } from '../../ir/expr.ts';
import { strideAlong } from '../../ir/index-algebra.ts';

import { crossingsOf, type Quads } from './crossings.ts';
import { Emitter, newFrame } from './emitter.ts';
import { helperFunction, helperKey } from './helpers.ts';
import { expressionsOf, type LoopNest, simplifyNest } from './merge-axes.ts';
import { FunctionBuilder, ModuleBuilder } from './module.ts';
import {
  branchIf,
  call,
  control,
  i32,
  i32Const,
  i32Load,
  localGet,
  localSet,
  localTee,
} from './opcodes.ts';
import { writeStatements } from './statements.ts';
import { type Planned, planVectors } from './vector-plan.ts';

/** How a module is written for one host. */
export interface EmitOptions {
  /** The memory is shared between threads. */
  readonly shared: boolean;
  /** Relaxed SIMD is there. */
  readonly relaxed?: boolean;
  /** False: one element at a time, as a reference for the vector code. */
  readonly simd?: boolean;
}

/** Parameters of every kernel function: first unit, end, scratch memory, table of buffer addresses. */
export const kernelSignature = { parameters: ['i32', 'i32', 'i32', 'i32'], results: [] } as const;

/** How a nest is cut: units of work, each of which runs the inner axis or a part of it. */
export interface Schedule {
  readonly nest: LoopNest;
  /** Axes that the number of a unit tells. */
  readonly outer: readonly Axis[];
  /** The axis that each unit runs over. */
  readonly inner: Axis | null;
  /** Positions of the inner axis in one unit. */
  readonly chunk: number;
  readonly units: number;
  readonly statements: readonly Statement[];
  /** Loads that are read four rows at a time. */
  readonly quads: Quads;
  readonly planned: Planned;
}

/** Instructions in one unit of work, about 20 microseconds. */
const UNIT_COST = 100_000;
/** Side of the square that a transposition works in. */
const TILE = 64;

/** The cheapest way to run the kernel. */
export function scheduleLoops(
  kernel: LoopKernel,
  options: { merge?: boolean; simd?: boolean; chunk?: number } = {},
): Schedule {
  const nest = simplifyNest(kernel, options.merge ?? true);
  const candidates = innerCandidates(nest, options.merge ?? true);
  const written = new Set(nest.stores.map((store) => store.target));
  let best: Schedule | null = null;
  const consider = (schedule: Schedule): void => {
    if (best === null || schedule.planned.cost * schedule.units < best.planned.cost * best.units) {
      best = schedule;
    }
  };
  for (const inner of candidates) {
    consider(scheduleWith(nest, inner, written, options));
  }
  if ((options.merge ?? true) && (options.simd ?? true)) {
    for (const { nest: blocks, inner, quads } of crossingsOf(nest)) {
      consider(scheduleWith(blocks, inner, written, { ...options, quads }));
    }
  }
  invariant(best !== null, 'a kernel without a schedule');
  return best;
}

/** The last axis, and those along which some array is contiguous. */
function innerCandidates({ parallel, stores }: LoopNest, merge: boolean): (Axis | null)[] {
  const last = parallel[parallel.length - 1];
  if (last === undefined) return [null];
  if (!merge) return [last];
  const indices = [
    ...stores.map((store) => store.index),
    ...walk(stores.flatMap(expressionsOf)).flatMap((e) => (e.kind === 'load' ? [e.index] : [])),
  ];
  const others = parallel.filter(
    (axis) =>
      axis !== last && axis.extent >= 4 && indices.some((index) => strideAlong(index, axis) === 1),
  );
  return [last, ...others];
}

function scheduleWith(
  nest: LoopNest,
  inner: Axis | null,
  written: ReadonlySet<Source>,
  {
    simd = true,
    chunk: given,
    quads = new Map(),
  }: { simd?: boolean; chunk?: number; quads?: Quads },
): Schedule {
  const outer = nest.parallel.filter((axis) => axis !== inner);
  const stores = nest.stores.map((store) => ({
    ...store,
    serial: inner === null ? store.serial : [inner, ...store.serial],
  }));
  const statements = structure(outer, stores);
  const planned = simd
    ? planVectors(statements, new Set(inner === null ? [] : [inner]), quads)
    : { plan: new Map(), cost: 1 };
  const outerCount = outer.reduce((product, axis) => product * axis.extent, 1);
  const chunk = inner === null ? 1 : (given ?? chunkOf(nest, inner, outerCount, planned, written));
  const chunks = inner === null ? 1 : Math.ceil(inner.extent / chunk);
  return {
    nest,
    outer,
    inner,
    chunk,
    units: outerCount * chunks,
    statements,
    quads,
    planned: { ...planned, cost: planned.cost / Math.max(1, chunks) },
  };
}

/**
 * Positions of the inner axis in one unit. Long axes are cut so that threads can share them and
 * calls stay short; transpositions so that cache lines stay until all of them is used.
 */
function chunkOf(
  nest: LoopNest,
  inner: Axis,
  outerCount: number,
  planned: Planned,
  written: ReadonlySet<Source>,
): number {
  const { extent } = inner;
  const indices = walk(nest.stores.flatMap(expressionsOf)).flatMap((e) =>
    e.kind === 'load' && !written.has(e.source) ? [e.index] : [],
  );
  const isTransposing = indices.some((index) => {
    const stride = strideAlong(index, inner);
    return stride !== null && Math.abs(stride) > 16 && !isReduced(nest, index);
  });
  if (isTransposing && outerCount >= 8 && extent > TILE) return TILE;
  if (planned.cost <= UNIT_COST) return Math.max(1, extent);
  const isVector = [...planned.plan.keys()].some((loop) => loop.axis === inner);
  const positions = Math.max(1, Math.round((UNIT_COST * extent) / planned.cost));
  return Math.min(extent, isVector ? Math.ceil(positions / TILE) * TILE : positions);
}

/** True if the index runs along a reduction: then lines are used across the reduction, not across units. */
const isReduced = (nest: LoopNest, index: Expr): boolean => {
  const known = new Set([...nest.parallel, ...nest.stores.flatMap((store) => store.serial)]);
  return [...index.deps].some((axis) => !known.has(axis));
};

/** Bytes that a local array takes: whole cache lines, and what vector loads touch beyond its end. */
const localBytes = ({ length }: Source): number => 64 * Math.ceil((4 * length + 16) / 64);

/** How a function is added to a module. */
export interface FunctionOptions {
  /** Exports it. */
  readonly name?: string;
  /** Stands for the memory of one thread, through which the kernel is handed results. */
  readonly scratchSource?: Source;
  readonly relaxed?: boolean;
}

/** Adds the function of a schedule to a module and returns its index. */
export function addLoopFunction(
  module: ModuleBuilder,
  kernel: LoopKernel,
  schedule: Schedule,
  { name, scratchSource, relaxed = false }: FunctionOptions = {},
): number {
  const builder = new FunctionBuilder(kernelSignature);
  const pointers = new Map<Source, number>();
  kernel.buffers.forEach(({ source }, position) => {
    const pointer = builder.local('i32');
    builder.code.push(...localGet(3), ...i32Load(position * 4), ...localSet(pointer));
    pointers.set(source, pointer);
  });
  if (scratchSource !== undefined) pointers.set(scratchSource, 2);
  let offset = 0;
  for (const source of kernel.locals ?? []) {
    const pointer = builder.local('i32');
    builder.code.push(...localGet(2), ...i32Const(offset), ...i32.add, ...localSet(pointer));
    pointers.set(source, pointer);
    offset += localBytes(source);
  }
  const helpers = new Map<string, number>();
  const emitter = new Emitter({
    builder,
    pointers,
    written: new Set(kernel.stores.map((store) => store.target)),
    relaxed,
    quads: schedule.quads,
    callHelper: (helper) => {
      const key = helperKey(helper);
      const index = helpers.get(key) ?? module.add(helperFunction(helper, { relaxed }));
      helpers.set(key, index);
      return call(index);
    },
  });
  writeUnits(emitter, schedule);
  return module.add(builder, name);
}

/** The loop over units: works out the positions of the outer axes, then runs the statements. */
function writeUnits(emitter: Emitter, schedule: Schedule): void {
  const [unit, end] = [0, 1];
  const frame = newFrame();
  emitter.code.push(frame.preheader);
  emitter.emit(localGet(unit), localGet(end), i32.ltS, control.if, control.loop);
  emitter.loops = [frame];
  const partial = decodeUnit(emitter, schedule, unit);
  writeStatements({ emitter, plan: schedule.planned.plan, partial }, schedule.statements);
  emitter.emit(localGet(unit), i32Const(1), i32.add, localTee(unit), localGet(end), i32.ltS);
  emitter.emit(branchIf(0), control.end, control.end);
  emitter.loops = [];
}

function decodeUnit(
  emitter: Emitter,
  { outer, inner, chunk }: Schedule,
  unit: number,
): Parameters<typeof writeStatements>[0]['partial'] {
  const rest = emitter.local('i32');
  emitter.emit(localGet(unit), localSet(rest));
  for (const axis of [...outer].reverse()) {
    const position = emitter.local('i32');
    emitter.decoded.set(axis, position);
    emitter.emit(localGet(rest), i32Const(axis.extent), i32.remU, localSet(position));
    emitter.emit(localGet(rest), i32Const(axis.extent), i32.divU, localSet(rest));
  }
  if (inner === null || chunk >= inner.extent) return null;
  // Parts of the inner axis vary slowest, so that neighbouring units share cache lines.
  const [low, high] = [emitter.local('i32'), emitter.local('i32')];
  emitter.emit(localGet(rest), i32Const(chunk), i32.mul, localTee(low));
  emitter.emit(i32Const(chunk), i32.add, localTee(high), i32Const(inner.extent));
  emitter.emit(localGet(high), i32Const(inner.extent), i32.ltS, control.select, localSet(high));
  return { axis: inner, bounds: { low: { local: low }, high: { local: high } } };
}

/** A kernel ready to be compiled by the host. */
export interface EmittedKernel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly units: number;
  /** Rough time of one unit, in nanoseconds. */
  readonly unitCost: number;
  /** Private memory of a thread that local arrays take. */
  readonly scratchBytes: number;
  /** For people. */
  readonly text: string;
}

/** The module of a loop kernel; it exports `run` with {@link kernelSignature}. */
export function emitLoopKernel(kernel: LoopKernel, options: EmitOptions): EmittedKernel {
  const schedule = scheduleLoops(kernel, { simd: options.simd ?? true });
  const module = new ModuleBuilder({ shared: options.shared });
  if (schedule.units > 0)
    addLoopFunction(module, kernel, schedule, { name: 'run', relaxed: options.relaxed ?? false });
  else module.add(new FunctionBuilder(kernelSignature), 'run');
  const bytes = module.bytes();
  return {
    bytes,
    units: schedule.units,
    unitCost: schedule.planned.cost * 0.2,
    scratchBytes: (kernel.locals ?? []).reduce((sum, source) => sum + localBytes(source), 0),
    text: describeSchedule(kernel, schedule, bytes.length),
  };
}

/** A summary of loops and vectors, with every statement's expressions counted. */
export function describeSchedule(kernel: LoopKernel, schedule: Schedule, size: number): string {
  const names = new Map<Axis, string>();
  const nameOf = (axis: Axis): string => {
    const name = names.get(axis) ?? `i${names.size}`;
    names.set(axis, name);
    return name;
  };
  const { outer, inner, chunk, units } = schedule;
  const head = [
    `(module ;; ${kernel.name}, ${size} bytes`,
    `  ;; ${units} units: ${outer.map((a) => `${nameOf(a)}<${a.extent}`).join(' ')}${
      inner === null ? '' : ` ${nameOf(inner)}<${inner.extent} by ${chunk}`
    }`,
  ];
  const lines = (statements: readonly Statement[], indent: string): string[] =>
    statements.flatMap((s) => {
      if (s.kind === 'let') return [`${indent}let ${s.expr.kind} ${s.expr.dtype}`];
      if (s.kind === 'cumulate') return [`${indent}${s.expr.op} into a running total`];
      if (s.kind === 'store') {
        const nodes = walk(expressionsOf(s.store)).filter((e) => childrenOf(e).length > 0).length;
        return [`${indent}store ${s.store.mode} ${s.store.target.dtype}, ${nodes} operations`];
      }
      const width = schedule.planned.plan.get(s);
      const accumulators = s.accumulators.map((r) => ` ${r.op}:${r.dtype}`).join('');
      const vector = width === undefined ? '' : ` v128×${width}`;
      return [
        `${indent}loop ${nameOf(s.axis)}<${s.axis.extent}${vector}${accumulators}`,
        ...lines(s.body, `${indent}  `),
      ];
    });
  return [...head, ...lines(schedule.statements, '  '), ')'].join('\n');
}
