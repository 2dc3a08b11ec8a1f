/** A look at what a jitted function is compiled to. */
import type { Control } from '../core/compile/control.ts';
import { type Cost, costOfKernel } from '../core/compile/kernel-cost.ts';
import { isKernel, type Plan } from '../core/compile/plan.ts';
import { compiled } from '../core/host/runtime.ts';
import { PrintedProgram } from './make-program.ts';
import type { Staged } from './stage.ts';

export type { Cost };

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
    return costOfKernel(kernel, slots);
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
  }
}
