/**
 * Long reductions with few results, in two stages: partial results that keep the device busy (and sums
 * accurate), then their combination.
 */

import { stridesOf } from '../base/aval.ts';
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
  reduce,
  substitute,
  walk,
} from '../ir/expr.ts';
import { addIndex, axisPosition, flatten, indexConstant, scaleIndex } from '../ir/index-algebra.ts';
import { identityOf } from '../ir/scalar-ops.ts';
import type { KernelStore } from './kernel.ts';
import type { Target } from './plan.ts';

/** One loop nest of the sequence that a kernel was split into. */
export interface LoopPart {
  readonly parallel: readonly Axis[];
  readonly stores: readonly KernelStore[];
}

/** Elements below which one iteration may as well do it all. */
const smallWork = 16384;
/** Elements that one partial result takes in, at least. */
const chunkWork = 2048;

/** The same stores, preceded by those that compute partial results where that helps. */
export function splitLongReductions(
  parallel: readonly Axis[],
  stores: readonly KernelStore[],
  target: Target,
): LoopPart[] {
  const whole = { parallel, stores };
  const iterations = parallel.reduce((n, axis) => n * axis.extent, 1);
  if (!target.fuse || iterations >= target.concurrency) return [whole];
  if (stores.some((store) => store.serial.length > 0)) return [whole];
  const before: LoopPart[] = [];
  const replaced = new Map<ReduceExpr, Expr>();
  const change = (expr: Expr): Expr =>
    rebuild(expr, (node) => (node.kind === 'reduce' ? replaced.get(node) : undefined));
  for (const loop of ownReductions(stores, parallel)) {
    // What it needs may have been replaced before.
    const known = change(loop);
    if (known.kind !== 'reduce' || workOf(known) < smallWork) continue;
    const { part, value } = partial(known, parallel, target.concurrency / Math.max(1, iterations));
    before.push(...splitLongReductions(part.parallel, part.stores, target));
    replaced.set(loop, value);
  }
  if (replaced.size === 0) return [whole];
  const combined = stores.map((store) => ({ ...store, value: change(store.value) }));
  return [...before, { parallel, stores: combined }];
}

/** Turns of the loop and of the loops inside it. */
function workOf(loop: ReduceExpr): number {
  const inner = walk([loop.value]).filter(
    (node) => node.kind === 'reduce' && node.deps.has(loop.axis),
  );
  const deepest = Math.max(
    1,
    ...inner.map((node) => (node.kind === 'reduce' ? node.axis.extent : 1)),
  );
  return loop.axis.extent * deepest;
}

/** Reductions that are done once in an iteration, also for the sake of others, those that others need first. */
function ownReductions(stores: readonly KernelStore[], parallel: readonly Axis[]): ReduceExpr[] {
  const known = new Set(parallel);
  return walk(stores.map((store) => store.value)).filter(
    (node): node is ReduceExpr =>
      node.kind === 'reduce' && [...node.deps].every((axis) => known.has(axis)),
  );
}

function partial(
  loop: ReduceExpr,
  parallel: readonly Axis[],
  wantedChunks: number,
): { part: LoopPart; value: Expr } {
  const { extent } = loop.axis;
  const perTurn = Math.max(1, workOf(loop) / extent);
  const most = Math.ceil((extent * perTurn) / chunkWork);
  const length = chunkLength(extent, Math.min(extent, most, Math.ceil(wantedChunks)));
  const chunks = makeAxis(Math.ceil(extent / length));
  const axes = [...parallel, chunks];
  const shape = axes.map((axis) => axis.extent);
  const source = makeSource(
    loop.dtype,
    shape.reduce((a, b) => a * b, 1),
  );
  const at = (chunk: Expr): Expr =>
    flatten([...parallel.map(axisPosition), chunk], stridesOf(shape));
  const isExact = chunks.extent * length === extent;
  const value = reduce(loop.op, length, (i) => {
    const position = addIndex(scaleIndex(axisPosition(chunks), length), i);
    const body = (index: Expr): Expr => substitute(loop.value, new Map([[loop.axis, index]]));
    if (isExact) return body(position);
    const inside = op('lt', [position, indexConstant(extent)]);
    const nothing = constant(identityOf(loop.op, loop.dtype), loop.dtype);
    return op('select', [inside, body(op('min', [position, indexConstant(extent - 1)])), nothing]);
  });
  const store: KernelStore = {
    target: source,
    index: at(axisPosition(chunks)),
    value,
    mode: 'set',
    guard: null,
    serial: [],
  };
  return {
    part: { parallel: axes, stores: [store] },
    value: reduce(loop.op, chunks.extent, (chunk) => load(source, at(chunk))),
  };
}

/** A chunk length that divides the extent if one is near, else just the quotient rounded up. */
function chunkLength(extent: number, chunks: number): number {
  const least = Math.ceil(extent / Math.max(1, chunks));
  for (let length = least; length < 2 * least && length <= extent; length++) {
    if (extent % length === 0) return length;
  }
  return least;
}
