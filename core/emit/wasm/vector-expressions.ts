/** Writes the values of an expression at four neighbouring positions of the vector axis. */

import type { ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { AffineExpr, Expr, LoadExpr, OpExpr, Source } from '../../ir/expr.ts';
import { isInRange, strideAlong } from '../../ir/index-algebra.ts';
import { writeQuad } from './crossings.ts';
import { type Emitter, localType, type VectorContext } from './emitter.ts';
import { loadElement, loadFour, sizeIn } from './memory.ts';
import {
  f32x4,
  f32x4Extract,
  f32x4Replace,
  i32,
  i32Const,
  i32x4,
  i32x4Extract,
  i32x4Replace,
  localGet,
  localSet,
  localTee,
  shuffle32,
  v128Const,
  v128Load,
  v128Load32Lane,
  v128Load32Splat,
  v128Load32Zero,
} from './opcodes.ts';
import { pushAddress, pushScalar } from './scalar-expressions.ts';
import { hasVectorForm, type Operands, operandType, wasmScalarOp } from './scalar-table.ts';

function contextOf(emitter: Emitter): VectorContext {
  invariant(emitter.vector !== null, 'a vector outside a vector loop');
  return emitter.vector;
}

/** Leaves the vector of copy number `copy` on the stack. Booleans are masks. */
export function pushVector(emitter: Emitter, expr: Expr, copy: number): void {
  if (expr.kind === 'const') {
    emitter.constantVector(expr.value, expr.dtype);
    return;
  }
  if (!emitter.varies(expr)) {
    pushSplat(emitter, expr);
    return;
  }
  const binding = emitter.find(expr);
  if (binding !== undefined) {
    const local = binding.locals[copy];
    invariant(local !== undefined && binding.isVector, 'a value without this copy');
    emitter.emit(localGet(local));
    return;
  }
  switch (expr.kind) {
    case 'axis':
      pushPositions(emitter, copy);
      return;
    case 'affine':
      pushAffine(emitter, expr, copy);
      return;
    case 'op':
      pushOp(emitter, expr, copy);
      return;
    case 'load':
      pushLoad(emitter, expr, copy);
      return;
    default:
      invariant(false, `a ${expr.kind} that was not computed before its use`);
  }
}

/** One value in all lanes. */
function pushSplat(emitter: Emitter, expr: Expr): void {
  emitter.hoist(emitter.levelOf(expr), `s${expr.id}`, 'v128', () => {
    if (isPlainLoad(emitter, expr)) {
      const offset = pushAddress(emitter, expr.source, expr.index);
      emitter.emit(v128Load32Splat(offset));
    } else {
      pushScalar(emitter, expr);
      emitter.emit(expr.dtype === 'float32' ? f32x4.splat : i32x4.splat);
    }
    if (expr.dtype === 'bool') emitter.emit(i32x4.neg);
  });
}

const isPlainLoad = (emitter: Emitter, expr: Expr): expr is LoadExpr =>
  expr.kind === 'load' &&
  sizeIn(expr.source) === 4 &&
  emitter.find(expr) === undefined &&
  isInRange(expr.index, expr.source);

/** Position of each lane on the vector axis. */
function pushPositions(emitter: Emitter, copy: number): void {
  const { axis } = contextOf(emitter);
  const depth = emitter.depthOf(axis);
  const first = emitter.loops[depth]?.index;
  invariant(first !== undefined, 'the vector axis has no loop');
  emitter.hoist(depth, `positions${axis.id}:${copy}`, 'v128', () => {
    emitter.emit(localGet(first), i32x4.splat);
    emitter.hoist(-1, `lanes${copy}`, 'v128', () => {
      emitter.emit(v128Const([0, 1, 2, 3].map((lane) => lane + 4 * copy)));
    });
    emitter.emit(i32x4.add);
  });
}

function pushAffine(emitter: Emitter, { terms, offset }: AffineExpr, copy: number): void {
  emitter.constantVector(offset, 'int32');
  for (const { coefficient, atom } of terms) {
    pushVector(emitter, atom, copy);
    if (coefficient !== 1) {
      emitter.constantVector(coefficient, 'int32');
      emitter.emit(i32x4.mul);
    }
    emitter.emit(i32x4.add);
  }
}

function pushLoad(emitter: Emitter, expr: LoadExpr, copy: number): void {
  const { source, index } = expr;
  const quad = emitter.quads.get(expr);
  if (quad !== undefined) {
    writeQuad(emitter, quad);
    pushVector(emitter, expr, copy);
    return;
  }
  const stride = strideAlong(index, contextOf(emitter).axis);
  const isSafe = isInRange(index, source);
  if (stride === 1) {
    pushContiguous(emitter, expr, copy, isSafe);
  } else if (stride === -1 && isSafe && sizeIn(source) === 4) {
    const offset = pushAddress(emitter, source, index, -4 * copy - 3);
    emitter.emit(v128Load(offset));
    const reversed = emitter.local('v128');
    emitter.emit(localTee(reversed), localGet(reversed), shuffle32([3, 2, 1, 0]));
  } else if (stride !== null && isSafe) {
    pushStrided(emitter, expr, stride, copy);
  } else {
    pushGathered(emitter, expr, copy);
  }
  if (expr.dtype === 'bool') emitter.emit(i32x4.neg);
}

/**
 * Four neighbours. Where some lanes may be out of range their values are not used, but the address
 * must stay within memory: the first lane is kept between −3 and the last element.
 */
function pushContiguous(
  emitter: Emitter,
  { source, index, isRaw }: LoadExpr,
  copy: number,
  isSafe: boolean,
): void {
  if (isSafe) {
    const offset = pushAddress(emitter, source, index, 4 * copy);
    emitter.emit(loadFour(source.dtype, isRaw, offset));
    return;
  }
  const pointer = emitter.pointers.get(source);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const position = emitter.local('i32');
  pushScalar(emitter, index);
  emitter.emit(i32Const(4 * copy), i32.add, localTee(position));
  emitter.emit(i32Const(-3), localGet(position), i32Const(-3), i32.gtS, [0x1b], localTee(position));
  const last = Math.max(0, source.length - 1);
  emitter.emit(i32Const(last), localGet(position), i32Const(last), i32.ltS, [0x1b]);
  emitter.emit(i32Const(sizeIn(source)), i32.mul, localGet(pointer), i32.add);
  emitter.emit(loadFour(source.dtype, isRaw));
}

/** Every `stride`-th element, from one address. */
function pushStrided(
  emitter: Emitter,
  { source, index, isRaw }: LoadExpr,
  stride: number,
  copy: number,
): void {
  const address = emitter.local('i32');
  const first = stride > 0 ? 4 * copy : 4 * copy + 3;
  const offset = pushAddress(emitter, source, index, first * stride);
  const step = Math.abs(stride) * sizeIn(source);
  const at = (lane: number): number => offset + step * (stride > 0 ? lane : 3 - lane);
  emitter.emit(localSet(address));
  pushLanes(emitter, source, isRaw, (lane) => {
    emitter.emit(localGet(address));
    return at(lane);
  });
}

/** Four elements from addresses that `pushLaneAddress` pushes; it returns an offset to add. */
function pushLanes(
  emitter: Emitter,
  source: Source,
  isRaw: boolean,
  pushLaneAddress: (lane: number) => number,
): void {
  const vector = emitter.local('v128');
  if (sizeIn(source) < 4) {
    const element = emitter.local('i32');
    for (const lane of [0, 1, 2, 3]) {
      const offset = pushLaneAddress(lane);
      emitter.emit(loadElement(source.dtype, isRaw, offset));
      if (lane === 0) emitter.emit(i32x4.splat);
      else emitter.emit(localSet(element), localGet(vector), localGet(element), i32x4Replace(lane));
      if (lane < 3) emitter.emit(localSet(vector));
    }
    return;
  }
  emitter.emit(v128Load32Zero(pushLaneAddress(0)), localSet(vector));
  for (const lane of [1, 2, 3]) {
    const offset = pushLaneAddress(lane);
    emitter.emit(localGet(vector), v128Load32Lane(lane, offset));
    if (lane < 3) emitter.emit(localSet(vector));
  }
}

/** Elements anywhere, from a vector of indices. */
function pushGathered(emitter: Emitter, { source, index, isRaw }: LoadExpr, copy: number): void {
  const pointer = emitter.pointers.get(source);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const indices = emitter.local('v128');
  pushVector(emitter, index, copy);
  if (!isInRange(index, source)) {
    emitter.constantVector(Math.max(0, source.length - 1), 'int32');
    emitter.emit(i32x4.minU);
  }
  emitter.emit(
    i32Const(Math.log2(sizeIn(source))),
    i32x4.shl,
    localGet(pointer),
    i32x4.splat,
    i32x4.add,
    localSet(indices),
  );
  pushLanes(emitter, source, isRaw, (lane) => {
    emitter.emit(localGet(indices), i32x4Extract(lane));
    return 0;
  });
}

function pushOp(emitter: Emitter, expr: OpExpr, copy: number): void {
  if (!hasVectorForm(expr)) {
    pushLaneByLane(emitter, expr, copy);
    return;
  }
  const form = wasmScalarOp(expr.op).form?.(operandType(expr), expr.dtype);
  invariant(form !== undefined && form.vector !== null, `${expr.op} was not expanded`);
  form.vector({
    ...common(emitter, expr),
    push: (position) => pushVector(emitter, argument(expr, position), copy),
  });
}

function argument(expr: OpExpr, position: number): Expr {
  const operand = expr.args[position];
  invariant(operand !== undefined, `${expr.op} lacks an operand`);
  return operand;
}

const common = (emitter: Emitter, expr: OpExpr): Omit<Operands, 'push'> => ({
  expr,
  relaxed: emitter.relaxed,
  emit: (...bytes) => emitter.emit(...bytes),
  temporary: (type) => emitter.local(type),
  help: (helper) => emitter.emit(emitter.callHelper(helper)),
});

/** Pushes one lane as a scalar; a mask becomes 0 or 1. */
export function pushLane(emitter: Emitter, vector: number, lane: number, dtype: ScalarType): void {
  emitter.emit(localGet(vector));
  emitter.emit(dtype === 'float32' ? f32x4Extract(lane) : i32x4Extract(lane));
  if (dtype === 'bool') emitter.emit(i32Const(1), i32.and);
}

/** Four scalar operations, for what SIMD does not have. */
function pushLaneByLane(emitter: Emitter, expr: OpExpr, copy: number): void {
  const form = wasmScalarOp(expr.op).form?.(operandType(expr), expr.dtype);
  invariant(form !== undefined, `${expr.op} was not expanded`);
  const vectors = expr.args.map((operand) => {
    if (!emitter.varies(operand)) return null;
    const local = emitter.local('v128');
    pushVector(emitter, operand, copy);
    emitter.emit(localSet(local));
    return local;
  });
  const result = emitter.local('v128');
  const isFloat = localType(expr.dtype) === 'f32';
  for (let lane = 0; lane < 4; lane++) {
    if (lane > 0) emitter.emit(localGet(result));
    form.scalar({
      ...common(emitter, expr),
      push: (position) => {
        const operand = argument(expr, position);
        const vector = vectors[position];
        if (vector === null || vector === undefined) pushScalar(emitter, operand);
        else pushLane(emitter, vector, lane, operand.dtype);
      },
    });
    if (lane === 0) emitter.emit(isFloat ? f32x4.splat : i32x4.splat);
    else emitter.emit(isFloat ? f32x4Replace(lane) : i32x4Replace(lane));
    emitter.emit(lane < 3 ? localSet(result) : []);
  }
  if (expr.dtype === 'bool') emitter.emit(i32x4.neg);
}
