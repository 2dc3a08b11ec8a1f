/** Trees as vectors. Exported as the namespace `flattenUtil`, by the names of `jax.flatten_util`. */
import { sizeOf } from '../core/base/aval.ts';
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import type * as tree from '../core/tree.ts';
import { leavesOf } from './control/body.ts';

/**
 * [all elements of a tree on one axis, the function that makes a tree of such a vector again].
 *
 * @throws `not-an-array` for leaves that are neither arrays nor numbers.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.flatten_util.ravel_pytree.html
 * @example
 * const [vector, unravel] = flattenUtil.ravelPytree({ w: np.ones([2, 2]), b: np.zeros([2]) });
 */
export function ravelPytree<T>(
  given: T,
): [vector: Value, unravel: (vector: Value) => tree.MapLeaves<T, Value>] {
  const { values, structure } = leavesOf('ravelPytree', given);
  const parts = values.map((value) => np.ravel(value));
  const vector = parts.length === 0 ? np.zeros([0]) : np.concatenate(parts);
  const unravel = (flat: Value): tree.MapLeaves<T, Value> => {
    let from = 0;
    const leaves = values.map(({ shape, dtype }) => {
      const size = sizeOf(shape);
      from += size;
      return flat
        .get(np.slice(from - size, from))
        .reshape(shape)
        .astype(dtype);
    });
    return structure.unflatten(leaves) as tree.MapLeaves<T, Value>; // One array per leaf.
  };
  return [vector, unravel];
}
