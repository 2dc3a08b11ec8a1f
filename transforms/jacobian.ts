/** Full derivatives of functions between arrays: one batched derivative per array. */
import type { Aval } from '../core/base/aval.ts';
import { range, showAval, sizeOf } from '../core/base/aval.ts';
import { isFloat } from '../core/base/dtype.ts';
import { dropUnused } from '../core/ir/drop-unused.ts';
import { inline } from '../core/ir/interpret.ts';
import { type Traced, trace } from '../core/ir/trace.ts';
import type { Value, ValueLike } from '../core/ir/value.ts';
import { zeros } from '../core/primitives/broadcast.ts';
import { reshape, transpose } from '../core/primitives/index.ts';
import { apply } from './apply.ts';
import { batchProgram } from './batch.ts';
import { gradOfIntegerResult } from './errors.ts';
import { stageChosen } from './grad.ts';
import { jvpProgram } from './jvp.ts';
import { labelled, labelOf } from './label.ts';
import type { AnyFunction, Staged } from './stage.ts';
import type { Argnums, IndexOf, Jacobian, Output, Picked } from './types.ts';
import { basis, itemAt, toInputs } from './values.ts';
import { vjpProgram } from './vjp.ts';

/** What is differentiated. */
export interface JacobianOptions<N> {
  /** The argument to differentiate with respect to, counted from 0, or a list of them. Default: 0. */
  readonly argnums?: N;
}

/**
 * The Jacobian of `f`, column by column: best where there are fewer inputs than outputs.
 *
 * @returns A function that returns, for each array dtype[…out] of the result, a tree like the argument
 *   with dtype[…out, …in] for each of its arrays.
 * @throws `grad-of-integer`, `grad-of-integer-result`, `argument-out-of-range`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.jacfwd.html
 * @example
 * const jacobian = jacfwd((x: np.Array) => np.sin(x))(np.ones([3])); // f32[3, 3]
 */
export function jacfwd<X extends ValueLike, Rest extends unknown[], R extends Output>(
  f: (x: X, ...rest: Rest) => R,
): (x: X, ...rest: Rest) => Jacobian<R, Value>;
export function jacfwd<
  A extends unknown[],
  R extends Output,
  const N extends Argnums<A> = 0 & IndexOf<A>,
>(f: (...args: A) => R, options?: JacobianOptions<N>): (...args: A) => Jacobian<R, Picked<A, N>>;
export function jacfwd(f: AnyFunction, options: JacobianOptions<unknown> = {}): AnyFunction {
  return jacobian('jacfwd', forwardBlocks, f, options);
}

/**
 * The Jacobian of `f`, row by row: best where there are fewer outputs than inputs.
 *
 * @returns What {@link jacfwd} returns.
 * @throws `grad-of-integer`, `grad-of-integer-result`, `argument-out-of-range`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.jacrev.html
 * @example
 * const jacobian = jacrev((x: np.Array) => np.sin(x))(np.ones([3])); // f32[3, 3]
 */
export function jacrev<X extends ValueLike, Rest extends unknown[], R extends Output>(
  f: (x: X, ...rest: Rest) => R,
): (x: X, ...rest: Rest) => Jacobian<R, Value>;
export function jacrev<
  A extends unknown[],
  R extends Output,
  const N extends Argnums<A> = 0 & IndexOf<A>,
>(f: (...args: A) => R, options?: JacobianOptions<N>): (...args: A) => Jacobian<R, Picked<A, N>>;
export function jacrev(f: AnyFunction, options: JacobianOptions<unknown> = {}): AnyFunction {
  return jacobian('jacrev', reverseBlocks, f, options);
}

/**
 * The second derivatives of `f`: `jacfwd(jacrev(f))`.
 *
 * @returns A function that returns, for each array dtype[…out] of the result, a tree of trees like the
 *   argument with dtype[…out, …in, …in] arrays.
 * @throws `grad-of-integer`, `grad-of-integer-result`, `argument-out-of-range`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.hessian.html
 * @example
 * const curvature = hessian((x: np.Array) => np.sum(np.sin(x)))(np.ones([3])); // f32[3, 3]
 */
export function hessian<X extends ValueLike, Rest extends unknown[], R extends Output>(
  f: (x: X, ...rest: Rest) => R,
): (x: X, ...rest: Rest) => Jacobian<R, Value>;
export function hessian<
  A extends unknown[],
  R extends Output,
  const N extends Argnums<A> = 0 & IndexOf<A>,
>(
  f: (...args: A) => R,
  options?: JacobianOptions<N>,
): (...args: A) => Jacobian<Jacobian<R, Picked<A, N>>, Picked<A, N>>;
export function hessian(f: AnyFunction, options: JacobianOptions<unknown> = {}): AnyFunction {
  const inner = jacobian('jacrev', reverseBlocks, f, options);
  return labelled(jacobian('jacfwd', forwardBlocks, inner, options), `hessian of ${labelOf(f)}`);
}

/** The derivatives of output `o` by input `i` as dtype[…o, …i], for all pairs, inputs varying fastest. */
type Blocks = (staged: Staged, inputs: readonly Value[]) => Value[];

function jacobian(
  name: string,
  blocks: Blocks,
  f: AnyFunction,
  { argnums = 0 }: JacobianOptions<unknown>,
): AnyFunction {
  const label = `${name} of ${labelOf(f)}`;
  const chosen = typeof argnums === 'number' ? [argnums] : (argnums as readonly number[]); // Argnums.
  const run = (...args: readonly unknown[]): unknown => {
    const staged = stageChosen(f, args, chosen, label);
    const { program, argTree, outTree } = staged;
    for (const { aval } of program.outputs) {
      if (!isFloat(aval.dtype)) throw gradOfIntegerResult(label, showAval(aval));
    }
    const avals = program.inputs.map((v) => v.aval);
    const { program: all, captures } = trace((inputs) => blocks(staged, inputs), avals, label);
    const results = apply(dropUnused(all), [...toInputs(label, staged, true), ...captures]);
    const columns = argTree.size;
    const rows = program.outputs.map((_, o) => {
      const row = results.slice(o * columns, (o + 1) * columns);
      const trees = argTree.unflatten(row) as readonly unknown[]; // A list of arguments.
      return typeof argnums === 'number' ? trees[argnums] : chosen.map((index) => trees[index]);
    });
    return outTree.unflatten(rows);
  };
  return labelled(run, label);
}

/** Derivatives dtype[size of the input, …o] for every direction, with that axis last and unfolded. */
function forwardBlocks({ program, argTree }: Staged, inputs: readonly Value[]): Value[] {
  const columns = range(argTree.size).map((column) => {
    const aval = itemAt(program.inputs, column).aval;
    const only = program.inputs.map((_input, i) => i === column);
    const tangents = jvpProgram(program, only, { zerosWritten: true });
    const results = runBatched(tangents, aval, inputs);
    return results.slice(program.outputs.length).map((tangent, o) => {
      const out = itemAt(program.outputs, o).aval;
      const axes = [...range(out.shape.length).map((axis) => axis + 1), 0];
      return reshape(transpose(tangent, axes), [...out.shape, ...aval.shape]);
    });
  });
  return program.outputs.flatMap((_, o) => columns.map((column) => itemAt(column, o)));
}

/** Derivatives dtype[size of the output, …i] for every cotangent, with the first axis unfolded. */
function reverseBlocks({ program, argTree }: Staged, inputs: readonly Value[]): Value[] {
  const active = program.inputs.map((_, i) => i < argTree.size);
  return program.outputs.flatMap(({ aval }, o) => {
    const results = runBatched(vjpProgram(program, active, o), aval, inputs);
    return results.slice(program.outputs.length).map((cotangent, i) => {
      const { shape } = itemAt(program.inputs, i).aval;
      return reshape(cotangent, [...aval.shape, ...shape]);
    });
  });
}

/** The outputs of a program whose last input but for captures runs through the standard basis, batched along axis 0. */
function runBatched({ program, captures }: Traced, aval: Aval, inputs: readonly Value[]): Value[] {
  const size = sizeOf(aval.shape);
  const batch = batchProgram(
    program,
    size,
    program.inputs.map((_, i) => i === inputs.length),
    null,
  );
  const outputs = inline(batch.program, [...inputs, basis(aval), ...captures]);
  return outputs.map((output, i) =>
    batch.batched[i] === true ? output : zeros({ ...output.aval, shape: [size, ...output.shape] }),
  );
}
