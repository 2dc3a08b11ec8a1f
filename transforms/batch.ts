/** Batching: a program over one more axis. */
import { sameShape, showAval } from '../core/base/aval.ts';
import { invariant } from '../core/base/errors.ts';
import { namesAxis } from '../core/ir/effects.ts';
import { interpret, replay } from '../core/ir/interpret.ts';
import type { Eqn, Program } from '../core/ir/program.ts';
import { traceClosed } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';

/** A program over a batch. */
export interface BatchedProgram {
  readonly program: Program;
  /** Which outputs have the batch as axis 0; the others are shared by the whole batch. */
  readonly batched: readonly boolean[];
}

interface MaybeBatched {
  readonly value: Value;
  readonly batched: boolean;
}

/**
 * `program` on each of `size` slices along axis 0 of its batched inputs.
 *
 * @param batched - Which inputs have the batch as axis 0; the others are shared.
 * @param axis - The name of the batch's axis, over which collective operations in the program work.
 */
export function batchProgram(
  program: Program,
  size: number,
  batched: readonly boolean[],
  axis: string | null,
): BatchedProgram {
  const avals = program.inputs.map(({ aval }, i) =>
    batched[i] === true ? { ...aval, shape: [size, ...aval.shape] } : aval,
  );
  let outBatched: boolean[] = [];
  const lifted = traceClosed(
    (inputs) => {
      const operands = inputs.map((value, i) => ({ value, batched: batched[i] === true }));
      const outputs = interpret<MaybeBatched>(program, operands, (eqn, values) =>
        batchRule(eqn, values, size, axis),
      );
      outBatched = outputs.map((output) => output.batched);
      return outputs.map(({ value }) => value);
    },
    avals,
    'vmap',
  );
  return { program: lifted, batched: outBatched };
}

function batchRule(
  eqn: Eqn,
  operands: readonly MaybeBatched[],
  size: number,
  axis: string | null,
): MaybeBatched[] {
  const values = operands.map(({ value }) => value);
  const flags = operands.map(({ batched }) => batched);
  const isConcerned = flags.includes(true) || (axis !== null && namesAxis(eqn, axis));
  if (!isConcerned) return replay(eqn, values).map((value) => ({ value, batched: false }));
  const results = eqn.primitive.batch(values, flags, eqn.params, size, axis);
  return eqn.outputs.map(({ aval }, i) => {
    const value = results[i];
    invariant(
      value !== undefined && value.dtype === aval.dtype,
      `batch of ${eqn.primitive.name} must give ${showAval(aval)}`,
    );
    const batched = value.ndim > aval.shape.length;
    invariant(
      sameShape(value.shape, batched ? [size, ...aval.shape] : aval.shape),
      `batch of ${eqn.primitive.name} must give ${showAval(aval)} with an axis of ${size} in front`,
    );
    return { value, batched };
  });
}
