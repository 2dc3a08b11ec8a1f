/**
 * Running totals four positions at a time: each vector is summed up within itself in two steps, then the
 * total before it is added.
 *
 * @see Hillis and Steele: Data parallel algorithms, CACM 29 (1986).
 */
import type { DType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { CumulateExpr } from '../../ir/expr.ts';
import { identityOf } from '../../ir/scalar-ops.ts';
import { combineVectors } from './combine.ts';
import type { Emitter } from './emitter.ts';
import {
  f32x4,
  f32x4Extract,
  i32x4,
  i32x4Extract,
  localGet,
  localSet,
  localTee,
  shuffle32,
} from './opcodes.ts';
import { pushVector } from './vector-expressions.ts';

/** Locals of a scan: the totals of each copy, then the last total in all lanes, here that of local `carry`. */
export function startScan(
  emitter: Emitter,
  { dtype }: CumulateExpr,
  carry: number | undefined,
): number[] {
  invariant(carry !== undefined, 'a running total without a start');
  const totals = Array.from({ length: emitter.vector?.copies ?? 1 }, () => emitter.local('v128'));
  const last = emitter.local('v128');
  emitter.emit(localGet(carry), dtype === 'float32' ? f32x4.splat : i32x4.splat, localSet(last));
  return [...totals, last];
}

/** Leaves the last total in local `carry`. */
export function endScan(
  emitter: Emitter,
  dtype: DType | undefined,
  locals: readonly number[],
  carry: number | undefined,
): void {
  const last = locals.at(-1);
  invariant(last !== undefined && carry !== undefined, 'a running total without an end');
  const extract = dtype === 'float32' ? f32x4Extract(0) : i32x4Extract(0);
  emitter.emit(localGet(last), extract, localSet(carry));
}

/** Takes in one value per lane and copy. */
export function writeScan(
  emitter: Emitter,
  { op, dtype, value }: CumulateExpr,
  locals: readonly number[],
): void {
  const last = locals.at(-1);
  invariant(last !== undefined, 'a scan without a total');
  const combine = combineVectors(op, dtype);
  locals.slice(0, -1).forEach((total, copy) => {
    pushVector(emitter, value, copy);
    emitter.emit(localSet(total));
    // Lanes 0 … 3 of the pair are the identity, 4 … 7 the values.
    for (const lanes of [
      [0, 4, 5, 6],
      [0, 1, 4, 5],
    ]) {
      emitter.emit(localGet(total));
      emitter.constantVector(identityOf(op, dtype), dtype);
      emitter.emit(localGet(total), shuffle32(lanes), combine, localSet(total));
    }
    emitter.emit(localGet(last), localGet(total), combine, localTee(total));
    emitter.emit(localGet(total), shuffle32([3, 3, 3, 3]), localSet(last));
  });
}
