/** Programs and types of functions, without running them. */
import type { Program } from '../core/ir/program.ts';
import { show } from '../core/ir/show.ts';
import { ArraySpec } from './array-spec.ts';
import { labelOf } from './label.ts';
import { inScope } from './named-axes.ts';
import { type AnyFunction, stage } from './stage.ts';
import type { Described, Output, SpecsOf } from './types.ts';

/** A program that prints as text. */
export class PrintedProgram implements Program {
  readonly inputs: Program['inputs'];
  readonly eqns: Program['eqns'];
  readonly outputs: Program['outputs'];

  constructor({ inputs, eqns, outputs }: Program) {
    this.inputs = inputs;
    this.eqns = eqns;
    this.outputs = outputs;
  }

  /** One line per equation, with a type on every binder. */
  toString(): string {
    return show(this);
  }

  /** The text, for `console.log` in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return show(this);
  }
}

/** How a program is made. */
export interface MakeProgramOptions<S extends boolean> {
  /** Named axes that the function may use, with their sizes, as if a `vmap` around had them. */
  readonly axisEnv?: readonly (readonly [name: string, size: number])[];
  /** Whether shapes and dtypes of the result are returned, too. Default: false. */
  readonly returnShape?: S;
}

/**
 * A function that returns the program of `f` for arguments like those it is called with; with `returnShape`,
 * `[program, shapes and dtypes of the result]`.
 *
 * Inputs are the leaves of the arguments, then the arrays that `f` closes over; outputs are the leaves of
 * the result. Descriptions of arrays ({@link arraySpec}) are as good as arrays.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.make_jaxpr.html
 * @example
 * console.log(makeProgram(grad((x: np.Array) => np.sum(np.sin(x))))(arraySpec([3])));
 */
export function makeProgram<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  options?: MakeProgramOptions<false>,
): (...args: Described<A>) => PrintedProgram;
export function makeProgram<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  options: MakeProgramOptions<true> & { readonly returnShape: true },
): (...args: Described<A>) => [program: PrintedProgram, shape: SpecsOf<R>];
export function makeProgram(
  f: AnyFunction,
  { axisEnv = [], returnShape = false }: MakeProgramOptions<boolean> = {},
): (...args: readonly unknown[]) => unknown {
  const axes = axisEnv.map(([name, size]) => ({ name, size }));
  return (...args) => {
    const run = () => stage(f, args, labelOf(f));
    const { program, outTree } = axes.length === 0 ? run() : inScope(axes, run);
    const printed = new PrintedProgram(program);
    if (!returnShape) return printed;
    return [printed, outTree.unflatten(program.outputs.map(({ aval }) => new ArraySpec(aval)))];
  };
}

/**
 * Shapes and dtypes of the result of `f`, as a tree like it with an {@link ArraySpec} per array.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.eval_shape.html
 * @example
 * const { shape } = evalShape((x: np.Array) => np.matmul(x, x), arraySpec([4, 4]));
 */
export function evalShape<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  ...args: Described<A>
): SpecsOf<R> {
  const { program, outTree } = stage(f, args, labelOf(f));
  const specs = program.outputs.map(({ aval }) => new ArraySpec(aval));
  return outTree.unflatten(specs) as SpecsOf<R>; // One description per array.
}
