/** Products of so few rows that the right operand is read where it lies, once for all of them. */
import { range } from '../../base/aval.ts';
import type { LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import { type Axis, constant, type Expr, substitute } from '../../ir/expr.ts';

/** Rows that are computed in one loop over the sum, at most. */
const FLAT_ROWS = 4;

/** True for few rows and a right operand that is read faster where it lies than packed. */
export function hasFewRows({ rows, columns, lhs, rhs }: MatmulKernel): boolean {
  const areFloats = lhs.source.dtype === 'float32' && rhs.source.dtype === 'float32';
  return areFloats && rows.extent <= FLAT_ROWS && rhs.columnStride === 1 && columns.extent >= 64;
}

/** The product as loops in which every element of the right operand is read once, for all rows. */
export function rowsAtOnce(kernel: MatmulKernel): LoopKernel {
  const loops = matmulAsLoop(kernel);
  const stores = range(kernel.rows.extent).flatMap((row) => {
    const place = new Map<Axis, Expr>([[kernel.rows, constant(row, 'int32')]]);
    return loops.stores.map((store) => ({
      ...store,
      index: substitute(store.index, place),
      value: substitute(store.value, place),
      guard: store.guard === null ? null : substitute(store.guard, place),
    }));
  });
  return { ...loops, parallel: [kernel.batch, kernel.columns], stores };
}
