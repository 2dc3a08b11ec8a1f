/** Linearization: a derivative split into what depends on the point only and a linear rest. */
import type { Aval } from '../core/base/aval.ts';
import { dropUnused } from '../core/ir/drop-unused.ts';
import { hasEffect } from '../core/ir/effects.ts';
import { inline } from '../core/ir/interpret.ts';
import type { Eqn, Program, Var } from '../core/ir/program.ts';
import { traceClosed } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';
import { verify } from '../core/ir/verify.ts';
import { zeros } from '../core/primitives/broadcast.ts';
import { apply, applyForwarding } from './apply.ts';
import { jvpProgram } from './jvp.ts';
import { labelled, labelOf } from './label.ts';
import { argAvals, type StagedCall, stage } from './stage.ts';
import { argumentTangents } from './tangents.ts';
import type { Output, TangentsOf } from './types.ts';
import { floatInputs, itemAt, toInputs, writeZeros } from './values.ts';

/** A program and its derivative at a point that is not known yet. */
export interface Linearized {
  /** Inputs: the primals, then the captures. Outputs: the results, then the residuals that `linear` needs. */
  readonly primal: Program;
  /** Inputs: the residuals, then the tangents. Outputs: the tangents of the results that have one. */
  readonly linear: Program;
  /** The number of residuals. */
  readonly residuals: number;
  /** Which results have a tangent. */
  readonly nonzero: readonly boolean[];
  /** Arrays that users' derivative rules close over. */
  readonly captures: readonly Value[];
}

/**
 * `program` and its derivative as two programs, connected by residuals.
 *
 * @param nonzero - Which inputs have a tangent.
 * @param results - How many outputs are differentiated, from the first.
 * @see Radul et al. 2022, You Only Linearize Once, https://arxiv.org/abs/2204.10923
 */
export function linearizeProgram(
  program: Program,
  nonzero: readonly boolean[],
  results = program.outputs.length,
): Linearized {
  const jvp = jvpProgram(program, nonzero, { results, isSplit: true });
  const count = program.inputs.length;
  const end = jvp.program.inputs.length - jvp.captures.length;
  const tangents = jvp.program.inputs.slice(count, end);
  const primals = [...jvp.program.inputs.slice(0, count), ...jvp.program.inputs.slice(end)];
  const outputs = jvp.program.outputs.slice(0, program.outputs.length);
  const outTangents = jvp.program.outputs.slice(program.outputs.length);
  const { dependent, independent } = splitBy(jvp.program.eqns, tangents);
  const rest = dropUnused({ inputs: tangents, eqns: dependent, outputs: outTangents });
  // Numbers and counters, and what is made of them in one step, are cheaper to repeat than to keep.
  const free = variablesUsed(rest, tangents);
  const makerOf = new Map(independent.flatMap((eqn) => eqn.outputs.map((v) => [v, eqn] as const)));
  const repeated = new Set([...free].flatMap((v) => repeatable(v, makerOf)));
  const residuals = [...free].filter((v) => repeatable(v, makerOf).length === 0);
  const linear = verify({
    inputs: [...residuals, ...tangents],
    eqns: [...repeated, ...rest.eqns],
    outputs: outTangents,
  });
  const primal = verify(
    dropUnused({ inputs: primals, eqns: independent, outputs: [...outputs, ...residuals] }),
  );
  const { captures } = jvp;
  return { primal, linear, residuals: residuals.length, nonzero: jvp.nonzero, captures };
}

/** The equations that make a variable out of nothing, in order; empty if they are too many. */
function repeatable(variable: Var, makerOf: ReadonlyMap<Var, Eqn>): Eqn[] {
  const eqn = makerOf.get(variable);
  if (eqn === undefined || hasEffect(eqn)) return [];
  const makers = eqn.inputs.map((input) => makerOf.get(input));
  const known = makers.filter((maker) => maker?.inputs.length === 0 && !hasEffect(maker));
  if (known.length < makers.length) return [];
  return [...known.filter((maker) => maker !== undefined), eqn];
}

/** The equations that depend on some variables, and those that do not, each in their order. */
export function splitBy(
  eqns: readonly Eqn[],
  variables: readonly Var[],
): { dependent: Eqn[]; independent: Eqn[]; tainted: ReadonlySet<Var> } {
  const tainted = new Set(variables);
  const dependent: Eqn[] = [];
  const independent: Eqn[] = [];
  for (const eqn of eqns) {
    const isDependent = eqn.inputs.some((v) => tainted.has(v));
    (isDependent ? dependent : independent).push(eqn);
    if (isDependent) for (const output of eqn.outputs) tainted.add(output);
  }
  return { dependent, independent, tainted };
}

/** The variables that equations and outputs use but neither define nor have as inputs. */
function variablesUsed({ eqns, outputs }: Program, inputs: readonly Var[]): Set<Var> {
  const defined = new Set([...inputs, ...eqns.flatMap((eqn) => eqn.outputs)]);
  const used = [...eqns.flatMap((eqn) => eqn.inputs), ...outputs];
  return new Set(used.filter((v) => !defined.has(v)));
}

/** A staged function at a point: its results, and the residuals of its derivative. */
export interface Linearization {
  readonly results: readonly Value[];
  readonly residuals: readonly Value[];
  readonly parts: Linearized;
}

/**
 * The staged function at the point given by its arguments.
 *
 * @param isActive - Which inputs have a tangent.
 * @param resultCount - How many outputs are differentiated, from the first.
 */
export function linearizeAt(
  label: string,
  staged: StagedCall,
  isActive: readonly boolean[],
  resultCount = staged.program.outputs.length,
): Linearization {
  const parts = linearizeProgram(staged.program, isActive, resultCount);
  const inputs = [...toInputs(label, staged, true), ...parts.captures];
  const all = applyForwarding(parts.primal, inputs, staged.program.outputs.length);
  const results = all.slice(0, staged.program.outputs.length);
  return { results, residuals: all.slice(results.length), parts };
}

/** The linear program with a tangent for every result, zeros written out. */
function writeZeroResults({ linear, nonzero }: Linearized, avals: readonly Aval[]): Program {
  if (!nonzero.includes(false)) return linear;
  return traceClosed(
    (inputs) => {
      const tangents = inline(linear, inputs);
      let next = 0;
      return avals.map((aval, i) => (nonzero[i] === true ? itemAt(tangents, next++) : zeros(aval)));
    },
    linear.inputs.map((v) => v.aval),
    'linearize',
  );
}

/**
 * The value of `f` and its derivative as a function, so that many directions cost one evaluation.
 *
 * @returns `[f(...primals), tangents => derivative]`.
 * @throws `tangent-mismatch`, `tree-structure-mismatch` when the derivative is called.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.linearize.html
 * @example
 * const [y, fLinear] = linearize(np.sin, np.array(0.5));
 * const dy = fLinear(np.array(1));
 */
export function linearize<A extends readonly unknown[], R extends Output>(
  f: (...args: A) => R,
  ...primals: A
): [value: R, derivative: (...tangents: TangentsOf<A>) => R] {
  const label = `linearize of ${labelOf(f)}`;
  const staged = stage(f, primals, label, true);
  // The derivative must not keep `staged` alive: it holds the arguments.
  const { argTree, outTree } = staged;
  const avals = argAvals(staged);
  const active = floatInputs(staged);
  const { results, residuals, parts } = linearizeAt(label, staged, active);
  const linear = writeZeroResults(
    parts,
    staged.program.outputs.map((v) => v.aval),
  );
  const isFloating = (_: unknown, i: number): boolean => active[i] === true;
  // The result of a staged function has the structure that the function returned.
  const rebuild = (leaves: readonly unknown[]): R => outTree.unflatten(leaves) as R;
  const derivative = (...tangents: TangentsOf<A>): R => {
    const given = argumentTangents(label, argTree, tangents, avals);
    const floats = writeZeros(given.filter(isFloating), avals.filter(isFloating));
    return rebuild(apply(linear, [...residuals, ...floats]));
  };
  return [rebuild(results), labelled(derivative, `the derivative of ${labelOf(f)}`)];
}
