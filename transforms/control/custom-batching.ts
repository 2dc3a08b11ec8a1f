/** Functions with a rule of the user's for batches. */
import { flatten } from '../../core/base/pytree.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  notLinear,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import { Opaque } from '../../core/ir/program.ts';
import { bind, trace } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted } from '../../core/primitives/broadcast.ts';
import { axesOfLeaves } from '../axes.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../jvp.ts';
import { labelled, labelOf } from '../label.ts';
import { axisScope, inScope } from '../named-axes.ts';
import { type AnyFunction, call } from '../stage.ts';
import type { Output } from '../types.ts';
import { itemAt } from '../values.ts';
import { leavesOf, stageBody } from './body.ts';
import type { CustomParams } from './custom-jvp.ts';
import { badRuleResult } from './errors.ts';
import { chosen, cut, spread } from './lists.ts';
import { map } from './loops.ts';

/** What a rule gives: values, and which of them have the batch in front. */
interface RuleResult {
  readonly values: readonly Value[];
  readonly batched: readonly boolean[];
}

type LeafRule = (
  size: number,
  batched: readonly boolean[],
  operands: readonly Value[],
) => RuleResult;

const batchingPrimitive: PrimitiveOf<CustomParams<LeafRule>> = definePrimitive({
  name: 'customBatching',
  infer: (_operands, { program }) => program.outputs.map((v) => v.aval),
  jvp: {
    dual: (primals, tangents, params, isSplit) =>
      (isSplit ? splitDuals : jointDuals)(primals, tangents, params),
  },
  transpose: notLinear,
  batch: (operands, batched, { consts, rule, program }, size, axis) => {
    const isClosure = batched.slice(0, consts).includes(true);
    // The rule knows nothing of what the function closes over.
    if (isClosure || !batched.includes(true)) {
      return inline(batchProgram(program, size, batched, axis).program, operands);
    }
    const result = rule.content(size, batched.slice(consts), operands.slice(consts));
    return result.values;
  },
  lower: (_operands, { program }) => ({ kind: 'call', program, isApart: false }),
});

/** The function and its derivative as one, batched by the derivative of the rule. */
function jointDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  { consts, rule, program }: CustomParams<LeafRule>,
): Duals {
  const flags = tangents.map((tangent) => tangent !== null);
  const derived = jvpProgram(program, flags);
  const ownFlags = flags.slice(consts);
  const held = [
    ...primals.slice(0, consts),
    ...chosen(tangents, flags.slice(0, consts)).filter((tangent) => tangent !== null),
    ...derived.captures,
  ];
  const own = primals.slice(consts);
  const given = tangents.slice(consts).filter((tangent) => tangent !== null);
  const heldTangents = held.length - consts - derived.captures.length;
  const joint = trace(
    (inputs) => {
      const [c, dc, captures, x, dx] = cut(inputs, [
        consts,
        heldTangents,
        derived.captures.length,
        own.length,
      ]);
      return inline(derived.program, [...c, ...x, ...dc, ...dx, ...captures]);
    },
    [...held, ...own, ...given].map((v) => v.aval),
    'jvp of customBatching',
  ).program;
  const derivedRule = new Opaque(rule.label, derivativeOf(rule.content, ownFlags, derived.nonzero));
  const params = { consts: held.length, rule: derivedRule, program: joint };
  const results = bind(batchingPrimitive, [...held, ...own, ...given], params);
  const count = program.outputs.length;
  return {
    outputs: results.slice(0, count),
    tangents: spread(results.slice(count), derived.nonzero),
  };
}

/** The rule for arguments and tangents, found by differentiating the rule for arguments. */
function derivativeOf(
  rule: LeafRule,
  hasTangent: readonly boolean[],
  nonzero: readonly boolean[],
): LeafRule {
  return (size, batched, operands) => {
    const [primals, given] = cut(operands, [hasTangent.length]);
    const [flags, givenFlags] = cut(batched, [hasTangent.length]);
    const tangents = spread(given, hasTangent);
    const tangentFlags = spread(givenFlags, hasTangent);
    // A tangent has the batch where its primal has.
    const either = flags.map((is, i) => is || tangentFlags[i] === true);
    const whole = primals.map((x, i) => (either[i] === true ? lifted(x, flags[i], size) : x));
    const dWhole = tangents.flatMap((x, i) =>
      x === null ? [] : [either[i] === true ? lifted(x, tangentFlags[i] === true, size) : x],
    );
    let outFlags: readonly boolean[] = [];
    const { program, captures } = trace(
      (inputs) => {
        const result = rule(size, either, inputs);
        outFlags = result.batched;
        return result.values;
      },
      whole.map((x) => x.aval),
      'jvp of a batching rule',
    );
    const active = [...hasTangent, ...captures.map(() => false)];
    const derived = jvpProgram(program, active, { zerosWritten: true });
    const all = inline(derived.program, [...whole, ...captures, ...dWhole, ...derived.captures]);
    const [values, dValues] = cut(all, [outFlags.length]);
    return {
      values: [...values, ...chosen(dValues, nonzero)],
      batched: [...outFlags, ...chosen(outFlags, nonzero)],
    };
  };
}

/** Reverse mode transposes equation by equation, so there the function's own equations are differentiated. */
function splitDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: CustomParams<LeafRule>,
): Duals {
  const derived = jvpProgram(
    params.program,
    tangents.map((tangent) => tangent !== null),
    { isSplit: true },
  );
  const given = tangents.filter((tangent) => tangent !== null);
  const outputs = bind(batchingPrimitive, primals, params);
  const all = inline(derived.program, [...primals, ...given, ...derived.captures]);
  return { outputs, tangents: spread(all.slice(outputs.length), derived.nonzero) };
}

/** For every leaf of `T` whether it has the batch in front. */
export type Flags<T> = { readonly [K in keyof T]: unknown };

/**
 * `f` with a rule of your own for `vmap`.
 *
 * @param rule - Is given the size of the batch, for every argument a tree of booleans that says which of its
 *   arrays have the batch as axis 0, and the arguments; returns the result and a tree of booleans for it (or
 *   one for all of it).
 * @returns A function like `f`. Forward derivatives are batched by the rule's derivative; in reverse mode `f`
 *   itself is differentiated.
 * @throws `bad-rule-result` when it is batched.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.custom_batching.custom_vmap.html. Differs: the rule is an
 *   argument, and there is a reverse mode.
 * @example
 * const product = customBatching((x: np.Array, y: np.Array) => np.dot(x, y), (_size, [isX, isY], x, y) => isX && !isY ? [np.matmul(x, y), true] : [np.sum(x.mul(y), { axis: -1 }), true]);
 */
export function customBatching<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  rule: (
    axisSize: number,
    inBatched: Flags<A>,
    ...args: A
  ) => readonly [result: R, batched: unknown],
): (...args: A) => R {
  const label = `customBatching of ${labelOf(f)}`;
  const custom = (...args: A): R => {
    const { values, structure } = leavesOf(label, args);
    const spreadArgs = (given: readonly unknown[]): unknown => call(f, given);
    const avals = values.map((value) => value.aval);
    const body = stageBody(label, spreadArgs, [structure], avals);
    const scope = axisScope();
    const onLeaves: LeafRule = (size, batched, operands) => {
      const flags = structure.unflatten(batched);
      const given = structure.unflatten(operands) as readonly unknown[]; // A list like args.
      const found = inScope(scope, () => call(rule as AnyFunction, [size, flags, ...given]));
      if (!Array.isArray(found) || found.length !== 2) {
        throw badRuleResult(label, 'the rule must return [result, batched]');
      }
      return ruleResult(label, body, found, size);
    };
    const params = {
      consts: body.consts.length,
      rule: new Opaque(label, onLeaves),
      program: body.program,
    };
    const results = bind(batchingPrimitive, [...body.consts, ...values], params);
    return body.outTree.unflatten(results) as R; // The structure of what f returned.
  };
  return labelled(custom, label);
}

/** @throws `bad-rule-result` if the result is of another structure or shape than the function's. */
function ruleResult(
  label: string,
  { program, outTree }: ReturnType<typeof stageBody>,
  [result, batched]: readonly unknown[],
  size: number,
): RuleResult {
  const { values, structure } = leavesOf(label, result);
  if (outTree.difference(structure) !== null) {
    throw badRuleResult(
      label,
      `the rule returns ${structure.toString()}, not ${outTree.toString()}`,
    );
  }
  const option = { label, option: 'outAxes' } as const;
  const asAxes = (tree: unknown): unknown => {
    if (typeof tree === 'boolean') return tree ? 0 : null;
    const { leaves, structure: flags } = flatten(tree);
    return flags.unflatten(leaves.map((leaf) => (leaf === true ? 0 : null)));
  };
  const flags = axesOfLeaves(option, asAxes(batched), structure).map((axis) => axis === 0);
  values.forEach(({ shape }, i) => {
    const { aval } = itemAt(program.outputs, i);
    const expected = flags[i] === true ? [size, ...aval.shape] : aval.shape;
    if (expected.join() === shape.join()) return;
    throw badRuleResult(label, `the rule returns shape [${shape}] where it says [${expected}]`);
  });
  return { values, batched: flags };
}

/**
 * `f`, whose batches `vmap` computes one example after the other, as {@link map} does.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.custom_batching.sequential_vmap.html
 * @example
 * const each = vmap(sequentialVmap((x: np.Array) => np.sum(x)))(np.ones([4, 3]));
 */
export function sequentialVmap<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
): (...args: A) => R {
  const rule = (_size: number, inBatched: Flags<A>, ...args: A): readonly [R, boolean] => {
    const { leaves, structure } = flatten(args);
    const flags = flatten(inBatched).leaves;
    const stacks = leaves.filter((_, i) => flags[i] === true);
    const one = (slices: readonly unknown[]): Output => {
      const own = slices.values();
      const given = leaves.map((leaf, i) => (flags[i] === true ? own.next().value : leaf));
      return call(f, structure.unflatten(given) as readonly unknown[]) as Output; // As f returns it.
    };
    return [map(one, stacks as Value[]) as R, true]; // A tree like the result of f.
  };
  return labelled(customBatching(f, rule), `sequentialVmap of ${labelOf(f)}`);
}
