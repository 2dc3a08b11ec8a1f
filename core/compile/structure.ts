/**
 * From expressions to statements: which loops there are, what is computed in which of them, and
 * what is named. Every emitter starts from the result.
 *
 * A value is computed in the outermost loop in which the axes that it depends on are known, once. One that
 * is made of what the kernel writes holds until the next store there: it is not computed before a loop that
 * writes to what it is read from, and after a store it is computed again.
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
  readonly running: CumulateExpr[] = [];
  /** Values that have a name. */
  readonly #placed = new Set<Expr>();
  /** The same, and those whose name stands for what was there before a store. */
  readonly #named = new Set<Expr>();

  constructor(axis: Axis | null, parent: Block | null, writes: ReadonlySet<Source> = new Set()) {
    this.axis = axis;
    this.parent = parent;
    this.writes = writes;
  }

  place(expr: Expr): void {
    this.#placed.add(expr);
    this.#named.add(expr);
  }

  /** True if a name, of this block or of one around it, stands for the value as it is here. */
  has(expr: Expr, reads: ReadonlySet<Source>): boolean {
    if (this.#placed.has(expr)) return true;
    return this.parent !== null && !meet(this.writes, reads) && this.parent.has(expr, reads);
  }

  /** True if a name stands for the value as it was once. */
  wasNamed(expr: Expr): boolean {
    return this.#named.has(expr) || (this.parent?.wasNamed(expr) ?? false);
  }

  /** Forgets, here and around, what no longer holds. */
  forget(isStale: (expr: Expr) => boolean): void {
    for (const expr of this.#placed) if (isStale(expr)) this.#placed.delete(expr);
    this.parent?.forget(isStale);
  }
}

const meet = (a: ReadonlySet<Source>, b: ReadonlySet<Source>): boolean =>
  b.size > 0 && [...b].some((source) => a.has(source));

/**
 * The statements of one parallel iteration.
 *
 * Stores whose serial loops begin alike share those loops: within a turn of what they share, one store's
 * own loops have finished when the next one's begin. Stores with all loops in common happen at once: what
 * they are made of is read before the first of them.
 *
 * @param scope - Axes whose position is known throughout: the parallel ones.
 * @param stores - What to compute.
 */
export function structure(scope: readonly Axis[], stores: readonly KernelStore[]): Statement[] {
  const known = new Set(scope);
  for (const store of stores) {
    for (const axis of partsOf(store).flatMap((e) => [...e.deps])) {
      invariant(
        known.has(axis) || store.serial.includes(axis),
        'a store depends on an axis that has no loop',
      );
    }
  }
  return new Structurer(stores).run();
}

/** The expressions of a store. */
const partsOf = ({ index, value, guard }: KernelStore): Expr[] =>
  guard === null ? [index, value] : [index, value, guard];

const nothing: ReadonlySet<Source> = new Set();

class Structurer {
  readonly #root = new Block(null, null);
  readonly #stores: readonly KernelStore[];
  /** Arrays that are written and read. */
  readonly #changing: ReadonlySet<Source>;
  readonly #reads = new Map<Expr, ReadonlySet<Source>>();

  constructor(stores: readonly KernelStore[]) {
    this.#stores = stores;
    const written = new Set(stores.map((store) => store.target));
    this.#changing = new Set(
      walk(stores.flatMap(partsOf)).flatMap((expr) =>
        expr.kind === 'load' && written.has(expr.source) ? [expr.source] : [],
      ),
    );
  }

  run(): Statement[] {
    this.#nest(this.#stores, this.#root, 0);
    return this.#root.statements;
  }

  /** Writes stores that share their first `depth` loops, the innermost of which is `block`. */
  #nest(stores: readonly KernelStore[], block: Block, depth: number): void {
    for (const group of groupBy(stores, ({ serial }) => serial[depth])) {
      const axis = group[0]?.serial[depth];
      if (axis === undefined) this.#store(group, block);
      else {
        const targets = group.map((store) => store.target);
        const inner = new Block(axis, block, new Set(targets));
        this.#nest(group, inner, depth + 1);
        const { running, statements: body } = inner;
        block.statements.push({ kind: 'loop', axis, accumulators: [], running, body });
      }
    }
  }

  #store(stores: readonly KernelStore[], block: Block): void {
    this.#place(stores.flatMap(partsOf), block, this.#readEarly(stores));
    for (const store of stores) block.statements.push({ kind: 'store', store });
    if (this.#changing.size === 0) return;
    const targets = new Set(stores.map((store) => store.target));
    block.forget((expr) => meet(targets, this.#readsOf(expr)));
  }

  /** Loads of stores that happen at once which an earlier one of them would change. */
  #readEarly(stores: readonly KernelStore[]): ReadonlySet<Expr> {
    const early = new Set<Expr>();
    const before = new Set<Source>();
    for (const store of this.#changing.size === 0 ? [] : stores) {
      for (const expr of before.size === 0 ? [] : walk(partsOf(store))) {
        if (expr.kind === 'load' && before.has(expr.source)) early.add(expr);
      }
      before.add(store.target);
    }
    return early;
  }

  /** The outermost block around `block` that knows every axis in `expr` and in which its value stays the same. */
  #home(expr: Expr, block: Block): Block {
    const { axis, parent, writes } = block;
    if (parent === null || axis === null || expr.deps.has(axis)) return block;
    return meet(writes, this.#readsOf(expr)) ? block : this.#home(expr, parent);
  }

  /** The arrays that the value is made of, of those that the kernel writes. */
  #readsOf(expr: Expr): ReadonlySet<Source> {
    if (this.#changing.size === 0) return nothing;
    const known = this.#reads.get(expr);
    if (known !== undefined) return known;
    const found = new Set(childrenOf(expr).flatMap((child) => [...this.#readsOf(child)]));
    if (expr.kind === 'load' && this.#changing.has(expr.source)) found.add(expr.source);
    const reads = found.size === 0 ? nothing : found;
    this.#reads.set(expr, reads);
    return reads;
  }

  #has(expr: Expr, block: Block): boolean {
    return block.has(expr, this.#readsOf(expr));
  }

  /** Computes `roots` and all that they need, each in its home block; what is read `early` gets a name. */
  #place(roots: readonly Expr[], block: Block, early: ReadonlySet<Expr> = new Set()): void {
    const order = walkOutsideReductions(roots, (expr) => this.#has(expr, block));
    const stages = stageReductions(order, (expr) => this.#home(expr, block));
    const uses = countUses(order, roots);
    for (const expr of order) {
      const home = this.#home(expr, block);
      if (this.#has(expr, home)) continue;
      if (expr.kind === 'reduce') {
        this.#placeLoop(expr, order, stages, home, block);
      } else if (expr.kind === 'cumulate') {
        home.running.push(expr);
        home.statements.push({ kind: 'cumulate', expr });
        home.place(expr);
      } else if (
        !isTrivial(expr) &&
        ((uses.get(expr) ?? 0) > 1 ||
          early.has(expr) ||
          // The name that there is would be taken for the present value.
          home.wasNamed(expr) ||
          this.#isHoisted(expr, home, block, order))
      ) {
        this.#name(expr, home);
      }
    }
  }

  /** A sum that a store may change goes by the names of its parts, which are what it takes to compute it again. */
  #name(expr: Expr, home: Block): void {
    const isSplit = expr.kind === 'affine' && this.#readsOf(expr).size > 0;
    for (const part of isSplit ? expr.terms.map(({ atom }) => atom) : [expr]) {
      if (isTrivial(part) || this.#has(part, home)) continue;
      home.statements.push({ kind: 'let', expr: part });
      home.place(part);
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
        !this.#has(expr, home) &&
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
    for (const expr of together) home.place(expr);
  }

  /** Merging must not move a loop before something at the same level that it needs. */
  #isReady(expr: ReduceExpr, first: ReduceExpr, home: Block): boolean {
    if (expr === first) return true;
    return walk([expr.value]).every(
      (inner) =>
        inner === expr ||
        inner.kind !== 'reduce' ||
        inner.deps.has(expr.axis) ||
        this.#has(inner, home) ||
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
