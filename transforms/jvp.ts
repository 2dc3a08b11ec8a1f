/** Forward derivatives: each equation followed by its tangent. */
import { sameType, showAval, type Aval } from '../core/base/aval.ts';
import { isFloat } from '../core/base/dtype.ts';
import { invariant } from '../core/base/errors.ts';
import { subtreesAt } from '../core/base/pytree.ts';
import { interpret, replay } from '../core/ir/interpret.ts';
import { isNoRule, type Tangent } from '../core/ir/primitive.ts';
import type { Eqn, Program } from '../core/ir/program.ts';
import { traceClosed } from '../core/ir/trace.ts';
import { Value } from '../core/ir/value.ts';
import { apply, avalOf, scalar, showArgument, showLeaf } from './apply.ts';
import { tangentMismatch, noRuleFor } from './errors.ts';
import { labelOf } from './label.ts';
import { stage, type Staged } from './stage.ts';
import type { Output, TangentsOf } from './types.ts';
import { toInputs, zerosLike } from './values.ts';

/** A program that also computes derivatives. */
export interface JvpProgram {
  /** Inputs: the primals, then the tangents of those that have one. Outputs likewise. */
  readonly program: Program;
  /** Which outputs have a tangent; the others' are exactly zero. */
  readonly nonzero: readonly boolean[];
}

interface Dual {
  readonly primal: Value;
  readonly tangent: Tangent;
}

/**
 * The program that computes `program` and its derivative in the direction of the tangents.
 *
 * @param nonzero - Which inputs have a tangent.
 */
export function jvpProgram(program: Program, nonzero: readonly boolean[]): JvpProgram {
  const avals = program.inputs.map((v) => v.aval);
  let nonzeroOut: boolean[] = [];
  const withTangents = traceClosed(
    (inputs) => {
      const tangents = inputs.slice(avals.length).values();
      const duals = avals.map((aval, i): Dual => {
        const primal = inputs[i];
        invariant(primal !== undefined, `jvp lacks an input ${showAval(aval)}`);
        return { primal, tangent: nonzero[i] === true ? (tangents.next().value ?? null) : null };
      });
      const outputs = interpret(program, duals, jvpRule);
      nonzeroOut = outputs.map(({ tangent }) => tangent !== null);
      const outTangents = outputs.flatMap(({ tangent }) => (tangent === null ? [] : [tangent]));
      return [...outputs.map(({ primal }) => primal), ...outTangents];
    },
    [...avals, ...avals.filter((_, i) => nonzero[i])],
    'jvp',
  );
  return { program: withTangents, nonzero: nonzeroOut };
}

function jvpRule(eqn: Eqn, operands: readonly Dual[]): Dual[] {
  const { primitive, params } = eqn;
  const primals = operands.map(({ primal }) => primal);
  const tangents = operands.map(({ tangent }) => tangent);
  const outputs = replay(eqn, primals);
  if (tangents.every((tangent) => tangent === null)) return outputs.map(withoutTangent);
  if (isNoRule(primitive.jvp)) {
    if (primitive.jvp.noRule === 'no-tangent') return outputs.map(withoutTangent);
    throw noRuleFor.at({ site: eqn.site }, primitive.name, 'jvp', primitive.jvp.why);
  }
  const results = primitive.jvp(primals, tangents, params, outputs);
  return outputs.map((primal, i) => {
    const tangent = isFloat(primal.dtype) ? (results[i] ?? null) : null;
    invariant(
      tangent === null || sameType(tangent.aval, primal.aval),
      `jvp of ${primitive.name} gives a tangent of another type than ${showAval(primal.aval)}`,
    );
    return { primal, tangent };
  });
}

const withoutTangent = (primal: Value): Dual => ({ primal, tangent: null });

/**
 * The value of `f` and its derivative in the direction of `tangents`.
 *
 * @param primals - The arguments of `f`.
 * @param tangents - One per argument, of the same structure and types. null stands for zero, and is the
 *   tangent of integers and booleans.
 * @returns `[f(...primals), its derivative]`; the derivative of integer results is zero.
 * @throws `tangent-mismatch`, `tree-structure-mismatch`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.jvp.html
 * @example
 * const [y, dy] = jvp(np.sin, [np.array(0.5)], [np.array(1)]);
 */
export function jvp<A extends readonly unknown[], R extends Output>(
  f: (...args: A) => R,
  primals: readonly [...A],
  tangents: TangentsOf<A>,
): [value: R, tangent: R] {
  const label = `jvp of ${labelOf(f)}`;
  const staged = stage(f, primals, label, true);
  const given = tangentLeaves(label, staged, tangents);
  const isNonzero = [...given.map((tangent) => tangent !== null), ...staged.captures.map(() => false)];
  const { program, nonzero } = jvpProgram(staged.program, isNonzero);
  const results = apply(program, [
    ...toInputs(label, staged, true),
    ...given.filter((tangent) => tangent !== null),
  ]);
  const count = staged.outTree.size;
  const outTangents = results.slice(count).values();
  const dots = staged.program.outputs.map(({ aval }, i) =>
    nonzero[i] === true ? (outTangents.next().value ?? null) : zerosLike(aval),
  );
  // The result of a staged function has the structure that the function returned.
  const rebuild = (leaves: readonly unknown[]): R => staged.outTree.unflatten(leaves) as R;
  return [rebuild(results.slice(0, count)), rebuild(dots)];
}

/** The tangent of every leaf of the arguments, checked against it. */
function tangentLeaves(label: string, staged: Staged, tangents: unknown): Tangent[] {
  const paths = staged.argTree.paths().map(showArgument);
  const avals = staged.leaves.map((leaf) => avalOf(leaf, true));
  return checkTangents(label, subtreesAt(label, staged.argTree, tangents), avals, paths);
}

/**
 * The tangents as arrays, after comparing each with the type of its primal.
 *
 * @param what - How each primal is called in errors.
 * @throws `tangent-mismatch`.
 */
export function checkTangents(
  label: string,
  tangents: readonly unknown[],
  avals: readonly (Aval | null)[],
  what: readonly string[],
): Tangent[] {
  return avals.map((aval, i) => {
    const given = tangents[i] ?? null;
    if (given === null || aval === null) return null;
    const tangent = typeof given === 'number' ? scalar(given, true) : given;
    const fits =
      tangent instanceof Value && isFloat(aval.dtype) && sameType(tangent.aval, aval);
    if (!fits) throw tangentMismatch(label, what[i] ?? '', showAval(aval), showLeaf(tangent));
    return tangent;
  });
}
