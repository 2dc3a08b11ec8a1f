/** Programs and types of functions, without running them. */
import type { Program } from '../core/ir/program.ts';
import { show } from '../core/ir/show.ts';
import { ArraySpec } from './array-spec.ts';
import { labelOf } from './label.ts';
import { stage } from './stage.ts';
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

/**
 * A function that returns the program of `f` for arguments like those it is called with.
 *
 * Inputs are the leaves of the arguments, then the arrays that `f` closes over; outputs are the leaves of
 * the result. Descriptions of arrays ({@link arraySpec}) are as good as arrays.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.make_jaxpr.html
 * @example
 * console.log(makeProgram(grad((x: np.Array) => np.sum(np.sin(x))))(arraySpec([3])));
 */
export const makeProgram =
  <A extends unknown[], R extends Output>(
    f: (...args: A) => R,
  ): ((...args: Described<A>) => PrintedProgram) =>
  (...args) =>
    new PrintedProgram(stage(f, args, labelOf(f)).program);

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
