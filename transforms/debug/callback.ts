/** Calls of the user's functions from inside compiled programs, for what they do, not for results. */
import { flatten } from '../../core/base/pytree.ts';
import type { HostData, HostFunction } from '../../core/ir/host-function.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../core/ir/primitive.ts';
import { Opaque } from '../../core/ir/program.ts';
import { bind } from '../../core/ir/trace.ts';
import { Value } from '../../core/ir/value.ts';
import { type AnyFunction, call } from '../stage.ts';
import { exampleOf, onHost } from './host-slices.ts';

/** The function is no part of a program's text: programs are equal although they call others. */
type CallbackParams = { readonly call: Opaque<HostFunction> };

const callbackPrimitive: PrimitiveOf<CallbackParams> = definePrimitive({
  name: 'debugCallback',
  effect: true,
  infer: () => [],
  jvp: () => [],
  transpose: notLinear,
  batch: (operands, batched, params, size) =>
    bind(callbackPrimitive, operands, {
      call: new Opaque(params.call.label, forEach(params.call.content, batched, size)),
    }),
  lower: (_operands, { call: called }) => ({ kind: 'host', call: called, isGuarded: false }),
});

/** The function called for one example after the other. */
const forEach = (inner: HostFunction, batched: readonly boolean[], size: number): HostFunction => ({
  runsOnHost: true,
  isAwaited: false,
  run: (operands) => {
    for (let example = 0; example < size; example++) {
      const own = operands.map((x, i) => (batched[i] === true ? exampleOf(x, example) : x));
      inner.run(own, []);
    }
    return [];
  },
});

/** Calls `f` on these arrays whenever the program comes to this point. */
export function bindCallback(
  label: string,
  values: readonly Value[],
  f: (operands: readonly HostData[]) => void,
): void {
  const run = (operands: readonly HostData[]): [] => {
    f(operands);
    return [];
  };
  const content: HostFunction = { runsOnHost: true, isAwaited: false, run };
  bind(callbackPrimitive, values, { call: new Opaque(label, content) });
}

/**
 * Calls `f` with the arguments' values, from inside `jit`, `grad`, `vmap`, loops and branches, too.
 *
 * Under `vmap` it is called once per example; under `grad` with the values, not the derivatives; in a loop
 * in every turn. Calls come in the order of the program, after it has run; on a GPU, before the `await` of
 * a result does. What `f` throws is thrown by the call that ran the program, on a GPU by that `await`.
 *
 * @param f - Is given arrays on the host, whose `dataSync()` works on every device; what else is among
 *   the arguments it is given as it is.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.debug.callback.html. Differs: always ordered.
 * @example
 * const losses: number[] = [];
 * jit((x: np.Array) => {
 *   debug.callback((v: np.Array) => losses.push(v.dataSync()[0] ?? 0), np.sum(x));
 *   return x.mul(2);
 * })(np.ones([3]));
 */
export function callback<A extends unknown[]>(
  f: (...args: NoInfer<A>) => unknown,
  ...args: A
): void {
  const { leaves, structure } = flatten(args);
  const traced = leaves.filter((leaf) => leaf instanceof Value);
  bindCallback('callback', traced, (operands) => {
    const all = onHost(leaves, operands);
    const given = structure.unflatten(all) as readonly unknown[]; // The structure of a list.
    call(f as AnyFunction, given);
  });
}
