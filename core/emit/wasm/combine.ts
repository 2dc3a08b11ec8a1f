/** Instructions that combine two values, for reductions, running totals and stores that update. */
import type { ScalarType } from '../../base/dtype.ts';
import { identityOf, type ReduceOp } from '../../ir/scalar-ops.ts';
import type { Emitter } from './emitter.ts';
import {
  f32,
  f32Const,
  f32x4,
  i32,
  i32Const,
  i32x4,
  localGet,
  localSet,
  localTee,
  shuffle32,
  v128,
} from './opcodes.ts';

const vectorRows: Record<ReduceOp, Record<ScalarType, readonly number[]>> = {
  add: { float32: f32x4.add, int32: i32x4.add, uint32: i32x4.add, bool: v128.or },
  mul: { float32: f32x4.mul, int32: i32x4.mul, uint32: i32x4.mul, bool: v128.and },
  max: { float32: f32x4.max, int32: i32x4.maxS, uint32: i32x4.maxU, bool: v128.or },
  min: { float32: f32x4.min, int32: i32x4.minS, uint32: i32x4.minU, bool: v128.and },
  and: { float32: v128.and, int32: v128.and, uint32: v128.and, bool: v128.and },
  or: { float32: v128.or, int32: v128.or, uint32: v128.or, bool: v128.or },
};

/** The instruction that combines two vectors. */
export const combineVectors = (op: ReduceOp, dtype: ScalarType): readonly number[] =>
  vectorRows[op][dtype];

/** Combines the two scalars on the stack. */
export function combineScalars(emitter: Emitter, op: ReduceOp, dtype: ScalarType): void {
  if (dtype === 'float32') {
    const rows = { add: f32.add, mul: f32.mul, max: f32.max, min: f32.min, and: [], or: [] };
    emitter.emit(rows[op]);
    return;
  }
  if (dtype === 'bool') {
    const isOr = op === 'or' || op === 'max' || op === 'add';
    emitter.emit(isOr ? i32.or : i32.and);
    return;
  }
  const rows = { add: i32.add, mul: i32.mul, and: i32.and, or: i32.or };
  if (op !== 'max' && op !== 'min') {
    emitter.emit(rows[op]);
    return;
  }
  const [a, b] = [emitter.local('i32'), emitter.local('i32')];
  const isSigned = dtype === 'int32';
  const comparison = op === 'max' ? (isSigned ? i32.gtS : i32.gtU) : isSigned ? i32.ltS : i32.ltU;
  emitter.emit(localSet(b), localTee(a), localGet(b), localGet(a), localGet(b), comparison, [0x1b]);
}

/** Pushes the scalar that `op` starts from. */
export function pushIdentity(emitter: Emitter, op: ReduceOp, dtype: ScalarType): void {
  const value = identityOf(op, dtype);
  emitter.emit(dtype === 'float32' ? f32Const(value) : i32Const(value));
}

/** Pushes the four lanes of a vector combined into a scalar. */
export function pushCombinedLanes(
  emitter: Emitter,
  vector: number,
  op: ReduceOp,
  dtype: ScalarType,
): void {
  const instruction = combineVectors(op, dtype);
  const folded = emitter.local('v128');
  emitter.emit(localGet(vector), localGet(vector), localGet(vector), shuffle32([2, 3, 0, 1]));
  emitter.emit(instruction, localTee(folded), localGet(folded), localGet(folded));
  emitter.emit(shuffle32([1, 0, 3, 2]), instruction);
  if (dtype === 'float32') emitter.emit([0xfd, 31, 0]);
  else emitter.emit([0xfd, 27, 0]);
  if (dtype === 'bool') emitter.emit(i32Const(1), i32.and);
}
