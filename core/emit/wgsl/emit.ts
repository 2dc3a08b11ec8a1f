/** Kernel → WGSL compute shader. The text depends on the kernel alone, so that equal kernels share a pipeline. */
import type { Kernel, MatmulKernel } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import type { Grid } from './grid.ts';
import { emitLoop, type LoopStyle } from './loop.ts';
import { emitMatmul, largeTile, type MatmulTile, mediumTile, softwareTile } from './matmul.ts';
import { type Binding, type BindingPlan, ModuleWriter, separateBindings } from './module-writer.ts';

/** A shader and how to launch it. Its entry point is `main`, its buffers are in group 0. */
export interface WgslKernel {
  readonly code: string;
  readonly bindings: readonly Binding[];
  readonly grid: Grid;
}

/** What the text depends on besides the kernel. */
export interface WgslOptions {
  /** Default: every buffer by itself. */
  readonly bindings?: BindingPlan;
  /** The adapter runs shaders on the CPU. */
  readonly isSoftware?: boolean;
  /** Overrides the choice of who runs an iteration of a loop kernel. */
  readonly loopStyle?: LoopStyle;
  /** Overrides the choice of a matrix product's kernel; `loop` is one invocation per output. */
  readonly matmul?: MatmulTile | 'loop';
}

/** Products with fewer rows or columns than this, or shorter sums, are not tiled. */
const skinny = 8;
/** From this many outputs on, large tiles still leave enough workgroups. */
const manyOutputs = 1024 * 1024;

function chooseMatmul(kernel: MatmulKernel, isSoftware: boolean): MatmulTile | 'loop' {
  const { batch, rows, columns, depth } = kernel;
  if (Math.min(rows.extent, columns.extent, depth) < skinny) return 'loop';
  if (isSoftware) return softwareTile;
  const isLarge = Math.min(rows.extent, columns.extent) >= 64;
  const outputs = batch.extent * rows.extent * columns.extent;
  return isLarge && outputs >= manyOutputs ? largeTile : mediumTile;
}

/** The shader that runs this kernel. */
export function emitWgsl(kernel: Kernel, options: WgslOptions = {}): WgslKernel {
  const { bindings = separateBindings(kernel.buffers), isSoftware = false } = options;
  const module = new ModuleWriter(kernel.buffers, bindings);
  // Software adapters gain nothing from sharing a reduction: their lanes are one thread.
  const style = options.loopStyle ?? (isSoftware ? 'invocation' : null);
  const { functions, grid } =
    kernel.kind === 'loop'
      ? emitLoop(kernel, module, style)
      : emitProduct(kernel, module, options.matmul ?? chooseMatmul(kernel, isSoftware), style);
  return { code: module.text(kernel.name, functions), bindings: module.bindings, grid };
}

function emitProduct(
  kernel: MatmulKernel,
  module: ModuleWriter,
  how: MatmulTile | 'loop',
  style: LoopStyle | null,
): { readonly functions: string; readonly grid: Grid } {
  return how === 'loop'
    ? emitLoop(matmulAsLoop(kernel), module, style)
    : emitMatmul(kernel, module, how);
}
