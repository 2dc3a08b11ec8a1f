/** Kernel → WGSL compute shader. The text depends on the kernel alone, so that equal kernels share a pipeline. */
import type { Kernel, LoopKernel, MatmulKernel, PlainKernel } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import { turnProduct } from '../../compile/turn-product.ts';
import { type Source, withExprPool } from '../../ir/expr.ts';
import { emitFewRows } from './few-rows.ts';
import { chooseFragments } from './fragment-choice.ts';
import type { FragmentTile } from './fragments.ts';
import type { Grid } from './grid.ts';
import { emitLoop, type LoopStyle } from './loop.ts';
import { emitMatmul } from './matmul.ts';
import { emitFragments } from './matmul-fragments.ts';
import { type Binding, type BindingPlan, ModuleWriter, separateBindings } from './module-writer.ts';
import { asFloats } from './native-half.ts';
import {
  type FewRows,
  type KernelParameters,
  type MatmulTile,
  parametersOf,
} from './parameters.ts';

/** A shader and how to launch it. Its entry point is `main`, its buffers are in group 0. */
export interface WgslKernel {
  readonly code: string;
  readonly bindings: readonly Binding[];
  readonly grid: Grid;
}

/** How a matrix product is cut into tiles. */
export type ProductTile = MatmulTile | FewRows | FragmentTile;

/** What the text depends on besides the kernel. */
export interface WgslOptions {
  /** Default: every buffer by itself. */
  readonly bindings?: BindingPlan;
  /** What kernels are tuned by. Default: those of no GPU in particular. */
  readonly parameters?: KernelParameters;
  /** Overrides the choice of who runs an iteration of a loop kernel. */
  readonly loopStyle?: LoopStyle;
  /** Overrides the choice of a matrix product's kernel; `loop` is one invocation per output. */
  readonly matmul?: ProductTile | 'loop';
}

/** The kernel that a product gets with these parameters; `loop`: one invocation per output, or a group of them. */
export function chooseMatmul(
  kernel: MatmulKernel,
  { matmul }: KernelParameters,
): ProductTile | 'loop' {
  const { batch, rows, columns, depth } = kernel;
  const side = Math.min(rows.extent, columns.extent);
  if (depth < matmul.skinny) return 'loop';
  if (side <= matmul.fewRows.rows) {
    return Math.max(rows.extent, columns.extent) < matmul.skinny ? 'loop' : matmul.fewRows;
  }
  const narrow = matmul.narrow.find(({ threads, outputs }) => side <= threads[0] * outputs[0]);
  if (narrow !== undefined) return narrow;
  const fragments = matmul.fragments === null ? null : chooseFragments(kernel, matmul.fragments);
  if (fragments !== null) return fragments;
  const outputs = batch.extent * rows.extent * columns.extent;
  const isLarge = side >= matmul.largeSide && outputs >= matmul.manyOutputs;
  return isLarge ? matmul.large : matmul.small;
}

/** The shader that runs this kernel. */
export const emitWgsl = (kernel: Kernel, options: WgslOptions = {}): WgslKernel =>
  // Expressions of kernels that have been made wider are of no use afterwards.
  withExprPool(() =>
    emit(kernel.kind === 'gathered-product' ? matmulAsLoop(kernel) : kernel, options),
  );

function emit(given: PlainKernel, options: WgslOptions): WgslKernel {
  const { bindings = separateBindings(given.buffers), loopStyle = null } = options;
  const { parameters = parametersOf.generic } = options;
  const how =
    given.kind === 'matmul' ? (options.matmul ?? chooseMatmul(given, parameters)) : 'loop';
  const { kernel, halves } = parameters.nativeHalves
    ? asFloats(given)
    : { kernel: given, halves: new Set<Source>() };
  const module = new ModuleWriter(kernel.buffers, bindings, halves);
  const { functions, grid } =
    kernel.kind === 'matmul' && how !== 'loop'
      ? emitProduct(kernel, module, how)
      : emitLoop(asLoop(kernel), module, parameters.loop, loopStyle);
  return { code: module.text(kernel.name, functions), bindings: module.bindings, grid };
}

interface Shader {
  readonly functions: string;
  readonly grid: Grid;
}

function emitProduct(kernel: MatmulKernel, module: ModuleWriter, how: ProductTile): Shader {
  if (how.memory === 'fragments') return emitFragments(kernel, module, how);
  const product = fitsTurned(kernel, how) ? turnProduct(kernel) : kernel;
  return how.memory === 'lanes'
    ? emitFewRows(product, module, how)
    : emitMatmul(product, module, how);
}

/** True if a kernel for few rows is to compute a product of few columns. */
function fitsTurned({ rows, columns }: MatmulKernel, how: MatmulTile | FewRows): boolean {
  if (columns.extent >= rows.extent) return false;
  if (how.memory === 'lanes') return columns.extent <= how.rows;
  const [height, width] = [how.threads[0] * how.outputs[0], how.threads[1] * how.outputs[1]];
  return columns.extent <= height && height < width;
}

const asLoop = (kernel: PlainKernel): LoopKernel =>
  kernel.kind === 'loop' ? kernel : matmulAsLoop(kernel);
