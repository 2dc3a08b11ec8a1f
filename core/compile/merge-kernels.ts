/** Several loop kernels over the same axes become one that reads each array once. */
import {
  type Axis,
  type Expr,
  type LoadExpr,
  rebuild,
  type Source,
  substitute,
  walk,
} from '../ir/expr.ts';
import { axisPosition } from '../ir/index-algebra.ts';
import { buffersOf, type Launch } from './build-kernels.ts';
import type { KernelStore, LoopKernel } from './kernel.ts';
import type { Target } from './plan.ts';

/** Distinct expressions in one kernel, at most: kernels take time to compile, too. */
const maxNodes = 500;
/** How far back to look for a partner. */
const window = 24;

interface Group {
  launch: Launch;
  /** Arrays that some kernel of the group writes. */
  readonly writes: Set<Source>;
}

/** The launches with partners merged, in an order that keeps every dependence. */
export function mergeKernels(launches: readonly Launch[], target: Target): Launch[] {
  const groups: Group[] = [];
  for (const launch of launches) {
    const merged =
      launch.kernel.kind === 'loop' && joinEarlier(groups, launch, launch.kernel, target);
    if (merged) continue;
    groups.push({ launch, writes: writesOf(launch) });
  }
  return groups.map((group) => group.launch);
}

const writesOf = ({ kernel }: Launch): Set<Source> =>
  new Set(kernel.buffers.filter((b) => b.access !== 'read').map((b) => b.source));

/** Looks back as far as nothing in between is needed by `kernel` or touches what it writes. */
function joinEarlier(groups: Group[], launch: Launch, kernel: LoopKernel, target: Target): boolean {
  const touched = new Set(kernel.buffers.map((buffer) => buffer.source));
  for (let i = groups.length - 1; i >= Math.max(0, groups.length - window); i--) {
    const group = groups[i];
    if (group === undefined) return false;
    const merged = mergePair(group.launch, kernel, target);
    if (merged !== null) {
      group.launch = { kernel: merged, site: launch.site };
      for (const source of writesOf(launch)) group.writes.add(source);
      return true;
    }
    if ([...group.writes].some((source) => touched.has(source))) return false;
  }
  return false;
}

const isPlain = (kernel: LoopKernel): boolean =>
  kernel.stores.every((store) => store.mode === 'set' && store.guard === null);

const sameExtents = (a: readonly Axis[], b: readonly Axis[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis.extent === b[i]?.extent);

function mergePair(
  { kernel: first }: Launch,
  second: LoopKernel,
  target: Target,
): LoopKernel | null {
  if (first.kind !== 'loop' || !isPlain(first) || !isPlain(second)) return null;
  if (!sameExtents(first.parallel, second.parallel) || !sharesBuffer(first, second)) return null;
  const stores = besides(first, second) ?? (target.hasSerialRows ? after(first, second) : null);
  if (stores === null) return null;
  const all = [...first.stores, ...stores];
  const buffers = buffersOf(all);
  if (buffers.length > target.maxBuffers) return null;
  if (walk(all.map((store) => store.value)).length > maxNodes) return null;
  const name = [...new Set([...first.name.split('·'), ...second.name.split('·')])].join('·');
  return { kind: 'loop', name, buffers, parallel: first.parallel, stores: all };
}

const sharesBuffer = (a: LoopKernel, b: LoopKernel): boolean =>
  a.buffers.some((x) => b.buffers.some((y) => x.source === y.source));

/** How loads of what the first kernel writes are replaced; null if that cannot be. */
type Forward = (load: LoadExpr, store: KernelStore) => Expr | null;

/** The second kernel's stores with its axes renamed; null if a load of what the first writes is in the way. */
function moveStores(
  first: LoopKernel,
  second: LoopKernel,
  rename: (store: KernelStore) => readonly Axis[],
  forward: Forward,
): KernelStore[] | null {
  const computed = new Map(first.stores.map((store) => [store.target, store]));
  let isLegal = true;
  const stores = second.stores.map((store) => {
    const serial = rename(store);
    const place = new Map<Axis, Expr>();
    const match = (from: readonly Axis[], to: readonly Axis[]): void =>
      from.forEach((axis, i) => {
        const other = to[i];
        if (other !== undefined && other !== axis) place.set(axis, axisPosition(other));
      });
    match(second.parallel, first.parallel);
    match(store.serial, serial);
    const move = (expr: Expr): Expr =>
      rebuild(
        expr,
        (node) => (node.kind === 'axis' ? place.get(node.axis) : undefined),
        (node) => {
          const written = node.kind === 'load' ? computed.get(node.source) : undefined;
          if (node.kind !== 'load' || written === undefined) return undefined;
          const value = forward(node, written);
          if (value === null) isLegal = false;
          return value ?? undefined;
        },
      );
    return { ...store, index: move(store.index), value: move(store.value), serial };
  });
  return isLegal ? stores : null;
}

/** The second kernel's stores in the same loops as the first one's: each element is still at hand. */
function besides(first: LoopKernel, second: LoopKernel): KernelStore[] | null {
  const serial = first.stores[0]?.serial ?? [];
  const isOneLoop = first.stores.every((store) =>
    store.serial.every((axis, i) => axis === serial[i]),
  );
  const isAlike = [...first.stores, ...second.stores].every((s) => sameExtents(s.serial, serial));
  if (!isOneLoop || !isAlike) return null;
  const isAtHand: Forward = (load, store) => (store.index === load.index ? store.value : null);
  return moveStores(first, second, () => serial, isAtHand);
}

/** Rows longer than this have left the nearest cache when the next loop comes to them. */
const maxRow = 8192;

/**
 * The second kernel's stores in loops of their own after the first one's, row by row: a row that
 * has just been written is read again while it is near.
 */
function after(first: LoopKernel, second: LoopKernel): KernelStore[] | null {
  const isRow = first.stores.every(
    ({ serial }) => serial.length <= 1 && (serial[0]?.extent ?? 1) <= maxRow,
  );
  const written = new Set(first.stores.map((store) => store.target));
  const needs = second.buffers.some((buffer) => written.has(buffer.source));
  if (!isRow || !needs) return null;
  return moveStores(first, second, (store) => store.serial, ownRow(first.parallel));
}

/** Loads of the present row stay loads; one value per row is at hand. */
const ownRow =
  (parallel: readonly Axis[]): Forward =>
  (load, { index, serial, value }) => {
    const [axis] = serial;
    if (axis === undefined) return index === load.index ? value : null;
    const isOwn = [...load.index.deps].some(
      (other) =>
        !parallel.includes(other) &&
        other.extent === axis.extent &&
        substitute(index, new Map([[axis, axisPosition(other)]])) === load.index,
    );
    return isOwn ? load : null;
  };
