/** Which episodes are trained on and which are kept for judging. */
import { fractionOutOfRange } from './errors.ts';
import { mixSeed, mulberry32, shuffled } from './prng.ts';
import type { Dataset } from './types.ts';

/** Episode numbers, each in exactly one of the two lists, both in rising order. */
export interface Split {
  readonly train: readonly number[];
  readonly heldOut: readonly number[];
}

/**
 * A division of the episodes that keeps back the same share of every task. The same seed gives the same
 * division, whatever the order in which it is asked for.
 *
 * @param options.heldOut - Share kept back, in [0, 1). A task with two or more episodes keeps back at
 *   least one unless the share is 0, and trains on at least one.
 * @throws `split-fraction-range`.
 */
export function splitEpisodes(
  dataset: Pick<Dataset, 'episodes'>,
  { heldOut: share, seed = 0 }: { readonly heldOut: number; readonly seed?: number },
): Split {
  if (!(share >= 0 && share < 1)) throw fractionOutOfRange(share);
  const byTask = new Map<string, number[]>();
  for (const { task, index } of dataset.episodes) {
    byTask.set(task, [...(byTask.get(task) ?? []), index]);
  }
  const heldOut: number[] = [];
  [...byTask.values()].forEach((indices, order) => {
    const wanted = share === 0 ? 0 : Math.max(1, Math.round(share * indices.length));
    const count = Math.min(wanted, indices.length - 1);
    heldOut.push(...shuffled(indices, mulberry32(mixSeed(seed, order))).slice(0, count));
  });
  const kept = new Set(heldOut);
  const train = dataset.episodes.map(({ index }) => index).filter((index) => !kept.has(index));
  return { train, heldOut: heldOut.sort((a, b) => a - b) };
}
