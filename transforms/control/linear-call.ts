/** Linear functions with a transpose of the user's. */
import { sameType, showAval } from '../../core/base/aval.ts';
import { isFloat } from '../../core/base/dtype.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  isHole,
  known,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import type { Program } from '../../core/ir/program.ts';
import { bind, traceClosed } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted } from '../../core/primitives/broadcast.ts';
import { add } from '../../core/primitives/index.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../jvp.ts';
import { labelOf } from '../label.ts';
import { showArgument } from '../leaves.ts';
import type { Output } from '../types.ts';
import { itemAt, writeZeros } from '../values.ts';
import { leavesOf, stageBody } from './body.ts';
import { apartFromShared } from './custom-jvp.ts';
import { badRuleResult } from './errors.ts';
import { cut, spread } from './lists.ts';
import type { Arrays } from './types.ts';

/** Operands: residuals, then what the function is linear in. */
type LinearParams = {
  readonly residuals: number;
  /** From residuals and linear operands to results. */
  readonly program: Program;
  /** From residuals and cotangents of the results to those of the linear operands. */
  readonly transposed: Program;
};

const linearCallPrimitive: PrimitiveOf<LinearParams> = definePrimitive({
  name: 'linearCall',
  infer: (_operands, { program }) => program.outputs.map((v) => v.aval),
  jvp: { dual: (primals, tangents, params) => duals(primals, tangents, params) },
  transpose: (cotangents, operands, { residuals, program, transposed }) => {
    const held = operands.map(known).filter((value, i) => i < residuals && value !== null);
    const values = held.filter((value) => value !== null);
    const cts = writeZeros(
      cotangents,
      program.outputs.map((v) => v.aval),
    );
    // The transpose of the transpose is the function itself.
    const params = { residuals, program: transposed, transposed: program };
    const found = bind(linearCallPrimitive, [...values, ...cts], params);
    return operands.map((operand, i) => (isHole(operand) ? itemAt(found, i - residuals) : null));
  },
  batch: (operands, batched, { residuals, program, transposed }, size, axis) => {
    const over = (one: Program): Program => {
      const flags = one.inputs.map((_, i) => i >= residuals || batched[i] === true);
      const lean = batchProgram(one, size, flags, axis);
      return apartFromShared(lean.program, lean.batched, size);
    };
    const whole = operands.map((x, i) => (i < residuals ? x : lifted(x, batched[i], size)));
    const params = { residuals, program: over(program), transposed: over(transposed) };
    return bind(linearCallPrimitive, whole, params);
  },
  lower: (_operands, { program }) => ({ kind: 'call', program, isApart: false }),
});

/** In the linear operands the derivative is the function itself; in the residuals it is found as usual. */
function duals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: LinearParams,
): Duals {
  const { residuals, program } = params;
  const outputs = bind(linearCallPrimitive, primals, params);
  const [dHeld, dLinear] = cut(tangents, [residuals]);
  const [held, linear] = cut(primals, [residuals]);
  const own = dLinear.every((tangent) => tangent === null)
    ? outputs.map(() => null)
    : bind(
        linearCallPrimitive,
        [
          ...held,
          ...writeZeros(
            dLinear,
            linear.map((x) => x.aval),
          ),
        ],
        params,
      );
  const flags = [...dHeld.map((tangent) => tangent !== null), ...linear.map(() => false)];
  if (!flags.includes(true)) return { outputs, tangents: own };
  const derived = jvpProgram(program, flags);
  const given = dHeld.filter((tangent) => tangent !== null);
  const all = inline(derived.program, [...primals, ...given, ...derived.captures]);
  const rest = spread(all.slice(outputs.length), derived.nonzero);
  const total = own.map((tangent, i): Tangent => {
    const other = rest[i] ?? null;
    return tangent === null || other === null ? (tangent ?? other) : add(tangent, other);
  });
  return { outputs, tangents: total };
}

/**
 * `f(residuals, linear)`, which is linear in its second argument, with a transpose of your own in place of the
 * one that is derived.
 *
 * @param transpose - From the residuals and a cotangent of the result to the cotangent of `linear`, in which it
 *   is linear; `f` must be its transpose in turn.
 * @param residuals - A tree in which `f` need not be linear. It is differentiated through `f`.
 * @param linear - A tree of floats.
 * @throws `bad-rule-result`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.custom_derivatives.linear_call.html. Differs: the
 *   residuals may be differentiated.
 * @example
 * const scaled = linearCall((s: np.Array, x: np.Array) => x.mul(s), (s: np.Array, ct: np.Array) => ct.mul(s), np.array(2), np.ones([3]));
 */
export function linearCall<Residuals, Linear, R extends Output>(
  f: (residuals: Arrays<Residuals>, linear: Arrays<Linear>) => R,
  transpose: (residuals: Arrays<Residuals>, cotangent: Arrays<R>) => unknown,
  residuals: Residuals,
  linear: Linear,
): Arrays<R> {
  const label = `linearCall of ${labelOf(f)}`;
  const held = leavesOf(label, residuals, 2);
  const given = leavesOf(label, linear, 3);
  const avalsOf = (values: readonly Value[]) => values.map((value) => value.aval);
  const heldAvals = avalsOf(held.values);
  const givenAvals = avalsOf(given.values);
  const odd = givenAvals.findIndex(({ dtype }) => !isFloat(dtype));
  if (odd !== -1) {
    const path = given.structure.paths()[odd] ?? '';
    const where = showArgument(['3', path].filter((part) => part !== '').join('/'));
    throw badRuleResult(label, `${where} is ${showAval(itemAt(givenAvals, odd))}, not a float`);
  }
  const body = stageBody(
    label,
    f,
    [held.structure, given.structure],
    [...heldAvals, ...givenAvals],
  );
  const outAvals = body.program.outputs.map((v) => v.aval);
  const back = stageBody(
    `the transpose of ${label}`,
    transpose,
    [held.structure, body.outTree],
    [...heldAvals, ...outAvals],
  );
  const difference = given.structure.difference(back.outTree);
  const wrong = back.program.outputs.findIndex(
    ({ aval }, i) => givenAvals[i] === undefined || !sameType(aval, itemAt(givenAvals, i)),
  );
  if (difference !== null || wrong !== -1) {
    const got = back.program.outputs.map(({ aval }) => showAval(aval)).join(', ');
    const expected = givenAvals.map(showAval).join(', ');
    throw badRuleResult(
      label,
      `the transpose must give ${expected}, like 'linear', but gives ${got}`,
    );
  }
  const operands = [...body.consts, ...back.consts, ...held.values];
  const counts = [body.consts.length, back.consts.length] as const;
  const own = (program: Program, which: 0 | 1, avals: readonly Value['aval'][]): Program =>
    traceClosed(
      (inputs) => {
        const [first, second, rest] = cut(inputs, counts);
        return inline(program, [...(which === 0 ? first : second), ...rest]);
      },
      [...avalsOf(operands), ...avals],
      label,
    );
  const results = bind(linearCallPrimitive, [...operands, ...given.values], {
    residuals: operands.length,
    program: own(body.program, 0, givenAvals),
    transposed: own(back.program, 1, outAvals),
  });
  return body.outTree.unflatten(results) as Arrays<R>; // The structure of what f returned.
}
