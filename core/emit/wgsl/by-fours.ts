/**
 * Memory by fours: four neighbouring elements move in one load or store.
 *
 * A loop nest is widened by computing four positions of an axis in one turn, along which memory is contiguous. Then
 * loads and stores at 4·i, 4·i + 1, … stand side by side, and arrays of which all are like that are bound as vectors.
 */
import type { KernelStore, LoopKernel } from '../../compile/kernel.ts';
import {
  type Axis,
  type Expr,
  makeAxis,
  op,
  type ReduceExpr,
  rebuild,
  reduce,
  type Source,
  substitute,
  walk,
} from '../../ir/expr.ts';
import {
  addIndex,
  affineSum,
  axisPosition,
  floorDiv,
  modulo,
  scaleIndex,
  strideAlong,
} from '../../ir/index-algebra.ts';
import { isWord } from './types.ts';

/** Element `lane` of four that start at 4·`at`. */
export interface PlaceInFour {
  readonly at: Expr;
  readonly lane: number;
}

/** Where an index lies among fours, if that is the same in all iterations. */
export function placeInFour(index: Expr): PlaceInFour | null {
  if (index.kind !== 'const' && index.kind !== 'affine') return null;
  const [terms, offset] = index.kind === 'const' ? [[], index.value] : [index.terms, index.offset];
  if (terms.some(({ coefficient }) => coefficient % 4 !== 0)) return null;
  const lane = ((offset % 4) + 4) % 4;
  const quarters = terms.map(({ coefficient, atom }) => ({ coefficient: coefficient / 4, atom }));
  return { at: affineSum(quarters, (offset - lane) / 4), lane };
}

const rootsOf = ({ index, value, guard }: KernelStore): Expr[] =>
  guard === null ? [index, value] : [index, value, guard];

/** The arrays of a kernel that can be bound as vectors of four. */
export function findFours({ buffers, stores }: LoopKernel): ReadonlySet<Source> {
  const loads = walk(stores.flatMap(rootsOf)).filter((node) => node.kind === 'load');
  const found = new Set<Source>();
  for (const { source, access } of buffers) {
    if (access === 'update' || source.length % 4 !== 0 || !isWord(source.dtype)) continue;
    const isFine =
      access === 'write'
        ? areFours(stores.filter(({ target }) => target === source))
        : areQuads(loads.filter((node) => node.source === source).map((node) => node.index));
    if (isFine) found.add(source);
  }
  return found;
}

/** True if loads are aligned, and some stand side by side. */
function areQuads(indices: readonly Expr[]): boolean {
  const seen = new Map<Expr, Set<number>>();
  for (const index of indices) {
    const place = placeInFour(index);
    if (place === null) return false;
    seen.set(place.at, (seen.get(place.at) ?? new Set()).add(place.lane));
  }
  return [...seen.values()].some((lanes) => lanes.size > 1);
}

/** True if stores come in groups of four neighbours. */
function areFours(stores: readonly KernelStore[]): boolean {
  if (stores.length % 4 !== 0) return false;
  return stores.every(({ index, mode, guard, serial }, i) => {
    const place = placeInFour(index);
    const first = stores[i - (i % 4)];
    if (place === null || first === undefined || mode !== 'set' || guard !== null) return false;
    return (
      place.lane === i % 4 &&
      place.at === placeInFour(first.index)?.at &&
      serial.every((axis, k) => axis === first.serial[k])
    );
  });
}

const fourth = [0, 1, 2, 3] as const;

/** The position 4·i + lane. */
const widened = (axis: Axis, lane: number): Expr => scaleIndex(axisPosition(axis), 4, lane);

function replaceAxis(stores: readonly KernelStore[], axis: Axis, by: Expr): KernelStore[] {
  const place = new Map([[axis, by]]);
  return stores.map((store) => ({
    ...store,
    index: substitute(store.index, place),
    value: substitute(store.value, place),
    guard: store.guard === null ? null : substitute(store.guard, place),
  }));
}

const exprsOf = (stores: readonly KernelStore[]): Expr[] => walk(stores.flatMap(rootsOf));

/** Index divisions, which cost a processor more than all other index arithmetic. */
const divisions = (stores: readonly KernelStore[]): number =>
  exprsOf(stores).filter(
    (node) =>
      node.kind === 'op' && node.dtype === 'int32' && (node.op === 'div' || node.op === 'rem'),
  ).length;

/** The same kernel with neighbouring parallel axes made one where no index becomes dearer. */
export function collapseAxes(kernel: LoopKernel): LoopKernel {
  let { parallel, stores } = kernel;
  for (let i = parallel.length - 2; i >= 0; i--) {
    const [outer, inner] = [parallel[i], parallel[i + 1]];
    if (outer === undefined || inner === undefined) continue;
    if (inner.extent === 0 || outer.extent === 0) continue;
    const both = makeAxis(outer.extent * inner.extent);
    const flat = axisPosition(both);
    const moved = replaceAxis(
      replaceAxis(stores, outer, floorDiv(flat, inner.extent)),
      inner,
      modulo(flat, inner.extent),
    );
    if (divisions(moved) > divisions(stores)) continue;
    parallel = parallel.toSpliced(i, 2, both);
    stores = moved;
  }
  return { ...kernel, parallel, stores };
}

/**
 * The stores at four positions of `axis` in each turn of the shorter axis `by`.
 *
 * @param group - Stores that stay together: 1, or 4 where they already are four neighbours.
 */
export function unroll(
  stores: readonly KernelStore[],
  axis: Axis,
  by: Axis,
  group: 1 | 4 = 1,
): KernelStore[] {
  const lanes = fourth.map((lane) => replaceAxis(stores, axis, widened(by, lane)));
  const result: KernelStore[] = [];
  for (let at = 0; at < stores.length; at += group) {
    for (const copy of lanes) result.push(...copy.slice(at, at + group));
  }
  return result;
}

const canWiden = (axis: Axis | undefined): axis is Axis =>
  axis !== undefined && axis.extent >= 4 && axis.extent % 4 === 0;

/**
 * The kernel with four positions of parallel axes in each iteration: of the one along which it writes, and, if it
 * transposes, of the one along which it reads.
 *
 * @param maxNodes - Expressions that the result may hold at most.
 */
export function widenParallel(kernel: LoopKernel, maxNodes: number): LoopKernel {
  let result = kernel;
  const wideAxes: Axis[] = [];
  for (const axis of kernel.parallel.toReversed()) {
    if (!canWiden(axis)) continue;
    const by = makeAxis(axis.extent / 4);
    const wide: LoopKernel = {
      ...result,
      parallel: result.parallel.map((other) => (other === axis ? by : other)),
      stores: unroll(result.stores, axis, by, wideAxes.length === 0 ? 1 : 4),
    };
    if (exprsOf(wide.stores).length > maxNodes) continue;
    // Rows are summed by fours along memory; four of them at once would only be more text.
    if (rowsOf(wide.stores) > rowsOf(result.stores)) continue;
    if (findFours(wide).size <= findFours(result).size) continue;
    result = wide;
    wideAxes.push(by);
  }
  const [written, read] = wideAxes;
  return written === undefined || read === undefined ? result : tile(result, written, read);
}

/** The number of reductions along memory. */
const rowsOf = (stores: readonly KernelStore[]): number =>
  exprsOf(stores).filter((node) => node.kind === 'reduce' && isAlongMemory(node)).length;

/** True if some of the terms lie side by side in memory. */
const isAlongMemory = ({ axis, value }: ReduceExpr): boolean =>
  walk([value]).some((node) => node.kind === 'load' && strideAlong(node.index, axis) === 1);

/** Positions along what a transposing kernel writes and reads that are visited together. */
const tileSize = { written: 8, read: 4 };

/**
 * A kernel that transposes, walked tile by tile, so that what is read of a line of memory is still in the cache
 * when the rest of it is wanted.
 */
function tile(kernel: LoopKernel, written: Axis, read: Axis): LoopKernel {
  if (written.extent % tileSize.written !== 0 || read.extent % tileSize.read !== 0) return kernel;
  const cut = (axis: Axis, size: number) => {
    const [tiles, inside] = [makeAxis(axis.extent / size), makeAxis(size)];
    const position = addIndex(scaleIndex(axisPosition(tiles), size), axisPosition(inside));
    return { axis, tiles, inside, position };
  };
  const [w, r] = [cut(written, tileSize.written), cut(read, tileSize.read)];
  const stores = replaceAxis(replaceAxis(kernel.stores, w.axis, w.position), r.axis, r.position);
  const outer = kernel.parallel.map((a) => (a === w.axis ? w.tiles : a === r.axis ? r.tiles : a));
  return { ...kernel, parallel: [...outer, r.inside, w.inside], stores };
}

/** The kernel with four positions of the innermost serial loop in each turn of it. Turns may run in any order. */
export function widenSerial(kernel: LoopKernel, maxNodes: number): LoopKernel {
  const loops = new Set(kernel.stores.flatMap(({ serial }) => serial.at(-1) ?? []));
  let result = kernel;
  for (const axis of loops) {
    if (!canWiden(axis)) continue;
    const by = makeAxis(axis.extent / 4);
    const stores = result.stores.flatMap((store) => {
      if (store.serial.at(-1) !== axis) return [store];
      const serial = [...store.serial.slice(0, -1), by];
      return unroll([store], axis, by).map((one) => ({ ...one, serial }));
    });
    const wide = { ...result, stores };
    if (exprsOf(stores).length <= maxNodes && findFours(wide).size > 0) result = wide;
  }
  return result;
}

/** The kernel with four terms of each reduction along memory combined in one turn. */
export function widenReductions(kernel: LoopKernel, maxNodes: number): LoopKernel {
  const widen = (loop: ReduceExpr): Expr | undefined => {
    const { axis, value } = loop;
    const nodes = walk([value]).filter(({ deps }) => deps.has(axis));
    if (!canWiden(axis) || axis.extent < 8 || 4 * nodes.length > maxNodes) return undefined;
    if (nodes.some(({ kind }) => kind === 'reduce')) return undefined;
    if (!isAlongMemory(loop)) return undefined;
    return reduce(loop.op, axis.extent / 4, (turn) => {
      const [a, b, c, d] = fourth.map((lane) =>
        substitute(value, new Map([[axis, scaleIndex(turn, 4, lane)]])),
      );
      if (!a || !b || !c || !d) return value;
      return op(loop.op, [op(loop.op, [a, b]), op(loop.op, [c, d])]);
    });
  };
  const rewrite = (expr: Expr): Expr =>
    rebuild(
      expr,
      () => undefined,
      (node) => (node.kind === 'reduce' ? widen(node) : undefined),
    );
  const stores = kernel.stores.map((store) => ({ ...store, value: rewrite(store.value) }));
  return { ...kernel, stores };
}
