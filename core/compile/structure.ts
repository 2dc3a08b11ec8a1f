/**
 * From expressions to statements: which loops there are, what is computed in which of them, and
 * what is named. Every emitter starts from the result.
 *
 * A value is computed in the outermost loop in which the axes that it depends on are known, once.
 */
import { invariant } from '../base/errors.ts';
import {
  type Axis,
  type CumulateExpr,
  childrenOf,
  type Expr,
  type ReduceExpr,
  walk,
} from '../ir/expr.ts';
import type { KernelStore } from './kernel.ts';

/** `name = expr`; later statements of this block and of inner ones refer to it. */
export interface LetStatement {
  readonly kind: 'let';
  readonly expr: Expr;
}

/**
 * A loop over one axis. Each accumulator starts from its operation's identity and takes in the
 * value of its expression at the end of every turn; after the loop the accumulator is the value of
 * its `reduce` expression. Reductions may run in any order; a loop with `cumulate` or serial stores must
 * run in order.
 */
export interface LoopStatement {
  readonly kind: 'loop';
  readonly axis: Axis;
  readonly accumulators: readonly ReduceExpr[];
  /** Running totals: updated where they stand in the body, before they are used. */
  readonly running: readonly CumulateExpr[];
  readonly body: readonly Statement[];
}

/** Updates a running total with the value of its expression. */
export interface CumulateStatement {
  readonly kind: 'cumulate';
  readonly expr: CumulateExpr;
}

/** One write to memory. */
export interface StoreStatement {
  readonly kind: 'store';
  readonly store: KernelStore;
}

export type Statement = LetStatement | LoopStatement | CumulateStatement | StoreStatement;

/** Expressions that are never worth a name. */
const isTrivial = (expr: Expr): boolean =>
  expr.kind === 'const' || expr.kind === 'axis' || expr.kind === 'accumulator';

/** A loop body under construction. */
class Block {
  readonly axis: Axis | null;
  readonly parent: Block | null;
  readonly statements: Statement[] = [];
  readonly placed = new Set<Expr>();
  readonly running: CumulateExpr[] = [];

  constructor(axis: Axis | null, parent: Block | null) {
    this.axis = axis;
    this.parent = parent;
  }

  has(expr: Expr): boolean {
    return this.placed.has(expr) || (this.parent?.has(expr) ?? false);
  }
}

/**
 * The statements of one parallel iteration.
 *
 * @param scope - Axes whose position is known throughout: the parallel ones.
 * @param stores - What to compute.
 */
export function structure(scope: readonly Axis[], stores: readonly KernelStore[]): Statement[] {
  const known = new Set(scope);
  for (const { serial, index, value, guard } of stores) {
    for (const axis of [index, value, ...(guard === null ? [] : [guard])].flatMap((e) => [
      ...e.deps,
    ])) {
      invariant(
        known.has(axis) || serial.includes(axis),
        'a store depends on an axis that has no loop',
      );
    }
  }
  return new Structurer().run(stores);
}

class Structurer {
  readonly #root = new Block(null, null);

  run(stores: readonly KernelStore[]): Statement[] {
    for (const group of groupBySerial(stores)) {
      const blocks = this.#openSerial(group[0]?.serial ?? []);
      const innermost = blocks[blocks.length - 1] ?? this.#root;
      const roots = group.flatMap((s) => [
        s.index,
        s.value,
        ...(s.guard === null ? [] : [s.guard]),
      ]);
      this.#place(roots, innermost);
      for (const store of group) innermost.statements.push({ kind: 'store', store });
      this.#closeSerial(blocks);
    }
    return this.#root.statements;
  }

  #openSerial(axes: readonly Axis[]): Block[] {
    const blocks: Block[] = [];
    let parent = this.#root;
    for (const axis of axes) {
      parent = new Block(axis, parent);
      blocks.push(parent);
    }
    return blocks;
  }

  #closeSerial(blocks: readonly Block[]): void {
    for (const block of [...blocks].reverse()) {
      const { axis, parent } = block;
      invariant(axis !== null && parent !== null, 'a serial loop without a place');
      parent.statements.push({
        kind: 'loop',
        axis,
        accumulators: [],
        running: block.running,
        body: block.statements,
      });
    }
  }

  /** The outermost block around `block` that knows every axis in `expr`. */
  #home(expr: Expr, block: Block): Block {
    const { axis, parent } = block;
    if (parent === null || axis === null || expr.deps.has(axis)) return block;
    return this.#home(expr, parent);
  }

  /** Computes `roots` and all that they need, each in its home block. */
  #place(roots: readonly Expr[], block: Block): void {
    const order = walkOutsideReductions(roots, (expr) => block.has(expr));
    const stages = stageReductions(order, (expr) => this.#home(expr, block));
    const uses = countUses(order, roots);
    for (const expr of order) {
      const home = this.#home(expr, block);
      if (home.has(expr)) continue;
      if (expr.kind === 'reduce') {
        this.#placeLoop(expr, order, stages, home, block);
      } else if (expr.kind === 'cumulate') {
        home.running.push(expr);
        home.statements.push({ kind: 'cumulate', expr });
        home.placed.add(expr);
      } else if (
        !isTrivial(expr) &&
        ((uses.get(expr) ?? 0) > 1 || this.#isHoisted(expr, home, block, order))
      ) {
        home.statements.push({ kind: 'let', expr });
        home.placed.add(expr);
      }
    }
  }

  /** True if a value in an outer block is needed by something further in. */
  #isHoisted(expr: Expr, home: Block, block: Block, order: readonly Expr[]): boolean {
    if (home === block) return false;
    return (
      order.some((user) => childrenOf(user).includes(expr) && this.#home(user, block) !== home) ||
      !order.some((user) => childrenOf(user).includes(expr))
    );
  }

  /** One loop for `first` and for every reduction over the same axis that is ready at the same time. */
  #placeLoop(
    first: ReduceExpr,
    order: readonly Expr[],
    stages: ReadonlyMap<Expr, number>,
    home: Block,
    block: Block,
  ): void {
    const together = order.filter(
      (expr): expr is ReduceExpr =>
        expr.kind === 'reduce' &&
        expr.axis === first.axis &&
        stages.get(expr) === stages.get(first) &&
        this.#home(expr, block) === home &&
        !home.has(expr) &&
        this.#isReady(expr, first, home),
    );
    const body = new Block(first.axis, home);
    this.#place(
      together.map((expr) => expr.value),
      body,
    );
    home.statements.push({
      kind: 'loop',
      axis: first.axis,
      accumulators: together,
      running: [],
      body: body.statements,
    });
    for (const expr of together) home.placed.add(expr);
  }

  /** Merging must not move a loop before something at the same level that it needs. */
  #isReady(expr: ReduceExpr, first: ReduceExpr, home: Block): boolean {
    if (expr === first) return true;
    return walk([expr.value]).every(
      (inner) =>
        inner === expr ||
        inner.kind !== 'reduce' ||
        inner.deps.has(expr.axis) ||
        home.has(inner) ||
        isInside(first.value, inner),
    );
  }
}

const isInside = (root: Expr, wanted: Expr): boolean => walk([root]).includes(wanted);

/** Stores with the same serial loops share them; order among groups is kept. */
function groupBySerial(stores: readonly KernelStore[]): KernelStore[][] {
  const groups: KernelStore[][] = [];
  for (const store of stores) {
    const last = groups[groups.length - 1];
    const same =
      last?.[0] !== undefined &&
      last[0].serial.length === store.serial.length &&
      last[0].serial.every((axis, i) => axis === store.serial[i]);
    if (same && last !== undefined) last.push(store);
    else groups.push([store]);
  }
  return groups;
}

/**
 * What must be in place before `roots`, children first. What a reduction's body alone needs is left
 * to its loop, but for what does not depend on the loop's axis, which belongs outside.
 */
function walkOutsideReductions(roots: readonly Expr[], known: (expr: Expr) => boolean): Expr[] {
  const seen = new Set<Expr>();
  const order: Expr[] = [];
  const visit = (node: Expr): void => {
    if (seen.has(node) || known(node)) return;
    seen.add(node);
    if (node.kind === 'reduce') hoistable(node).forEach(visit);
    else childrenOf(node).forEach(visit);
    order.push(node);
  };
  roots.forEach(visit);
  return order;
}

/** The largest parts of a reduction's body that do not depend on its axis (or on inner ones) and cost something. */
function hoistable(loop: ReduceExpr): Expr[] {
  const found: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (node: Expr, inner: ReadonlySet<Axis>): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (![...inner].some((axis) => node.deps.has(axis))) {
      if (!isTrivial(node)) found.push(node);
      return;
    }
    const next = node.kind === 'reduce' ? new Set([...inner, node.axis]) : inner;
    for (const child of childrenOf(node)) visit(child, next);
  };
  visit(loop.value, new Set([loop.axis]));
  return found;
}

/** How many reductions of the same block must finish before each expression, at most. */
function stageReductions(
  order: readonly Expr[],
  home: (expr: Expr) => Block,
): ReadonlyMap<Expr, number> {
  const stages = new Map<Expr, number>();
  for (const expr of order) {
    const needs = expr.kind === 'reduce' ? hoistable(expr) : childrenOf(expr);
    const before = Math.max(
      0,
      ...needs.map(
        (n) => (stages.get(n) ?? 0) + (n.kind === 'reduce' && home(n) === home(expr) ? 1 : 0),
      ),
    );
    stages.set(expr, before);
  }
  return stages;
}

function countUses(order: readonly Expr[], roots: readonly Expr[]): ReadonlyMap<Expr, number> {
  const uses = new Map<Expr, number>();
  const use = (expr: Expr): void => void uses.set(expr, (uses.get(expr) ?? 0) + 1);
  roots.forEach(use);
  for (const expr of order) {
    if (expr.kind === 'reduce')
      hoistable(expr).forEach((part) => {
        // Used in every turn of the loop: worth computing before it.
        use(part);
        use(part);
      });
    else childrenOf(expr).forEach(use);
  }
  return uses;
}
