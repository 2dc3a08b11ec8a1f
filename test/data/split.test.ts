import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { actionChunks } from '../../training/data/chunks.ts';
import { openDataset } from '../../training/data/open.ts';
import { mixSeed, mulberry32, shuffled } from '../../training/data/prng.ts';
import { readEpisode } from '../../training/data/read-episode.ts';
import { splitEpisodes } from '../../training/data/split.ts';
import { datasetStatistics, statisticsOf } from '../../training/data/statistics.ts';
import { fails, withTiny } from './tiny.ts';

const labelled = (tasks: readonly number[]) => ({
  episodes: tasks.map((task, index) => ({ index, task: `task ${task}`, length: 1 })),
});

test('every episode is in one part of a split, and every task in both', () => {
  const tasks = fc.array(fc.nat(3), { minLength: 1, maxLength: 40 });
  const share = fc.double({ min: 0.01, max: 0.9, noNaN: true });
  fc.assert(
    fc.property(tasks, share, fc.nat(), (labels, heldOut, seed) => {
      const dataset = labelled(labels);
      const split = splitEpisodes(dataset, { heldOut, seed });
      const all = [...split.train, ...split.heldOut].sort((a, b) => a - b);
      assert.equal(
        all,
        labels.map((_, index) => index),
      );
      for (const label of new Set(labels)) {
        const of = (part: readonly number[]) =>
          part.filter((index) => labels[index] === label).length;
        const count = of(all);
        assert.ok(of(split.train) >= 1);
        assert.ok(count === 1 || of(split.heldOut) >= 1);
        assert.ok(count < 2 || Math.abs(of(split.heldOut) - heldOut * count) <= 1);
      }
      assert.equal(splitEpisodes(dataset, { heldOut, seed }), split);
    }),
  );
});

test('another seed gives another split, and a share of 0 holds nothing back', () => {
  const dataset = labelled(Array.from({ length: 30 }, (_, i) => i % 3));
  const [one, other] = [0, 1].map((seed) => splitEpisodes(dataset, { heldOut: 0.3, seed }));
  assert.is(one?.heldOut.length, 9);
  assert.not.equal(one, other);
  assert.is(splitEpisodes(dataset, { heldOut: 0 }).train.length, 30);
});

test('a share outside [0, 1) is refused', async () => {
  for (const heldOut of [-0.1, 1, Number.NaN]) {
    await fails(
      async () => splitEpisodes(labelled([0]), { heldOut }),
      'split-fraction-range',
      `${heldOut}`,
    );
  }
});

test('chunks hold the next actions and repeat the last one, which the mask marks', () => {
  const actions = Float32Array.of(1, 2, 3, 4, 5, 6);
  const { chunks, isPad } = actionChunks({ actions, actionDim: 2, length: 3 }, 2);
  assert.equal([...chunks], [1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 5, 6]);
  assert.equal([...isPad], [0, 0, 0, 0, 0, 1]);
});

test('a horizon that is no whole number above 0 is refused', async () => {
  const episode = { actions: Float32Array.of(1), actionDim: 1, length: 1 };
  for (const horizon of [0, 1.5]) {
    await fails(async () => actionChunks(episode, horizon), 'chunk-horizon-range', `${horizon}`);
  }
});

test('statistics are those of a definition worked by hand', () => {
  // Columns 0…100 and its negative: numpy.quantile gives 1 and 99.
  const values = Float32Array.from({ length: 202 }, (_, i) => (i % 2 === 0 ? i / 2 : -(i - 1) / 2));
  const { mean, std, q01, q99 } = statisticsOf(values, 2);
  assert.equal(mean, [50, -50]);
  assert.ok(Math.abs((std[0] ?? 0) - Math.sqrt((101 ** 2 - 1) / 12)) < 1e-9);
  assert.equal(
    [q01, q99],
    [
      [1, -99],
      [99, -1],
    ],
  );
});

test('statistics of a data set are over the given episodes only', () =>
  withTiny(async (folder) => {
    const dataset = await openDataset(folder);
    const { actions, state } = await datasetStatistics(dataset, [1, 3]);
    const parts = await Promise.all([1, 3].map((index) => readEpisode(dataset, index)));
    const joined = Float32Array.from(parts.flatMap((part) => [...part.actions]));
    assert.equal(actions, statisticsOf(joined, 2));
    assert.is(state.mean.length, 3);
    await fails(() => datasetStatistics(dataset, []), 'dataset-no-episodes');
  }));

test('the generator gives the published numbers, and shuffling loses nothing', () => {
  // The first three outputs of mulberry32 with seed 1, times 2³².
  const prng = mulberry32(1);
  assert.equal(
    [1, 2, 3].map(() => Math.round(prng.next() * 2 ** 32)),
    [2693262067, 11749833, 2265367787],
  );
  const items = [1, 2, 3, 4, 5];
  assert.equal(shuffled(items, mulberry32(3)).sort(), items);
  assert.is.not(mixSeed(1, 2), mixSeed(2, 1));
});

test.run();
