/** Writes the value of an expression as a scalar on the stack. */
import { invariant } from '../../base/errors.ts';
import type { AffineExpr, Expr, LoadExpr, OpExpr } from '../../ir/expr.ts';
import { isInRange, pushAddress, pushClampedAddress } from './addresses.ts';
import { localType, type Emitter } from './emitter.ts';
import { f32Const, f32Load, i32, i32Const, i32Load, localGet } from './opcodes.ts';
import { operandType, wasmScalarOp, type Operands } from './scalar-table.ts';

/** Leaves the value on the stack: f32, or i32 for the other types (booleans 0 or 1). */
export function pushScalar(emitter: Emitter, expr: Expr): void {
  const binding = emitter.find(expr);
  if (binding !== undefined) {
    const [local] = binding.locals;
    invariant(local !== undefined && !binding.isVector, 'a vector where a scalar is needed');
    emitter.emit(localGet(local));
    return;
  }
  switch (expr.kind) {
    case 'const':
      return emitter.emit(
        expr.dtype === 'float32' ? f32Const(expr.value) : i32Const(expr.value),
      );
    case 'axis':
      return pushAxis(emitter, expr.axis);
    case 'affine':
      return pushAffine(emitter, expr);
    case 'op':
      return pushOp(emitter, expr);
    case 'load':
      return pushLoad(emitter, expr);
    default:
      invariant(false, `a ${expr.kind} that was not computed before its use`);
  }
}

function pushAxis(emitter: Emitter, axis: Parameters<Emitter['depthOf']>[0]): void {
  const depth = emitter.depthOf(axis);
  const local = depth === 0 ? emitter.decoded.get(axis) : emitter.loops[depth]?.index;
  invariant(local !== undefined, 'an axis without a position');
  emitter.emit(localGet(local));
}

function pushAffine(emitter: Emitter, { terms, offset }: AffineExpr): void {
  emitter.emit(i32Const(offset));
  for (const { coefficient, atom } of terms) {
    pushScalar(emitter, atom);
    if (coefficient !== 1) emitter.emit(i32Const(coefficient), i32.mul);
    emitter.emit(i32.add);
  }
}

function pushLoad(emitter: Emitter, { source, index, dtype }: LoadExpr): void {
  const offset = isInRange(index, source)
    ? pushAddress(emitter, source, index)
    : pushClampedAddress(emitter, source, index);
  emitter.emit(dtype === 'float32' ? f32Load(offset) : i32Load(offset));
}

function pushOp(emitter: Emitter, expr: OpExpr): void {
  const form = wasmScalarOp(expr.op).form?.(operandType(expr), expr.dtype);
  invariant(form !== undefined, `${expr.op} was not expanded`);
  form.scalar(scalarOperands(emitter, expr));
}

const scalarOperands = (emitter: Emitter, expr: OpExpr): Operands => ({
  expr,
  push: (position) => {
    const operand = expr.args[position];
    invariant(operand !== undefined, `${expr.op} lacks an operand`);
    pushScalar(emitter, operand);
  },
  relaxed: emitter.relaxed,
  emit: (...bytes) => emitter.emit(...bytes),
  temporary: (type) => emitter.local(type),
  help: (helper) => emitter.emit(emitter.callHelper(helper)),
});

/** Puts the value into a new local. */
export function scalarLocal(emitter: Emitter, expr: Expr): number {
  const local = emitter.local(localType(expr.dtype));
  pushScalar(emitter, expr);
  emitter.emit([0x21, ...localGet(local).slice(1)]);
  return local;
}
