/** Where every array lives: liveness, one arena for intermediates, and memory taken over from dying arrays. */
import { bytesOf } from '../base/dtype.ts';
import {
  type Axis,
  axisIndex,
  childrenOf,
  type Expr,
  type LoadExpr,
  type Source,
  substitute,
  walk,
} from '../ir/expr.ts';
import type { Launch, Overlay } from './build-kernels.ts';
import type { KernelStore } from './kernel.ts';
import type { Slot, Target } from './plan.ts';

/** Steps from the first that writes an array to the last that touches it. */
interface Lifetime {
  readonly source: Source;
  readonly bytes: number;
  first: number;
  last: number;
  /** True if it is several arrays, each a change of the one before: kernels know it by several names. */
  readonly isChanged: boolean;
}

/** The result of {@link planMemory}. */
export interface MemoryPlan {
  readonly slotOf: (source: Source) => Slot;
  readonly arenaBytes: number;
  readonly aliases: ReadonlyMap<number, number>;
}

const bytesOfSource = ({ dtype, length }: Source): number => bytesOf(dtype) * length;

/** Which arrays may or must share memory. */
export interface Sharing {
  /** Inputs that may be overwritten once they are dead. */
  readonly donated: ReadonlySet<number>;
  /** Output → input whose memory it is. */
  readonly held: ReadonlyMap<number, number>;
  readonly overlays: readonly Overlay[];
}

/** @param outputs - Sources of the results. */
export function planMemory(
  launches: readonly Launch[],
  inputs: readonly Source[],
  outputs: readonly Source[],
  { donated, held, overlays }: Sharing,
  target: Target,
): MemoryPlan {
  const rootOf = rootsOf(overlays);
  const lifetimes = measureLifetimes(launches, rootOf);
  const slots = new Map<Source, Slot>();
  inputs.forEach((source, index) => {
    slots.set(source, { kind: 'input', index, bytes: bytesOfSource(source) });
  });
  outputs.forEach((source, index) => {
    slots.set(rootOf(source), { kind: 'output', index, bytes: bytesOfSource(source) });
  });
  const intermediates = [...lifetimes.values()].filter(({ source }) => !slots.has(source));
  const arenaBytes = placeInArena(intermediates, slots, launches, target);
  const aliases = new Map(held);
  const free = new Set([...donated].filter((input) => ![...held.values()].includes(input)));
  aliasDonated(aliases, launches, inputs, outputs.map(rootOf), free, lifetimes, target);
  return {
    slotOf: (source) => {
      const slot = slots.get(rootOf(source));
      if (slot === undefined) throw new Error('an array without a place');
      return slot;
    },
    arenaBytes,
    aliases,
  };
}

/** Of arrays that share memory the first, for each. */
function rootsOf(overlays: readonly Overlay[]): (source: Source) => Source {
  const before = new Map(overlays.map(({ from, to }) => [to.source, from.source]));
  return (source) => {
    let root = source;
    for (let from = before.get(root); from !== undefined; from = before.get(root)) root = from;
    return root;
  };
}

function measureLifetimes(
  launches: readonly Launch[],
  rootOf: (source: Source) => Source,
): Map<Source, Lifetime> {
  const lifetimes = new Map<Source, Lifetime>();
  const changed = new Set<Source>();
  launches.forEach(({ kernel }, step) => {
    for (const { source: own } of kernel.buffers) {
      const source = rootOf(own);
      if (own !== source) changed.add(source);
      const known = lifetimes.get(source);
      if (known === undefined) {
        const bytes = bytesOfSource(source);
        lifetimes.set(source, { source, bytes, first: step, last: step, isChanged: false });
      } else known.last = step;
    }
  });
  for (const source of changed) {
    const life = lifetimes.get(source);
    if (life !== undefined) lifetimes.set(source, { ...life, isChanged: true });
  }
  return lifetimes;
}

/**
 * True if `kernel` has read an element of `from` for the last time when it writes that element of `to`:
 * it reads just there, or, where a row is written by a loop, in loops over the same row before.
 */
function isInPlace({ kernel }: Launch, from: Source, to: Source): boolean {
  if (kernel.kind !== 'loop' || from.dtype !== to.dtype || from.length !== to.length) return false;
  const store = kernel.stores.at(-1);
  const before = kernel.stores.slice(0, -1);
  // A later store of the same iteration might read what an earlier one has overwritten.
  if (store === undefined || !before.every(({ target }) => kernel.locals?.includes(target))) {
    return false;
  }
  const earlier = walk(before.flatMap(({ index, value }) => [index, value]));
  if (!readsOnly(earlier, from, (read) => isOwnRow(read, store))) return false;
  if (store.target !== to || store.mode !== 'set' || store.guard !== null) return false;
  if (!readsOnly(walk([store.value]), from, (read) => isOwnRow(read, store))) return false;
  return readsOnly(
    outsideReductions(store, new Set(kernel.parallel)),
    from,
    (read) => read.index === store.index,
  );
}

const readsOnly = (
  nodes: readonly Expr[],
  from: Source,
  isFine: (read: LoadExpr) => boolean,
): boolean => nodes.every((node) => node.kind !== 'load' || node.source !== from || isFine(node));

/** True if a read is where the store writes, with a loop of the same length in place of the serial one. */
function isOwnRow({ index }: LoadExpr, store: KernelStore): boolean {
  if (index === store.index) return true;
  const [serial] = store.serial;
  if (serial === undefined || store.serial.length > 1) return false;
  return [...index.deps].some(
    (axis) =>
      axis.extent === serial.extent &&
      substitute(store.index, new Map([[serial, axisIndex(axis)]])) === index,
  );
}

/**
 * What is evaluated while the row is being written: everything but reductions that are finished before,
 * and those that are not with all that is inside.
 */
function outsideReductions({ value, serial }: KernelStore, parallel: ReadonlySet<Axis>): Expr[] {
  const seen = new Set<Expr>();
  const visit = (node: Expr): void => {
    // One that depends on the row's loop, or on a reduction around it, runs again for every element.
    const isBefore = node.kind === 'reduce' && [...node.deps].every((axis) => parallel.has(axis));
    if (seen.has(node) || (isBefore && serial.length > 0)) return;
    seen.add(node);
    childrenOf(node).forEach(visit);
  };
  visit(value);
  return [...seen];
}

interface Placed {
  readonly life: Lifetime;
  readonly offset: number;
  readonly end: number;
}

/** First-fit by size: big arrays first, each at the lowest offset that is free during its life. */
function placeInArena(
  arrays: readonly Lifetime[],
  slots: Map<Source, Slot>,
  launches: readonly Launch[],
  { alignment, device }: Target,
): number {
  const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
  const placed: Placed[] = [];
  let arenaBytes = 0;
  const order = [...arrays].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const life of order) {
    const size = Math.max(alignment, align(life.bytes));
    const rivals = placed.filter((other) => isTogether(other.life, life));
    const givers =
      device === 'webgpu' ? [] : rivals.filter((r) => handsOver(r.life, life, launches));
    const offset = inherited(givers, rivals, size) ?? firstFree(rivals, size);
    placed.push({ life, offset, end: offset + size });
    arenaBytes = Math.max(arenaBytes, offset + size);
    slots.set(life.source, { kind: 'arena', offset, bytes: life.bytes });
  }
  return arenaBytes;
}

const isTogether = (a: Lifetime, b: Lifetime): boolean => a.first <= b.last && b.first <= a.last;

/** The place of an array that is handed over, if no other living array reaches into it. */
function inherited(
  givers: readonly Placed[],
  rivals: readonly Placed[],
  size: number,
): number | undefined {
  return givers.find(({ offset }) =>
    rivals.every(
      (rival) =>
        rival.end <= offset ||
        rival.offset >= offset + size ||
        (rival.offset === offset && givers.includes(rival)),
    ),
  )?.offset;
}

/** The lowest offset at which `size` bytes are free of rivals. */
function firstFree(rivals: readonly Placed[], size: number): number {
  let offset = 0;
  for (const rival of [...rivals].sort((a, b) => a.offset - b.offset)) {
    if (rival.offset >= offset + size) break;
    offset = Math.max(offset, rival.end);
  }
  return offset;
}

/** True if the later array is written, element by element, where a kernel has just read the earlier one for the last time. */
function handsOver(a: Lifetime, b: Lifetime, launches: readonly Launch[]): boolean {
  const [early, late] = a.first <= b.first ? [a, b] : [b, a];
  const launch = launches[late.first];
  return (
    !early.isChanged &&
    early.last === late.first &&
    early.first < late.first &&
    early.bytes === late.bytes &&
    launch !== undefined &&
    isInPlace(launch, early.source, late.source)
  );
}

/** Pairs outputs with donated inputs of the same size that are dead, or written in place, by then. */
function aliasDonated(
  aliases: Map<number, number>,
  launches: readonly Launch[],
  inputs: readonly Source[],
  outputs: readonly Source[],
  donated: ReadonlySet<number>,
  lifetimes: ReadonlyMap<Source, Lifetime>,
  target: Target,
): void {
  const taken = new Set<number>();
  outputs.forEach((output, outputIndex) => {
    const life = lifetimes.get(output);
    if (life === undefined || aliases.has(outputIndex)) return;
    const born = life.first;
    const launch = launches[born];
    for (const inputIndex of donated) {
      const input = inputs[inputIndex];
      if (input === undefined || taken.has(inputIndex)) continue;
      if (bytesOfSource(input) !== bytesOfSource(output)) continue;
      const dies = lifetimes.get(input)?.last ?? -1;
      const inPlace =
        dies === born &&
        target.device !== 'webgpu' &&
        launch !== undefined &&
        isInPlace(launch, input, output);
      if (dies >= born && !inPlace) continue;
      aliases.set(outputIndex, inputIndex);
      taken.add(inputIndex);
      return;
    }
  });
}
