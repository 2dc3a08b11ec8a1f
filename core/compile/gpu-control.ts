/**
 * Loops and branches for GPUs, where the host can neither look at values between launches nor bind slices at
 * any address: a loop counts its turns on the device and finds slices by that count, and instead of one
 * branch all are computed.
 */
import { type Aval, makeAval, range } from '../base/aval.ts';
import { invariant } from '../base/errors.ts';
import { hasEffect, programHasEffect } from '../ir/effects.ts';
import type { HostFunction } from '../ir/host-function.ts';
import { inline, interpret, replay } from '../ir/interpret.ts';
import type {
  BranchLowering,
  ControlLowering,
  RepeatLowering,
  WhileLowering,
} from '../ir/lowering.ts';
import { definePrimitive, notLinear, type PrimitiveOf, unsupported } from '../ir/primitive.ts';
import { type Eqn, makeVar, type Opaque, type Program } from '../ir/program.ts';
import { bind, bindOne, traceClosed } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { verify } from '../ir/verify.ts';
import { broadcastInDim, full, zeros } from '../primitives/broadcast.ts';
import {
  add,
  and,
  convert,
  dynamicSlice,
  eq,
  literal,
  reshape,
  select,
  sub,
} from '../primitives/index.ts';
import { whileNeedsBound } from './errors.ts';
import { widen } from './widen-steps.ts';

const internal = unsupported('it exists in compiled programs only');
const noBatch = (): never => {
  throw new Error('it exists in compiled programs only');
};

/** A loop that is given stacks whole. Operands: constants and stacks, carries. */
type IndexedParams = {
  readonly body: Program;
  readonly count: number;
  readonly consts: number;
  readonly carries: number;
};

const indexedRepeat: PrimitiveOf<IndexedParams> = definePrimitive({
  name: 'repeat',
  infer: (_operands, { body }) => body.outputs.map((v) => v.aval),
  jvp: internal,
  transpose: notLinear,
  batch: noBatch,
  lower: (_operands, { body, count, consts, carries }) => ({
    kind: 'repeat',
    body,
    count,
    consts,
    carries,
    isReversed: false,
    isIndexed: true,
  }),
});

/** A stack of which one slice is written: the others keep what other turns have written. */
const writeSlice: PrimitiveOf<{ readonly length: number }> = definePrimitive({
  name: 'writeSlice',
  infer: ([x], { length }) =>
    x === undefined ? [] : [makeAval([length, ...x.shape], x.dtype, x.weak)],
  jvp: internal,
  transpose: notLinear,
  batch: noBatch,
  lower: ([x]) => ({
    kind: 'steps',
    build: ({ operands: [slice, position], outputs: [stack], step }) => {
      invariant(x && slice && position && stack, 'a slice, its position and a stack');
      step({
        parallel: x.shape,
        stores: (index) => [
          { to: stack, index: [position.at([]), ...index], value: slice.at(index) },
        ],
      });
    },
  }),
});

/** The array in memory of its own. */
const copy: PrimitiveOf<Record<string, never>> = definePrimitive({
  name: 'copy',
  infer: ([x]) => (x === undefined ? [] : [x]),
  jvp: internal,
  transpose: notLinear,
  batch: noBatch,
  lower: ([x]) => ({
    kind: 'steps',
    build: ({ operands: [from], outputs: [to], step }) => {
      invariant(x && from && to, 'an array and a place');
      step({ parallel: x.shape, stores: (index) => [{ to, index, value: from.at(index) }] });
    },
  }),
});

/** A call that happens only if the first operand, bool[], is true. */
const guardedCall: PrimitiveOf<{ readonly call: Opaque<HostFunction> }> = definePrimitive({
  name: 'guardedCall',
  effect: true,
  infer: () => [],
  jvp: internal,
  transpose: notLinear,
  batch: noBatch,
  lower: (_operands, { call }) => ({ kind: 'host', call, isGuarded: true }),
});

/** The program's outputs; what it calls on the host happens only where the guard, bool[], is true. */
function inlineGuarded(program: Program, inputs: readonly Value[], guard: Value | null): Value[] {
  if (guard === null || !programHasEffect(program)) return inline(program, inputs);
  return interpret(program, inputs, (eqn, operands) =>
    hasEffect(eqn) ? runGuarded(eqn, operands, guard) : replay(eqn, operands),
  );
}

function runGuarded(eqn: Eqn, operands: readonly Value[], guard: Value): Value[] {
  const avals = operands.map((x) => x.aval);
  const lowering = eqn.primitive.lower(
    avals,
    eqn.params,
    eqn.outputs.map((v) => v.aval),
  );
  switch (lowering.kind) {
    case 'host':
      return bind(guardedCall, [guard, ...operands], { call: lowering.call });
    case 'call':
      return inlineGuarded(lowering.program, operands, guard);
    case 'repeat':
      return repeatOnGpu(lowering, operands, copied, guard);
    case 'while':
      return whileOnGpu(eqn, lowering, operands, copied, guard);
    case 'branch':
      return branchOnGpu(lowering, operands, guard);
    default:
      throw new Error(`an effect of '${eqn.primitive.name}'`);
  }
}

/** Both flags; the first may be missing. */
const both = (guard: Value | null, flag: Value): Value =>
  guard === null ? flag : and(guard, flag);

/**
 * What the equation does, as a program for GPUs.
 *
 * @param isShared - Which operands are inputs of the program, or appear twice: no loop may carry them on in
 *   their place.
 * @throws `while-needs-bound`
 */
export function controlForGpu(
  eqn: Eqn,
  lowering: ControlLowering,
  isShared: readonly boolean[],
): Program {
  const avals = eqn.inputs.map((v) => v.aval);
  const own = (x: Value, i: number): Value => (isShared[i] === true ? bindOne(copy, [x], {}) : x);
  switch (lowering.kind) {
    case 'repeat':
      return traceClosed((inputs) => repeatOnGpu(lowering, inputs, own), avals, 'scan');
    case 'while':
      return traceClosed((inputs) => whileOnGpu(eqn, lowering, inputs, own), avals, 'while');
    case 'branch':
      return traceClosed((inputs) => branchOnGpu(lowering, inputs), avals, 'branch');
  }
}

/**
 * The program with a copy of each array that a loop is given more than once: in memory that kernels write, no
 * two arrays of a turn may overlap. Equal computations are shared before, and must not be after.
 */
export function separateOperands(program: Program): Program {
  const eqns = program.eqns.flatMap((eqn): Eqn[] => {
    if (eqn.primitive !== indexedRepeat) return [eqn];
    const copies: Eqn[] = [];
    const inputs = eqn.inputs.map((v, i) => {
      if (eqn.inputs.indexOf(v) === i || program.inputs.includes(v)) return v;
      const twin = makeVar(v.aval);
      copies.push({ ...eqn, primitive: copy, params: {}, inputs: [v], outputs: [twin] });
      return twin;
    });
    return [...copies, { ...eqn, inputs }];
  });
  return verify({ ...program, eqns });
}

type Own = (x: Value, operand: number) => Value;

const copied: Own = (x) => bindOne(copy, [x], {});

function repeatOnGpu(
  lowering: RepeatLowering,
  inputs: readonly Value[],
  own: Own,
  guard: Value | null = null,
): Value[] {
  const { body, count, consts, carries, isReversed } = lowering;
  const first = inputs.slice(consts, consts + carries).map((x, i) => own(x, consts + i));
  const slices = body.outputs.slice(carries);
  if (count === 0) {
    const empty = slices.map(({ aval }) => zeros({ ...aval, shape: [0, ...aval.shape] }));
    return [...first, ...empty];
  }
  const guards = guard === null ? [] : [guard];
  const constants = [...inputs.slice(0, consts), ...inputs.slice(consts + carries), ...guards];
  const counter = literal(0, 'int32');
  const turn = traceClosed(
    (args) => {
      const [c, rest] = [args.slice(0, consts), args.slice(consts)];
      const stacks = rest.slice(0, constants.length - consts - guards.length);
      const own = guards.length === 0 ? null : (rest[stacks.length] ?? null);
      const state = rest.slice(stacks.length + guards.length);
      const done = state[carries];
      invariant(done !== undefined, 'a loop without a counter');
      const position = isReversed ? sub(literal(count - 1, 'int32'), done) : done;
      const read = stacks.map((stack) => sliceAt(stack, position));
      const results = inlineGuarded(body, [...c, ...state.slice(0, carries), ...read], own);
      const written = results
        .slice(carries)
        // A slice need not fill whole words: packed stacks are put together in 32 bits.
        .map((slice) => bindOne(writeSlice, [widen(slice), position], { length: count }));
      return [...results.slice(0, carries), add(done, literal(1, 'int32')), ...written];
    },
    [...constants, ...first, counter].map((v) => v.aval),
    'scan',
  );
  const results = bind(indexedRepeat, [...constants, ...first, counter], {
    body: turn,
    count,
    consts: constants.length,
    carries: carries + 1,
  });
  const stacks = results.slice(carries + 1).map((stack, i) => {
    const { dtype, weak } = slices[i]?.aval ?? stack.aval;
    return convert(stack, dtype, weak);
  });
  return [...results.slice(0, carries), ...stacks];
}

function sliceAt(stack: Value, position: Value): Value {
  const shape = stack.shape.slice(1);
  const starts = [position, ...shape.map(() => literal(0, 'int32'))];
  return reshape(dynamicSlice(stack, starts, [1, ...shape]), shape);
}

/** All turns that are allowed; those after the last one change nothing. */
function whileOnGpu(
  eqn: Eqn,
  lowering: WhileLowering,
  inputs: readonly Value[],
  own: Own,
  guard: Value | null = null,
): Value[] {
  const { condition, body, conditionConsts, bodyConsts, bound } = lowering;
  if (bound === null) throw whileNeedsBound.at({ site: eqn.site });
  const consts = conditionConsts + bodyConsts;
  const first = inputs.slice(consts).map((x, i) => own(x, consts + i));
  if (bound === 0) return first;
  const guards = guard === null ? [] : [guard];
  const constants = [...inputs.slice(0, consts), ...guards];
  const turn = traceClosed(
    (args) => {
      const carry = args.slice(constants.length);
      const outer = guards.length === 0 ? null : (args[consts] ?? null);
      const test = [...args.slice(0, conditionConsts), ...carry];
      const [goesOn] = inlineGuarded(condition, test, outer);
      invariant(goesOn !== undefined, 'a loop without a condition');
      const given = [...args.slice(conditionConsts, consts), ...carry];
      const next = inlineGuarded(body, given, both(outer, goesOn));
      return next.map((value, i) => {
        const before = carry[i];
        invariant(before !== undefined, 'a carry too many');
        return select(filled(goesOn, value.aval), value, before);
      });
    },
    [...constants, ...first].map((v) => v.aval),
    'while',
  );
  return bind(indexedRepeat, [...constants, ...first], {
    body: turn,
    count: bound,
    consts: constants.length,
    carries: first.length,
  });
}

const filled = (flag: Value, { shape }: Aval): Value =>
  shape.length === 0 ? flag : broadcastInDim(flag, shape, []);

function branchOnGpu(
  { branches }: BranchLowering,
  [index, ...operands]: readonly Value[],
  guard: Value | null = null,
): Value[] {
  invariant(index !== undefined, 'a choice without an index');
  const results = branches.map((branch, k) =>
    programHasEffect(branch)
      ? inlineGuarded(branch, operands, both(guard, eq(index, full(k, index.aval))))
      : inline(branch, operands),
  );
  return range(branches[0]?.outputs.length ?? 0).map((i) =>
    results
      .map((one) => one[i])
      .filter((value) => value !== undefined)
      .reduce((chosen, value, k) => {
        const isChosen = eq(index, full(k, index.aval));
        return select(filled(isChosen, value.aval), value, chosen);
      }),
  );
}
