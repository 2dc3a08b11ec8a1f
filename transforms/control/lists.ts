/** Operands of operations that hold programs come in groups; these cut lists into them. */

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
