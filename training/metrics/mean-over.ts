/** Means over ranges of steps, for curves that can be read. */
import type { Series } from './history.ts';

/**
 * The series with every `window` points replaced by their mean, at the mean of their steps. The last
 * point stands for fewer if `window` does not divide the series.
 */
export function meanOver({ steps, values }: Series, window: number): Series {
  const starts = Array.from({ length: Math.ceil(steps.length / window) }, (_, i) => i * window);
  const means = (all: readonly number[]): number[] =>
    starts.map((start) => {
      const part = all.slice(start, start + window);
      return part.reduce((sum, value) => sum + value, 0) / part.length;
    });
  return { steps: means(steps), values: means(values) };
}
