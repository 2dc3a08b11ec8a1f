/** Kernel → WGSL compute shader. The text depends on the kernel alone, so that equal kernels share a pipeline. */
import type { Kernel, LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import { withExprPool } from '../../ir/expr.ts';
import type { Grid } from './grid.ts';
import { emitLoop, type LoopStyle } from './loop.ts';
import { emitMatmul } from './matmul.ts';
import { type Binding, type BindingPlan, ModuleWriter, separateBindings } from './module-writer.ts';
import { type KernelParameters, type MatmulTile, parametersOf } from './parameters.ts';

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
  /** What kernels are tuned by. Default: those of no GPU in particular. */
  readonly parameters?: KernelParameters;
  /** Overrides the choice of who runs an iteration of a loop kernel. */
  readonly loopStyle?: LoopStyle;
  /** Overrides the choice of a matrix product's kernel; `loop` is one invocation per output. */
  readonly matmul?: MatmulTile | 'loop';
}

function chooseMatmul(
  { batch, rows, columns, depth }: MatmulKernel,
  { matmul }: KernelParameters,
): MatmulTile | 'loop' {
  const side = Math.min(rows.extent, columns.extent);
  if (Math.min(side, depth) < matmul.skinny) return 'loop';
  const outputs = batch.extent * rows.extent * columns.extent;
  const isLarge = side >= matmul.largeSide && outputs >= matmul.manyOutputs;
  return isLarge ? matmul.large : matmul.small;
}

/** The shader that runs this kernel. */
export const emitWgsl = (kernel: Kernel, options: WgslOptions = {}): WgslKernel =>
  // Expressions of kernels that have been made wider are of no use afterwards.
  withExprPool(() => emit(kernel, options));

function emit(kernel: Kernel, options: WgslOptions): WgslKernel {
  const { bindings = separateBindings(kernel.buffers), loopStyle = null } = options;
  const { parameters = parametersOf.generic } = options;
  const module = new ModuleWriter(kernel.buffers, bindings);
  const how =
    kernel.kind === 'matmul' ? (options.matmul ?? chooseMatmul(kernel, parameters)) : 'loop';
  const { functions, grid } =
    kernel.kind === 'matmul' && how !== 'loop'
      ? emitMatmul(kernel, module, how)
      : emitLoop(asLoop(kernel), module, parameters.loop, loopStyle);
  return { code: module.text(kernel.name, functions), bindings: module.bindings, grid };
}

const asLoop = (kernel: Kernel): LoopKernel =>
  kernel.kind === 'loop' ? kernel : matmulAsLoop(kernel);
