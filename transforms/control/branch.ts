/** One of several functions, by the value of an index. */
import { sameType, showAval } from '../../core/base/aval.ts';
import { isFloat } from '../../core/base/dtype.ts';
import { invariant } from '../../core/base/errors.ts';
import { staged } from '../../core/host/runtime.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  type Hole,
  isHole,
  known,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import type { Program } from '../../core/ir/program.ts';
import { bind, isTracing, traceClosed } from '../../core/ir/trace.ts';
import { Value, type ValueLike } from '../../core/ir/value.ts';
import { broadcastInDim, full, lifted } from '../../core/primitives/broadcast.ts';
import {
  convert,
  eq,
  literal,
  max,
  min,
  select,
  stopGradient,
} from '../../core/primitives/index.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../jvp.ts';
import { labelOf } from '../label.ts';
import { linearizeProgram } from '../linearize.ts';
import type { AnyFunction } from '../stage.ts';
import { transposeInto } from '../transpose.ts';
import type { Output } from '../types.ts';
import { itemAt, scalar, writeZeros } from '../values.ts';
import { type Body, leavesOf, stageBody } from './body.ts';
import { badPredicate, branchMismatch } from './errors.ts';
import { chosen, cut, spread } from './lists.ts';
import type { Arrays } from './types.ts';

/** Operands: int32[] index in range, then those of every branch. */
type BranchParams = { readonly branches: readonly Program[] };

const branchPrimitive: PrimitiveOf<BranchParams> = definePrimitive({
  name: 'branch',
  infer: (_operands, { branches }) =>
    itemAt(branches, 0).outputs.map(({ aval }, i) => ({
      ...aval,
      weak: branches.every(({ outputs }) => itemAt(outputs, i).aval.weak),
    })),
  jvp: {
    dual: (primals, tangents, { branches }, isSplit) =>
      (isSplit ? splitDuals : jointDuals)(primals, tangents, branches),
  },
  transpose: (cotangents, operands, { branches }) =>
    transposeBranch(cotangents, operands, branches),
  batch: (operands, batched, { branches }, size, axis) =>
    batchBranch(operands, batched, branches, size, axis),
  lower: (_operands, { branches }) => ({ kind: 'branch', branches }),
});

const avalsOf = (values: readonly Value[]) => values.map((value) => value.aval);

/** Flags that hold for any branch. */
const anyOf = (flags: readonly (readonly boolean[])[]): boolean[] =>
  itemAt(flags, 0).map((_, i) => flags.some((one) => one[i] === true));

/** Derivatives of all branches: the tangents that they are given, which results have one, and what each captures. */
function deriveAll<
  D extends { readonly nonzero: readonly boolean[]; readonly captures: readonly Value[] },
>(
  tangents: readonly Tangent[],
  branches: readonly Program[],
  derive: (branch: Program, nonzero: readonly boolean[]) => D,
) {
  const nonzero = tangents.map((tangent) => tangent !== null);
  const derived = branches.map((branch) => derive(branch, nonzero));
  return {
    given: tangents.filter((tangent) => tangent !== null),
    derived,
    outFlags: anyOf(derived.map((one) => one.nonzero)),
    captures: derived.flatMap((one) => one.captures),
    counts: derived.map((one) => one.captures.length),
  };
}

function jointDuals(
  [index, ...primals]: readonly Value[],
  [, ...tangents]: readonly Tangent[],
  branches: readonly Program[],
): Duals {
  invariant(index !== undefined, 'a choice without an index');
  const { given, derived, outFlags, captures, counts } = deriveAll(tangents, branches, jvpProgram);
  const operands = [...primals, ...given, ...captures];
  const joint = derived.map((one, k) =>
    traceClosed(
      (inputs) => {
        const groups = cut(inputs.slice(primals.length + given.length), counts);
        const all = inline(one.program, [
          ...inputs.slice(0, primals.length + given.length),
          ...itemAt(groups, k),
        ]);
        const outputs = all.slice(0, outFlags.length);
        const found = spread(all.slice(outFlags.length), one.nonzero);
        return [...outputs, ...chosen(writeZeros(found, avalsOf(outputs)), outFlags)];
      },
      avalsOf(operands),
      'jvp of branch',
    ),
  );
  const results = bind(branchPrimitive, [index, ...operands], { branches: joint });
  return {
    outputs: results.slice(0, outFlags.length),
    tangents: spread(results.slice(outFlags.length), outFlags),
  };
}

/** Residuals of all branches share places of the same type; a branch leaves zeros in what it does not use. */
function splitDuals(
  [index, ...primals]: readonly Value[],
  [, ...tangents]: readonly Tangent[],
  branches: readonly Program[],
): Duals {
  invariant(index !== undefined, 'a choice without an index');
  const { given, derived, outFlags, captures, counts } = deriveAll(
    tangents,
    branches,
    linearizeProgram,
  );
  const count = outFlags.length;
  const { slots, placeOf } = shareSlots(
    derived.map(({ primal }) => primal.outputs.slice(count).map((v) => v.aval)),
  );
  const operands = [...primals, ...captures];
  const forward = derived.map(({ primal }, k) =>
    traceClosed(
      (inputs) => {
        const groups = cut(inputs.slice(primals.length), counts);
        const all = inline(primal, [...inputs.slice(0, primals.length), ...itemAt(groups, k)]);
        const places = itemAt(placeOf, k);
        const residuals = slots.map((_, s) => all[count + places.indexOf(s)] ?? null);
        const kept = residuals.map((value, s) => (places.includes(s) ? value : null));
        return [...all.slice(0, count), ...writeZeros(kept, slots)];
      },
      avalsOf(operands),
      'branch',
    ),
  );
  const results = bind(branchPrimitive, [index, ...operands], { branches: forward });
  const [outputs, residuals] = cut(results, [count]);
  const outAvals = chosen(avalsOf(outputs), outFlags);
  const linear = derived.map((one, k) =>
    traceClosed(
      (inputs) => {
        const own = itemAt(placeOf, k).map((s) => itemAt(inputs, s));
        const found = spread(
          inline(one.linear, [...own, ...inputs.slice(slots.length)]),
          one.nonzero,
        );
        return writeZeros(chosen(found, outFlags), outAvals);
      },
      avalsOf([...residuals, ...given]),
      'linear branch',
    ),
  );
  const derivatives = bind(branchPrimitive, [index, ...residuals, ...given], { branches: linear });
  return { outputs, tangents: spread(derivatives, outFlags) };
}

/** As few places as hold the arrays of any one list. */
function shareSlots(lists: readonly (readonly Value['aval'][])[]) {
  const slots: Value['aval'][] = [];
  const placeOf = lists.map((avals) => {
    const taken = new Set<number>();
    return avals.map((aval) => {
      let slot = slots.findIndex((other, s) => !taken.has(s) && sameType(other, aval));
      if (slot === -1) slot = slots.push({ ...aval, weak: false }) - 1;
      taken.add(slot);
      return slot;
    });
  });
  return { slots, placeOf };
}

function transposeBranch(
  cotangents: readonly Tangent[],
  [index, ...operands]: readonly (Value | Hole)[],
  branches: readonly Program[],
): Tangent[] {
  invariant(index !== undefined && !isHole(index), 'a choice by a tangent');
  const holes = operands.map(isHole);
  const values = operands.map(known).filter((value) => value !== null);
  const given = cotangents.filter((ct) => ct !== null);
  const flags = cotangents.map((ct) => ct !== null);
  const wanted = chosen(operands, holes).map(({ aval }) => aval);
  const backward = branches.map((branch) =>
    traceClosed(
      (inputs) => {
        const rest = inputs.values();
        const all = holes.map((isLinear) => (isLinear ? null : (rest.next().value ?? null)));
        const found = transposeInto(branch, all, spread([...rest], flags));
        return writeZeros(chosen(found, holes), wanted);
      },
      avalsOf([...values, ...given]),
      'transpose of branch',
    ),
  );
  const results = bind(branchPrimitive, [index, ...values, ...given], { branches: backward });
  return [null, ...spread(results, holes)];
}

/** A shared index chooses for the whole batch; with one per example all branches are computed. */
function batchBranch(
  [index, ...operands]: readonly Value[],
  [isIndexBatched, ...batched]: readonly boolean[],
  branches: readonly Program[],
  size: number,
  axis: string | null,
): Value[] {
  invariant(index !== undefined, 'a choice without an index');
  const derived = branches.map((branch) => batchProgram(branch, size, batched, axis));
  if (isIndexBatched === true) {
    const results = derived.map(({ program, batched: outs }, k) =>
      inline(program, stoppedWhereIdle(index, k, operands, batched)).map((value, i) =>
        lifted(value, outs[i], size),
      ),
    );
    return itemAt(results, 0).map((_, i) =>
      chooseBy(
        index,
        results.map((one) => itemAt(one, i)),
      ),
    );
  }
  const flags = anyOf(derived.map((one) => one.batched));
  const alike = derived.map(({ program, batched: outs }) =>
    traceClosed(
      (inputs) =>
        inline(program, inputs).map((value, i) =>
          flags[i] === true ? lifted(value, outs[i], size) : value,
        ),
      program.inputs.map((v) => v.aval),
      'vmap of branch',
    ),
  );
  return bind(branchPrimitive, [index, ...operands], { branches: alike });
}

/**
 * The operands of one branch, constant for examples that do not take it: what would be infinite there must
 * not reach their gradients, where zero times infinity is not a number.
 *
 * @see https://github.com/jax-ml/jax/issues/1052
 */
const stoppedWhereIdle = (
  index: Value,
  k: number,
  operands: readonly Value[],
  batched: readonly boolean[],
): Value[] =>
  operands.map((x, i) => {
    if (batched[i] !== true || !isFloat(x.dtype)) return x;
    const isTaken = broadcastInDim(eq(index, full(k, index.aval)), x.shape, [0]);
    return select(isTaken, x, stopGradient(x));
  });

/** For each example the value that its index chooses; index int32[batch], values dtype[batch, …]. */
function chooseBy(index: Value, values: readonly Value[]): Value {
  return values.reduce((chosenSoFar, value, k) => {
    const isChosen = eq(index, full(k, index.aval));
    return select(broadcastInDim(isChosen, value.shape, [0]), value, chosenSoFar);
  });
}

/**
 * `branches[index](...operands)`: the index is an array, and the choice is made when the program runs.
 *
 * All branches are traced; only the chosen one runs, except on a GPU and where `vmap` gives every example
 * an index of its own: there all run, and a selection follows.
 *
 * @param index - An integer scalar, moved into the range of branches.
 * @throws `branch-mismatch`, `bad-predicate`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.switch.html
 * @example
 * const y = lax.switch(1, [(x: np.Array) => x, (x: np.Array) => x.mul(2)], np.ones([3]));
 */
export function switchCase<A extends unknown[], R extends Output>(
  index: ValueLike,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): Arrays<R> {
  const label = 'switch';
  const at = index instanceof Value ? index : scalar(index);
  if (at.ndim > 0 || at.dtype === 'float32' || branches.length === 0) {
    throw badPredicate(label, 'the index of a branch', showAval(at.aval));
  }
  const [inRange] = staged(label, [at], ([i]) => {
    invariant(i !== undefined, 'an index that went astray');
    const last = literal(branches.length - 1, 'int32');
    return [max(min(convert(i, 'int32'), last), literal(0, 'int32'))];
  });
  invariant(inRange !== undefined, 'an index that went astray');
  return choose(label, inRange, branches, operands) as Arrays<R>;
}

/**
 * `whenTrue(...operands)` or `whenFalse(...operands)`: the condition is an array, and the choice is made
 * when the program runs. See {@link switchCase} for what runs.
 *
 * @param condition - A boolean scalar, or a number that counts as true if it is not 0.
 * @throws `branch-mismatch`, `bad-predicate`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.cond.html
 * @example
 * const half = lax.cond(np.array(3).greater(2), (x: np.Array) => x.div(2), (x: np.Array) => x, np.ones([3]));
 */
export function cond<A extends unknown[], R extends Output>(
  condition: ValueLike,
  whenTrue: (...operands: A) => R,
  whenFalse: (...operands: A) => R,
  ...operands: A
): Arrays<R> {
  const label = 'cond';
  const flag = condition instanceof Value ? condition : scalar(condition);
  if (flag.ndim > 0) throw badPredicate(label, 'the condition', showAval(flag.aval));
  const [index] = staged(label, [flag], ([x]) => {
    invariant(x !== undefined, 'a condition that went astray');
    const isTrue = x.dtype === 'bool' ? x : convert(x, 'bool');
    return [convert(isTrue, 'int32')];
  });
  invariant(index !== undefined, 'a condition that went astray');
  return choose(label, index, [whenFalse, whenTrue], operands) as Arrays<R>;
}

function choose(
  label: string,
  index: Value,
  branches: readonly AnyFunction[],
  operands: readonly unknown[],
): unknown {
  const { values, structure } = leavesOf(label, operands, 1);
  const avals = avalsOf(values);
  const spreadArgs = (f: AnyFunction): AnyFunction => {
    // A list of operands is what the branch was declared with.
    const run = (args: readonly unknown[]): unknown =>
      (f as (...args: readonly unknown[]) => unknown)(...args);
    return run;
  };
  const bodies = branches.map((f) =>
    stageBody(`${label}, branch ${labelOf(f)}`, spreadArgs(f), [structure], avals),
  );
  checkBranches(label, branches, bodies);
  // Every branch is given what any of them closes over.
  const consts = bodies.flatMap((body) => body.consts);
  const counts = bodies.map((body) => body.consts.length);
  const alike = bodies.map(({ program }, k) =>
    traceClosed(
      (inputs) => {
        const groups = cut(inputs.slice(0, consts.length), counts);
        return inline(program, [...itemAt(groups, k), ...inputs.slice(consts.length)]);
      },
      [...avalsOf(consts), ...avals],
      label,
    ),
  );
  const { outTree } = itemAt(bodies, 0);
  if (alike.length === 1 && isTracing()) {
    return outTree.unflatten(inline(itemAt(alike, 0), [...consts, ...values]));
  }
  return outTree.unflatten(
    bind(branchPrimitive, [index, ...consts, ...values], { branches: alike }),
  );
}

function checkBranches(
  label: string,
  branches: readonly AnyFunction[],
  bodies: readonly Body[],
): void {
  const first = itemAt(bodies, 0);
  bodies.forEach((body, k) => {
    const name = `branch ${labelOf(itemAt(branches, k))}`;
    const difference = first.outTree.difference(body.outTree);
    if (difference !== null) {
      throw branchMismatch(label, name, difference.path, difference.expected, difference.got);
    }
    body.program.outputs.forEach(({ aval }, i) => {
      const { aval: expected } = itemAt(first.program.outputs, i);
      if (sameType(aval, expected)) return;
      const path = first.outTree.paths()[i] ?? '';
      throw branchMismatch(label, name, path, showAval(expected), showAval(aval));
    });
  });
}
