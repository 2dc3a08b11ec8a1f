/** Loops and branches → steps with plans of their own. */

import type { Aval } from '../base/aval.ts';
import { makeSource, type Source } from '../ir/expr.ts';
import type { HostFunction } from '../ir/host-function.ts';
import type { ControlLowering, HostLowering } from '../ir/lowering.ts';
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

/**
 * The step that does what `lowering` says.
 *
 * @param planOf - Compiles a program; called again for the same program it returns the same plan.
 */
export function buildControl(
  name: string,
  lowering: ControlLowering,
  { operands, results }: ControlArrays,
  planOf: (program: Program) => Plan,
): Control {
  const given = [...operands.map(read), ...results.map(write)];
  switch (lowering.kind) {
    case 'repeat': {
      const { body: program, count, consts, carries, isReversed, isIndexed } = lowering;
      const body = planOf(program);
      const spares = count > 1 ? twinsOf(results.slice(0, carries)) : [];
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
      const body = planOf(lowering.body);
      const { conditionConsts, bodyConsts, bound } = lowering;
      const extra = [...twinsOf(results), makeSource('bool', 1)].map(write);
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
      const branches = lowering.branches.map(planOf);
      return { kind: 'branch', name, buffers: [...given, ...arenaFor(branches)], branches };
    }
  }
}

const read = (source: Source): KernelBuffer => ({ source, access: 'read' });
const write = (source: Source): KernelBuffer => ({ source, access: 'write' });

const twinsOf = (sources: readonly Source[]): Source[] =>
  sources.map(({ dtype, length }) => makeSource(dtype, length));

/** Room for the intermediate arrays of plans of which one runs at a time. */
function arenaFor(plans: readonly Plan[]): KernelBuffer[] {
  const bytes = Math.max(0, ...plans.map((plan) => plan.arenaBytes));
  return bytes === 0 ? [] : [write(makeSource('uint32', Math.ceil(bytes / 4)))];
}
