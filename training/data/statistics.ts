/** Statistics of a data set's numbers, for bringing them to a common scale. */
import { noEpisodes } from './errors.ts';
import { readEpisode } from './read-episode.ts';
import type { Dataset } from './types.ts';

/** One number per dimension for each. Written as they are into `norm_stats.json`. */
export interface Statistics {
  readonly mean: readonly number[];
  /** Standard deviation of the population. */
  readonly std: readonly number[];
  /** The value that 1 % of all values lie below. */
  readonly q01: readonly number[];
  /** The value that 99 % of all values lie below. */
  readonly q99: readonly number[];
}

/** Statistics of what a policy reads and writes. */
export interface DatasetStatistics {
  readonly state: Statistics;
  readonly actions: Statistics;
}

/** The value below which a share of the sorted values lies, between neighbours by linear interpolation. */
function quantile(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low = 0, high = low] = [sorted[below], sorted[below + 1]];
  return low + (high - low) * (place - below);
}

/**
 * Statistics of each column of `values`, exact rather than from a histogram.
 *
 * @param values - f32[rows, width].
 */
export function statisticsOf(values: Float32Array, width: number): Statistics {
  const rows = values.length / width;
  const columns = Array.from({ length: width }, (_, dim) =>
    Float32Array.from({ length: rows }, (__, row) => values[row * width + dim] ?? 0).sort(),
  );
  const mean = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / rows);
  const std = columns.map((column, dim) => {
    const centre = mean[dim] ?? 0;
    return Math.sqrt(column.reduce((sum, value) => sum + (value - centre) ** 2, 0) / rows);
  });
  const [q01, q99] = [0.01, 0.99].map((share) => columns.map((column) => quantile(column, share)));
  return { mean, std, q01: q01 ?? [], q99: q99 ?? [] };
}

/**
 * Statistics of state and actions over the given episodes. Pass the training part of a split: what is
 * held out must not leak into the scale.
 *
 * @throws `dataset-no-episodes`, and what {@link readEpisode} throws.
 */
export async function datasetStatistics(
  dataset: Dataset,
  episodes: readonly number[],
): Promise<DatasetStatistics> {
  if (episodes.length === 0) throw noEpisodes('datasetStatistics');
  const rows = episodes.reduce((sum, index) => sum + (dataset.episodes[index]?.length ?? 0), 0);
  const state = new Float32Array(rows * dataset.stateDim);
  const actions = new Float32Array(rows * dataset.actionDim);
  let row = 0;
  for (const index of episodes) {
    const episode = await readEpisode(dataset, index, { images: false });
    state.set(episode.state, row * dataset.stateDim);
    actions.set(episode.actions, row * dataset.actionDim);
    row += episode.length;
  }
  return {
    state: statisticsOf(state, dataset.stateDim),
    actions: statisticsOf(actions, dataset.actionDim),
  };
}
