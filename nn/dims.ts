/** Named axes: the shapes of a function's arguments, said once and checked there. */
import type { Value } from '../core/ir/value.ts';
import { axisDisagrees, wrongAxes } from './errors.ts';

/** The words of a list of axes such as `'batch steps width'`; `…` stands for any leading axes. */
type Names<Axes extends string> = string extends Axes
  ? string
  : Axes extends `${infer First} ${infer Rest}`
    ? Names<First> | Names<Rest>
    : Exclude<Axes, '…' | ''>;

/** Arguments by name, each with the names of its axes. Null arguments are left out. */
export type NamedAxes = Readonly<Record<string, readonly [Value | null | undefined, string]>>;

/** The names of all axes. */
type NamesOf<Arguments extends NamedAxes> = {
  [K in keyof Arguments]: Names<Arguments[K][1]>;
}[keyof Arguments];

interface Seen {
  readonly size: number;
  readonly from: string;
}

function checkArgument(
  op: string,
  name: string,
  value: Value,
  axes: string,
  seen: Map<string, Seen>,
): void {
  const words = axes.split(' ').filter((word) => word !== '');
  const names = words.filter((word) => word !== '…');
  const hasLead = names.length < words.length;
  const lead = value.ndim - names.length;
  if (lead < 0 || (lead > 0 && !hasLead)) {
    throw wrongAxes(op, name, value.aval, words.join(', '));
  }
  names.forEach((axis, i) => {
    const size = value.shape[lead + i] ?? 0;
    const before = seen.get(axis);
    if (before === undefined) seen.set(axis, { size, from: name });
    else if (before.size !== size) {
      throw axisDisagrees(op, axis, before.size, before.from, size, name);
    }
  });
}

/**
 * The size of every named axis, once all arguments agree on them.
 *
 * @throws `wrong-axes` if an argument has another number of axes, `axis-disagrees` if one axis has two sizes.
 * @example
 * const { batch, width } = dims('energy', {
 *   context: [context, 'batch tokens width'],
 *   actions: [actions, 'batch steps actions'],
 * });
 */
export function dims<const Arguments extends NamedAxes>(
  op: string,
  named: Arguments,
): Readonly<Record<NamesOf<Arguments>, number>> {
  const seen = new Map<string, Seen>();
  for (const [name, [value, axes]] of Object.entries<NamedAxes[string]>(named)) {
    if (value !== null && value !== undefined) checkArgument(op, name, value, axes, seen);
  }
  // Every name of the type was met, but for those that only absent arguments have.
  return Object.fromEntries([...seen].map(([axis, { size }]) => [axis, size])) as Record<
    NamesOf<Arguments>,
    number
  >;
}
