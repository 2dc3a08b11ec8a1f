/** Loops that end when a condition fails. */
import { showAval } from '../../core/base/aval.ts';
import { withoutEffects } from '../../core/ir/effects.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import type { Program } from '../../core/ir/program.ts';
import { bind, traceClosed } from '../../core/ir/trace.ts';
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { broadcastInDim, lifted, zeros } from '../../core/primitives/broadcast.ts';
import { reduceOr, select } from '../../core/primitives/index.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../jvp.ts';
import { labelOf } from '../label.ts';
import type { AnyFunction } from '../stage.ts';
import { itemAt, writeZeros } from '../values.ts';
import { checkCarry, leavesOf, settleCarry, stageBody } from './body.ts';
import { badPredicate, reverseThroughWhile } from './errors.ts';
import { chosen, cut, grow } from './lists.ts';
import type { Arrays, ArraysLike } from './types.ts';

/** Operands: constants of the condition, constants of the body, carries. Results: carries. */
type WhileParams = {
  readonly conditionConsts: number;
  readonly bodyConsts: number;
  readonly maxIterations: number | null;
  readonly condition: Program;
  readonly body: Program;
};

const whilePrimitive: PrimitiveOf<WhileParams> = definePrimitive({
  name: 'while',
  infer: (operands, { conditionConsts, bodyConsts, body }) =>
    body.outputs.map(({ aval }, i) => {
      const before = itemAt(operands, conditionConsts + bodyConsts + i);
      return { ...aval, weak: aval.weak && before.weak };
    }),
  jvp: {
    dual: (primals, tangents, params, isSplit) => {
      if (!isSplit) return jointDuals(primals, tangents, params);
      // Apart from the results, the loop over both runs once more, for the tangents alone.
      const { condition, body } = params;
      const again = { condition: withoutEffects(condition), body: withoutEffects(body) };
      const duals = jointDuals(primals, tangents, { ...params, ...again });
      return { ...duals, outputs: bind(whilePrimitive, primals, params) };
    },
  },
  transpose: () => {
    throw reverseThroughWhile();
  },
  batch: batchWhile,
  lower: (_operands, { condition, body, conditionConsts, bodyConsts, maxIterations }) => ({
    kind: 'while',
    condition,
    body,
    conditionConsts,
    bodyConsts,
    bound: maxIterations,
  }),
});

/** One loop that computes results and tangents together. */
function jointDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: WhileParams,
): Duals {
  const { conditionConsts, bodyConsts, condition, body } = params;
  const [forCondition, ...rest] = cut(primals, [conditionConsts, bodyConsts]);
  const [constants, first] = rest;
  const given = tangents.slice(conditionConsts);
  const { nonzero, derived: jvp } = grow(
    given.map((tangent) => tangent !== null),
    (flags) => jvpProgram(body, flags),
    (found) => [...constants.map(() => false), ...found.nonzero],
  );
  const carryFlags = nonzero.slice(bodyConsts);
  const dConstants = given.slice(0, bodyConsts).filter((tangent) => tangent !== null);
  const dFirst = chosen(
    first.map(({ aval }, i) => given[bodyConsts + i] ?? zeros(aval)),
    carryFlags,
  );
  const consts = [...constants, ...dConstants, ...jvp.captures];
  const carries = [...first, ...dFirst];
  const jointCondition = traceClosed(
    (inputs) => inline(condition, inputs.slice(0, conditionConsts + first.length)),
    [...forCondition, ...carries].map((v) => v.aval),
    'jvp of while',
  );
  const jointBody = traceClosed(
    (inputs) => {
      const [c, dc, captures, k, dk] = cut(inputs, [
        constants.length,
        dConstants.length,
        jvp.captures.length,
        first.length,
      ]);
      const all = inline(jvp.program, [...c, ...k, ...dc, ...dk, ...captures]);
      const outputs = all.slice(0, first.length);
      const found = all.slice(first.length).values();
      const next = jvp.nonzero.map((has) => (has ? (found.next().value ?? null) : null));
      const dNext = writeZeros(
        next,
        outputs.map((v) => v.aval),
      );
      return [...outputs, ...chosen(dNext, carryFlags)];
    },
    [...consts, ...carries].map((v) => v.aval),
    'jvp of while',
  );
  const results = bind(whilePrimitive, [...forCondition, ...consts, ...carries], {
    ...params,
    bodyConsts: consts.length,
    condition: jointCondition,
    body: jointBody,
  });
  const dLast = results.slice(first.length).values();
  return {
    outputs: results.slice(0, first.length),
    tangents: carryFlags.map((has) => (has ? (dLast.next().value ?? null) : null)),
  };
}

/** The loop over a batch. If the condition is batched it runs until it fails for all; who is done waits. */
function batchWhile(
  operands: readonly Value[],
  batched: readonly boolean[],
  params: WhileParams,
  size: number,
  axis: string | null,
): Value[] {
  const { conditionConsts, bodyConsts } = params;
  const [forCondition, constants, first] = cut(operands, [conditionConsts, bodyConsts]);
  const [testFlags, constFlags, firstFlags] = cut(batched, [conditionConsts, bodyConsts]);
  const { nonzero: flags, derived } = grow(
    [...constFlags, ...firstFlags],
    (is) => {
      const carryFlags = is.slice(bodyConsts);
      const condition = batchProgram(params.condition, size, [...testFlags, ...carryFlags], axis);
      return { condition, body: batchProgram(params.body, size, is, axis) };
    },
    ({ condition, body }) => [
      ...constants.map(() => false),
      ...body.batched.map((is) => is || condition.batched[0] === true),
    ],
  );
  const carryFlags = flags.slice(bodyConsts);
  const { condition, body } = derived;
  const isBatched = condition.batched[0] === true;
  const carries = first.map((value, i) =>
    carryFlags[i] === true ? lifted(value, firstFlags[i], size) : value,
  );
  const next = (consts: readonly Value[], carry: readonly Value[]): Value[] =>
    inline(body.program, [...consts, ...carry]).map((value, i) =>
      carryFlags[i] === true ? lifted(value, body.batched[i], size) : value,
    );
  const avals = (...groups: (readonly Value[])[]) => groups.flat().map((v) => v.aval);
  if (!isBatched) {
    const lean = traceClosed(
      (inputs) => next(inputs.slice(0, bodyConsts), inputs.slice(bodyConsts)),
      avals(constants, carries),
      'vmap of while',
    );
    return bind(whilePrimitive, [...forCondition, ...constants, ...carries], {
      ...params,
      condition: condition.program,
      body: lean,
    });
  }
  const guarded = traceClosed(
    (inputs) => {
      const [test, consts, carry] = cut(inputs, [conditionConsts, bodyConsts]);
      const [goesOn] = inline(condition.program, [...test, ...carry]);
      return next(consts, carry).map((value, i) => {
        const before = itemAt(carry, i);
        if (goesOn === undefined || carryFlags[i] !== true) return value;
        return select(broadcastInDim(goesOn, before.shape, [0]), value, before);
      });
    },
    avals(forCondition, constants, carries),
    'vmap of while',
  );
  const any = traceClosed(
    (inputs) => inline(condition.program, inputs).map((goesOn) => reduceOr(goesOn, [0])),
    avals(forCondition, carries),
    'vmap of while',
  );
  return bind(whilePrimitive, [...forCondition, ...forCondition, ...constants, ...carries], {
    ...params,
    bodyConsts: conditionConsts + bodyConsts,
    condition: any,
    body: guarded,
  });
}

/** How a loop of unknown length runs. */
export interface WhileOptions {
  /** Most turns, after which the loop ends in any case. Needed on GPUs, which run them all. */
  readonly maxIterations?: number;
}

/**
 * The last carry of a loop that goes on while `condition` holds.
 *
 * @param condition - From the carry to a boolean scalar.
 * @param f - One turn: from the carry to the next one.
 * @param init - The first carry, a tree. Plain numbers take the type in which they come back.
 * @throws `carry-mismatch`, `bad-predicate`; `reverse-through-while` when it is differentiated backwards;
 *   `while-needs-bound` on a GPU.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.while_loop.html
 * @example
 * const power = lax.whileLoop((c: np.Array) => c.less(100), (c: np.Array) => c.mul(2), np.array(3));
 */
export function whileLoop(
  condition: (carry: Value) => ValueLike,
  f: (carry: Value) => ValueLike,
  init: ValueLike,
  options?: WhileOptions,
): Value;
export function whileLoop<C>(
  condition: (carry: Arrays<C>) => ValueLike,
  f: (carry: Arrays<C>) => ArraysLike<C>,
  init: C,
  options?: WhileOptions,
): Arrays<C>;
export function whileLoop(
  condition: AnyFunction,
  f: AnyFunction,
  init: unknown,
  { maxIterations }: WhileOptions = {},
): unknown {
  const label = `whileLoop of ${labelOf(f)}`;
  const first = leavesOf(label, init, 2);
  const { values, body } = settleCarry(first.values, (avals) => {
    const staged = stageBody(label, f, [first.structure], avals);
    return { body: staged, returned: staged.program.outputs.map((v) => v.aval) };
  });
  const avals = values.map((value) => value.aval);
  const returned = body.program.outputs.map((v) => v.aval);
  checkCarry(label, first.structure, avals, { structure: body.outTree, avals: returned });
  const test = stageBody(label, condition, [first.structure], avals);
  const [goesOn] = test.program.outputs;
  const isFlag = goesOn?.aval.shape.length === 0 && goesOn.aval.dtype === 'bool';
  if (goesOn === undefined || !isFlag || test.program.outputs.length > 1) {
    const got = goesOn === undefined ? test.outTree.toString() : showAval(goesOn.aval);
    throw badPredicate(label, 'the condition', got);
  }
  const results = bind(whilePrimitive, [...test.consts, ...body.consts, ...values], {
    conditionConsts: test.consts.length,
    bodyConsts: body.consts.length,
    maxIterations: maxIterations ?? null,
    condition: test.program,
    body: body.program,
  });
  return body.outTree.unflatten(results);
}
