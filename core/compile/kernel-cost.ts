/** Estimates of the work that kernels do. */
import { sizeOf } from '../base/aval.ts';
import { bytesOf } from '../base/dtype.ts';
import { type Expr, type Source, walk } from '../ir/expr.ts';
import type { Kernel, KernelStore, LoopKernel } from './kernel.ts';
import type { Slot } from './plan.ts';

/** An estimate of the work of one run. */
export interface Cost {
  /** Additions and multiplications; other scalar operations count as several. */
  readonly flops: number;
  /** Bytes that kernels read and write: of each array what one of them touches, once. */
  readonly bytes: number;
}

/** The work of one launch of a kernel whose arrays are in these places. */
export function costOfKernel(kernel: Kernel, slots: readonly Slot[]): Cost {
  const touched = kernel.kind === 'loop' ? touchedBytes(kernel) : null;
  const bytes = slots.reduce((all, slot, i) => {
    const source = kernel.buffers[i]?.source;
    const most = source === undefined ? undefined : touched?.get(source);
    return all + Math.min(slot.bytes, most ?? slot.bytes);
  }, 0);
  return { flops: flopsOf(kernel), bytes };
}

const known = new WeakMap<LoopKernel, ReadonlyMap<Source, number>>();

/** Bytes of each array at which a kernel looks at most, or which it writes: one element per position of the loops. */
function touchedBytes(kernel: LoopKernel): ReadonlyMap<Source, number> {
  const found = known.get(kernel);
  if (found !== undefined) return found;
  const bytes = new Map<Source, number>();
  const touch = (source: Source, index: Expr): void => {
    const own = extents([...index.deps]);
    bytes.set(source, (bytes.get(source) ?? 0) + own * bytesOf(source.dtype));
  };
  for (const { target, index, value, guard } of kernel.stores) {
    touch(target, index);
    for (const node of walk(guard === null ? [index, value] : [index, value, guard])) {
      if (node.kind === 'load') touch(node.source, node.index);
    }
  }
  known.set(kernel, bytes);
  return bytes;
}

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
