/** A matrix product as plain loops: for devices without a kernel for it, and as a reference. */
import { type Axis, type Expr, load, op, rebuild, reduce } from '../ir/expr.ts';
import { addIndex, axisPosition, scaleIndex } from '../ir/index-algebra.ts';
import { buffersOf } from './build-kernels.ts';
import type { LoopKernel, MatmulKernel, MatrixOperand } from './kernel.ts';

/** The element at (row, column) of the batch's matrix. */
const matrixElement = (operand: MatrixOperand, row: Expr, column: Expr): Expr =>
  load(
    operand.source,
    addIndex(
      operand.base,
      addIndex(scaleIndex(row, operand.rowStride), scaleIndex(column, operand.columnStride)),
    ),
  );

/** The same kernel with its sum written out. */
export function matmulAsLoop(kernel: MatmulKernel): LoopKernel {
  const { batch, rows, columns, depth, lhs, rhs } = kernel;
  const sum = reduce('add', depth, (k) =>
    op('mul', [
      matrixElement(lhs, axisPosition(rows), k),
      matrixElement(rhs, k, axisPosition(columns)),
    ]),
  );
  const finish = (expr: Expr): Expr =>
    rebuild(expr, (node) => (node.kind === 'accumulator' ? sum : undefined));
  const stores = kernel.stores.map((store) => ({ ...store, value: finish(store.value) }));
  const parallel: Axis[] = [batch, rows, columns];
  return { kind: 'loop', name: kernel.name, buffers: buffersOf(stores), parallel, stores };
}
