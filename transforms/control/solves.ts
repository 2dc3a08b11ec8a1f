/** Solutions of equations, differentiated by the equations and not by the way in which they were found. */
import { flatten } from '../../core/base/pytree.ts';
import { inline } from '../../core/ir/interpret.ts';
import { definePrimitive, known, type PrimitiveOf, type Tangent } from '../../core/ir/primitive.ts';
import type { Program } from '../../core/ir/program.ts';
import { bind, traceClosed } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted } from '../../core/primitives/broadcast.ts';
import { add, neg } from '../../core/primitives/index.ts';
import { map as mapTree } from '../../core/tree.ts';
import { batchProgram } from '../batch.ts';
import { noRuleFor } from '../errors.ts';
import { jvp, jvpProgram } from '../jvp.ts';
import { labelled, labelOf } from '../label.ts';
import { linearize } from '../linearize.ts';
import { stopGradient } from '../stop-gradient.ts';
import { linearTranspose } from '../transpose.ts';
import type { Output } from '../types.ts';
import { writeZeros } from '../values.ts';
import { leavesOf, stageBody } from './body.ts';
import { closureConvert } from './closure-convert.ts';
import { apartFromShared, customJvp } from './custom-jvp.ts';
import { cut } from './lists.ts';

/**
 * The x with f(x) = 0 that `solve` finds. Its derivatives, with respect to what `f` closes over, follow from
 * f(x) = 0 alone: the implicit function theorem.
 *
 * @param solve - From `f` and the guess to the root.
 * @param tangentSolve - From a linear function g and y to the x with g(x) = y; for scalars `(g, y) => y.div(g(np.array(1)))`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.custom_root.html
 * @example
 * const root = lax.customRoot(
 *   (x: np.Array) => np.subtract(np.square(x), 2),
 *   np.array(1),
 *   (f, guess) => lax.foriLoop(0, 8, (_, x: np.Array) => x.sub(f(x).div(x.mul(2))), guess),
 *   (g, y) => y.div(g(np.array(1))),
 * );
 */
export function customRoot<T extends Output>(
  f: (x: T) => T,
  initialGuess: T,
  solve: (f: (x: T) => T, guess: T) => T,
  tangentSolve: (g: (x: T) => T, y: T) => T,
): T {
  const label = `customRoot of ${labelOf(f)}`;
  const [closed, held] = closureConvert<[T], T>(labelled(f, labelOf(f)), initialGuess as never);
  const [find, heldBySolve] = closureConvert<[T], T>(
    (guess: T) => solve(f, guess),
    initialGuess as never, // An array describes itself.
  );
  const root: (guess: T, held: Value[], other: Value[]) => T = customJvp(
    labelled((guess: T, _held: Value[], other: Value[]): T => find(guess, ...other), label),
    ([guess, values, other], [, dValues]) => {
      const solution = root(guess, values, other);
      const given = dValues as (Value | null)[] | null; // A tangent for each.
      const change = (...inner: Value[]): T => closed(solution, ...inner);
      const [, moved] = jvp(change, values, (given ?? values.map(() => null)) as never);
      const [, g] = linearize((x: T) => closed(x, ...values), solution);
      const wanted = mapTree((leaf) => neg(leaf as Value), moved) as T; // As many leaves.
      return [solution, tangentSolve(g as (x: T) => T, wanted)];
    },
  );
  return root(
    stopGradient(initialGuess),
    held,
    heldBySolve.map((value) => stopGradient(value)),
  );
}

/** The linear map, its transpose, and what solves with either; null without a solver of the transpose. */
type Programs = {
  readonly matvec: Program;
  readonly vecmat: Program | null;
  readonly solve: Program;
  readonly transposeSolve: Program | null;
};

/** Operands: what each of the four programs closes over, in order, then the right-hand side. */
type SolveParams = Programs & { readonly counts: readonly [number, number, number, number] };

const groups = <T>(operands: readonly T[], { counts }: SolveParams) => cut(operands, counts);

const linearSolvePrimitive: PrimitiveOf<SolveParams> = definePrimitive<SolveParams>({
  name: 'customLinearSolve',
  infer: (operands, params) => groups(operands, params)[4],
  jvp: (primals, tangents, params, outputs) => {
    const [held] = groups(primals, params);
    const [dHeld, , , , dRight] = groups(tangents, params);
    const change = tangentOfMap(params.matvec, held, dHeld, outputs);
    const right = dRight.map((d, i) => sumOf(d, change[i] ?? null));
    if (right.every((d) => d === null)) return right;
    const avals = outputs.map((v) => v.aval);
    const consts = primals.slice(0, primals.length - avals.length);
    return bind(linearSolvePrimitive, [...consts, ...writeZeros(right, avals)], params);
  },
  transpose: (cotangents, operands, params) => {
    const { counts, matvec, vecmat, solve, transposeSolve } = params;
    if (vecmat === null || transposeSolve === null) {
      throw noRuleFor('lax.customLinearSolve', 'transpose', 'it was given no { transposeSolve }');
    }
    const [m, v, s, t, right] = groups(operands, params);
    const consts = [...v, ...m, ...t, ...s].map(known).filter((value) => value !== null);
    const avals = right.map((operand) => operand.aval);
    const found = bind(linearSolvePrimitive, [...consts, ...writeZeros(cotangents, avals)], {
      counts: [counts[1], counts[0], counts[3], counts[2]],
      matvec: vecmat,
      vecmat: matvec,
      solve: transposeSolve,
      transposeSolve: solve,
    });
    return [...operands.slice(0, consts.length).map(() => null), ...found];
  },
  batch: (operands, batched, params, size, axis) => {
    const flags = groups(batched, params);
    const right = groups(operands, params)[4];
    const count = operands.length - right.length;
    const over = <P extends Program | null>(program: P, own: readonly boolean[]): P => {
      if (program === null) return program;
      const all = [...own, ...right.map(() => true)];
      const lean = batchProgram(program, size, all, axis);
      return apartFromShared(lean.program, lean.batched, size) as P; // A program, since it is not null.
    };
    const whole = operands.map((value, i) => (i < count ? value : lifted(value, batched[i], size)));
    return bind(linearSolvePrimitive, whole, {
      counts: params.counts,
      matvec: over(params.matvec, flags[0]),
      vecmat: over(params.vecmat, flags[1]),
      solve: over(params.solve, flags[2]),
      transposeSolve: over(params.transposeSolve, flags[3]),
    });
  },
  lower: (avals, params) => ({
    kind: 'call',
    program: traceClosed(
      (inputs) => {
        const [, , held, , right] = groups(inputs, params);
        return inline(params.solve, [...held, ...right]);
      },
      avals,
      'customLinearSolve',
    ),
    isApart: false,
  }),
});

const sumOf = (d: Tangent, change: Tangent): Tangent => {
  if (change === null) return d;
  return d === null ? neg(change) : add(d, neg(change));
};

/** How much the map's value at x changes with what it closes over. */
function tangentOfMap(
  matvec: Program,
  held: readonly Value[],
  tangents: readonly Tangent[],
  x: readonly Value[],
): Tangent[] {
  const given = tangents.filter((tangent) => tangent !== null);
  if (given.length === 0) return x.map(() => null);
  const nonzero = [...tangents.map((tangent) => tangent !== null), ...x.map(() => false)];
  const { program, captures, nonzero: found } = jvpProgram(matvec, nonzero);
  const results = inline(program, [...held, ...x, ...given, ...captures])
    .slice(x.length)
    .values();
  return found.map((is) => (is ? (results.next().value ?? null) : null));
}

/** Options of {@link customLinearSolve}. */
export interface LinearSolveOptions<T> {
  /** From the transposed map and b to the solution of the transposed equation: for reverse mode. */
  readonly transposeSolve?: (vecmat: (x: T) => T, b: T) => T;
  /** Whether the map is its own transpose. Default false. */
  readonly symmetric?: boolean;
}

/**
 * The x with matvec(x) = b that `solve` finds. Its derivatives solve with the same function, and backwards with
 * `transposeSolve`, so that loops inside need not be differentiated.
 *
 * @param matvec - A linear function; what it closes over is differentiated.
 * @param solve - From the map and b to x.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.custom_linear_solve.html. Differs: no auxiliary results.
 * @example
 * const a = np.array([[2, 0], [0, 4]]);
 * const solve = (_: (x: np.Array) => np.Array, b: np.Array) => np.linalg.solve(a, b);
 * const x = lax.customLinearSolve((v: np.Array) => np.matmul(a, v), np.ones([2]), solve, { transposeSolve: solve });
 */
export function customLinearSolve<T extends Output>(
  matvec: (x: T) => T,
  b: T,
  solve: (matvec: (x: T) => T, b: T) => T,
  { transposeSolve, symmetric = false }: LinearSolveOptions<T> = {},
): T {
  const label = `customLinearSolve of ${labelOf(matvec)}`;
  const { values, structure } = leavesOf(label, b);
  const avals = values.map((value) => value.aval);
  const staged = (f: (x: T) => T) => stageBody(label, f as never, [structure], avals);
  const turned = symmetric ? matvec : (x: T): T => linearTranspose(matvec, b as never)(x)[0] as T;
  const [map, found] = [staged(matvec), staged((x) => solve(matvec, x))];
  const back =
    transposeSolve === undefined
      ? null
      : { map: staged(turned), solve: staged((x) => transposeSolve(turned, x)) };
  const consts = [
    map.consts,
    back?.map.consts ?? [],
    found.consts,
    back?.solve.consts ?? [],
  ] as const;
  const results = bind(linearSolvePrimitive, [...consts.flat(), ...values], {
    counts: [consts[0].length, consts[1].length, consts[2].length, consts[3].length],
    matvec: map.program,
    vecmat: back?.map.program ?? null,
    solve: found.program,
    transposeSolve: back?.solve.program ?? null,
  });
  return flatten(b).structure.unflatten(results) as T; // As b is.
}
