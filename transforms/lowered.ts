/** A look at what a jitted function is compiled to. */
import { sizeOf } from '../core/base/aval.ts';
import { bytesOf } from '../core/base/dtype.ts';
import type { Structure } from '../core/base/pytree.ts';
import type { Control } from '../core/compile/control.ts';
import { type Cost, costOfKernel } from '../core/compile/kernel-cost.ts';
import { isKernel, type Plan } from '../core/compile/plan.ts';
import { type Compiled, compiled } from '../core/host/runtime.ts';
import { show } from '../core/ir/show.ts';
import { ArraySpec } from './array-spec.ts';
import { PrintedProgram } from './make-program.ts';
import type { Staged } from './stage.ts';
import type { SpecsOf } from './types.ts';

export type { Cost };

/** What one run costs, under the names that JAX uses. */
export interface CostAnalysis {
  readonly flops: number;
  readonly bytesAccessed: number;
}

/** Bytes that one run needs. */
export interface MemoryAnalysis {
  readonly argumentSizeInBytes: number;
  readonly outputSizeInBytes: number;
  /** Of the output what lies in memory that donated arguments have given up. */
  readonly aliasSizeInBytes: number;
  /** Intermediate arrays together. */
  readonly tempSizeInBytes: number;
  /** Text of the kernels. */
  readonly generatedCodeSizeInBytes: number;
}

/** What is known of a function at certain argument types. */
export interface ProgramInfo<R> {
  /** Prints as text. Inputs: the arguments' leaves, then the arrays that the function closes over. */
  readonly program: PrintedProgram;
  /** The structure of the list of arguments. */
  readonly inTree: Structure;
  readonly outTree: Structure;
  /** Shapes and dtypes of the result, as a tree like it. */
  readonly outInfo: SpecsOf<R>;
}

/** What compilation for the default device adds. Asking compiles if need be. */
export interface CompiledInfo {
  /** The text of every kernel. */
  readonly kernels: readonly string[];
  readonly cost: Cost;
  /** The program, and the text of every kernel. */
  asText(): string;
  costAnalysis(): CostAnalysis;
  memoryAnalysis(): MemoryAnalysis;
}

/** A jitted function at certain argument types, before it runs. */
export interface Lowered<A extends unknown[], R> extends ProgramInfo<R>, CompiledInfo {
  /** The function, compiled for these types already, with what is known of it. */
  compile(): ((...args: A) => R) & ProgramInfo<R> & CompiledInfo;
}

/** What {@link jit}'s `trace` returns. */
export interface TracedFunction<A extends unknown[], R> extends ProgramInfo<R> {
  lower(): Lowered<A, R>;
}

/** What is known of a staged function. */
export function programInfo<R>({ program, argTree, outTree }: Staged): ProgramInfo<R> {
  const specs = program.outputs.map(({ aval }) => new ArraySpec(aval));
  return {
    program: new PrintedProgram(program),
    inTree: argTree,
    outTree,
    outInfo: outTree.unflatten(specs) as SpecsOf<R>, // One description per array.
  };
}

/** What {@link jit}'s `lower` returns. */
export function lowered<A extends unknown[], R>(
  staged: Staged,
  donated: ReadonlySet<number>,
  run: (...args: A) => R,
): Lowered<A, R> {
  const { program } = staged;
  const ready = () => compiled(program, donated);
  const info = {
    ...programInfo<R>(staged),
    get kernels() {
      return ready().kernels;
    },
    get cost() {
      return costOf(ready().plan);
    },
    asText: () => [show(program), ...ready().kernels].join('\n\n'),
    costAnalysis(): CostAnalysis {
      const { flops, bytes } = costOf(ready().plan);
      return { flops, bytesAccessed: bytes };
    },
    memoryAnalysis: () => memoryOf(ready()),
  };
  const compile = () => {
    ready();
    const own = (...args: A): R => run(...args);
    // Getters are handed over as they are, not what they give now.
    return Object.defineProperties(own, Object.getOwnPropertyDescriptors(info)) as typeof own &
      typeof info;
  };
  return Object.defineProperties({ compile }, Object.getOwnPropertyDescriptors(info)) as {
    compile: typeof compile;
  } & typeof info;
}

const bytesOfAll = (avals: Plan['inputs']): number =>
  avals.reduce((all, { shape, dtype }) => all + bytesOf(dtype) * sizeOf(shape), 0);

function memoryOf({ plan, kernels }: Compiled): MemoryAnalysis {
  return {
    argumentSizeInBytes: bytesOfAll(plan.inputs),
    outputSizeInBytes: bytesOfAll(plan.outputs),
    aliasSizeInBytes: bytesOfAll(plan.outputs.filter((_, i) => plan.aliases.has(i))),
    tempSizeInBytes: plan.arenaBytes,
    generatedCodeSizeInBytes: kernels.reduce((all, text) => all + text.length, 0),
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
    case 'host':
      return { flops: 0, bytes: 0 };
  }
}
