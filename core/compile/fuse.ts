/**
 * Which arrays are written to memory, and which are computed where they are read.
 *
 * Every array that is not written has one or more homes: a kernel in which it is computed, at an index
 * that is an expression in that kernel's axes. Going backwards through the program, an array stays
 * unwritten if computing it at all its homes costs no more than writing it once and reading it back.
 */

import { sizeOf, stridesOf } from '../base/aval.ts';
import { bytesOf } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import { type Axis, type Expr, substitute } from '../ir/expr.ts';
import { axisPosition, flatten, indexConstant, unflatten } from '../ir/index-algebra.ts';
import type { ArrayNode, MapFacts } from './graph.ts';
import type { Target } from './plan.ts';

/** An array of which a kernel computes, in each of its parallel iterations, just the part that it needs there. */
export interface LocalArray {
  readonly node: ArrayNode;
  /** The loops over the elements of that part: the axes of `node` after the root's parallel ones. */
  readonly axes: readonly Axis[];
}

/** A kernel-to-be: the array that it is for, over whose elements it runs. */
export interface Root {
  readonly node: ArrayNode;
  /** The loops over the elements of `node`. */
  readonly axes: readonly Axis[];
  /** The leading axes that run in parallel; the others run as loops inside. */
  parallel: number;
  /** True if there are reductions inside. */
  reduces: boolean;
  /** What is computed once per parallel iteration and read several times, readers before what they read. */
  readonly locals: LocalArray[];
  /** The product whose sum this root finishes in its epilogue. */
  product: ArrayNode | null;
  /** Where the root's element lies that an element of the product ends up in. */
  fromProduct: (index: readonly Expr[]) => readonly Expr[];
}

/** A place at which an unwritten array is computed. */
interface Home {
  readonly root: Root;
  readonly index: readonly Expr[];
  /** How many operations deep in the kernel. */
  readonly depth: number;
}

/** What {@link fuse} decides. */
export interface Fusion {
  /** Kernels in order; arrays of `steps` are written but have no root. */
  readonly roots: ReadonlyMap<ArrayNode, Root>;
  readonly isWritten: (node: ArrayNode) => boolean;
}

/** Prices in additions of writing and reading an element, of an array that fits the cache and of one that does not. */
const memoryCost = { near: { store: 3, load: 1 }, far: { store: 10, load: 4 } };
/** Bytes from which on an array will have left the cache before it is read again. */
const farBytes = 2 * 2 ** 20;
const costOf = (node: ArrayNode) =>
  node.size * bytesOf(node.aval.dtype) > farBytes ? memoryCost.far : memoryCost.near;
/** Prices of an element that stays in the nearest cache between the loops of one iteration. */
const localCost = { store: 1, load: 1 };
const maxHomes = 12;
const maxDepth = 48;
/** Elements of all local arrays of a kernel, at most: 256 KB of each thread's own memory. */
const maxLocal = 65536;
/** Rows longer than this do not stay in the cache between the passes over them. */
const maxRow = 65536;

/**
 * @param outputs - Arrays that must be written.
 * @param forced - More arrays that must be, because a kernel touched too many buffers without them.
 */
export function fuse(
  nodes: readonly ArrayNode[],
  outputs: ReadonlySet<ArrayNode>,
  forced: ReadonlySet<ArrayNode>,
  target: Target,
): Fusion {
  const pass = new FusionPass(nodes, target);
  for (const node of [...nodes].reverse()) pass.decide(node, outputs.has(node) || forced.has(node));
  const order = nodes.filter((node) => pass.roots.has(node));
  const roots = new Map(order.map((node) => [node, pass.rootOf(node)]));
  return { roots, isWritten: (node) => !pass.unwritten.has(node) };
}

class FusionPass {
  readonly roots = new Map<ArrayNode, Root>();
  readonly unwritten = new Set<ArrayNode>();
  readonly #homes = new Map<ArrayNode, Home[]>();
  /** Arrays that a kernel needs in memory whatever they cost. */
  readonly #pinned = new Set<ArrayNode>();
  /** Operands of products: movement may be absorbed, computation not. */
  readonly #viewOnly = new Set<ArrayNode>();
  readonly #cost: ReadonlyMap<ArrayNode, number>;
  readonly #target: Target;

  constructor(nodes: readonly ArrayNode[], target: Target) {
    this.#target = target;
    this.#cost = estimateCosts(nodes, target);
  }

  rootOf(node: ArrayNode): Root {
    const root = this.roots.get(node);
    if (root === undefined) throw new Error('not a root');
    return root;
  }

  decide(node: ArrayNode, mustWrite: boolean): void {
    const { origin } = node;
    if (origin.kind === 'input') return;
    if (origin.kind === 'steps' || origin.kind === 'control') {
      for (const operand of node.operands) this.#pinned.add(operand);
      return;
    }
    const homes = this.#homes.get(node) ?? [];
    const isView = this.#viewOnly.has(node);
    const isNeeded = mustWrite || this.#pinned.has(node) || isView || homes.length > 0;
    if (!isNeeded) {
      this.unwritten.add(node);
      return;
    }
    const stays = !mustWrite && !this.#pinned.has(node) && this.#target.fuse;
    if (origin.kind === 'dot') {
      if (!(stays && !isView && this.#joinEpilogue(node, homes))) this.#makeRoot(node);
      for (const operand of node.operands) this.#viewOnly.add(operand);
      return;
    }
    const { facts } = origin;
    if (stays && isView && facts.isView) {
      this.unwritten.add(node);
      for (const { operand } of facts.reads) this.#viewOnly.add(operand);
      this.#passOn(node, homes);
    } else if (stays && !isView && this.#shouldInline(node, homes)) {
      this.unwritten.add(node);
      if (facts.reduces) for (const { root } of homes) root.reduces = true;
      this.#passOn(node, homes);
    } else if (stays && !isView && this.#localRows(node, homes) !== null) {
      this.#makeLocal(node, facts, homes);
    } else {
      const root = this.#makeRoot(node);
      this.#passOn(node, [{ root, index: root.axes.map(axisPosition), depth: 0 }]);
    }
  }

  #makeRoot(node: ArrayNode): Root {
    const axes = node.origin.kind === 'map' ? node.origin.facts.axes : [];
    const root = {
      node,
      axes,
      parallel: axes.length,
      reduces: node.origin.kind === 'map' && node.origin.facts.reduces,
      locals: [],
      product: node.origin.kind === 'dot' ? node : null,
      fromProduct: (index: readonly Expr[]) => index,
    };
    this.roots.set(node, root);
    return root;
  }

  /**
   * The number of leading axes, parallel ones of the one root that reads the array, which all reads have in
   * common, so that the rest can be computed once for each of their positions; null if that cannot be.
   */
  #localRows(node: ArrayNode, homes: readonly Home[]): number | null {
    const [home] = homes;
    if (!this.#target.hasSerialRows || home === undefined) return null;
    const { root } = home;
    if (root.product !== null || homes.some((other) => other.root !== root)) return null;
    const common = Math.min(...homes.map((other) => sharedAxes(root, other.index)));
    const isFixed = root.parallel < root.axes.length || root.locals.length > 0;
    const rows = isFixed ? root.parallel : common;
    const { shape } = node.aval;
    if (common < rows || rows >= shape.length || !this.#canRunRows(root, rows)) return null;
    const used = root.locals.map((local) => sizeOf(local.axes.map((axis) => axis.extent)));
    const length = sizeOf(shape.slice(rows));
    return length + used.reduce((sum, part) => sum + part, 0) <= maxLocal ? rows : null;
  }

  #makeLocal(node: ArrayNode, facts: MapFacts, homes: readonly Home[]): void {
    const rows = this.#localRows(node, homes);
    const [home] = homes;
    invariant(rows !== null && home !== undefined, 'no place for a local array');
    const { root } = home;
    root.parallel = rows;
    root.reduces ||= facts.reduces;
    const axes = facts.axes.slice(rows);
    root.locals.push({ node, axes });
    this.unwritten.add(node);
    const index = [...root.axes.slice(0, rows), ...axes].map(axisPosition);
    const depth = Math.max(...homes.map((other) => other.depth));
    this.#passOn(node, [{ root, index, depth }]);
  }

  /** Tells the operands of a map where they would be computed if they were not written. */
  #passOn(node: ArrayNode, homes: readonly Home[]): void {
    if (node.origin.kind !== 'map') return;
    const { facts } = node.origin;
    for (const home of homes) {
      const place = new Map<Axis, Expr>();
      facts.axes.forEach((axis, i) => {
        const expr = home.index[i];
        if (expr !== undefined && expr !== axisPosition(axis)) place.set(axis, expr);
      });
      for (const { operand, index } of facts.reads) {
        if (operand.origin.kind === 'input') continue;
        const moved = place.size === 0 ? index : index.map((expr) => substitute(expr, place));
        this.#addHome(operand, { root: home.root, index: moved, depth: home.depth + 1 });
      }
    }
  }

  #addHome(node: ArrayNode, home: Home): void {
    const homes = this.#homes.get(node) ?? [];
    this.#homes.set(node, homes);
    const twin = homes.findIndex(
      (other) => other.root === home.root && other.index.every((expr, i) => expr === home.index[i]),
    );
    if (twin < 0) homes.push(home);
    else if ((homes[twin]?.depth ?? 0) < home.depth) homes[twin] = home;
  }

  #shouldInline(node: ArrayNode, homes: readonly Home[]): boolean {
    if (node.origin.kind !== 'map') return false;
    const { facts } = node.origin;
    if (facts.reads.length === 0) return facts.cost <= 8 || homes.length <= 1;
    if (homes.length > maxHomes || homes.some((home) => home.depth > maxDepth)) return false;
    // A reduction is computed inside another kernel only where that repeats nothing.
    if (facts.reduces) {
      if (homes.some(({ root }) => root.product !== null)) return false;
      return this.#pays(homes, (evaluations) => evaluations <= node.size);
    }
    const cost = this.#cost.get(node) ?? facts.cost;
    const { store, load } = this.#localRows(node, homes) === null ? costOf(node) : localCost;
    return this.#pays(
      homes,
      (evaluations) => evaluations * cost <= node.size * (cost + store) + evaluations * load,
    );
  }

  /** True if computing at these homes is cheap enough as the kernels are, or once one of them runs by rows. */
  #pays(homes: readonly Home[], isCheap: (evaluations: number) => boolean): boolean {
    const evaluations = (): number => homes.reduce((sum, h) => sum + this.#evaluations(h), 0);
    const [home] = homes;
    if (home === undefined) return false;
    const oneRoot = homes.every((other) => other.root === home.root);
    const { root } = home;
    const saved = root.parallel;
    if (isCheap(evaluations())) return true;
    if (!oneRoot || root.product !== null) return false;
    const rows = Math.min(...homes.map((h) => this.#rowAxes(h)));
    if (rows >= root.parallel || !this.#canRunRows(root, rows)) return false;
    root.parallel = rows;
    if (isCheap(evaluations())) return true;
    root.parallel = saved;
    return false;
  }

  /** How often an expression at this index is evaluated, loops that it does not depend on left out. */
  #evaluations({ root, index }: Home): number {
    const deps = new Set(index.flatMap((expr) => [...expr.deps]));
    let count = 1;
    root.axes.forEach((axis, i) => {
      if (i < root.parallel || deps.has(axis)) count *= axis.extent;
    });
    for (const axis of deps) if (!root.axes.includes(axis)) count *= axis.extent;
    return count;
  }

  /** The shortest leading run of the root's axes that holds every one that the index depends on. */
  #rowAxes({ root, index }: Home): number {
    const last = root.axes.findLastIndex((axis) => index.some((expr) => expr.deps.has(axis)));
    return last + 1;
  }

  #canRunRows(root: Root, rows: number): boolean {
    if (!this.#target.hasSerialRows) return false;
    if (root.locals.length > 0 && rows !== root.parallel) return false;
    const extents = root.axes.map((axis) => axis.extent);
    const count = extents.slice(0, rows).reduce((a, b) => a * b, 1);
    const length = extents.slice(rows).reduce((a, b) => a * b, 1);
    return (count >= this.#target.concurrency || count * length <= 16384) && length <= maxRow;
  }

  /** Gives the product to the one kernel that reads each of its elements once, in place. */
  #joinEpilogue(node: ArrayNode, homes: readonly Home[]): boolean {
    const [home] = homes;
    if (home === undefined || homes.length > 1) return false;
    const { root, index } = home;
    const isFree = root.product === null && root.parallel === root.axes.length && !root.reduces;
    const fromProduct = isFree ? invertIndex(root, node, index) : null;
    if (fromProduct === null) return false;
    root.product = node;
    root.fromProduct = fromProduct;
    this.unwritten.add(node);
    return true;
  }
}

/**
 * The root's index as a function of the product's, if the root reads the product at `index`, each element
 * once: with its axes in another order, or in the same order in memory. Else null.
 */
function invertIndex(
  root: Root,
  product: ArrayNode,
  index: readonly Expr[],
): Root['fromProduct'] | null {
  const { axes, node } = root;
  if (node.size !== product.size) return null;
  const places = axes.map((axis) => index.indexOf(axisPosition(axis)));
  const isPermutation = axes.every(
    ({ extent }, i) => extent === 1 || product.aval.shape[places[i] ?? -1] === extent,
  );
  if (isPermutation) {
    return (from) =>
      axes.map(({ extent }, i) => {
        const expr = extent === 1 ? indexConstant(0) : from[places[i] ?? 0];
        invariant(expr !== undefined, 'a product lacks an axis');
        return expr;
      });
  }
  const strides = stridesOf(product.aval.shape);
  const ownFlat = flatten(axes.map(axisPosition), stridesOf(node.aval.shape));
  if (flatten(index, strides) !== ownFlat) return null;
  return (from) => unflatten(flatten(from, strides), node.aval.shape).slice(0, axes.length);
}

/** How many leading axes of the root an index begins with. */
function sharedAxes({ axes }: Root, index: readonly Expr[]): number {
  const first = axes.findIndex((axis, i) => index[i] !== axisPosition(axis));
  return first < 0 ? axes.length : first;
}

/**
 * Price per element if operands with a single reader were computed in place and others loaded. What is the
 * same throughout a row is computed before its loop, where rows are loops.
 */
function estimateCosts(
  nodes: readonly ArrayNode[],
  { hasSerialRows }: Target,
): ReadonlyMap<ArrayNode, number> {
  const readers = new Map<ArrayNode, number>();
  for (const { operands } of nodes) {
    for (const operand of new Set(operands)) readers.set(operand, (readers.get(operand) ?? 0) + 1);
  }
  const costs = new Map<ArrayNode, number>();
  for (const node of nodes) {
    if (node.origin.kind !== 'map') {
      costs.set(node, 1);
      continue;
    }
    const { facts } = node.origin;
    let cost = facts.cost;
    const share = (operand: ArrayNode): number =>
      hasSerialRows && !facts.reduces ? Math.min(1, operand.size / Math.max(1, node.size)) : 1;
    for (const { operand } of facts.reads) cost += share(operand) * costOf(operand).load - 1;
    for (const operand of new Set(facts.reads.map((read) => read.operand))) {
      if (operand.origin.kind !== 'map' || readers.get(operand) !== 1) continue;
      // A reduction is either nested where it repeats nothing, or written.
      if (operand.origin.facts.reduces) continue;
      // A reduction's operand is priced with its loop; here only what is read once per element counts.
      if (facts.reduces) continue;
      const reads = facts.reads.filter((read) => read.operand === operand).length;
      const extra = (costs.get(operand) ?? 1) - costOf(operand).load;
      cost += share(operand) * reads * extra;
    }
    costs.set(node, Math.min(cost, 1e6));
  }
  return costs;
}
