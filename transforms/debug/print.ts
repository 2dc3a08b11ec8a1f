/** Printing from inside compiled programs. */
import { isPlainObject } from '../../core/base/plain-data.ts';
import { flatten } from '../../core/base/pytree.ts';
import { Value } from '../../core/ir/value.ts';
import { bindCallback } from './callback.ts';
import { fillFormat, readFormat } from './format.ts';
import { onHost } from './host-slices.ts';

/**
 * Prints a line with the values, from inside `jit`, `grad`, `vmap`, loops and branches, too. When and how
 * often, and what happens on a GPU: see {@link callback}.
 *
 * @param format - Text with places: `{}` for the values in order, `{name}` for the members of the record
 *   that follows, `{x:.3f}` (also e, g, d) for digits, `{{` and `}}` for braces.
 * @param values - Arrays, numbers, or trees of them; or one record with names.
 * @throws `bad-debug-format`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.debug.print.html. Differs: always ordered.
 * @example
 * jit((x: np.Array) => {
 *   debug.print('x = {x}, its mean = {mean:.3f}', { x, mean: np.mean(x) });
 *   return x.mul(2);
 * })(np.ones([3]));
 */
export function print(format: string, ...values: readonly unknown[]): void {
  const [first] = values;
  const hasNames = values.length === 1 && isPlainObject(first) && /\{[A-Za-z_$]/.test(format);
  const named = hasNames ? first : {};
  const positional = hasNames ? [] : values;
  const read = readFormat(format, positional.length, Object.keys(named));
  const { leaves, structure } = flatten([positional, named]);
  const traced = leaves.filter((leaf) => leaf instanceof Value);
  bindCallback('print', traced, (operands) => {
    const all = onHost(leaves, operands);
    // The structure of this very pair.
    const [list, record] = structure.unflatten(all) as [unknown[], Record<string, unknown>];
    console.log(fillFormat(read, list, record));
  });
}
