/** Operands of products as strided matrices. */
import { type Axis, type Expr, substitute } from '../ir/expr.ts';
import { indexConstant, strideAlong } from '../ir/index-algebra.ts';
import type { MatmulKernel, MatrixOperand } from './kernel.ts';
import { turnProduct } from './turn-product.ts';

/** The product with its columns along the memory that it writes: (A·B)ᵀ = Bᵀ·Aᵀ. */
export function alongRows(kernel: MatmulKernel): MatmulKernel {
  const { rows, columns, stores } = kernel;
  const [store] = stores;
  if (store === undefined || columns.extent === 1) return kernel;
  const isTurned = strideAlong(store.index, rows) === 1 && strideAlong(store.index, columns) !== 1;
  return isTurned ? turnProduct(kernel) : kernel;
}

/** The strides of a load along two axes, if it is affine in them. */
export function asMatrix(element: Expr, rows: Axis, columns: Axis): MatrixOperand | null {
  if (element.kind !== 'load') return null;
  const { source, index } = element;
  const rowStride = strideAlong(index, rows);
  const columnStride = strideAlong(index, columns);
  if (rowStride === null || columnStride === null) return null;
  const zero = indexConstant(0);
  const base = substitute(index, new Map([rows, columns].map((axis) => [axis, zero])));
  return { source, base, rowStride, columnStride };
}
