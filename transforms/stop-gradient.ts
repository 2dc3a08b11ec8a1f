/** Values that derivatives take for constants. */
import { flatten } from '../core/base/pytree.ts';
import { Value } from '../core/ir/value.ts';
import { stopGradient as stop } from '../core/primitives/index.ts';

/**
 * The same tree, whose arrays are constants to every derivative.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.stop_gradient.html
 * @example
 * const straightThrough = (x: np.Array) => x.add(stopGradient(np.round(x).sub(x)));
 */
export function stopGradient<T>(tree: T): T {
  const { leaves, structure } = flatten(tree);
  const stopped = leaves.map((leaf) => (leaf instanceof Value ? stop(leaf) : leaf));
  return structure.unflatten(stopped) as T; // Arrays stand where arrays stood.
}
