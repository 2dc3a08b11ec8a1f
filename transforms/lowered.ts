/** A look at what a jitted function is compiled to. */
import { sizeOf } from '../core/base/aval.ts';
import type { Control } from '../core/compile/control.ts';
import type { Kernel, KernelStore } from '../core/compile/kernel.ts';
import { isKernel, type Plan } from '../core/compile/plan.ts';
import { compiled } from '../core/host/runtime.ts';
import { PrintedProgram } from './make-program.ts';
import type { Staged } from './stage.ts';

/** An estimate of the work of one run. */
export interface Cost {
  /** Additions and multiplications; other scalar operations count as several. */
  readonly flops: number;
  /** Bytes that kernels read and write, each array once per kernel. */
  readonly bytes: number;
}

/** A jitted function at certain argument types, before it runs. */
export interface Lowered<A extends unknown[], R> {
  /** Prints as text. Inputs: the arguments' leaves, then the arrays that the function closes over. */
  readonly program: PrintedProgram;
  /** The text of every kernel on the default device. Compiles if need be. */
  readonly kernels: readonly string[];
  readonly cost: Cost;
  /** The function, compiled for these types already. */
  compile(): (...args: A) => R;
}

/** What {@link jit}'s `lower` returns. */
export function lowered<A extends unknown[], R>(
  { program }: Staged,
  donated: ReadonlySet<number>,
  run: (...args: A) => R,
): Lowered<A, R> {
  return {
    program: new PrintedProgram(program),
    get kernels() {
      return compiled(program, donated).kernels;
    },
    get cost() {
      return costOf(compiled(program, donated).plan);
    },
    compile() {
      compiled(program, donated);
      return run;
    },
  };
}

function costOf({ steps }: Plan): Cost {
  const costs = steps.map(({ kernel, slots }): Cost => {
    if (!isKernel(kernel)) return costOfControl(kernel);
    const bytes = slots.reduce((all, slot) => all + slot.bytes, 0);
    return { flops: flopsOf(kernel), bytes };
  });
  return costs.reduce(plus, { flops: 0, bytes: 0 });
}

const plus = (a: Cost, b: Cost): Cost => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes });

/** A loop of unknown length counts as one turn, a branch as its most expensive one. */
function costOfControl(control: Control): Cost {
  switch (control.kind) {
    case 'repeat': {
      const { flops, bytes } = costOf(control.body);
      return { flops: flops * control.count, bytes: bytes * control.count };
    }
    case 'while':
      return plus(costOf(control.condition), costOf(control.body));
    case 'branch': {
      const costs = control.branches.map(costOf);
      return {
        flops: Math.max(...costs.map(({ flops }) => flops)),
        bytes: Math.max(...costs.map(({ bytes }) => bytes)),
      };
    }
    case 'host':
      return { flops: 0, bytes: 0 };
  }
}

const extents = (axes: readonly { readonly extent: number }[]): number =>
  sizeOf(axes.map((axis) => axis.extent));

const storeFlops = ({ value, serial }: KernelStore): number => value.cost * extents(serial);

function flopsOf(kernel: Kernel): number {
  const perIteration = kernel.stores.reduce((sum, store) => sum + storeFlops(store), 0);
  if (kernel.kind === 'loop') return extents(kernel.parallel) * perIteration;
  const results = extents([kernel.batch, kernel.rows, kernel.columns]);
  return results * (2 * kernel.depth + perIteration);
}
