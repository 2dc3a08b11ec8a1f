/** Minimization of functions of several variables. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { asOneProgram } from '../../../core/numpy/eager.ts';
import * as np from '../../../core/numpy/index.ts';
import { toInexact } from '../../../core/numpy/operands.ts';
import * as tree from '../../../core/tree.ts';
import { whileLoop } from '../../control/index.ts';
import { valueAndGrad } from '../../grad.ts';
import { labelOf } from '../../label.ts';
import { itemAt } from '../../values.ts';
import { badStart, unknownMethod } from './errors.ts';
import {
  advance,
  type Line,
  mostZooms,
  nextStep,
  type Search,
  startSearch,
} from './line-search.ts';

/** When {@link minimize} ends. */
export interface BfgsOptions {
  /** Most iterations. Default 200 per variable. */
  readonly maxiter?: number;
  /** Which norm of the gradient must become small: see `np.linalg.norm`. Default Infinity, the largest element. */
  readonly norm?: number;
  /** How small. Default 1e-5. */
  readonly gtol?: number;
  /** Most doublings of a step in one iteration. Default 10. */
  readonly lineSearchMaxiter?: number;
  /**
   * Most evaluations in all: a GPU always makes so many. Default: as many as the other limits allow, which
   * is (lineSearchMaxiter + 30) · maxiter.
   */
  readonly maxEvaluations?: number;
}

/** Options of {@link minimize}. */
export interface MinimizeOptions<A extends readonly ValueLike[] = readonly ValueLike[]> {
  /** How. There is one method. */
  readonly method: 'BFGS';
  /** What the function is given after x. Default: nothing. */
  readonly args?: A;
  /** When it ends. */
  readonly options?: BfgsOptions;
}

/** What {@link minimize} found. */
export type OptimizeResults = {
  /** f32[n]: where the function is lowest. */
  readonly x: Value;
  /** bool: whether the gradient became small. */
  readonly success: Value;
  /**
   * int32: 0 if the gradient became small, 1 after the last iteration allowed, 3 if the line search could not
   * narrow its bracket, 5 if it found none, −1 after the last evaluation allowed.
   */
  readonly status: Value;
  /** f32: the function there. */
  readonly fun: Value;
  /** f32[n]: its gradient there. */
  readonly jac: Value;
  /** f32[n, n]: an estimate of the inverse of its second derivatives. */
  readonly hessInv: Value;
  /** int32: how often the function was evaluated. */
  readonly nfev: Value;
  /** int32: how often its gradient was. */
  readonly njev: Value;
  /** int32: the number of iterations. */
  readonly nit: Value;
};

type State = {
  readonly converged: Value;
  readonly failed: Value;
  readonly searchStatus: Value;
  readonly k: Value;
  readonly nfev: Value;
  readonly x: Value;
  readonly f: Value;
  readonly g: Value;
  readonly h: Value;
  /** The function before the last step. */
  readonly before: Value;
  readonly search: Search;
};

type Evaluate = (x: Value) => { f: Value; g: Value };

/** The new inverse of the second derivatives, from a step and the change of the gradient. */
function updated(h: Value, step: Value, change: Value): Value {
  const rho = np.reciprocal(np.dot(change, step));
  const turned = np.dot(h, change);
  const cross = np.outer(step, turned);
  const own = np.outer(step, step).mul(np.dot(change, turned).mul(rho).add(1));
  const found = h.add(own.sub(cross).sub(cross.T).mul(rho));
  return np.where(np.isfinite(rho), found, h);
}

/** One evaluation, and the step of the method if it ends the line search. */
function turn(evaluate: Evaluate, state: State, isSmall: (g: Value) => Value, most: number): State {
  const { x, f, g, h, k, search } = state;
  const direction = np.dot(h, g).neg();
  const dphi = np.dot(g, direction);
  const wanted = f.sub(state.before).mul(2.02).div(dphi);
  const line: Line = { phi: f, dphi, start: np.where(wanted.greater(1), 1, wanted), most };
  const a = nextStep(search, line);
  const there = evaluate(x.add(direction.mul(a)));
  const at = { a, phi: there.f, dphi: np.dot(there.g, direction) };
  const { next, ending } = advance(search, at, line);
  const { isOver } = ending;
  // A step of zero would keep the search where it is for good.
  const length = np.where(np.abs(ending.a).less(1e-8), np.sign(ending.a).mul(1e-8), ending.a);
  const step = direction.mul(length);
  const gradient = np.where(ending.isLast, there.g, g);
  const keep = (done: Value, open: Value): Value => np.where(isOver, done, open);
  const fresh = startSearch();
  return {
    converged: isOver.and(isSmall(gradient)),
    failed: isOver.and(ending.failed),
    searchStatus: keep(ending.status, state.searchStatus),
    k: k.add(isOver.astype('int32')),
    nfev: state.nfev.add(1),
    x: keep(x.add(step), x),
    f: keep(ending.phi, f),
    g: keep(gradient, g),
    h: keep(updated(h, step, gradient.sub(g)), h),
    before: keep(f, state.before),
    search: tree.map(
      (yes: unknown, no: unknown) => keep(yes as Value, no as Value), // Trees of arrays only.
      fresh,
      next,
    ) as Search,
  };
}

function bfgs(evaluate: Evaluate, x: Value, options: BfgsOptions): OptimizeResults {
  const { maxiter = x.size * 200, gtol = 1e-5, lineSearchMaxiter = 10 } = options;
  const { maxEvaluations = maxiter * (lineSearchMaxiter + mostZooms), norm = Infinity } = options;
  const isSmall = (g: Value): Value => np.linalg.norm(g, { ord: norm }).less(gtol);
  const { f, g } = evaluate(x);
  const count = (n: number): Value => np.array(n, { dtype: 'int32' });
  const first: State = {
    converged: isSmall(g),
    failed: np.array(false),
    searchStatus: count(0),
    k: count(0),
    nfev: count(1),
    x,
    f,
    g,
    h: np.eye(x.size),
    before: f.add(np.linalg.norm(g).div(2)),
    search: startSearch(),
  };
  const goesOn = ({ converged, failed, k }: State): Value =>
    converged.or(failed).not().and(k.less(maxiter));
  const last = whileLoop(
    goesOn as (state: unknown) => Value,
    (state) => turn(evaluate, state as State, isSmall, lineSearchMaxiter),
    first,
    { maxIterations: Math.max(0, maxEvaluations - 1) },
  ) as State; // A tree of arrays comes back as it went in.
  const unfinished = np.where(last.failed, last.searchStatus.add(2), -1);
  const status = np.where(last.k.equal(maxiter), 1, unfinished);
  return {
    x: last.x,
    success: last.converged.and(last.failed.not()),
    status: np.where(last.converged, 0, status).astype('int32'),
    fun: last.f,
    jac: last.g,
    hessInv: last.h,
    nfev: last.nfev,
    njev: last.nfev,
    nit: last.k,
  };
}

/**
 * Where a function is lowest, by the method of Broyden, Fletcher, Goldfarb and Shanno with a line search.
 *
 * It is one loop with one evaluation of the function and its gradient in each turn. It runs under `jit` and
 * `vmap`. On a GPU, which makes all turns of a loop, set `options.maxEvaluations` to what you need.
 *
 * @param fun - From x, f32[n], and `args` to f32[].
 * @param x0 - f32[n]: where to begin.
 * @throws `bad-start` unless x0 has one axis; `unknown-method`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.scipy.optimize.minimize.html; Nocedal & Wright 1999,
 *   Numerical Optimization, algorithm 6.1. The path is JAX's up to rounding, except that it goes on where JAX
 *   gives a bracket up because its low end is the far one (status 3, as on Rosenbrock's function).
 * @example
 * const bowl = (x: np.Array) => np.sum(np.square(x.sub(3)));
 * const { x, success } = scipy.optimize.minimize(bowl, np.zeros([2]), { method: 'BFGS' });
 */
export function minimize<const A extends readonly ValueLike[] = readonly []>(
  fun: (x: Value, ...args: A) => Value,
  x0: ValueLike,
  { method, args, options = {} }: MinimizeOptions<A>,
): OptimizeResults {
  const op = 'scipy.optimize.minimize';
  if (method !== 'BFGS') throw unknownMethod(op, String(method));
  const start = toInexact(op, x0);
  if (start.ndim !== 1) throw badStart(`${op} of ${labelOf(fun)}`, start.aval);
  const rest = (args ?? []) as unknown as A; // Without args there are none.
  const differentiated = valueAndGrad((x: Value) => fun(x, ...rest));
  const evaluate: Evaluate = (x) => {
    const [f, g] = differentiated(x);
    return { f, g };
  };
  const names = ['x', 'success', 'status', 'fun', 'jac', 'hessInv', 'nfev', 'njev', 'nit'] as const;
  const values = asOneProgram(op, () => {
    const found = bfgs(evaluate, start, options);
    return names.map((name) => found[name]);
  });
  const entries = names.map((name, i) => [name, itemAt(values, i)]);
  return Object.fromEntries(entries) as OptimizeResults; // One array per name.
}
