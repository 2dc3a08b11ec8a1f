/** Several kernels over the same axes become one that reads each array once. */
import { type Axis, type Expr, rebuild, type Source, walk } from '../ir/expr.ts';
import { axisPosition } from '../ir/index-algebra.ts';
import { scalarOpFacts } from '../ir/scalar-ops.ts';
import { buffersOf, type Launch, type Overlay } from './build-kernels.ts';
import { finishProduct } from './finish-product.ts';
import type { Kernel, KernelStore, LoopKernel } from './kernel.ts';
import type { Target } from './plan.ts';

/** Distinct expressions in one kernel, at most: kernels take time to compile, too. */
const maxNodes = 500;
/**
 * Price in additions of all that a GPU's kernel computes, at most. Drivers inline functions: a hundred sines in a
 * kernel take some of them minutes, and kernels that are left apart are often alike and compiled once.
 */
const maxPrice = 400;
/** How far back to look for a partner. */
const window = 24;

interface Group {
  launch: Launch;
  /** Arrays that some kernel of the group writes. */
  readonly writes: Set<Source>;
}

/**
 * The launches with partners merged, in an order that keeps every dependence.
 *
 * @param overlays - What changes an array stays where it is: others read that array before.
 */
export function mergeKernels(
  launches: readonly Launch[],
  target: Target,
  overlays: readonly Overlay[],
): Launch[] {
  const changed = new Set(overlays.map(({ to }) => to.source));
  const groups: Group[] = [];
  for (const launch of launches) {
    const isChange = launch.kernel.buffers.some(
      ({ source, access }) => access !== 'read' && changed.has(source),
    );
    const merged =
      launch.kernel.kind === 'loop' &&
      !isChange &&
      joinEarlier(groups, launch, launch.kernel, target);
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
  kernel.stores.every((store) => store.mode === 'set' && store.guard === null) &&
  kernel.buffers.every((buffer) => buffer.access !== 'update');

const sameExtents = (a: readonly Axis[], b: readonly Axis[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis.extent === b[i]?.extent);

function mergePair({ kernel: first }: Launch, second: LoopKernel, target: Target): Kernel | null {
  if (first.kind === 'matmul') return finishProduct(first, second, target);
  if (first.kind !== 'loop' || !isPlain(first) || !isPlain(second)) return null;
  if (first.locals?.length || second.locals?.length) return null;
  if (!sameExtents(first.parallel, second.parallel)) return null;
  const serial = first.stores[0]?.serial ?? [];
  const alike = [...first.stores, ...second.stores].every((s) => sameExtents(s.serial, serial));
  if (!alike || !sharesBuffer(first, second)) return null;
  const stores = moveStores(first, second, serial);
  if (stores === null) return null;
  const all = [...first.stores, ...stores];
  const buffers = buffersOf(all);
  if (buffers.length > target.maxBuffers || buffers.some((b) => b.access === 'update')) return null;
  const nodes = walk(all.map((store) => store.value));
  if (nodes.length > maxNodes) return null;
  if (target.device === 'webgpu' && priceOf(nodes) > maxPrice) return null;
  const name = [...new Set([...first.name.split('·'), ...second.name.split('·')])].join('·');
  return { kind: 'loop', name, buffers, parallel: first.parallel, stores: all };
}

const priceOf = (nodes: readonly Expr[]): number =>
  nodes.reduce((sum, node) => sum + (node.kind === 'op' ? scalarOpFacts[node.op].cost : 0), 0);

const sharesBuffer = (a: LoopKernel, b: LoopKernel): boolean =>
  a.buffers.some((x) => b.buffers.some((y) => x.source === y.source));

/** The second kernel's stores in the first one's axes, with what the first has just computed put in place of loads. */
function moveStores(
  first: LoopKernel,
  second: LoopKernel,
  serial: readonly Axis[],
): KernelStore[] | null {
  const place = new Map<Axis, Expr>();
  const rename = (from: readonly Axis[], to: readonly Axis[]): void =>
    from.forEach((axis, i) => {
      const other = to[i];
      if (other !== undefined && other !== axis) place.set(axis, axisPosition(other));
    });
  rename(second.parallel, first.parallel);
  for (const store of second.stores) rename(store.serial, serial);
  const computed = new Map(first.stores.map((store) => [store.target, store]));
  let isLegal = true;
  const move = (expr: Expr): Expr =>
    rebuild(
      expr,
      (node) => (node.kind === 'axis' ? place.get(node.axis) : undefined),
      (node) => {
        if (node.kind !== 'load') return undefined;
        const store = computed.get(node.source);
        if (store === undefined) return undefined;
        if (store.index === node.index) return store.value;
        isLegal = false;
        return undefined;
      },
    );
  const stores = second.stores.map((store) => ({
    ...store,
    index: move(store.index),
    value: move(store.value),
    serial,
  }));
  return isLegal ? stores : null;
}
