/** Reverse derivatives: linearize, then transpose. */

import { dropUnused } from '../core/ir/drop-unused.ts';
import { inline } from '../core/ir/interpret.ts';
import type { Tangent } from '../core/ir/primitive.ts';
import type { Program } from '../core/ir/program.ts';
import { type Traced, trace } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';
import { full } from '../core/primitives/broadcast.ts';
import { apply } from './apply.ts';
import { auxPair } from './aux-pair.ts';
import { labelled, labelOf } from './label.ts';
import { linearizeAt, linearizeProgram } from './linearize.ts';
import { type StagedCall, stage } from './stage.ts';
import { resultCotangents } from './tangents.ts';
import { transposeInto, transposeProgram } from './transpose.ts';
import type { Output } from './types.ts';
import { floatInputs, itemAt, writeZeros } from './values.ts';

/**
 * The program that runs `program` forward and then backward from the cotangent of one output.
 *
 * @param active - Which inputs are differentiated.
 * @param result - The output that is differentiated.
 * @returns Inputs: those of `program`, then the cotangent. Outputs: those of `program`, then the
 *   cotangents of the active inputs.
 */
export function vjpProgram(program: Program, active: readonly boolean[], result = 0): Traced {
  const avals = [...program.inputs, itemAt(program.outputs, result)].map((v) => v.aval);
  const body = (args: readonly Value[]): Value[] =>
    runBackward(program, active, args.slice(0, -1), result, itemAt(args, args.length - 1));
  return withoutUnused(trace(body, avals, 'vjp'));
}

/**
 * The program that computes `program` and the gradient of its first output, a scalar.
 *
 * @param active - Which inputs are differentiated.
 * @returns Outputs: those of `program`, then the gradients of the active inputs.
 */
export function gradProgram(program: Program, active: readonly boolean[]): Traced {
  const avals = program.inputs.map((v) => v.aval);
  const body = (inputs: readonly Value[]): Value[] =>
    runBackward(program, active, inputs, 0, full(1, itemAt(program.outputs, 0).aval));
  return withoutUnused(trace(body, avals, 'grad'));
}

const withoutUnused = ({ program, captures }: Traced): Traced => ({
  program: dropUnused(program),
  captures,
});

function runBackward(
  program: Program,
  active: readonly boolean[],
  inputs: readonly Value[],
  result: number,
  cotangent: Value,
): Value[] {
  const { primal, linear, nonzero, captures } = linearizeProgram(program, active, result + 1);
  const all = inline(primal, [...inputs, ...captures]);
  const outputs = all.slice(0, program.outputs.length);
  const residuals: Tangent[] = all.slice(outputs.length);
  const holes = active.filter(Boolean).map(() => null);
  const isSeeded = nonzero.flatMap((has, i) => (has ? [i === result] : []));
  const seeds = isSeeded.map((seeded) => (seeded ? cotangent : null));
  const cotangents = transposeInto(linear, [...residuals, ...holes], seeds);
  const activeAvals = program.inputs.filter((_, i) => active[i]).map((v) => v.aval);
  return [...outputs, ...writeZeros(cotangents.slice(residuals.length), activeAvals)];
}

/**
 * From a cotangent of the result to the cotangents of all arguments. Integers and booleans among the
 * arguments have null as theirs; null in the cotangent stands for zero.
 */
export type VjpFunction<A extends readonly unknown[], R> = (cotangent: R) => A;

/**
 * The value of `f` and a function that pulls cotangents of it back to the arguments.
 *
 * @returns `[f(...primals), cotangent => [cotangent of each argument]]`.
 * @throws `tangent-mismatch`, `tree-structure-mismatch` when the function is called.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.vjp.html
 * @example
 * const [y, pullBack] = vjp((x: np.Array) => np.sin(x), np.ones([3]));
 * const [dx] = pullBack(np.ones([3]));
 */
export function vjp<A extends readonly unknown[], R extends Output>(
  f: (...args: A) => R,
  ...primals: A
): [value: R, vjpFunction: VjpFunction<A, R>] {
  const label = `vjp of ${labelOf(f)}`;
  const staged = stage(f, primals, label, true);
  // The function that is returned must not keep `staged` alive: it holds the arguments.
  const { outTree, argTree } = staged;
  const pulled = pullBack(label, staged, outTree.size);
  // The result of a staged function has the structure that the function returned.
  const value = outTree.unflatten(pulled.results) as R;
  const vjpFunction = (cotangent: R): A => {
    const given = resultCotangents(label, outTree, cotangent, pulled.resultAvals);
    return argTree.unflatten(pulled.run(given)) as unknown as A; // One cotangent per leaf of A.
  };
  return [value, labelled(vjpFunction, label)];
}

/**
 * As {@link vjp}, for a function that returns `[result, aux]`, of which only the result is differentiated.
 *
 * @returns `[result, cotangent => [cotangent of each argument], aux]`.
 * @throws `aux-needs-pair`; what {@link vjp} throws.
 */
export function vjpWithAux<A extends readonly unknown[], R extends Output, Aux extends Output>(
  f: (...args: A) => readonly [result: R, aux: Aux],
  ...primals: A
): [value: R, vjpFunction: VjpFunction<A, R>, aux: Aux] {
  const label = `vjp of ${labelOf(f)}`;
  const staged = stage(auxPair(f, label), primals, label, true);
  const { argTree } = staged;
  const outTree = staged.outTree.child(0);
  const pulled = pullBack(label, staged, outTree.size);
  // The result of a staged function has the structure that the function returned.
  const [value, aux] = staged.outTree.unflatten(pulled.results) as [R, Aux];
  const vjpFunction = (cotangent: R): A => {
    const given = resultCotangents(label, outTree, cotangent, pulled.resultAvals);
    return argTree.unflatten(pulled.run(given)) as unknown as A; // One cotangent per leaf of A.
  };
  return [value, labelled(vjpFunction, label), aux];
}

/** The staged function run forward, and its derivative's transpose at the same point. */
function pullBack(label: string, staged: StagedCall, resultCount: number) {
  const active = floatInputs(staged);
  const { results, residuals, parts } = linearizeAt(label, staged, active, resultCount);
  const isResidual = parts.linear.inputs.map((_, i) => i < residuals.length);
  const transposed = transposeProgram(parts.linear, isResidual);
  const resultAvals = staged.program.outputs.slice(0, resultCount).map((v) => v.aval);
  const isArgumentActive = active.slice(0, staged.argTree.size);
  const isNonzero = (_: unknown, i: number): boolean => parts.nonzero[i] === true;
  /** The cotangent of every leaf of the arguments; null for those without one. */
  const run = (cotangents: readonly Tangent[]): Tangent[] => {
    const seeds = writeZeros(cotangents.filter(isNonzero), resultAvals.filter(isNonzero));
    const pulled = apply(transposed, [...residuals, ...seeds]);
    let next = 0;
    return isArgumentActive.map((isActive) => (isActive ? itemAt(pulled, next++) : null));
  };
  return { results, resultAvals, run };
}
