/**
 * A small seeded generator for choices made on the host: splits, shuffles, scene layouts.
 * Arrays that enter a traced program use `random`, which agrees with JAX bit for bit.
 */

/** A stream of pseudo-random numbers. Two with the same seed give the same numbers. */
export interface Prng {
  /** The next number in [0, 1). */
  next(): number;
  /** The next number in [low, high). */
  between(low: number, high: number): number;
  /** The next sample of the standard normal distribution. */
  normal(): number;
}

/** One unsigned 32-bit seed made of several numbers; the order of the parts matters. */
export function mixSeed(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part >>> 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/**
 * A generator with 32 bits of state.
 *
 * @see mulberry32 by Tommy Ettinger, 2017, public domain.
 */
export function mulberry32(seed: number): Prng {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  // Box and Muller's transform; 1 - u is never zero, so the logarithm is finite.
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return { next, between: (low, high) => low + (high - low) * next(), normal };
}

/** A copy of `items` in random order. */
export function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const keyed = items.map((item) => ({ item, key: prng.next() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
