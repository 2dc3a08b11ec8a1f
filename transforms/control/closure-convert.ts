/** Functions made to take what they close over as arguments. */
import type { Value } from '../../core/ir/value.ts';
import { apply } from '../apply.ts';
import { labelled, labelOf } from '../label.ts';
import { stage } from '../stage.ts';
import type { Described, Output } from '../types.ts';
import { leavesOf } from './body.ts';

/**
 * `f` as a function that closes over nothing, and what it closed over.
 *
 * @param examples - Arguments of `f`, or descriptions of them; only their types count.
 * @returns `[closed, values]`, where `closed(...args, ...values)` is `f(...args)`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.closure_convert.html
 */
export function closureConvert<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  ...examples: Described<A>
): [closed: (...args: [...A, ...Value[]]) => R, values: Value[]] {
  const label = `closureConvert of ${labelOf(f)}`;
  const { program, captures, outTree } = stage(f, examples, label);
  const count = examples.length;
  const closed = (...args: [...A, ...Value[]]): R => {
    const { values } = leavesOf(label, args.slice(0, count));
    const held = leavesOf(label, args.slice(count));
    // The structure that f returned.
    return outTree.unflatten(apply(program, [...values, ...held.values])) as R;
  };
  return [labelled(closed, label), [...captures]];
}
