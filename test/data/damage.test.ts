import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../training/data/open.ts';
import { readEpisode } from '../../training/data/read-episode.ts';
import { changeColumns, fails, tinyEpisodeFile, withFolder, withTiny } from './tiny.ts';

const readFirst = async (folder: string) => readEpisode(await openDataset(folder), 0);

const edit = async (file: string, change: (text: string) => string): Promise<void> =>
  writeFile(file, change(await readFile(file, 'utf8')));

test('a missing folder is named, and the command that makes the demonstrations', () =>
  withFolder((parent) =>
    fails(() => openDataset(join(parent, 'none')), 'dataset-folder-missing', 'none', 'make-demos'),
  ));

test('each missing metadata file is named', async () => {
  for (const name of ['info.json', 'tasks.jsonl', 'episodes.jsonl']) {
    await withTiny(async (folder) => {
      await rm(join(folder, 'meta', name));
      await fails(() => openDataset(folder), 'dataset-file-missing', name, 'make-demos');
    });
  }
});

test('JSON that does not parse is reported with file and line', () =>
  withTiny(async (folder) => {
    await edit(join(folder, 'meta/episodes.jsonl'), (text) =>
      text.replace('"length":6', '"length":'),
    );
    await fails(() => openDataset(folder), 'dataset-json-malformed', 'line 2', 'episodes.jsonl');
    await edit(join(folder, 'meta/info.json'), (text) => text.slice(0, 40));
    await fails(() => openDataset(folder), 'dataset-json-malformed', 'info.json');
  }));

test('a field that is missing or of another kind is named with what it is', () =>
  withTiny(async (folder) => {
    const info = join(folder, 'meta/info.json');
    const original = await readFile(info, 'utf8');
    const cases: [string | RegExp, string, string][] = [
      ['"fps": 10,', '', "'fps'"],
      ['"fps": 10,', '"fps": "fast",', '"fast"'],
      ['"data_path"', '"elsewhere"', "'data_path'"],
      ['"observation.state"', '"observation.pose"', "'observation.state' or 'state'"],
      ['[6, 8, 3]', '[6, 8]', '[height, width, 3]'],
      ['"total_episodes": 4', '"total_episodes": 5', '4 lines'],
    ];
    for (const [from, to, part] of cases) {
      await writeFile(info, original.replace(from, to));
      await fails(() => openDataset(folder), 'dataset-field-missing', part);
    }
  }));

test('another version and videos are refused by name', () =>
  withTiny(async (folder) => {
    const info = join(folder, 'meta/info.json');
    const original = await readFile(info, 'utf8');
    await writeFile(info, original.replace('v2.1', 'v3.0'));
    await fails(() => openDataset(folder), 'dataset-version-unsupported', 'v3.0');
    await writeFile(info, original.replace('"dtype": "image"', '"dtype": "video"'));
    await fails(() => openDataset(folder), 'dataset-video-unsupported', 'observation.images.front');
  }));

test('a missing, foreign, cut or spoilt episode file is told apart', () =>
  withTiny(async (folder) => {
    const file = tinyEpisodeFile(folder);
    const bytes = await readFile(file);
    await truncate(file, bytes.length - 100);
    await fails(() => readFirst(folder), 'episode-truncated', file, `${bytes.length - 100} bytes`);
    await writeFile(file, 'version https://git-lfs.github.com/spec/v1');
    await fails(() => readFirst(folder), 'episode-not-parquet', file, 'git lfs pull');
    await writeFile(file, '');
    await fails(() => readFirst(folder), 'episode-not-parquet', '0 bytes');
    await writeFile(file, Buffer.from(bytes).fill(0x5a, bytes.length - 600, bytes.length - 8));
    await fails(() => readFirst(folder), 'episode-corrupt', file);
    await rm(file);
    await fails(() => readFirst(folder), 'dataset-file-missing', file, 'readEpisode');
  }));

test('a column that is gone is named, with those that are there', () =>
  withTiny(async (folder) => {
    await changeColumns(folder, (columns) => columns.filter(({ name }) => name !== 'action'));
    await fails(() => readFirst(folder), 'episode-column-missing', "'action'", 'observation.state');
  }));

test('a file with more rows than the metadata says is refused', () =>
  withTiny(async (folder) => {
    await edit(join(folder, 'meta/episodes.jsonl'), (text) =>
      text.replace('"length":5', '"length":4'),
    );
    await fails(() => readFirst(folder), 'episode-length-mismatch', '5 rows', 'says 4');
  }));

test('a row of another width is named', () =>
  withTiny(async (folder) => {
    await changeColumns(folder, (columns) =>
      columns.map(({ name, data }) => ({
        name,
        data: name === 'action' ? data.map((row, t) => (t === 3 ? [1] : row)) : data,
      })),
    );
    await fails(
      () => readFirst(folder),
      'episode-row-mismatch',
      'row 3',
      "'action'",
      'a list of 1',
    );
  }));

test('NaN among the actions is found with row and dimension', () =>
  withTiny(async (folder) => {
    await changeColumns(folder, (columns) =>
      columns.map(({ name, data }) => ({
        name,
        data: name === 'action' ? data.map((row, t) => (t === 2 ? [0, Number.NaN] : row)) : data,
      })),
    );
    await fails(() => readFirst(folder), 'episode-not-finite', 'NaN in row 2, dimension 1');
  }));

test('image bytes that are no PNG, or spoilt, or missing are named', async () => {
  const spoilt = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0]);
  for (const bytes of [new Uint8Array([0xff, 0xd8, 0xff]), spoilt, null]) {
    await withTiny(async (folder) => {
      const key = 'observation.images.front';
      await changeColumns(folder, (columns) =>
        columns.map(({ name, data }) => ({
          name,
          data:
            name === key ? data.map((cell, t) => (t === 1 ? { bytes, path: 'x' } : cell)) : data,
        })),
      );
      await fails(() => readFirst(folder), 'episode-not-png', 'row 1', key);
    });
  }
});

test('an image of another size is refused', () =>
  withTiny(async (folder) => {
    await edit(join(folder, 'meta/info.json'), (text) => text.replace('[6, 8, 3]', '[8, 6, 3]'));
    await fails(() => readFirst(folder), 'episode-image-size', 'is 6 × 8', 'says 8 × 6');
  }));

test('an episode that is not there is refused with the range', () =>
  withTiny(async (folder) => {
    const dataset = await openDataset(folder);
    await fails(() => readEpisode(dataset, 4), 'episode-out-of-range', '0 to 3');
  }));

test('the path template of info.json is followed', () =>
  withTiny(async (folder) => {
    await rename(join(folder, 'data/chunk-000'), join(folder, 'data/part-0'));
    await fails(() => readFirst(folder), 'dataset-file-missing', 'chunk-000');
    await edit(join(folder, 'meta/info.json'), (text) =>
      text.replace('chunk-{episode_chunk:03d}', 'part-{episode_chunk}'),
    );
    assert.is((await readFirst(folder)).length, 5);
  }));

test('reading changes no file, even one that is damaged', () =>
  withTiny(async (folder) => {
    await truncate(tinyEpisodeFile(folder, 1), 50);
    const snapshot = async () => {
      const names = (await readdir(folder, { recursive: true })).filter((name) =>
        /\.\w+$/.test(name),
      );
      return Promise.all(
        names.map(async (name) => [name, (await readFile(join(folder, name))).toString('hex')]),
      );
    };
    const before = await snapshot();
    const dataset = await openDataset(folder);
    await readEpisode(dataset, 0);
    await fails(() => readEpisode(dataset, 1), 'episode-truncated');
    assert.equal(await snapshot(), before);
  }));

test.run();
