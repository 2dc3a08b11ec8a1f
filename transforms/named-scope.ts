/** Names for parts of a function, shown where their operations are blamed. */
import { inNamedScope } from '../core/base/call-site.ts';
import { labelled } from './label.ts';

/**
 * What `body` returns; errors about operations in it say where they are: `in encoder/attention`.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.named_scope.html
 * @example
 * const y = namedScope('encoder', () => np.tanh(np.ones([3])));
 */
export const namedScope = <R>(name: string, body: () => R): R => inNamedScope(name, body);

/**
 * `f` in a scope of this name, by which errors call it, too.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.named_call.html
 * @example
 * const layer = namedCall((x: np.Array) => np.tanh(x), 'layer');
 */
export function namedCall<A extends unknown[], R>(
  f: (...args: A) => R,
  name: string,
): (...args: A) => R {
  const named = (...args: A): R => inNamedScope(name, () => f(...args));
  return labelled(named, `'${name}'`);
}
