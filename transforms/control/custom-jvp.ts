/** Functions with a forward derivative of the user's. */
import { sameType, showAval } from '../../core/base/aval.ts';
import { isFloat } from '../../core/base/dtype.ts';
import type { Structure } from '../../core/base/pytree.ts';
import { flatten, flattenLike } from '../../core/base/pytree.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  notLinear,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import { Opaque, type Program } from '../../core/ir/program.ts';
import { bind, trace } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted, zeros } from '../../core/primitives/broadcast.ts';
import { add } from '../../core/primitives/index.ts';
import { batchProgram } from '../batch.ts';
import { labelled, labelOf } from '../label.ts';
import { showResult } from '../leaves.ts';
import { axisScope, inScope } from '../named-axes.ts';
import { type AnyFunction, call } from '../stage.ts';
import { resultCotangents } from '../tangents.ts';
import type { Output, TangentsOf } from '../types.ts';
import { itemAt, toValue } from '../values.ts';
import { type Body, leavesOf, stageBody } from './body.ts';
import { badRuleResult, ruleClosure } from './errors.ts';

/** A derivative rule on leaves: of arguments and their tangents, null for those without one. */
type LeafRule = (primals: readonly Value[], tangents: readonly Tangent[]) => Duals;

/** A function with a rule. Operands: what the function closes over, then its arguments. */
export type CustomParams<Rule> = {
  readonly consts: number;
  readonly rule: Opaque<Rule>;
  readonly program: Program;
};

const customJvpPrimitive: PrimitiveOf<CustomParams<LeafRule>> = definePrimitive({
  name: 'customJvp',
  infer: (_operands, { program }) => program.outputs.map((v) => v.aval),
  jvp: {
    dual: (primals, tangents, { consts, rule }) => {
      refuseClosure(rule.label, primals, tangents, consts);
      return rule.content(primals.slice(consts), tangents.slice(consts));
    },
  },
  transpose: notLinear,
  batch: (operands, batched, { consts, rule, program }, size, axis) => {
    const lean = batchProgram(program, size, batched, axis);
    const own = new Opaque(
      rule.label,
      batchedRule(rule.content, batched.slice(consts), size, axis),
    );
    const whole = apartFromShared(lean.program, lean.batched, size);
    return bind(customJvpPrimitive, operands, { consts, rule: own, program: whole });
  },
  lower: (_operands, { program }) => ({ kind: 'call', program, isApart: false }),
});

/** @throws `custom-rule-closure` if something that a function closes over is differentiated. */
export function refuseClosure(
  label: string,
  primals: readonly Value[],
  tangents: readonly Tangent[],
  consts: number,
): void {
  const found = tangents.findIndex((tangent, i) => i < consts && tangent !== null);
  if (found !== -1) throw ruleClosure(label, showAval(itemAt(primals, found).aval));
}

/** The batched program with the batch on every output, also on those that it shares. */
export function apartFromShared(
  program: Program,
  batched: readonly boolean[],
  size: number,
): Program {
  if (!batched.includes(false)) return program;
  return trace(
    (inputs) => inline(program, inputs).map((value, i) => lifted(value, batched[i], size)),
    program.inputs.map((v) => v.aval),
    'vmap',
  ).program;
}

/** The rule over a batch: traced for one example, then batched. */
function batchedRule(
  rule: LeafRule,
  batched: readonly boolean[],
  size: number,
  axis: string | null,
): LeafRule {
  return (primals, tangents) => {
    const avals = primals.map(({ aval }, i) =>
      batched[i] === true ? { ...aval, shape: aval.shape.slice(1) } : aval,
    );
    const isGiven = tangents.map((tangent) => tangent !== null);
    let outHas: boolean[] = [];
    const one = trace(
      (inputs) => {
        const given = inputs.slice(primals.length).values();
        const own = isGiven.map((is) => (is ? (given.next().value ?? null) : null));
        const { outputs, tangents: found } = rule(inputs.slice(0, primals.length), own);
        outHas = found.map((tangent) => tangent !== null);
        return [...outputs, ...found.filter((tangent) => tangent !== null)];
      },
      [...avals, ...avals.filter((_, i) => isGiven[i])],
      'vmap of a custom rule',
    );
    const flags = [...batched, ...batched.filter((_, i) => isGiven[i])];
    const all = batchProgram(one.program, size, [...flags, ...one.captures.map(() => false)], axis);
    const given = tangents.filter((tangent) => tangent !== null);
    const results = inline(all.program, [...primals, ...given, ...one.captures]).map((value, i) =>
      lifted(value, all.batched[i], size),
    );
    const found = results.slice(outHas.length).values();
    return {
      outputs: results.slice(0, outHas.length),
      tangents: outHas.map((has) => (has ? (found.next().value ?? null) : null)),
    };
  };
}

/** What the makers of custom rules share. */
export interface CustomOptions {
  /**
   * Arguments that are not differentiated, counted from 0: plain data and functions, which are passed as
   * they are.
   */
  readonly nondiffArgnums?: number | readonly number[];
}

/** A call of a function with a custom rule: the arguments that can be differentiated, as leaves. */
export interface CustomCall {
  readonly body: Body;
  readonly values: readonly Value[];
  /** Structure of the list of arguments, with null in place of those that are not differentiated. */
  readonly argTree: Structure;
  /** The list of arguments with these leaves. */
  readonly args: (leaves: readonly unknown[]) => readonly unknown[];
}

/** Stages the function itself. */
export function stageCustom(
  label: string,
  f: AnyFunction,
  all: readonly unknown[],
  { nondiffArgnums = [] }: CustomOptions,
): CustomCall {
  const skipped = typeof nondiffArgnums === 'number' ? [nondiffArgnums] : nondiffArgnums;
  const own = all.map((arg, i) => (skipped.includes(i) ? null : arg));
  const values: Value[] = [];
  for (const [i, arg] of own.entries()) values.push(...leavesOf(label, arg, i).values);
  const { structure } = leavesOf(label, own);
  const args = (leaves: readonly unknown[]): readonly unknown[] => {
    const given = structure.unflatten(leaves) as readonly unknown[]; // The structure of a list.
    return all.map((arg, i) => (skipped.includes(i) ? arg : given[i]));
  };
  const wrapped = (given: readonly unknown[]): unknown =>
    call(
      f,
      all.map((arg, i) => (skipped.includes(i) ? arg : given[i])),
    );
  const avals = values.map((value) => value.aval);
  const body = stageBody(label, wrapped, [structure], avals);
  return { body, values, argTree: structure, args };
}

/** The results of a rule as leaves. @throws `bad-rule-result`, `tree-structure-mismatch` */
export function ruleOutputs(label: string, { program, outTree }: Body, result: unknown): Value[] {
  const leaves = flattenLike(label, outTree, result);
  return leaves.map((leaf, i) => {
    const { aval } = itemAt(program.outputs, i);
    const value = toValue(leaf, isFloat(aval.dtype));
    if (value !== null && sameType(value.aval, aval)) return value;
    const where = showResult(outTree.paths()[i] ?? '');
    const got = value === null ? String(leaf) : showAval(value.aval);
    throw badRuleResult(label, `${where} is ${showAval(aval)}, but the rule gives ${got}`);
  });
}

/** A rule per argument: what its tangent adds to the result's. */
export type JvpsOf<A extends readonly unknown[], R> = {
  readonly [K in keyof A]: ((tangent: A[K], result: R, ...args: A) => R) | null;
};

/** The rule that adds up what each argument's tangent contributes. */
function sumOfJvps<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  rules: JvpsOf<A, R>,
): (primals: A, tangents: TangentsOf<A>) => readonly [R, R | null] {
  return (primals, tangents) => {
    const result = f(...primals);
    let total: R | null = null;
    rules.forEach((rule, i) => {
      const tangent = tangents[i];
      if (rule === null || tangent === null || tangent === undefined) return;
      const part = (rule as AnyRule<A, R>)(tangent, result, ...primals);
      total = total === null ? part : addTrees(total, part);
    });
    return [result, total];
  };
}

/** One rule of a list, whichever argument it is for. */
type AnyRule<A extends unknown[], R> = (tangent: unknown, result: R, ...args: A) => R;

function addTrees<R>(a: R, b: R): R {
  const { leaves, structure } = flatten(a);
  const others = flattenLike('customJvp', structure, b);
  const sums = leaves.map((leaf, i) => {
    const [x, y] = [toValue(leaf, true), toValue(others[i], true)];
    return x !== null && y !== null ? add(x, y) : null;
  });
  return structure.unflatten(sums) as R; // The structure of a.
}

/**
 * `f` with a forward derivative of your own, which serves forward and reverse mode alike.
 *
 * @param jvp - From the list of arguments and the list of their tangents to `[result, its tangent]`; linear
 *   in the tangents. Tangents of integers, and of arguments that are not differentiated, are null; a null
 *   in the tangent that is returned stands for zero.
 *   Or a list with a rule per argument: from its tangent, the result and the arguments to what it adds to
 *   the result's tangent; null for arguments on which the result does not depend.
 * @throws `custom-rule-closure`, `bad-rule-result`, `tangent-mismatch` when it is differentiated.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.custom_jvp.html. Differs: the rule is an argument, and
 *   arguments that are not differentiated stay in their places.
 * @example
 * const safeLog = customJvp((x: np.Array) => np.log(x), ([x], [dx]) => [np.log(x), np.divide(dx ?? 0, np.maximum(x, 1e-6))]);
 */
export function customJvp<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  jvp:
    | ((primals: A, tangents: TangentsOf<A>) => readonly [result: R, tangent: R | null])
    | JvpsOf<A, R>,
  options: CustomOptions = {},
): (...args: A) => R {
  const label = `customJvp of ${labelOf(f)}`;
  const derivative = typeof jvp === 'function' ? jvp : sumOfJvps(f, jvp);
  const custom = (...all: A): R => {
    const { body, values, argTree, args } = stageCustom(label, f, all, options);
    const outAvals = body.program.outputs.map((v) => v.aval);
    const scope = axisScope();
    const rule: LeafRule = (primals, tangents) => {
      const written = primals.map(({ aval }, i) =>
        isFloat(aval.dtype) ? (tangents[i] ?? zeros(aval)) : null,
      );
      const given = argTree.unflatten(written) as readonly unknown[]; // A list.
      // The arguments with other leaves, and their tangents.
      const result = inScope(scope, () => derivative(args(primals) as A, given as TangentsOf<A>));
      if (!Array.isArray(result) || result.length !== 2) {
        throw badRuleResult(label, 'the rule must return [result, tangent]');
      }
      return {
        outputs: ruleOutputs(label, body, result[0]),
        tangents: resultCotangents(label, body.outTree, result[1], outAvals),
      };
    };
    const params = {
      consts: body.consts.length,
      rule: new Opaque(label, rule),
      program: body.program,
    };
    const results = bind(customJvpPrimitive, [...body.consts, ...values], params);
    return body.outTree.unflatten(results) as R; // The structure of what f returned.
  };
  return labelled(custom, label);
}
