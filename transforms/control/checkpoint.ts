/** Functions whose intermediate arrays are computed again for the gradient, instead of being kept. */

import { dropUnused } from '../../core/ir/drop-unused.ts';
import {
  type Duals,
  definePrimitive,
  type Hole,
  isHole,
  known,
  notLinear,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import { type Eqn, Opaque, type Program, type Var } from '../../core/ir/program.ts';
import { bind, bindOne, traceClosed } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { verify } from '../../core/ir/verify.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../jvp.ts';
import { labelled, labelOf } from '../label.ts';
import { linearizeProgram } from '../linearize.ts';
import { transposeInto } from '../transpose.ts';
import type { Output } from '../types.ts';
import { writeZeros } from '../values.ts';
import { leavesOf, stageBody } from './body.ts';
import { chosen, cut, spread } from './lists.ts';

/** Says of an equation whether its results are kept for the gradient. */
export type CheckpointPolicy = (eqn: Eqn) => boolean;

type CheckpointParams = {
  readonly policy: Opaque<CheckpointPolicy>;
  /** True for what stands in the backward pass: nothing of it is shared with the forward pass. */
  readonly recomputes: boolean;
  readonly program: Program;
};

const checkpointPrimitive: PrimitiveOf<CheckpointParams> = definePrimitive({
  name: 'checkpoint',
  infer: (_operands, { program }) => program.outputs.map((v) => v.aval),
  jvp: {
    dual: (primals, tangents, params, isSplit) =>
      (isSplit ? splitDuals : jointDuals)(primals, tangents, params),
  },
  transpose: (cotangents, operands, params) => transposed(cotangents, operands, params),
  batch: (operands, batched, params, size, axis) => {
    const { program } = batchProgram(params.program, size, batched, axis);
    return bind(checkpointPrimitive, operands, { ...params, program });
  },
  lower: (_operands, { program, recomputes }) => ({ kind: 'call', program, isApart: recomputes }),
});

function jointDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: CheckpointParams,
): Duals {
  const isNonzero = tangents.map((tangent) => tangent !== null);
  const { program, nonzero, captures } = jvpProgram(params.program, isNonzero);
  const given = tangents.filter((tangent) => tangent !== null);
  const results = bind(checkpointPrimitive, [...primals, ...given, ...captures], {
    ...params,
    program,
  });
  const [outputs, found] = cut(results, [nonzero.length]);
  return { outputs, tangents: spread(found, nonzero) };
}

/** The forward pass, which keeps what the policy says, and the derivative, which computes the rest again. */
function splitDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: CheckpointParams,
): Duals {
  const isNonzero = tangents.map((tangent) => tangent !== null);
  const parts = linearizeProgram(params.program, isNonzero);
  const { primal, linear, nonzero, captures, residuals } = parts;
  const isKept = params.policy.content;
  const keptEqns = new Set(primal.eqns.filter((eqn) => eqn.inputs.length > 0 && isKept(eqn)));
  const kept = [...keptEqns].flatMap((eqn) => eqn.outputs);
  const tangentVars = linear.inputs.slice(residuals);
  const again = primal.eqns.filter((eqn) => !keptEqns.has(eqn));
  const rest = dropUnused({
    inputs: [...primal.inputs, ...kept, ...tangentVars],
    // Numbers may stand in both parts.
    eqns: [...new Set([...again, ...linear.eqns])],
    outputs: linear.outputs,
  });
  const used = usedBy(rest);
  const saved = kept.filter((variable) => used.has(variable));
  const count = nonzero.length;
  const forward = dropUnused({
    inputs: primal.inputs,
    eqns: primal.eqns,
    outputs: [...primal.outputs.slice(0, count), ...saved],
  });
  const backward = verify({ ...rest, inputs: [...primal.inputs, ...saved, ...tangentVars] });
  const operands = [...primals, ...captures];
  const results = bind(checkpointPrimitive, operands, { ...params, program: forward });
  const given = tangents.filter((tangent) => tangent !== null);
  const [outputs, values] = cut(results, [count]);
  const found = bind(checkpointPrimitive, [...operands, ...values, ...given], {
    ...params,
    recomputes: true,
    program: backward,
  });
  return { outputs, tangents: spread(found, nonzero) };
}

const usedBy = ({ eqns, outputs }: Program): ReadonlySet<Var> =>
  new Set([...eqns.flatMap((eqn) => eqn.inputs), ...outputs]);

function transposed(
  cotangents: readonly Tangent[],
  operands: readonly (Value | Hole)[],
  params: CheckpointParams,
): Tangent[] {
  const holes = operands.map(isHole);
  const values = operands.map(known).filter((value) => value !== null);
  const given = cotangents.filter((ct) => ct !== null);
  const flags = cotangents.map((ct) => ct !== null);
  const wanted = chosen(operands, holes).map(({ aval }) => aval);
  const program = dropUnused(
    traceClosed(
      (inputs) => {
        const rest = inputs.values();
        const all = holes.map((isLinear) => (isLinear ? null : (rest.next().value ?? null)));
        const found = transposeInto(params.program, all, spread([...rest], flags));
        return writeZeros(chosen(found, holes), wanted);
      },
      [...values, ...given].map((v) => v.aval),
      'transpose of checkpoint',
    ),
  );
  const results = bind(checkpointPrimitive, [...values, ...given], {
    ...params,
    recomputes: true,
    program,
  });
  return spread(results, holes);
}

const namePrimitive: PrimitiveOf<{ readonly name: string }> = definePrimitive({
  name: 'checkpointName',
  infer: ([x]) => (x === undefined ? [] : [x]),
  jvp: (_primals, tangents) => tangents,
  transpose: notLinear,
  batch: (operands, _batched, params) => bind(namePrimitive, operands, params),
  lower: () => ({
    kind: 'map',
    values: ([read]) => [(index) => (read ?? fail())(index)],
  }),
});

function fail(): never {
  throw new Error('a name has one operand');
}

/**
 * The array itself, under a name that {@link checkpointPolicies}.saveOnlyTheseNames knows.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.ad_checkpoint.checkpoint_name.html
 */
export const checkpointName = (x: Value, name: string): Value =>
  bindOne(namePrimitive, [x], { name });

const loweringOf = ({ primitive, inputs, params, outputs }: Eqn) =>
  primitive.lower(
    inputs.map((v) => v.aval),
    params,
    outputs.map((v) => v.aval),
  );

const isName = ({ primitive }: Eqn): boolean => primitive === namePrimitive;
const isNamed = (eqn: Eqn, names: readonly string[]): boolean =>
  isName(eqn) && names.includes(String(eqn.params.name));

/**
 * What {@link checkpoint} may keep for the gradient.
 *
 * @see https://docs.jax.dev/en/latest/jax.checkpoint_policies.html
 */
export const checkpointPolicies = {
  /** Nothing but the arguments. The default. */
  nothingSaveable: (): boolean => false,
  /** All that the gradient needs, as without `checkpoint`. */
  everythingSaveable: (): boolean => true,
  /** Results of matrix products. */
  dotsSaveable: (eqn: Eqn): boolean => loweringOf(eqn).kind === 'dot',
  /** Results of matrix products without batch axes: those with weights, not those within attention. */
  dotsWithNoBatchDimsSaveable: (eqn: Eqn): boolean => {
    const lowering = loweringOf(eqn);
    return lowering.kind === 'dot' && lowering.dims.lhsBatch.length === 0;
  },
  /** Arrays that {@link checkpointName} has given one of these names. */
  saveOnlyTheseNames:
    (...names: readonly string[]): CheckpointPolicy =>
    (eqn) =>
      isNamed(eqn, names),
  /** Arrays that {@link checkpointName} has given any name but these. */
  saveAnyNamesButThese:
    (...names: readonly string[]): CheckpointPolicy =>
    (eqn) =>
      isName(eqn) && !isNamed(eqn, names),
  /** Everything, named or not, but arrays that {@link checkpointName} has given one of these names. */
  saveAnythingExceptTheseNames:
    (...names: readonly string[]): CheckpointPolicy =>
    (eqn) =>
      !isNamed(eqn, names),
  /** What either policy keeps. */
  saveFromBothPolicies:
    (first: CheckpointPolicy, second: CheckpointPolicy): CheckpointPolicy =>
    (eqn) =>
      first(eqn) || second(eqn),
} as const;

/** What is kept. */
export interface CheckpointOptions {
  /** Default: nothing. */
  readonly policy?: CheckpointPolicy;
}

/**
 * `f`, whose gradient computes again what lies inside instead of keeping it in memory.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.checkpoint.html
 * @example
 * const layer = checkpoint((w: np.Array, x: np.Array) => np.tanh(np.matmul(x, w)), { policy: checkpointPolicies.dotsSaveable });
 */
export function checkpoint<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  { policy = checkpointPolicies.nothingSaveable }: CheckpointOptions = {},
): (...args: A) => R {
  const label = `checkpoint of ${labelOf(f)}`;
  const run = (...args: A): R => {
    const { values, structure } = leavesOf(label, args);
    const spreadArgs = (given: readonly unknown[]): unknown => f(...(given as A)); // A list like args.
    const avals = values.map((value) => value.aval);
    const { program, consts, outTree } = stageBody(label, spreadArgs, [structure], avals);
    const results = bind(checkpointPrimitive, [...consts, ...values], {
      policy: new Opaque(policy.name === '' ? 'custom' : policy.name, policy),
      recomputes: false,
      program,
    });
    return outTree.unflatten(results) as R; // The structure of what f returned.
  };
  return labelled(run, label);
}
