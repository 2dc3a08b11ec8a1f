/** A batch of matrix products as WebAssembly functions, in the form that suits its shape. */
import { isFloat } from '../../base/dtype.ts';
import type { MatmulKernel } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import { hasFewRows, rowsAtOnce } from './few-rows.ts';
import type { EmitOptions } from './loop-kernel.ts';
import { emitPackedProduct } from './packed-product.ts';
import { type EmittedProgram, emitLoopProgram } from './program.ts';

/** True if packing would cost more than it saves. */
function isSlim({ rows, columns, depth, lhs, rhs }: MatmulKernel): boolean {
  if (!isFloat(lhs.source.dtype) || !isFloat(rhs.source.dtype)) return true;
  const isTransposed = rhs.rowStride === 1;
  return rows.extent <= (isTransposed ? 4 : 1) || columns.extent <= 4 || depth <= 4;
}

/** A matrix product, as plain loops if it is slim. */
export function emitMatmulProgram(kernel: MatmulKernel, options: EmitOptions): EmittedProgram {
  const isEmpty =
    kernel.depth === 0 || kernel.rows.extent * kernel.columns.extent * kernel.batch.extent === 0;
  if (isEmpty || isSlim(kernel)) {
    return emitLoopProgram({ ...matmulAsLoop(kernel), buffers: kernel.buffers }, options);
  }
  if (hasFewRows(kernel)) {
    return emitLoopProgram({ ...rowsAtOnce(kernel), buffers: kernel.buffers }, options);
  }
  return emitPackedProduct(kernel, options);
}
