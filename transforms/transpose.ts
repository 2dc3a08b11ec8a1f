/** Transposition: a linear program run backwards. */
import { sameType, showAval } from '../core/base/aval.ts';
import { atSite } from '../core/base/call-site.ts';
import { isFloat } from '../core/base/dtype.ts';
import { invariant } from '../core/base/errors.ts';
import { dropUnused } from '../core/ir/drop-unused.ts';
import { inline, replay } from '../core/ir/interpret.ts';
import { hole, isNoRule, type Tangent } from '../core/ir/primitive.ts';
import { type Eqn, lookup, type Program, type Var } from '../core/ir/program.ts';
import { type Traced, traceClosed } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';
import { add } from '../core/primitives/index.ts';
import { apply } from './apply.ts';
import { noRuleFor, notLinearFunction } from './errors.ts';
import { labelled, labelOf } from './label.ts';
import { showArgument } from './leaves.ts';
import { linearizeProgram, splitBy } from './linearize.ts';
import { argAvals, type Staged, stage } from './stage.ts';
import { resultCotangents } from './tangents.ts';
import type { Described, Output } from './types.ts';
import { floatInputs, writeZeros } from './values.ts';

/**
 * Cotangents of the linear inputs, from those of the outputs, written into the program being traced.
 *
 * @param inputs - The values of the inputs; null for those in which the program is linear.
 * @param cotangents - One per output; null is an exact zero.
 * @returns One per input; null for the known ones and for exact zeros.
 */
export function transposeInto(
  program: Program,
  inputs: readonly Tangent[],
  cotangents: readonly Tangent[],
): Tangent[] {
  const env = new Map<Var, Value>();
  program.inputs.forEach((variable, i) => {
    const value = inputs[i] ?? null;
    if (value !== null) env.set(variable, value);
  });
  const { dependent, independent, tainted } = splitBy(
    program.eqns,
    program.inputs.filter((v) => !env.has(v)),
  );
  for (const eqn of independent) {
    const values = atSite(eqn.site, () =>
      replay(
        eqn,
        eqn.inputs.map((v) => lookup(env, v)),
      ),
    );
    values.forEach((value, i) => {
      const variable = eqn.outputs[i];
      if (variable !== undefined) env.set(variable, value);
    });
  }
  const sums = new Map<Var, Value>();
  const accumulate = (variable: Var, cotangent: Tangent): void => {
    if (cotangent === null || !tainted.has(variable)) return;
    const sum = sums.get(variable);
    sums.set(variable, sum === undefined ? cotangent : add(sum, cotangent));
  };
  program.outputs.forEach((variable, i) => {
    accumulate(variable, cotangents[i] ?? null);
  });
  for (const eqn of dependent.toReversed()) {
    const given = eqn.outputs.map((v) => sums.get(v) ?? null);
    if (given.every((cotangent) => cotangent === null)) continue;
    atSite(eqn.site, () => {
      const operands = eqn.inputs.map((v) => (tainted.has(v) ? hole(v.aval) : lookup(env, v)));
      const results = transposeRule(eqn)(given, operands, eqn.params);
      eqn.inputs.forEach((variable, i) => {
        const result = results[i] ?? null;
        invariant(
          result === null || sameType(result.aval, variable.aval),
          `transpose of ${eqn.primitive.name} gives another type than ${showAval(variable.aval)}`,
        );
        accumulate(variable, result);
      });
    });
  }
  return program.inputs.map((v) => sums.get(v) ?? null);
}

function transposeRule(eqn: Eqn) {
  const { name, transpose } = eqn.primitive;
  if (!isNoRule(transpose)) return transpose;
  throw noRuleFor.at({ site: eqn.site }, name, 'transpose', transpose.why);
}

/**
 * The transpose of a program that is linear in all inputs that are not `known`.
 *
 * @returns A program from the known inputs and the cotangents of the outputs to those of the linear
 *   inputs, zeros included.
 */
export function transposeProgram(program: Program, known: readonly boolean[]): Program {
  const knownAvals = program.inputs.filter((_, i) => known[i]).map((v) => v.aval);
  return dropUnused(
    traceClosed(
      (args) => {
        const values = args.slice(0, knownAvals.length).values();
        const inputs = known.map((isKnown) => (isKnown ? (values.next().value ?? null) : null));
        const results = transposeInto(program, inputs, args.slice(knownAvals.length));
        return writeZeros(
          results.filter((_, i) => known[i] !== true),
          program.inputs.filter((_, i) => known[i] !== true).map((v) => v.aval),
        );
      },
      [...knownAvals, ...program.outputs.map((v) => v.aval)],
      'transpose',
    ),
  );
}

/**
 * The transpose of a linear function. A constant that the function adds is left out.
 *
 * @param examples - Arguments of `f`, or descriptions of them ({@link arraySpec}); only their types count.
 * @returns A function from a cotangent of the result to the list of cotangents of the arguments.
 * @throws `not-linear`; `tangent-mismatch` when the transpose is called.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.linear_transpose.html
 * @example
 * const [xt] = linearTranspose((x: np.Array) => x.mul(3), np.ones([2]))(np.ones([2]));
 */
export function linearTranspose<A extends readonly unknown[], R extends Output>(
  f: (...args: A) => R,
  ...examples: Described<A>
): (cotangent: R) => A {
  const label = `linearTranspose of ${labelOf(f)}`;
  const staged = stage(f, examples, label, true);
  const { argTree, outTree, captures } = staged;
  argAvals(staged).forEach((aval, i) => {
    if (isFloat(aval.dtype)) return;
    throw notLinearFunction(
      label,
      `${showArgument(argTree.paths()[i] ?? '')} is ${showAval(aval)}`,
    );
  });
  const { program, captures: inRules } = transposeOfLinear(label, staged);
  const outAvals = staged.program.outputs.map((v) => v.aval);
  const transposed = (cotangent: R): A => {
    const given = resultCotangents(label, outTree, cotangent, outAvals);
    const results = apply(program, [...captures, ...inRules, ...writeZeros(given, outAvals)]);
    return argTree.unflatten(results) as unknown as A; // One cotangent per leaf of A.
  };
  return labelled(transposed, `the transpose of ${labelOf(f)}`);
}

/** From captures and cotangents of all results to those of all arguments. */
function transposeOfLinear(label: string, staged: Staged): Traced {
  const parts = linearizeProgram(staged.program, floatInputs(staged));
  const { primal, linear, nonzero } = parts;
  const args = primal.inputs.slice(0, staged.argTree.size);
  const residuals = primal.outputs.slice(nonzero.length);
  const { tainted } = splitBy(primal.eqns, args);
  if (residuals.some((v) => tainted.has(v))) {
    throw notLinearFunction(label, 'its derivative depends on the arguments');
  }
  // The residuals depend on captures alone, so the arguments are not inputs any more.
  const known = dropUnused({
    inputs: primal.inputs.slice(args.length),
    eqns: primal.eqns,
    outputs: residuals,
  });
  const captureAvals = known.inputs.map((v) => v.aval);
  const outAvals = staged.program.outputs.map((v) => v.aval);
  const body = (inputs: readonly Value[]): Value[] => {
    const values: Tangent[] = inline(known, inputs.slice(0, captureAvals.length));
    const holes = args.map(() => null);
    const cotangents = inputs.slice(captureAvals.length).filter((_, i) => nonzero[i] === true);
    const results = transposeInto(linear, [...values, ...holes], cotangents);
    return writeZeros(
      results.slice(values.length),
      args.map((v) => v.aval),
    );
  };
  const program = dropUnused(traceClosed(body, [...captureAvals, ...outAvals], label));
  return { program, captures: parts.captures };
}
