/** Estimates of the work that kernels do. */
import { sizeOf } from '../base/aval.ts';
import type { Kernel, KernelStore } from './kernel.ts';
import type { Slot } from './plan.ts';

/** An estimate of the work of one run. */
export interface Cost {
  /** Additions and multiplications; other scalar operations count as several. */
  readonly flops: number;
  /** Bytes that kernels read and write, each array once per kernel. */
  readonly bytes: number;
}

/** The work of one launch of a kernel whose arrays are in these places. */
export const costOfKernel = (kernel: Kernel, slots: readonly Slot[]): Cost => ({
  flops: flopsOf(kernel),
  bytes: slots.reduce((all, slot) => all + slot.bytes, 0),
});

const extents = (axes: readonly { readonly extent: number }[]): number =>
  sizeOf(axes.map((axis) => axis.extent));

const storeFlops = ({ value, serial }: KernelStore): number => value.cost * extents(serial);

function flopsOf(kernel: Kernel): number {
  const perIteration = kernel.stores.reduce((sum, store) => sum + storeFlops(store), 0);
  if (kernel.kind === 'loop') return extents(kernel.parallel) * perIteration;
  const results = extents([kernel.batch, kernel.rows, kernel.columns]);
  const depth = kernel.kind === 'matmul' ? kernel.depth : kernel.terms.extent;
  return results * (2 * depth + perIteration);
}
