/** Transposition: a linear program run backwards. */
import { sameType, showAval } from '../core/base/aval.ts';
import { isFloat } from '../core/base/dtype.ts';
import { invariant } from '../core/base/errors.ts';
import { replay } from '../core/ir/interpret.ts';
import { hole, isNoRule, type Tangent } from '../core/ir/primitive.ts';
import { type Eqn, lookup, type Program, type Var } from '../core/ir/program.ts';
import { atSite, traceClosed } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';
import { add } from '../core/primitives/index.ts';
import { apply } from './apply.ts';
import { dropUnused } from './drop-unused.ts';
import { noRuleFor, notLinearFunction } from './errors.ts';
import { labelled, labelOf } from './label.ts';
import { splitBy } from './linearize.ts';
import { stage } from './stage.ts';
import { resultCotangents } from './tangents.ts';
import type { Output } from './types.ts';
import { writeZeros } from './values.ts';

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
      if (results.every((result) => result === null))
        throw noRuleFor(eqn.primitive.name, 'transpose', 'it is not linear in these operands');
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
 * The transpose of a linear function.
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
  ...examples: NoInfer<A>
): (cotangent: R) => A {
  const label = `linearTranspose of ${labelOf(f)}`;
  const staged = stage(f, examples, label, true);
  const isKnown = staged.program.inputs.map((_, i) => i >= staged.leaves.length);
  staged.program.inputs.forEach(({ aval }, i) => {
    if (isKnown[i] === true || isFloat(aval.dtype)) return;
    throw notLinearFunction(
      label,
      `argument ${staged.argTree.paths()[i] ?? ''} is ${showAval(aval)}`,
    );
  });
  const program = linear(label, () => transposeProgram(staged.program, isKnown));
  const outAvals = staged.program.outputs.map((v) => v.aval);
  const transposed = (cotangent: R): A => {
    const given = resultCotangents(label, staged.outTree, cotangent, outAvals);
    const results = apply(program, [...staged.captures, ...writeZeros(given, outAvals)]);
    return staged.argTree.unflatten(results) as unknown as A; // One cotangent per leaf of A.
  };
  return labelled(transposed, `the transpose of ${labelOf(f)}`);
}

/** Runs a pass; a rule that needs the value of a linear operand means that the function is not linear. */
function linear(label: string, pass: () => Program): Program {
  try {
    return pass();
  } catch (cause) {
    throw notLinearFunction.at(
      { cause },
      label,
      cause instanceof Error ? firstLine(cause) : String(cause),
    );
  }
}

const firstLine = ({ message }: Error): string => message.split('\n')[0] ?? '';
