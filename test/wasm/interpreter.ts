/** A plain interpreter of kernels, element by element: what the WebAssembly backend is compared with. */

import type { DType } from '../../core/base/dtype.ts';
import type { KernelStore, LoopKernel } from '../../core/compile/kernel.ts';
import type { Axis, Expr, Source } from '../../core/ir/expr.ts';
import { identityOf, type ReduceOp, type ScalarOp } from '../../core/ir/scalar-ops.ts';
import { scalarReference } from './scalar-reference.ts';

/** The contents of each buffer: numbers, booleans as 0 and 1. */
export type Contents = Map<Source, number[]>;

type Positions = Map<Axis, number>;

/** Rounds or wraps a number to an element type. */
export function coerce(value: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(value);
  if (dtype === 'int32') return value | 0;
  return dtype === 'uint32' ? value >>> 0 : value === 0 ? 0 : 1;
}

function combine(op: ReduceOp, a: number, b: number, dtype: DType): number {
  const names: Record<ReduceOp, ScalarOp> = {
    add: dtype === 'bool' ? 'or' : 'add',
    mul: dtype === 'bool' ? 'and' : 'mul',
    max: 'max',
    min: 'min',
    and: 'and',
    or: 'or',
  };
  return scalarReference(names[op], [a, b], [dtype, dtype], dtype);
}

/** Runs a kernel, changing `contents`. Sums are kept in double precision. */
export function interpretKernel(kernel: LoopKernel, contents: Contents): void {
  forEachPosition(kernel.parallel, new Map(), (positions) => {
    for (const group of groups(kernel.stores)) {
      const totals = new Map<Expr, number>();
      forEachPosition(group[0]?.serial ?? [], positions, (inner) => {
        const writes = group.map((store) => evaluateStore(store, inner, contents, totals));
        for (const write of writes) write();
      });
    }
  });
}

function groups(stores: readonly KernelStore[]): KernelStore[][] {
  const found: KernelStore[][] = [];
  for (const store of stores) {
    const last = found[found.length - 1];
    if (
      last?.[0]?.serial.join() === store.serial.join() &&
      last?.[0]?.serial[0] === store.serial[0]
    ) {
      last?.push(store);
    } else found.push([store]);
  }
  return found;
}

function forEachPosition(
  axes: readonly Axis[],
  outer: Positions,
  visit: (positions: Positions) => void,
): void {
  const [axis, ...rest] = axes;
  if (axis === undefined) {
    visit(outer);
    return;
  }
  for (let k = 0; k < axis.extent; k++) forEachPosition(rest, new Map(outer).set(axis, k), visit);
}

function evaluateStore(
  store: KernelStore,
  positions: Positions,
  contents: Contents,
  totals: Map<Expr, number>,
): () => void {
  const evaluate = (expr: Expr): number => evaluateExpr(expr, positions, contents, totals);
  const value = evaluate(store.value);
  if (store.guard !== null && evaluate(store.guard) === 0) return () => {};
  const index = evaluate(store.index);
  return () => {
    const target = contents.get(store.target) ?? [];
    const old = target[index] ?? Number.NaN;
    target[index] =
      store.mode === 'set' ? value : combine(store.mode, old, value, store.target.dtype);
  };
}

function evaluateExpr(
  expr: Expr,
  positions: Positions,
  contents: Contents,
  totals: Map<Expr, number>,
): number {
  const visit = (e: Expr): number => evaluateExpr(e, positions, contents, totals);
  switch (expr.kind) {
    case 'const':
      return coerce(expr.value, expr.dtype);
    case 'axis':
      return positions.get(expr.axis) ?? Number.NaN;
    case 'affine':
      return expr.terms.reduce((sum, t) => sum + t.coefficient * visit(t.atom), expr.offset);
    case 'load':
      return contents.get(expr.source)?.[visit(expr.index)] ?? 0;
    case 'op':
      return scalarReference(
        expr.op,
        expr.args.map(visit),
        expr.args.map((a) => a.dtype),
        expr.dtype,
      );
    case 'reduce': {
      let total = identityOf(expr.op, expr.dtype);
      for (let k = 0; k < expr.axis.extent; k++) {
        const value = evaluateExpr(
          expr.value,
          new Map(positions).set(expr.axis, k),
          contents,
          totals,
        );
        // Double precision for sums, so that the reference is the better of the two.
        total =
          expr.op === 'add' && expr.dtype === 'float32'
            ? total + value
            : combine(expr.op, total, value, expr.dtype);
      }
      return coerce(total, expr.dtype);
    }
    case 'cumulate': {
      const old = totals.get(expr) ?? identityOf(expr.op, expr.dtype);
      const at = positions.get(expr.axis) === 0 ? identityOf(expr.op, expr.dtype) : old;
      const total = combine(expr.op, at, visit(expr.value), expr.dtype);
      totals.set(expr, total);
      return total;
    }
    case 'accumulator':
      throw new TypeError('an accumulator outside a matrix product');
  }
}
