/** Operands of operations that hold programs come in groups; these cut lists into them. */
import { invariant } from '../../core/base/errors.ts';

/** The list cut into groups of these sizes and the rest. */
export function cut<T, const N extends readonly number[]>(
  items: readonly T[],
  sizes: N,
): [...{ -readonly [K in keyof N]: T[] }, T[]] {
  let start = 0;
  const groups = sizes.map((size) => {
    start += size;
    return items.slice(start - size, start);
  });
  // One group per size, then the rest.
  return [...groups, items.slice(start)] as [...{ -readonly [K in keyof N]: T[] }, T[]];
}

/** The next item of several that must be there. */
export function takeFrom<T>(items: Iterator<T>): T {
  const next = items.next();
  invariant(next.done !== true, 'too few operands or results');
  return next.value;
}

/** The items in the places whose flag is set, in order; null in the others. */
export function spread<T>(items: readonly T[], flags: readonly boolean[]): (T | null)[] {
  const given = items.values();
  return flags.map((is) => (is ? takeFrom(given) : null));
}

/** The items whose flag is set. */
export const chosen = <T>(items: readonly T[], flags: readonly boolean[]): T[] =>
  items.filter((_, i) => flags[i] === true);

/**
 * Flags of a loop's operands, set until the next turn sets no more: what is true of a carry after a turn
 * must be true before the next.
 *
 * @param flags - One per operand at the first turn.
 * @param derive - The body, transformed for such operands.
 * @param after - What holds after a turn, for constants and carries.
 */
export function grow<D>(
  flags: readonly boolean[],
  derive: (flags: readonly boolean[]) => D,
  after: (derived: D) => readonly boolean[],
): { readonly nonzero: readonly boolean[]; readonly derived: D } {
  let nonzero = flags;
  for (;;) {
    const derived = derive(nonzero);
    const found = after(derived);
    const grown = nonzero.map((is, i) => is || found[i] === true);
    if (grown.every((is, i) => is === nonzero[i])) return { nonzero, derived };
    nonzero = grown;
  }
}
