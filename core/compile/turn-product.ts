/** A matrix product with its rows and columns exchanged. */
import type { MatmulKernel, MatrixOperand } from './kernel.ts';

/** The same product with rows for columns: (A·B)ᵀ = Bᵀ·Aᵀ. */
export function turnProduct(kernel: MatmulKernel): MatmulKernel {
  const { rows, columns, lhs, rhs } = kernel;
  return { ...kernel, rows: columns, columns: rows, lhs: transposed(rhs), rhs: transposed(lhs) };
}

const transposed = ({ source, base, rowStride, columnStride }: MatrixOperand): MatrixOperand => ({
  source,
  base,
  rowStride: columnStride,
  columnStride: rowStride,
});
