/** Loops and branches → steps with plans of their own. */

import type { Aval } from '../base/aval.ts';
import { makeSource, type Source } from '../ir/expr.ts';
import type { HostFunction } from '../ir/host-function.ts';
import type {
  ControlLowering,
  HostLowering,
  RepeatLowering,
  WhileLowering,
} from '../ir/lowering.ts';
import { lookup, type Opaque, type Program } from '../ir/program.ts';
import type { Control } from './control.ts';
import type { KernelBuffer } from './kernel.ts';
import type { Plan } from './plan.ts';

/** The arrays that a control step is given. */
export interface ControlArrays {
  readonly operands: readonly Source[];
  readonly results: readonly Source[];
}

/** The functions of the host's that a program calls, numbered. */
export type CallNumbers = ReadonlyMap<Opaque<HostFunction>, number>;

/**
 * Compiles a program; called again for the same program it returns the same plan.
 *
 * @param carries - What of its inputs the program hands on to its next run: how many come before, and how many.
 */
export type PlanOf = (
  program: Program,
  carries?: { readonly before: number; readonly count: number },
) => Plan;

/** The plan of a loop's body. */
const bodyPlan = (loop: RepeatLowering | WhileLowering, planOf: PlanOf): Plan =>
  loop.kind === 'repeat'
    ? planOf(loop.body, { before: loop.consts, count: loop.carries })
    : planOf(loop.body, { before: loop.bodyConsts, count: loop.body.outputs.length });

/** The carries that a loop keeps in one place, by position among its operands and results. */
export function heldCarries(
  lowering: ControlLowering,
  planOf: PlanOf,
): { readonly operand: number; readonly result: number }[] {
  if (lowering.kind === 'branch') return [];
  const before =
    lowering.kind === 'repeat' ? lowering.consts : lowering.conditionConsts + lowering.bodyConsts;
  const { changed = [] } = bodyPlan(lowering, planOf);
  return [...changed].map((result) => ({ operand: before + result, result }));
}

/** The step that calls a function of the host's. */
export function buildHostCall(
  name: string,
  { call, isGuarded }: HostLowering,
  { operands, results }: ControlArrays,
  avals: { readonly operands: readonly Aval[]; readonly results: readonly Aval[] },
  numbers: CallNumbers,
): Control {
  return {
    kind: 'host',
    name,
    buffers: [...operands.map(read), ...results.map(write)],
    call: lookup(numbers, call),
    isGuarded,
    operands: avals.operands.slice(isGuarded ? 1 : 0),
    results: avals.results,
  };
}

/** The step that does what `lowering` says; carries that are kept in one place begin there. */
export function buildControl(
  name: string,
  lowering: ControlLowering,
  { operands, results }: ControlArrays,
  planOf: PlanOf,
): Control {
  const given = [...operands.map(read), ...results.map(write)];
  switch (lowering.kind) {
    case 'repeat': {
      const { count, consts, carries, isReversed, isIndexed } = lowering;
      const body = bodyPlan(lowering, planOf);
      const spares = count > 1 ? twinsOf(results.slice(0, carries).filter(isMoving(body))) : [];
      const buffers = [...given, ...spares.map(write), ...arenaFor([body])];
      const reads = operands.length - consts - carries;
      const writes = results.length - carries;
      return {
        kind: 'repeat',
        name,
        buffers,
        body,
        count,
        consts,
        carries,
        reads,
        writes,
        isReversed,
        isIndexed,
      };
    }
    case 'while': {
      const condition = planOf(lowering.condition);
      const body = bodyPlan(lowering, planOf);
      const { conditionConsts, bodyConsts, bound } = lowering;
      const extra = [...twinsOf(results.filter(isMoving(body))), makeSource('bool', 1)].map(write);
      const buffers = [...given, ...extra, ...arenaFor([condition, body])];
      const carries = results.length;
      return {
        kind: 'while',
        name,
        buffers,
        condition,
        body,
        conditionConsts,
        bodyConsts,
        carries,
        bound,
      };
    }
    case 'branch': {
      const branches = lowering.branches.map((program) => planOf(program));
      return { kind: 'branch', name, buffers: [...given, ...arenaFor(branches)], branches };
    }
  }
}

const isMoving =
  ({ changed }: Plan) =>
  (_: unknown, carry: number): boolean =>
    changed?.has(carry) !== true;

const read = (source: Source): KernelBuffer => ({ source, access: 'read' });
const write = (source: Source): KernelBuffer => ({ source, access: 'write' });

const twinsOf = (sources: readonly Source[]): Source[] =>
  sources.map(({ dtype, length }) => makeSource(dtype, length));

/** Room for the intermediate arrays of plans of which one runs at a time. */
function arenaFor(plans: readonly Plan[]): KernelBuffer[] {
  const bytes = Math.max(0, ...plans.map((plan) => plan.arenaBytes));
  return bytes === 0 ? [] : [write(makeSource('uint32', Math.ceil(bytes / 4)))];
}
