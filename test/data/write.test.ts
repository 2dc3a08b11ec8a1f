import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../training/data/open.ts';
import { readEpisode } from '../../training/data/read-episode.ts';
import { createDatasetWriter } from '../../training/data/write.ts';
import {
  fails,
  tinyEpisode,
  tinyEpisodeFile,
  tinySpec,
  tinyTasks,
  withFolder,
  withTiny,
  writeTiny,
} from './tiny.ts';

test('what is read is what was written, bit for bit', () =>
  withTiny(async (folder) => {
    const dataset = await openDataset(folder);
    assert.equal(
      [...dataset.tasks],
      [
        [0, tinyTasks[0]],
        [1, tinyTasks[1]],
      ],
    );
    assert.equal(dataset.cameras, [{ key: 'observation.images.front', height: 6, width: 8 }]);
    assert.is(dataset.info.totalFrames, 5 + 6 + 7 + 5);
    for (const { index } of dataset.episodes) {
      const wanted = tinyEpisode(index);
      const got = await readEpisode(dataset, index);
      assert.equal(got.state, wanted.state);
      assert.equal(got.actions, wanted.actions);
      assert.equal(got.images['observation.images.front'], wanted.images.front);
      assert.is(got.task, wanted.task);
      assert.equal(
        got.timestamps,
        Float32Array.from({ length: got.length }, (_, t) => t / 10),
      );
    }
  }));

test('images are left out when they are not asked for', () =>
  withTiny(async (folder) => {
    const episode = await readEpisode(await openDataset(folder), 0, { images: false });
    assert.equal(episode.images, {});
    assert.is(episode.actions.length, 10);
  }));

test('the same episodes give the same bytes', () =>
  withFolder(async (parent) => {
    const [one, other] = [join(parent, 'one'), join(parent, 'other')];
    await writeTiny(one);
    await writeTiny(other);
    const names = (await readdir(one, { recursive: true })).filter((name) => /\.\w+$/.test(name));
    assert.is(names.length, 8);
    for (const name of names) {
      assert.ok((await readFile(join(one, name))).equals(await readFile(join(other, name))), name);
    }
  }));

test('the statistics of an episode are those of its numbers', () =>
  withTiny(async (folder) => {
    const [line = ''] = (await readFile(join(folder, 'meta/episodes_stats.jsonl'), 'utf8')).split(
      '\n',
    );
    const { stats } = JSON.parse(line);
    const { actions, images } = tinyEpisode(0);
    const first = [...actions].filter((_, i) => i % 2 === 0);
    assert.is(stats.action.min[0], Math.min(...first));
    assert.ok(Math.abs(stats.action.mean[0] - first.reduce((a, b) => a + b) / 5) < 1e-9);
    assert.equal(stats.action.count, [5]);
    const green = [...(images.front ?? [])].filter((_, i) => i % 3 === 1);
    assert.ok(
      Math.abs(stats['observation.images.front'].max[1][0][0] - Math.max(...green) / 255) < 1e-9,
    );
  }));

test('a writer that never finishes leaves the earlier data set as it was', () =>
  withTiny(async (folder) => {
    const before = await readFile(tinyEpisodeFile(folder));
    const writer = await createDatasetWriter(folder, tinySpec);
    await writer.addEpisode(tinyEpisode(7));
    assert.ok((await readFile(tinyEpisodeFile(folder))).equals(before));
    assert.is((await openDataset(folder)).episodes.length, 4);
    await writer.abort();
    assert.equal((await readdir(join(folder, '..'))).sort(), ['copy', 'original']);
  }));

test('a finished writer replaces the earlier data set and leaves nothing beside it', () =>
  withTiny(async (folder) => {
    await writeTiny(folder, 2);
    assert.is((await openDataset(folder)).episodes.length, 2);
    assert.equal((await readdir(join(folder, '..'))).sort(), ['copy', 'original']);
  }));

test('a data set set aside by a killed writer is pointed at, and brought back by the next writer', () =>
  withTiny(async (folder) => {
    await rename(folder, `${folder}.previous`);
    await fails(
      () => openDataset(folder),
      'dataset-folder-missing',
      `mv '${folder}.previous' '${folder}'`,
    );
    const writer = await createDatasetWriter(folder, tinySpec);
    await writer.abort();
    assert.is((await openDataset(folder)).episodes.length, 4);
  }));

test('the half-written folder of a dead process is removed, that of a living one is not', () =>
  withTiny(async (folder) => {
    // Linux gives no process a number this high; our parent lives.
    await mkdir(`${folder}.partial-999999999`);
    await mkdir(`${folder}.partial-${process.ppid}`);
    const writer = await createDatasetWriter(folder, tinySpec);
    await writer.abort();
    const left = (await readdir(join(folder, '..'))).sort();
    assert.equal(left, ['copy', `copy.partial-${process.ppid}`, 'original']);
  }));

test('arrays that do not fit, NaN and no episodes at all are refused', () =>
  withFolder(async (parent) => {
    const writer = await createDatasetWriter(join(parent, 'new'), tinySpec);
    const good = tinyEpisode(0);
    await fails(() => writer.finish(), 'dataset-no-episodes');
    const short = { ...good, state: good.state.subarray(3) };
    await fails(() => writer.addEpisode(short), 'dataset-write-mismatch', 'state has 12', '15');
    await fails(
      () => writer.addEpisode({ ...good, images: {} }),
      'dataset-write-mismatch',
      'images.front',
    );
    const uneven = { ...good, actions: good.actions.subarray(1) };
    await fails(() => writer.addEpisode(uneven), 'dataset-write-mismatch', 'actions has 9');
    const actions = good.actions.slice();
    actions[3] = Number.POSITIVE_INFINITY;
    await fails(
      () => writer.addEpisode({ ...good, actions }),
      'episode-not-finite',
      'holds Infinity in row 1, dimension 1',
    );
    await writer.abort();
  }));

test.run();
