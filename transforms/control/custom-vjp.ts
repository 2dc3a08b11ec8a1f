/** Functions with a reverse derivative of the user's. */
import { isFloat } from '../../core/base/dtype.ts';
import { flatten, type Structure } from '../../core/base/pytree.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  isHole,
  known,
  notLinear,
  type PrimitiveOf,
  type Tangent,
  unsupported,
} from '../../core/ir/primitive.ts';
import { Opaque, type Program } from '../../core/ir/program.ts';
import { bind, type Traced, trace } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted } from '../../core/primitives/broadcast.ts';
import { batchProgram } from '../batch.ts';
import { labelled, labelOf } from '../label.ts';
import { axisScope, inScope } from '../named-axes.ts';
import { call } from '../stage.ts';
import { argumentTangents } from '../tangents.ts';
import type { Output } from '../types.ts';
import { writeZeros } from '../values.ts';
import { leavesOf } from './body.ts';
import {
  apartFromShared,
  type CustomOptions,
  type CustomParams,
  refuseClosure,
  ruleOutputs,
  stageCustom,
} from './custom-jvp.ts';
import { badRuleResult, forwardThroughCustomVjp } from './errors.ts';

/** What the forward half leaves for the backward half. */
interface Forward {
  readonly outputs: readonly Value[];
  readonly residuals: readonly Value[];
  /** From residuals and the cotangents of float outputs to those of the chosen arguments. */
  readonly backward: (chosen: readonly boolean[]) => Traced;
}

/** A derivative rule on leaves. */
type LeafRule = (primals: readonly Value[]) => Forward;

const customVjpPrimitive: PrimitiveOf<CustomParams<LeafRule>> = definePrimitive({
  name: 'customVjp',
  infer: (_operands, { program }) => program.outputs.map((v) => v.aval),
  jvp: {
    dual: (primals, tangents, { consts, rule }): Duals => {
      refuseClosure(rule.label, primals, tangents, consts);
      const { outputs, residuals, backward } = rule.content(primals.slice(consts));
      const own = tangents.slice(consts);
      const pulled = backward(own.map((tangent) => tangent !== null));
      const given = own.filter((tangent) => tangent !== null);
      const held = [...residuals, ...pulled.captures];
      const results = bind(linearPrimitive, [...held, ...given], {
        label: rule.label,
        residuals: held.length,
        backward: reorder(pulled, residuals.length),
      }).values();
      const out = outputs.map(({ dtype }) =>
        isFloat(dtype) ? (results.next().value ?? null) : null,
      );
      return { outputs, tangents: out };
    },
  },
  transpose: notLinear,
  batch: (operands, batched, { consts, rule, program }, size, axis) => {
    // What the batch shares is repeated, so that its cotangents are summed up.
    const isLifted = operands.map(({ dtype }, i) => i >= consts && isFloat(dtype));
    const flags = batched.map((is, i) => is || isLifted[i] === true);
    const given = operands.map((value, i) =>
      isLifted[i] === true ? lifted(value, batched[i], size) : value,
    );
    const lean = batchProgram(program, size, flags, axis);
    const own = new Opaque(rule.label, batchedRule(rule.content, flags.slice(consts), size, axis));
    const whole = apartFromShared(lean.program, lean.batched, size);
    return bind(customVjpPrimitive, given, { consts, rule: own, program: whole });
  },
  lower: (_operands, { program }) => ({ kind: 'call', program, isApart: false }),
});

/** The backward program with what it closes over right after the residuals. */
function reorder({ program, captures }: Traced, residuals: number): Program {
  const { inputs } = program;
  const end = inputs.length - captures.length;
  return {
    ...program,
    inputs: [...inputs.slice(0, residuals), ...inputs.slice(end), ...inputs.slice(residuals, end)],
  };
}

/** Operands: residuals, then tangents of arguments. Results: tangents of the float outputs. */
type LinearParams = {
  readonly label: string;
  readonly residuals: number;
  /** From residuals and cotangents of the results to cotangents of the arguments. */
  readonly backward: Program;
};

/** The derivative itself, known by its transpose alone. */
const linearPrimitive: PrimitiveOf<LinearParams> = definePrimitive({
  name: 'customVjpLinear',
  infer: (_operands, { residuals, backward }) =>
    backward.inputs.slice(residuals).map((v) => v.aval),
  jvp: unsupported('it has a rule for reverse mode only'),
  transpose: (cotangents, operands, { residuals, backward }) => {
    const held = operands
      .slice(0, residuals)
      .map(known)
      .filter((value) => value !== null);
    const avals = backward.inputs.slice(residuals).map((v) => v.aval);
    const found = inline(backward, [...held, ...writeZeros(cotangents, avals)]).values();
    return operands.map((operand, i) => {
      if (i < residuals) return null;
      const cotangent = found.next().value ?? null;
      return isHole(operand) ? cotangent : null;
    });
  },
  batch: (operands, batched, params, size, axis) => {
    const { residuals, backward } = params;
    const flags = backward.inputs.map((_, i) => i >= residuals || batched[i] === true);
    const { program, batched: outs } = batchProgram(backward, size, flags, axis);
    const whole = operands.map((value, i) =>
      i < residuals ? value : lifted(value, batched[i], size),
    );
    return bind(linearPrimitive, whole, {
      ...params,
      backward: apartFromShared(program, outs, size),
    });
  },
  lower: (_operands, { label }) => {
    throw forwardThroughCustomVjp(label);
  },
});

/** The rule over a batch: both halves traced for one example, then batched. */
function batchedRule(
  rule: LeafRule,
  batched: readonly boolean[],
  size: number,
  axis: string | null,
): LeafRule {
  return (primals) => {
    const avals = primals.map(({ aval }, i) =>
      batched[i] === true ? { ...aval, shape: aval.shape.slice(1) } : aval,
    );
    let count = 0;
    let backward: Forward['backward'] | null = null;
    const one = trace(
      (inputs) => {
        const forward = rule(inputs);
        count = forward.outputs.length;
        backward = forward.backward;
        return [...forward.outputs, ...forward.residuals];
      },
      avals,
      'vmap of a custom rule',
    );
    const flags = [...batched, ...one.captures.map(() => false)];
    const all = batchProgram(one.program, size, flags, axis);
    const results = inline(all.program, [...primals, ...one.captures]);
    return {
      outputs: results.slice(0, count).map((value, i) => lifted(value, all.batched[i], size)),
      residuals: results.slice(count),
      backward: (chosen) => {
        if (backward === null) throw badRuleResult('customVjp', 'the forward half did not run');
        const { program, captures } = backward(chosen);
        const inner = program.inputs.length - captures.length;
        const isBatched = program.inputs.map((_, i) => {
          if (i < results.length - count) return all.batched[count + i] === true;
          return i < inner;
        });
        const whole = batchProgram(program, size, isBatched, axis);
        return { program: apartFromShared(whole.program, whole.batched, size), captures };
      },
    };
  };
}

/**
 * `f` with a reverse derivative of your own.
 *
 * @param forward - As `f`, but returns `[result, residuals]`, a tree that the backward half needs.
 * @param backward - From the residuals and the cotangent of the result to the list of cotangents of the
 *   arguments that are differentiated, in order; null for zero and for integers. It may be given third what
 *   `nondiffArgnums` names.
 * @throws `custom-rule-closure`, `bad-rule-result`, `tangent-mismatch` when it is differentiated;
 *   `forward-through-custom-vjp` in forward mode.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.custom_vjp.html. Differs: the rule is an argument.
 * @example
 * const clipped = customVjp((x: np.Array) => x, (x: np.Array) => [x, null] as const, (_: null, ct: np.Array) => [np.clip(ct, -1, 1)]);
 */
export function customVjp<A extends unknown[], R extends Output, Residuals>(
  f: (...args: A) => R,
  forward: (...args: A) => readonly [result: R, residuals: Residuals],
  backward: (residuals: Residuals, cotangent: R, nondiff: readonly unknown[]) => readonly unknown[],
  options: CustomOptions = {},
): (...args: A) => R {
  const label = `customVjp of ${labelOf(f)}`;
  const custom = (...all: A): R => {
    const staged = stageCustom(label, f, all, options);
    const { body, values, argTree } = staged;
    const skipped = [options.nondiffArgnums ?? []].flat();
    const isSkipped = all.map((_, i) => skipped.includes(i));
    const nondiff = all.filter((_, i) => isSkipped[i]);
    const scope = axisScope();
    const rule: LeafRule = (primals) => {
      const result = inScope(scope, () => call(forward, staged.args(primals)));
      if (!Array.isArray(result) || result.length !== 2) {
        throw badRuleResult(label, 'the forward half must return [result, residuals]');
      }
      const outputs = ruleOutputs(label, body, result[0]);
      const residuals = leavesOf(label, result[1]);
      return {
        outputs,
        residuals: residuals.values,
        backward: (chosen) =>
          trace(
            (inputs) => {
              const given = inputs.slice(0, residuals.values.length);
              const cts = cotangentTree(body.outTree, outputs, inputs.slice(given.length));
              const tree = residuals.structure.unflatten(given) as Residuals; // As it was returned.
              // Cotangents are a tree like the result.
              const found = inScope(scope, () => backward(tree, cts as R, nondiff));
              return argumentCotangents(label, argTree, isSkipped, found, primals, chosen);
            },
            [...residuals.values, ...outputs.filter(({ dtype }) => isFloat(dtype))].map(
              (v) => v.aval,
            ),
            `the backward half of ${label}`,
          ),
      };
    };
    const params = {
      consts: body.consts.length,
      rule: new Opaque(label, rule),
      program: body.program,
    };
    const results = bind(customVjpPrimitive, [...body.consts, ...values], params);
    return body.outTree.unflatten(results) as R; // The structure of what f returned.
  };
  return labelled(custom, label);
}

/** The tree of cotangents: null in place of integers and booleans. */
function cotangentTree(
  outTree: Structure,
  outputs: readonly Value[],
  given: readonly Value[],
): unknown {
  const rest = given.values();
  return outTree.unflatten(outputs.map(({ dtype }) => (isFloat(dtype) ? rest.next().value : null)));
}

/** The cotangents of the chosen leaves, zeros written. */
function argumentCotangents(
  label: string,
  argTree: Structure,
  isSkipped: readonly boolean[],
  found: readonly unknown[],
  primals: readonly Value[],
  chosen: readonly boolean[],
): Value[] {
  const expected = isSkipped.filter((is) => !is).length;
  if (!Array.isArray(found) || found.length !== expected) {
    const got = Array.isArray(found) ? `${found.length}` : flatten(found).structure.toString();
    throw badRuleResult(label, `the backward half must return ${expected} cotangents, got ${got}`);
  }
  const given = found.values();
  const all = isSkipped.map((is): unknown => (is ? null : given.next().value));
  const avals = primals.map((value) => value.aval);
  const cotangents: readonly Tangent[] = argumentTangents(label, argTree, all, avals);
  return writeZeros(cotangents, avals).filter((_, i) => chosen[i]);
}
