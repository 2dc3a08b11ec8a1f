/** Gradients of scalar functions. */
import { showAval } from '../core/base/aval.ts';
import { isFloat } from '../core/base/dtype.ts';
import type { Structure } from '../core/base/pytree.ts';
import { dropUnused } from '../core/ir/drop-unused.ts';
import type { Value, ValueLike } from '../core/ir/value.ts';
import { apply } from './apply.ts';
import { auxPair } from './aux-pair.ts';
import {
  argumentOutOfRange,
  gradNeedsScalar,
  gradOfInteger,
  gradOfIntegerResult,
} from './errors.ts';
import { labelled, labelOf } from './label.ts';
import { type AnyFunction, argAvals, call, type Staged, type StagedCall, stage } from './stage.ts';
import type { Argnums, IndexOf, Output, Picked } from './types.ts';
import { toInputs } from './values.ts';
import { gradProgram } from './vjp.ts';

/** What is differentiated, and what the function returns. */
export interface GradOptions<N, HasAux extends boolean> {
  /** The argument to differentiate with respect to, counted from 0, or a list of them. Default: 0. */
  readonly argnums?: N;
  /** The function returns `[loss, aux]`; `aux` is handed through. Default: false. */
  readonly hasAux?: HasAux;
}

/** The value and the gradients of a function, and where they go. */
interface Differentiated {
  readonly value: unknown;
  readonly aux: unknown;
  readonly gradients: unknown;
}

/**
 * The gradient of a function whose result is a scalar.
 *
 * @param f - Returns f32[], or `[f32[], aux]` with `hasAux`. Its other arguments may be anything.
 * @returns A function with the arguments of `f` that returns a tree like the argument it differentiates
 *   (a list of trees for several); with `hasAux`, `[gradient, aux]`. Where the result does not depend on
 *   an array, its gradient is zeros.
 * @throws `grad-needs-scalar`, `grad-of-integer`, `grad-of-integer-result`, `argument-out-of-range`,
 *   `aux-needs-pair`, `async-function`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.grad.html
 * @example
 * const loss = (w: np.Array, x: np.Array) => np.mean(np.square(np.matmul(x, w)));
 * const slope = grad(loss)(w, x);
 * const [dw, dx] = grad(loss, { argnums: [0, 1] })(w, x);
 */
export function grad<
  A extends unknown[],
  Aux extends Output,
  const N extends Argnums<A> = 0 & IndexOf<A>,
>(
  f: (...args: A) => readonly [loss: Value, aux: Aux],
  options: GradOptions<N, true> & { readonly hasAux: true },
): (...args: A) => [gradient: Picked<A, N>, aux: Aux];
export function grad<X extends ValueLike, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => Value,
): (x: X, ...rest: Rest) => Value;
export function grad<A extends unknown[], const N extends Argnums<A> = 0 & IndexOf<A>>(
  f: (...args: A) => Value,
  options?: GradOptions<N, false>,
): (...args: A) => Picked<A, N>;
export function grad(f: AnyFunction, options: GradOptions<unknown, boolean> = {}): AnyFunction {
  const label = `grad of ${labelOf(f)}`;
  const gradient = (...args: unknown[]): unknown => {
    const { gradients, aux } = differentiate(f, args, options, label, false);
    return options.hasAux === true ? [gradients, aux] : gradients;
  };
  return labelled(gradient, label);
}

/**
 * The value and the gradient of a function whose result is a scalar, in one pass.
 *
 * @param f - Returns f32[], or `[f32[], aux]` with `hasAux`.
 * @returns A function that returns `[value, gradient]`; with `hasAux`, `[[value, aux], gradient]`.
 * @throws What {@link grad} throws.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.value_and_grad.html
 * @example
 * const [value, slope] = valueAndGrad((x: np.Array) => np.sum(np.sin(x)))(np.ones([3]));
 */
export function valueAndGrad<
  A extends unknown[],
  Aux extends Output,
  const N extends Argnums<A> = 0 & IndexOf<A>,
>(
  f: (...args: A) => readonly [loss: Value, aux: Aux],
  options: GradOptions<N, true> & { readonly hasAux: true },
): (...args: A) => [value: [loss: Value, aux: Aux], gradient: Picked<A, N>];
export function valueAndGrad<X extends ValueLike, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => Value,
): (x: X, ...rest: Rest) => [value: Value, gradient: Value];
export function valueAndGrad<A extends unknown[], const N extends Argnums<A> = 0 & IndexOf<A>>(
  f: (...args: A) => Value,
  options?: GradOptions<N, false>,
): (...args: A) => [value: Value, gradient: Picked<A, N>];
export function valueAndGrad(
  f: AnyFunction,
  options: GradOptions<unknown, boolean> = {},
): AnyFunction {
  const label = `valueAndGrad of ${labelOf(f)}`;
  const both = (...args: unknown[]): unknown => {
    const { value, aux, gradients } = differentiate(f, args, options, label, true);
    return [options.hasAux === true ? [value, aux] : value, gradients];
  };
  return labelled(both, label);
}

function differentiate(
  f: AnyFunction,
  args: readonly unknown[],
  { argnums = 0, hasAux = false }: GradOptions<unknown, boolean>,
  label: string,
  wantsValue: boolean,
): Differentiated {
  const chosen = typeof argnums === 'number' ? [argnums] : (argnums as readonly number[]); // Argnums.
  const staged = stageChosen(hasAux ? auxPair(f, label) : f, args, chosen, label);
  const [lossTree, auxTree] = hasAux ? staged.outTree.children : [staged.outTree];
  checkLoss(label, staged, lossTree);
  const active = staged.program.inputs.map((_, i) => i < staged.argTree.size);
  const { program, captures } = gradProgram(staged.program, active);
  const skipped = wantsValue ? 0 : 1;
  const wanted = dropUnused({ ...program, outputs: program.outputs.slice(skipped) });
  const results = apply(wanted, [...toInputs(label, staged, true), ...captures]);
  const [value] = results;
  const auxStart = 1 - skipped;
  const auxSize = auxTree?.size ?? 0;
  const aux = auxTree?.unflatten(results.slice(auxStart, auxStart + auxSize));
  const trees = staged.argTree.unflatten(results.slice(auxStart + auxSize)) as readonly unknown[];
  const gradients = chosen.map((index) => trees[index]);
  return { value, aux, gradients: typeof argnums === 'number' ? gradients[0] : gradients };
}

/**
 * The program of `f` as a function of some arguments. The others stay what they are: arrays among them
 * are captured, plain data stays plain.
 *
 * @throws `argument-out-of-range`; `grad-of-integer` if an array among the chosen is not a float.
 */
export function stageChosen(
  f: AnyFunction,
  args: readonly unknown[],
  chosen: readonly number[],
  label: string,
): StagedCall {
  for (const index of chosen) {
    const exists = Number.isInteger(index) && index >= 0 && index < args.length;
    if (!exists) throw argumentOutOfRange(label, 'argnums', index, args.length);
  }
  const isChosen = args.map((_, i) => chosen.includes(i));
  const staged = stage(
    (...traced: readonly unknown[]) =>
      call(
        f,
        args.map((arg, i) => (isChosen[i] === true ? traced[i] : arg)),
      ),
    args.map((arg, i) => (isChosen[i] === true ? arg : null)),
    label,
    true,
  );
  argAvals(staged).forEach((aval, i) => {
    if (isFloat(aval.dtype)) return;
    const [position = '', ...path] = (staged.argTree.paths()[i] ?? '').split('/');
    throw gradOfInteger(label, Number(position), path.join('/'), showAval(aval));
  });
  return staged;
}

function checkLoss(
  label: string,
  { program, outTree }: Staged,
  lossTree: Structure | undefined,
): void {
  const [loss] = program.outputs;
  if (loss === undefined || lossTree?.kind !== 'leaf') {
    throw gradNeedsScalar(label, (lossTree ?? outTree).toString());
  }
  if (loss.aval.shape.length > 0) throw gradNeedsScalar(label, showAval(loss.aval));
  if (!isFloat(loss.aval.dtype)) throw gradOfIntegerResult(label, showAval(loss.aval));
}
