/** Forward derivatives: each equation followed by its tangent. */
import { sameType, showAval } from '../core/base/aval.ts';
import { isFloat } from '../core/base/dtype.ts';
import { invariant } from '../core/base/errors.ts';
import { interpret, replay } from '../core/ir/interpret.ts';
import { isDualRule, isNoRule, type Tangent } from '../core/ir/primitive.ts';
import type { Eqn, Program } from '../core/ir/program.ts';
import { trace } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';
import { zeros } from '../core/primitives/broadcast.ts';
import { apply } from './apply.ts';
import { noRuleFor } from './errors.ts';
import { labelOf } from './label.ts';
import { argAvals, stage } from './stage.ts';
import { argumentTangents } from './tangents.ts';
import type { Output, TangentsOf } from './types.ts';
import { itemAt, toInputs } from './values.ts';

/** A program that also computes derivatives. */
export interface JvpProgram {
  /**
   * Inputs: the primals, then the tangents of those that have one, then the captures. Outputs: the results,
   * then their tangents.
   */
  readonly program: Program;
  /** Which outputs have a tangent; the others' are exactly zero. */
  readonly nonzero: readonly boolean[];
  /** Arrays that users' derivative rules close over. */
  readonly captures: readonly Value[];
}

/** What is differentiated, and how zeros are given. */
export interface JvpOptions {
  /** The number of outputs to differentiate, from the first; by default all. */
  readonly results?: number;
  /** Exact zeros among the outputs' tangents become arrays of zeros. */
  readonly zerosWritten?: boolean;
  /** Equations that are linear in the tangents are kept apart from those that depend on primals only. */
  readonly isSplit?: boolean;
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
export function jvpProgram(
  program: Program,
  nonzero: readonly boolean[],
  { results = program.outputs.length, zerosWritten = false, isSplit = false }: JvpOptions = {},
): JvpProgram {
  const avals = program.inputs.map((v) => v.aval);
  let nonzeroOut: boolean[] = [];
  const { program: withTangents, captures } = trace(
    (inputs) => {
      let next = avals.length;
      const duals = avals.map((_, i): Dual => {
        const tangent = nonzero[i] === true ? itemAt(inputs, next++) : null;
        return { primal: itemAt(inputs, i), tangent };
      });
      const outputs = interpret(program, duals, (eqn, operands) => jvpRule(eqn, operands, isSplit));
      const outTangents = outputs.map(({ primal, tangent }, i) => {
        if (i >= results) return null;
        return tangent === null && zerosWritten ? zeros(primal.aval) : tangent;
      });
      nonzeroOut = outTangents.map((tangent) => tangent !== null);
      return [...outputs.map(({ primal }) => primal), ...outTangents.filter((t) => t !== null)];
    },
    [...avals, ...avals.filter((_, i) => nonzero[i])],
    'jvp',
  );
  return { program: withTangents, nonzero: nonzeroOut, captures };
}

function jvpRule(eqn: Eqn, operands: readonly Dual[], isSplit: boolean): Dual[] {
  const { primitive, params } = eqn;
  const primals = operands.map(({ primal }) => primal);
  const tangents = operands.map(({ tangent }) => tangent);
  const { jvp } = primitive;
  if (tangents.every((tangent) => tangent === null)) {
    return replay(eqn, primals).map(withoutTangent);
  }
  if (isNoRule(jvp)) {
    if (jvp.noRule === 'no-tangent') return replay(eqn, primals).map(withoutTangent);
    throw noRuleFor.at({ site: eqn.site }, primitive.name, 'jvp', jvp.why);
  }
  const duals = isDualRule(jvp) ? jvp.dual(primals, tangents, params, isSplit) : null;
  const outputs = duals?.outputs ?? replay(eqn, primals);
  const results = isDualRule(jvp) ? duals?.tangents : jvp(primals, tangents, params, outputs);
  return outputs.map((primal, i) => {
    const tangent = isFloat(primal.dtype) ? (results?.[i] ?? null) : null;
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
  const given = argumentTangents(label, staged.argTree, tangents, argAvals(staged));
  const isNonzero = [
    ...given.map((tangent) => tangent !== null),
    ...staged.captures.map(() => false),
  ];
  const { program, captures } = jvpProgram(staged.program, isNonzero, { zerosWritten: true });
  const results = apply(program, [
    ...toInputs(label, staged, true),
    ...given.filter((tangent) => tangent !== null),
    ...captures,
  ]);
  const count = staged.outTree.size;
  // The result of a staged function has the structure that the function returned.
  const rebuild = (leaves: readonly unknown[]): R => staged.outTree.unflatten(leaves) as R;
  return [rebuild(results.slice(0, count)), rebuild(results.slice(count))];
}
