/** Chooses which loops run four positions at a time, by counting what a turn of each would cost. */

import type { KernelStore } from '../../compile/kernel.ts';
import type { LoopStatement, Statement } from '../../compile/structure.ts';
import { type Axis, type CumulateExpr, childrenOf, type Expr, walk } from '../../ir/expr.ts';
import { strideAlong } from '../../ir/index-algebra.ts';

import { hasVectorForm } from './scalar-table.ts';

/** Loops that are to be vectorised along their own axis, with the number of vectors per turn. */
export type VectorPlan = ReadonlyMap<LoopStatement, number>;

/** A plan, and what one iteration costs with it, in scalar instructions. */
export interface Planned {
  readonly plan: VectorPlan;
  readonly cost: number;
}

const LANES = 4;
/** Combining the lanes of an accumulator after its loop. */
const COMBINE = 8;
/** A quarter of four loads, the shuffles between them included. */
const QUAD = 3;
/** A running total at one position: each turn waits for the one before. */
const WAIT = 1;
/** Four single loads and their addresses, against one load. */
const GATHER = 7;
/** The same from lines so far apart that they compete for their places in the cache. */
const FAR_GATHER = 20;
const FAR_STRIDE = 256;
const gatherCost = (stride: number | null): number =>
  stride !== null && Math.abs(stride) >= FAR_STRIDE ? FAR_GATHER : GATHER;

/** The cheapest plan for these statements. `parallel` axes may be vectorised without further proof. */
export function planVectors(
  statements: readonly Statement[],
  parallel: ReadonlySet<Axis>,
  quads: ReadonlyMap<Expr, unknown> = new Map(),
): Planned {
  const plan = new Map<LoopStatement, number>();
  const cost = new Planner(parallel, quads, plan).block(statements, null);
  return { plan, cost };
}

class Planner {
  readonly #parallel: ReadonlySet<Axis>;
  readonly #quads: ReadonlyMap<Expr, unknown>;
  readonly #plan: Map<LoopStatement, number>;

  constructor(
    parallel: ReadonlySet<Axis>,
    quads: ReadonlyMap<Expr, unknown>,
    plan: Map<LoopStatement, number>,
  ) {
    this.#parallel = parallel;
    this.#quads = quads;
    this.#plan = plan;
  }

  /** Cost of the statements once; under a vector axis, of one turn for four positions. */
  block(statements: readonly Statement[], vector: Axis | null, named = new Set<Expr>()): number {
    let cost = 0;
    for (const statement of statements) {
      if (statement.kind === 'let') {
        cost += this.#cost(statement.expr, vector, named);
        named.add(statement.expr);
      } else if (statement.kind === 'cumulate') {
        const { axis, value } = statement.expr;
        cost +=
          this.#cost(value, vector, named) + (vector === axis ? scanCost(statement.expr) : WAIT);
        named.add(statement.expr);
      } else if (statement.kind === 'store') {
        cost += this.#storeCost(statement.store, vector, named);
      } else {
        cost += this.loop(statement, vector, named);
        for (const reduce of statement.accumulators) named.add(reduce);
      }
    }
    return cost;
  }

  loop(loop: LoopStatement, vector: Axis | null, named: ReadonlySet<Expr>): number {
    const turn = (axis: Axis | null): number => {
      const inner = new Set(named);
      const body = this.block(loop.body, axis, inner);
      const values = loop.accumulators.map((r) => this.#cost(r.value, axis, inner) + 1);
      return body + values.reduce((sum, value) => sum + value, 0) + 2;
    };
    const { extent } = loop.axis;
    const plain = extent * turn(vector);
    if (vector !== null || extent < LANES || !this.#mayVectorise(loop)) return plain;
    const perTurn = turn(loop.axis);
    const turns = Math.floor(extent / LANES);
    const rest = ((extent % LANES) * plain) / extent;
    const vectorised = turns * perTurn + rest + loop.accumulators.length * COMBINE + LANES;
    if (vectorised >= plain) return plain;
    forget(this.#plan, loop.body);
    // Four rows at a time are enough to do at once.
    this.#plan.set(loop, this.#quads.size > 0 ? 1 : copiesFor(perTurn, turns, loop));
    return vectorised;
  }

  #cost(expr: Expr, vector: Axis | null, named: ReadonlySet<Expr>): number {
    return treeCost(expr, vector, named, this.#quads);
  }

  #storeCost(store: KernelStore, vector: Axis | null, named: ReadonlySet<Expr>): number {
    const value = this.#cost(store.value, vector, named);
    const guard = store.guard === null ? 0 : this.#cost(store.guard, vector, named) + 1;
    if (vector === null) return value + guard + 1;
    const stride = strideAlong(store.index, vector);
    const isNear = stride === 1 || (stride === -1 && store.mode === 'set');
    const isWide = isNear && (store.guard === null || !store.guard.deps.has(vector));
    return value + guard + (isWide ? 1 : gatherCost(stride) + 2);
  }

  /** True if the turns of a loop do not depend on each other. */
  #mayVectorise(loop: LoopStatement): boolean {
    const stores = storesIn(loop.body);
    // Turns of a parallel axis take what is local to an iteration in turn.
    if (this.#parallel.has(loop.axis)) {
      return stores.every((store) => store.index.deps.has(loop.axis));
    }
    if (stores.length === 0) return true;
    // With loops inside, the order of writes to one element could change.
    if (loop.body.some((s) => s.kind === 'loop' && storesIn(s.body).length > 0)) return false;
    const targets = new Map(stores.map((store) => [store.target, store]));
    if (targets.size !== stores.length) return false;
    const isSeparate = stores.every((store) => {
      const stride = strideAlong(store.index, loop.axis);
      return stride !== null && stride !== 0;
    });
    if (!isSeparate) return false;
    const loads = walk(
      stores.flatMap((s) => [s.index, s.value, ...(s.guard === null ? [] : [s.guard])]),
    );
    return loads.every(
      (expr) =>
        expr.kind !== 'load' ||
        !targets.has(expr.source) ||
        (targets.get(expr.source)?.index === expr.index && expr.deps.has(loop.axis)),
    );
  }
}

const storesIn = (statements: readonly Statement[]): KernelStore[] =>
  statements.flatMap((s) =>
    s.kind === 'store' ? [s.store] : s.kind === 'loop' ? storesIn(s.body) : [],
  );

/** Loops inside a vectorised one run plainly. */
function forget(plan: Map<LoopStatement, number>, statements: readonly Statement[]): void {
  for (const statement of statements) {
    if (statement.kind !== 'loop') continue;
    plan.delete(statement);
    forget(plan, statement.body);
  }
}

/** Short bodies run several vectors per turn: to hide latency, and to read whole cache lines. */
function copiesFor(perTurn: number, turns: number, loop: LoopStatement): number {
  const hasInner = loop.body.some((statement) => statement.kind === 'loop');
  const body = hasInner ? perTurn / innerTurns(loop.body) : perTurn;
  const wanted = hasInner && body <= 6 ? 8 : body <= 16 ? 4 : body <= 100 ? 2 : 1;
  let copies = wanted;
  while (copies > turns) copies /= 2;
  return Math.max(1, copies);
}

const innerTurns = (statements: readonly Statement[]): number =>
  statements.reduce(
    (most, s) => (s.kind === 'loop' ? Math.max(most, s.axis.extent * innerTurns(s.body)) : most),
    1,
  );

/** Price of a running total at four positions at once. Extremes of floats heed NaN, which takes long. */
const scanCost = ({ op, dtype }: CumulateExpr): number =>
  dtype === 'float32' && (op === 'max' || op === 'min') ? 40 : 8;

/** Cost of computing an expression whose named parts are at hand. */
function treeCost(
  root: Expr,
  vector: Axis | null,
  named: ReadonlySet<Expr>,
  quads: ReadonlyMap<Expr, unknown>,
): number {
  const seen = new Set<Expr>();
  const visit = (expr: Expr): number => {
    if (seen.has(expr) || named.has(expr)) return 0;
    seen.add(expr);
    const isVector = vector !== null && expr.deps.has(vector);
    switch (expr.kind) {
      case 'const':
      case 'axis':
      case 'accumulator':
        return 0;
      case 'load':
        if (isVector && quads.has(expr)) return QUAD;
        return loadCost(expr.index, isVector ? vector : null, visit);
      case 'op': {
        const operands = expr.args.reduce((sum, arg) => sum + visit(arg), 0);
        return operands + (isVector && !hasVectorForm(expr) ? 14 : opCost(expr.op));
      }
      default:
        return childrenOf(expr).reduce((sum, child) => sum + visit(child), 1);
    }
  };
  return visit(root);
}

const opCost = (name: string): number =>
  name === 'div' || name === 'sqrt'
    ? 4
    : name === 'rem'
      ? 8
      : name === 'max' || name === 'min'
        ? 2
        : 1;

function loadCost(index: Expr, vector: Axis | null, visit: (expr: Expr) => number): number {
  const stride = vector === null ? 0 : strideAlong(index, vector);
  const atoms = index.kind === 'affine' ? index.terms.map((t) => t.atom) : [index];
  if (stride !== null) {
    const inner = atoms.reduce((sum, atom) => sum + (atom.kind === 'axis' ? 0 : visit(atom)), 0);
    return inner + (Math.abs(stride) <= 1 ? 1 : gatherCost(stride));
  }
  return visit(index) + GATHER + 2;
}
