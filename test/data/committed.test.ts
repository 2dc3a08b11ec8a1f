import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { committedFolder } from '../../examples/demonstrations/make.ts';
import { controlRate } from '../../examples/demonstrations/scene.ts';
import { tasks } from '../../examples/demonstrations/tasks.ts';
import { actionChunks } from '../../training/data/chunks.ts';
import { openDataset } from '../../training/data/open.ts';
import { readEpisode } from '../../training/data/read-episode.ts';
import { splitEpisodes } from '../../training/data/split.ts';
import { datasetStatistics } from '../../training/data/statistics.ts';

const dataset = await openDataset(committedFolder);
const episodes = await Promise.all(
  dataset.episodes.map(({ index }) => readEpisode(dataset, index, { images: false })),
);

/** The values of one dimension of every action. */
const dimension = (dim: number): number[] =>
  episodes.flatMap(({ actions }) => [...actions].filter((_, i) => i % 7 === dim));

test('the committed set has at least 60 episodes, 12 or more of each task', () => {
  assert.ok(dataset.episodes.length >= 60);
  assert.equal(
    [...dataset.tasks.values()],
    tasks.map(({ instruction }) => instruction),
  );
  for (const { instruction } of tasks) {
    assert.ok(
      dataset.episodes.filter(({ task }) => task === instruction).length >= 12,
      instruction,
    );
  }
});

test('the committed set is small enough to be committed', async () => {
  const names = await readdir(committedFolder, { recursive: true });
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(committedFolder, name))).size),
  );
  assert.ok(sizes.reduce((sum, size) => sum + size) < 10e6);
});

test('frames, lengths and times agree with the metadata', () => {
  assert.is(
    episodes.reduce((sum, { length }) => sum + length, 0),
    dataset.info.totalFrames,
  );
  assert.is(dataset.info.fps, controlRate);
  for (const { length, state, actions, timestamps, stateDim, actionDim } of episodes) {
    assert.equal([stateDim, actionDim], [8, 7]);
    assert.equal([state.length, actions.length], [length * 8, length * 7]);
    assert.ok(Math.abs((timestamps.at(-1) ?? 0) - (length - 1) / controlRate) < 1e-4);
  }
});

test('actions lie in [-1, 1] and the gripper is -1 or 1', () => {
  for (const { actions } of episodes)
    assert.ok(actions.every((value) => value >= -1 && value <= 1));
  assert.equal(new Set(dimension(6)), new Set([-1, 1]));
});

test('each of the seven dimensions carries information', () => {
  for (let dim = 0; dim < 7; dim++) {
    const values = dimension(dim);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const std = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
    );
    assert.ok(std > 0.1, `dimension ${dim} has a deviation of ${std}`);
  }
});

test('images are in full colour, change within an episode and differ between cameras', async () => {
  for (const index of [0, 1, 2, 3, 4]) {
    const { images, length } = await readEpisode(dataset, index);
    const [front, wrist] = dataset.cameras.map(({ key }) => images[key] ?? new Uint8Array());
    assert.is(front?.length, length * 48 * 48 * 3);
    const frame = (pixels: Uint8Array | undefined, t: number) =>
      pixels?.subarray(t * 6912, (t + 1) * 6912) ?? new Uint8Array();
    assert.not.equal(frame(front, 0), frame(front, length - 1));
    assert.not.equal(frame(wrist, 0), frame(wrist, length - 1));
    assert.not.equal(frame(front, 0), frame(wrist, 0));
    const colours = new Set<string>();
    for (let i = 0; i < 6912; i += 3)
      colours.add(
        frame(front, 0)
          .subarray(i, i + 3)
          .join(),
      );
    assert.ok(colours.size >= 12, `${colours.size} colours`);
  }
});

test('held-out episodes are of every task and none of them is trained on', () => {
  const { train, heldOut } = splitEpisodes(dataset, { heldOut: 0.2, seed: 0 });
  assert.is(train.length + heldOut.length, dataset.episodes.length);
  assert.not(heldOut.some((index) => train.includes(index)));
  assert.is(new Set(heldOut.map((index) => dataset.episodes[index]?.task)).size, tasks.length);
});

test('statistics of the training part are finite and no dimension is flat', async () => {
  const { train } = splitEpisodes(dataset, { heldOut: 0.2, seed: 0 });
  const { state, actions } = await datasetStatistics(dataset, train);
  for (const { mean, std, q01, q99 } of [state, actions]) {
    assert.ok([...mean, ...std, ...q01, ...q99].every(Number.isFinite));
    assert.ok(q01.every((low, dim) => (q99[dim] ?? 0) - low > 0.01));
  }
});

test('action chunks of a committed episode have the right size', () => {
  const [episode] = episodes;
  assert.ok(episode);
  const { chunks, isPad } = actionChunks(episode, 10);
  assert.is(chunks.length, episode.length * 10 * 7);
  assert.is(
    isPad.reduce((sum, pad) => sum + pad, 0),
    45,
  );
});

test.run();
