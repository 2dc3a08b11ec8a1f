/** A data set small enough to write in every test, and ways to damage it. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as assert from 'uvu/assert';
import { EnerjaxError } from '../../core/base/errors.ts';
import { type DatasetSpec, parquetSchema } from '../../training/data/layout.ts';
import { mulberry32 } from '../../training/data/prng.ts';
import { createDatasetWriter, type NewEpisode } from '../../training/data/write.ts';

export const tinySpec: DatasetSpec = {
  robotType: 'toy',
  fps: 10,
  stateNames: ['x', 'y', 'z'],
  actionNames: ['dx', 'dy'],
  cameras: { front: [6, 8] },
};

export const tinyTasks = ['push the block', 'touch the ball'] as const;

/** An episode of random numbers; the same seed gives the same one. */
export function tinyEpisode(seed: number, length = 5 + (seed % 3)): NewEpisode {
  const prng = mulberry32(seed);
  const floats = (count: number) => Float32Array.from({ length: count }, () => prng.between(-1, 1));
  return {
    task: tinyTasks[seed % 2] ?? tinyTasks[0],
    state: floats(3 * length),
    actions: floats(2 * length),
    images: {
      front: Uint8Array.from({ length: 6 * 8 * 3 * length }, () => Math.floor(prng.next() * 256)),
    },
  };
}

/** Writes the episodes with the seeds 0, 1, … */
export async function writeTiny(folder: string, episodes = 4): Promise<void> {
  const writer = await createDatasetWriter(folder, tinySpec);
  for (let seed = 0; seed < episodes; seed++) await writer.addEpisode(tinyEpisode(seed));
  await writer.finish();
}

/** Runs a test with a folder of its own, which is removed afterwards. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'enerjax-data-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a test with a copy of a tiny data set. */
export const withTiny = (use: (folder: string) => Promise<void>): Promise<void> =>
  withFolder(async (parent) => {
    await writeTiny(join(parent, 'original'));
    const folder = join(parent, 'copy');
    await cp(join(parent, 'original'), folder, { recursive: true });
    await use(folder);
  });

export const tinyEpisodeFile = (folder: string, index = 0): string =>
  join(folder, `data/chunk-000/episode_00000${index}.parquet`);

type Columns = { name: string; data: unknown[] }[];

/** Writes the first episode again after a change to its columns. */
export async function changeColumns(
  folder: string,
  change: (columns: Columns) => Columns,
): Promise<void> {
  const file = tinyEpisodeFile(folder);
  const bytes = new Uint8Array(await readFile(file));
  const rows = await parquetReadObjects({ file: bytes.buffer, utf8: false });
  const names = Object.keys(rows[0] ?? {});
  const columns = change(names.map((name) => ({ name, data: rows.map((row) => row[name]) })));
  const kept = new Set(columns.map(({ name }) => name));
  const schema = parquetSchema(tinySpec);
  const [root, ...nodes] = schema;
  // Drops the nodes of columns that are gone: a column with children is followed by them.
  let isKept = true;
  let owed = 0;
  const left = nodes.filter(({ name, num_children: children = 0 }) => {
    if (owed === 0) isKept = kept.has(name);
    else owed -= 1;
    owed += children;
    return isKept;
  });
  const header = { name: root?.name ?? '', num_children: columns.length };
  await writeFile(
    file,
    new Uint8Array(parquetWriteBuffer({ columnData: columns, schema: [header, ...left] })),
  );
}

/** Asserts that something fails with this code, and that what it says has all of these parts. */
export async function fails(
  work: () => Promise<unknown>,
  code: string,
  ...parts: readonly string[]
): Promise<void> {
  let caught: unknown;
  try {
    await work();
  } catch (error) {
    caught = error;
  }
  if (!(caught instanceof EnerjaxError))
    throw caught ?? new Error(`nothing was thrown for ${code}`);
  assert.is(caught.code, code);
  assert.ok(caught.fix.length > 0);
  for (const part of parts) {
    assert.ok(caught.message.includes(part), `'${part}' is not in: ${caught.message}`);
  }
}
