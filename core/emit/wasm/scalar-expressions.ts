/** Writes values of expressions as scalars on the stack, and addresses of elements. */
import { invariant } from '../../base/errors.ts';
import type { AffineExpr, Expr, LoadExpr, OpExpr, Source, Term } from '../../ir/expr.ts';
import { boundsOf, isInRange, partsOf } from '../../ir/index-algebra.ts';
import type { Emitter } from './emitter.ts';
import { loadElement, sizeIn } from './memory.ts';
import { f32Const, i32, i32Const, localGet, localTee } from './opcodes.ts';
import { type Operands, operandType, wasmScalarOp } from './scalar-table.ts';

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
      emitter.emit(expr.dtype === 'float32' ? f32Const(expr.value) : i32Const(expr.value));
      return;
    case 'axis':
      pushAxis(emitter, expr.axis);
      return;
    case 'affine':
      pushAffine(emitter, expr);
      return;
    case 'op':
      pushOp(emitter, expr);
      return;
    case 'load':
      pushLoad(emitter, expr);
      return;
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

function pushLoad(emitter: Emitter, { source, index, isRaw }: LoadExpr): void {
  const offset = isInRange(index, source)
    ? pushAddress(emitter, source, index)
    : pushClampedAddress(emitter, source, index);
  emitter.emit(loadElement(source.dtype, isRaw, offset));
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

/**
 * Pushes the address of an element, and returns an offset for the memory instruction.
 *
 * @param shift - Elements to add.
 */
export function pushAddress(emitter: Emitter, source: Source, index: Expr, shift = 0): number {
  const pointer = emitter.pointers.get(source);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const { terms, offset } = partsOf(index);
  // The instruction's offset is unsigned and does not wrap, so only sums that cannot be negative use it.
  const isPositive = terms.every((t) => t.coefficient > 0 && boundsOf(t.atom)[0] >= 0);
  const size = sizeIn(source);
  const bytes = (offset + shift) * size;
  const rides = isPositive && bytes >= 0 && bytes < 1 << 16;
  pushSum(emitter, { pointer, size }, terms, rides ? 0 : bytes);
  return rides ? bytes : 0;
}

/** Where an array starts, and the bytes of its elements. */
interface Base {
  readonly pointer: number;
  readonly size: number;
}

/** pointer + Σ size·coefficient·atom + bytes, innermost terms last. */
function pushSum(emitter: Emitter, base: Base, terms: readonly Term[], bytes: number): void {
  if (terms.length === 0) {
    emitter.emit(localGet(base.pointer));
    if (bytes !== 0) emitter.emit(i32Const(bytes), i32.add);
    return;
  }
  const levels = terms.map((t) => emitter.levelOf(t.atom));
  const level = Math.max(...levels);
  const own = terms.filter((_, k) => levels[k] === level);
  const outer = terms.filter((_, k) => levels[k] !== level);
  if (level < emitter.depth) {
    // All of it is the same throughout this loop.
    emitter.hoist(level, sumKey(base.pointer, terms, bytes), 'i32', () => {
      pushLevel(emitter, base, own, outer, bytes);
    });
  } else {
    pushLevel(emitter, base, own, outer, bytes);
  }
}

const sumKey = (pointer: number, terms: readonly Term[], bytes: number): string =>
  `p${pointer}+${terms.map((t) => `${t.coefficient}*${t.atom.id}`).join('+')}+${bytes}`;

function pushLevel(
  emitter: Emitter,
  base: Base,
  own: readonly Term[],
  outer: readonly Term[],
  bytes: number,
): void {
  pushSum(emitter, base, outer, bytes);
  for (const { coefficient, atom } of own) {
    pushScaled(emitter, atom, coefficient * base.size);
    emitter.emit(i32.add);
  }
}

/** atom × factor: from the counter of the atom's loop if it is one. */
function pushScaled(emitter: Emitter, atom: Expr, factor: number): void {
  if (atom.kind === 'axis' && emitter.find(atom) === undefined) {
    const depth = emitter.depthOf(atom.axis);
    if (depth > 0) {
      emitter.emit(localGet(emitter.strideLocal(depth, factor)));
      return;
    }
  }
  pushScalar(emitter, atom);
  emitter.emit(i32Const(factor), i32.mul);
}

/** Pushes the address of an element whose index may be out of range; such a load gives any element. */
export function pushClampedAddress(emitter: Emitter, source: Source, index: Expr): number {
  const pointer = emitter.pointers.get(source);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const position = emitter.local('i32');
  pushScalar(emitter, index);
  emitter.emit(localTee(position), i32Const(0), localGet(position));
  emitter.emit(i32Const(source.length), i32.ltU, [0x1b], i32Const(sizeIn(source)), i32.mul);
  emitter.emit(localGet(pointer), i32.add);
  return 0;
}
