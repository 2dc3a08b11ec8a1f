/** A matrix product as plain loops: for devices without a kernel for it, and as a reference. */
import { type Axis, type Expr, load, op, rebuild, reduce, substitute } from '../ir/expr.ts';
import { addIndex, axisPosition, scaleIndex } from '../ir/index-algebra.ts';
import { buffersOf } from './build-kernels.ts';
import type {
  GatheredProduct,
  LoopKernel,
  MatmulKernel,
  MatrixOperand,
  OffsetMatrix,
} from './kernel.ts';

/** The element at (row, column) of the batch's matrix. */
const matrixElement = (operand: MatrixOperand, row: Expr, column: Expr): Expr =>
  load(
    operand.source,
    addIndex(
      operand.base,
      addIndex(scaleIndex(row, operand.rowStride), scaleIndex(column, operand.columnStride)),
    ),
  );

/** The element for a term of the sum. */
const offsetElement = ({ source, base, along, term }: OffsetMatrix, axis: Axis, k: Expr): Expr =>
  load(source, addIndex(addIndex(base, along), substitute(term, new Map([[axis, k]]))));

function sumOf(kernel: MatmulKernel | GatheredProduct): Expr {
  const { rows, columns } = kernel;
  if (kernel.kind === 'gathered-product') {
    const { terms, lhs, rhs } = kernel;
    return reduce('add', terms.extent, (k) =>
      op('mul', [offsetElement(lhs, terms, k), offsetElement(rhs, terms, k)]),
    );
  }
  return reduce('add', kernel.depth, (k) =>
    op('mul', [
      matrixElement(kernel.lhs, axisPosition(rows), k),
      matrixElement(kernel.rhs, k, axisPosition(columns)),
    ]),
  );
}

/** The same kernel with its sum written out. */
export function matmulAsLoop(kernel: MatmulKernel | GatheredProduct): LoopKernel {
  const { batch, rows, columns } = kernel;
  const sum = sumOf(kernel);
  const finish = (expr: Expr): Expr =>
    rebuild(expr, (node) => (node.kind === 'accumulator' ? sum : undefined));
  const stores = kernel.stores.map((store) => ({ ...store, value: finish(store.value) }));
  const parallel: Axis[] = [batch, rows, columns];
  return { kind: 'loop', name: kernel.name, buffers: buffersOf(stores), parallel, stores };
}
