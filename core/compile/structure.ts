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
  type Source,
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
  /** Arrays that are written in it: what is loaded from them may differ from turn to turn. */
  readonly writes: ReadonlySet<Source>;
  readonly statements: Statement[] = [];
  readonly placed = new Set<Expr>();
  readonly running: CumulateExpr[] = [];

  constructor(axis: Axis | null, parent: Block | null, writes: ReadonlySet<Source> = new Set()) {
    this.axis = axis;
    this.parent = parent;
    this.writes = writes;
  }

  has(expr: Expr): boolean {
    return this.placed.has(expr) || (this.parent?.has(expr) ?? false);
  }
}

/**
 * The statements of one parallel iteration.
 *
 * Stores whose serial loops begin alike share those loops: within a turn of what they share, one store's
 * own loops have finished when the next one's begin. Stores with all loops in common happen at once.
 *
 * @param scope - Axes whose position is known throughout: the parallel ones.
 * @param stores - What to compute.
 * @param locals - Arrays that one iteration writes and then reads.
 */
export function structure(
  scope: readonly Axis[],
  stores: readonly KernelStore[],
  locals: readonly Source[] = [],
): Statement[] {
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
  return new Structurer(new Set(locals)).run(stores);
}

class Structurer {
  readonly #root = new Block(null, null);
  readonly #locals: ReadonlySet<Source>;
  readonly #loads = new Map<Expr, ReadonlySet<Source>>();

  constructor(locals: ReadonlySet<Source>) {
    this.#locals = locals;
  }

  run(stores: readonly KernelStore[]): Statement[] {
    this.#nest(stores, this.#root, 0);
    return this.#root.statements;
  }

  /** Writes stores that share their first `depth` loops, the innermost of which is `block`. */
  #nest(stores: readonly KernelStore[], block: Block, depth: number): void {
    for (const group of groupBy(stores, ({ serial }) => serial[depth])) {
      const axis = group[0]?.serial[depth];
      if (axis === undefined) this.#store(group, block);
      else {
        const targets = group.map((store) => store.target);
        const inner = new Block(axis, block, new Set(targets.filter((t) => this.#locals.has(t))));
        this.#nest(group, inner, depth + 1);
        const { running, statements: body } = inner;
        block.statements.push({ kind: 'loop', axis, accumulators: [], running, body });
      }
    }
  }

  #store(stores: readonly KernelStore[], block: Block): void {
    const roots = stores.flatMap((s) => [s.index, s.value, ...(s.guard === null ? [] : [s.guard])]);
    this.#place(roots, block);
    for (const store of stores) block.statements.push({ kind: 'store', store });
  }

  /** The outermost block around `block` that knows every axis in `expr` and in which its value stays the same. */
  #home(expr: Expr, block: Block): Block {
    const { axis, parent, writes } = block;
    if (parent === null || axis === null || expr.deps.has(axis)) return block;
    if (writes.size > 0 && [...this.#localLoads(expr)].some((source) => writes.has(source)))
      return block;
    return this.#home(expr, parent);
  }

  /** The local arrays that the value is made of. */
  #localLoads(expr: Expr): ReadonlySet<Source> {
    if (this.#locals.size === 0) return this.#locals;
    const known = this.#loads.get(expr);
    if (known !== undefined) return known;
    const found = new Set(childrenOf(expr).flatMap((child) => [...this.#localLoads(child)]));
    if (expr.kind === 'load' && this.#locals.has(expr.source)) found.add(expr.source);
    this.#loads.set(expr, found);
    return found;
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

/** Runs of neighbours with the same key. */
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): T[][] {
  const groups: T[][] = [];
  let last: K | undefined;
  for (const item of items) {
    const key = keyOf(item);
    const group = groups[groups.length - 1];
    if (group !== undefined && key === last) group.push(item);
    else groups.push([item]);
    last = key;
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
