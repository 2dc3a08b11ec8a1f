/** Functions that return their reverse derivative together with their value. */
import { registerPytree } from '../../core/base/pytree.ts';
import type { Value } from '../../core/ir/value.ts';
import { labelled, labelOf } from '../label.ts';
import type { Output } from '../types.ts';
import { closureConvert } from './closure-convert.ts';
import { customVjp } from './custom-vjp.ts';

type Closed = (...args: readonly unknown[]) => unknown;

/** A derivative and the arrays that it closes over. */
class PullBack {
  readonly values: readonly Value[];
  readonly closed: Closed;

  constructor(values: readonly Value[], closed: Closed) {
    this.values = values;
    this.closed = closed;
  }
}

registerPytree(PullBack, {
  flatten: ({ values, closed }) => ({ children: { values }, data: closed }),
  unflatten: ({ values }, closed) => new PullBack(values, closed as Closed), // As it was flattened.
});

/**
 * A function whose reverse derivative `f` returns together with its value.
 *
 * @param f - Returns `[result, pullBack]`, where `pullBack` takes a cotangent of the result to the list of
 *   cotangents of the arguments; it may close over whatever `f` computes.
 * @throws What {@link customVjp} throws.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.custom_gradient.html. Differs: always a list of cotangents.
 * @example
 * const clipped = customGradient((x: np.Array) => [x.mul(2), (ct: np.Array) => [np.clip(ct.mul(2), -1, 1)]]);
 */
export function customGradient<A extends unknown[], R extends Output>(
  f: (...args: A) => readonly [result: R, pullBack: (cotangent: R) => readonly unknown[]],
): (...args: A) => R {
  const forward = (...args: A): readonly [R, PullBack] => {
    const [result, pullBack] = f(...args);
    // What is given in place of the result's type: an example of it. Cotangents are trees of arrays.
    const convert = closureConvert as (g: Closed, example: unknown) => [Closed, Value[]];
    const [closed, values] = convert(pullBack as Closed, result);
    return [result, new PullBack(values, closed)];
  };
  const value = labelled((...args: A): R => f(...args)[0], labelOf(f));
  const backward = ({ closed, values }: PullBack, cotangent: R): readonly unknown[] =>
    closed(cotangent, ...values) as readonly unknown[]; // As pullBack returned it.
  return labelled(customVjp(value, forward, backward), `customGradient of ${labelOf(f)}`);
}
