/** Writing a LeRobot v2.1 data set, so that an interruption leaves what was there before. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { invariant } from '../../core/base/errors.ts';
import { noEpisodes, notFinite, writeMismatch } from './errors.ts';
import {
  actionColumn,
  chunksSize,
  counters,
  type DatasetSpec,
  dataPath,
  huggingfaceMetadata,
  imageColumn,
  imageSummary,
  infoFeatures,
  parquetSchema,
  stateColumn,
  vectorSummary,
} from './layout.ts';
import { isFolder, previousOf } from './open.ts';
import { pngEncoder } from './png.ts';

/** One demonstration to be written. Row t of each array is control step t. */
export interface NewEpisode {
  readonly task: string;
  /** f32[length, state]. */
  readonly state: Float32Array;
  /** f32[length, action]. */
  readonly actions: Float32Array;
  /** u8[length, height, width, 3] for each camera. */
  readonly images: Readonly<Record<string, Uint8Array>>;
}

/** Writes into a folder of its own until {@link DatasetWriter.finish} puts that in place. */
export interface DatasetWriter {
  /** Adds an episode; resolves when its file is written. One at a time. */
  readonly addEpisode: (episode: NewEpisode) => Promise<void>;
  /** Writes the metadata and puts the data set in place of what was there. */
  readonly finish: () => Promise<void>;
  /** Drops what was written. What was there before stays. */
  readonly abort: () => Promise<void>;
}

interface Progress {
  readonly lengths: number[];
  readonly taskOf: string[];
  readonly tasks: string[];
  readonly stats: string[];
}

/**
 * A writer of the data set that is to be in `folder`. The files depend on nothing but the episodes: the
 * same episodes give the same bytes.
 *
 * @throws `dataset-write-mismatch`, `episode-not-finite` when an episode is added; `dataset-no-episodes`
 *   when none was.
 * @example
 * const writer = await createDatasetWriter('demos', spec);
 * await writer.addEpisode({ task: 'touch the ball', state, actions, images: { front } });
 * await writer.finish();
 */
export async function createDatasetWriter(
  folder: string,
  spec: DatasetSpec,
): Promise<DatasetWriter> {
  const target = resolve(folder);
  await tidy(target);
  const partial = `${target}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, 'meta'), { recursive: true });
  const progress: Progress = { lengths: [], taskOf: [], tasks: [], stats: [] };
  return {
    addEpisode: (episode) => addEpisode(partial, spec, progress, episode),
    finish: async () => {
      if (progress.lengths.length === 0) throw noEpisodes('finish');
      await writeMetadata(partial, spec, progress);
      await replace(target, partial);
    },
    abort: () => rm(partial, { recursive: true, force: true }),
  };
}

/** Repairs what a writer that was killed has left: half a data set, or a replacement that was half done. */
async function tidy(target: string): Promise<void> {
  const previous = previousOf(target);
  if (await isFolder(previous)) {
    if (await isFolder(target)) await rm(previous, { recursive: true });
    else await rename(previous, target);
  }
  const siblings = await readdir(dirname(target)).catch(() => []);
  const prefix = `${basename(target)}.partial-`;
  for (const name of siblings.filter((sibling) => sibling.startsWith(prefix))) {
    if (isRunning(Number(name.slice(prefix.length)))) continue;
    await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 only asks whether the process is there.
    return process.kill(pid, 0);
  } catch (error) {
    // Not allowed to signal it: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Two renames; between them the old data set is beside its place and {@link tidy} would bring it back. */
async function replace(target: string, partial: string): Promise<void> {
  const previous = previousOf(target);
  const isReplacing = await isFolder(target);
  if (isReplacing) await rename(target, previous);
  await rename(partial, target);
  if (isReplacing) await rm(previous, { recursive: true });
}

/** The number of control steps, once every array fits. */
function checkEpisode(spec: DatasetSpec, { state, actions, images }: NewEpisode): number {
  const width = spec.actionNames.length;
  const length = actions.length / width;
  if (length < 1 || !Number.isInteger(length)) {
    const wanted = Math.max(1, Math.round(length)) * width;
    throw writeMismatch('actions', actions.length, wanted, `rows of ${width}`);
  }
  const wanted: [string, ArrayLike<number> | undefined, number][] = [
    ['state', state, spec.stateNames.length],
    ...Object.entries(spec.cameras).map(
      ([camera, [height, across]]): [string, Uint8Array | undefined, number] => [
        `images.${camera}`,
        images[camera],
        height * across * 3,
      ],
    ),
  ];
  for (const [name, values, size] of wanted) {
    const got = values?.length ?? 0;
    if (got !== length * size)
      throw writeMismatch(name, got, length * size, `${length} rows of ${size}`);
  }
  checkFinite('state', state, spec.stateNames.length);
  checkFinite('actions', actions, width);
  return length;
}

function checkFinite(name: string, values: Float32Array, width: number): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw notFinite('addEpisode', name, Math.floor(at / width), at % width, values[at] ?? 0);
}

type Numbers = Readonly<Record<(typeof counters)[number], readonly number[]>>;

async function addEpisode(
  folder: string,
  spec: DatasetSpec,
  progress: Progress,
  episode: NewEpisode,
): Promise<void> {
  const length = checkEpisode(spec, episode);
  const { lengths, tasks, taskOf, stats } = progress;
  const index = lengths.length;
  if (!tasks.includes(episode.task)) tasks.push(episode.task);
  const before = lengths.reduce((sum, frames) => sum + frames, 0);
  const steps = Array.from({ length }, (_, step) => step);
  const numbers: Numbers = {
    frame_index: steps,
    episode_index: steps.map(() => index),
    index: steps.map((step) => before + step),
    task_index: steps.map(() => tasks.indexOf(episode.task)),
  };
  const timestamps = Float32Array.from(steps, (step) => step / spec.fps);
  const file = join(folder, pathOf(index));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await encodeEpisode(spec, episode, numbers, timestamps));
  const summaries = summariesOf(spec, episode, numbers, timestamps);
  stats.push(JSON.stringify({ episode_index: index, stats: summaries }));
  lengths.push(length);
  taskOf.push(episode.task);
}

/** The bytes of an episode's Parquet file. */
async function encodeEpisode(
  spec: DatasetSpec,
  { state, actions, images }: NewEpisode,
  numbers: Numbers,
  timestamps: Float32Array,
): Promise<Uint8Array> {
  const steps = numbers.frame_index;
  const rows = (values: Float32Array, width: number) =>
    steps.map((step) => [...values.subarray(step * width, (step + 1) * width)]);
  const encode = await pngEncoder();
  const pictures = Object.entries(spec.cameras).map(([camera, [height, width]]) => {
    const size = height * width * 3;
    const data = steps.map((step) => {
      const pixels = imageOf(images, camera).subarray(step * size, (step + 1) * size);
      const path = `frame_${String(step).padStart(6, '0')}.png`;
      return { bytes: encode({ height, width, pixels }), path };
    });
    return { name: imageColumn(camera), data };
  });
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: stateColumn, data: rows(state, spec.stateNames.length) },
      { name: actionColumn, data: rows(actions, spec.actionNames.length) },
      ...pictures,
      { name: 'timestamp', data: timestamps },
      ...counters.map((name) => ({ name, data: BigInt64Array.from(numbers[name], BigInt) })),
    ],
    schema: parquetSchema(spec),
    kvMetadata: [huggingfaceMetadata(spec)],
    createdBy: 'enerjax',
  });
  return new Uint8Array(bytes);
}

/** An episode's line of `meta/episodes_stats.jsonl`. */
function summariesOf(
  spec: DatasetSpec,
  { state, actions, images }: NewEpisode,
  numbers: Numbers,
  timestamps: Float32Array,
): Readonly<Record<string, unknown>> {
  const cameras = Object.keys(spec.cameras).map((camera) => [
    imageColumn(camera),
    imageSummary(imageOf(images, camera), timestamps.length),
  ]);
  return {
    [stateColumn]: vectorSummary(state, spec.stateNames.length),
    [actionColumn]: vectorSummary(actions, spec.actionNames.length),
    ...Object.fromEntries(cameras),
    timestamp: vectorSummary(timestamps, 1),
    ...Object.fromEntries(counters.map((name) => [name, vectorSummary(numbers[name], 1)])),
  };
}

function imageOf(images: NewEpisode['images'], camera: string): Uint8Array {
  const pixels = images[camera];
  invariant(pixels !== undefined, `images of '${camera}' were checked to be there`);
  return pixels;
}

const pathOf = (index: number): string =>
  dataPath
    .replace('{episode_chunk:03d}', String(Math.floor(index / chunksSize)).padStart(3, '0'))
    .replace('{episode_index:06d}', String(index).padStart(6, '0'));

/** JSON on several lines, with lists of plain values on one. */
function pretty(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const onOneLine = (list: string) =>
    `[${list
      .slice(1, -1)
      .trim()
      .replace(/\s*\n\s*/g, ' ')}]`;
  return `${text.replace(/\[[^[\]{}]*\]/g, onOneLine)}\n`;
}

async function writeMetadata(folder: string, spec: DatasetSpec, progress: Progress): Promise<void> {
  const { lengths, tasks, taskOf, stats } = progress;
  const info = {
    codebase_version: 'v2.1',
    robot_type: spec.robotType,
    total_episodes: lengths.length,
    total_frames: lengths.reduce((sum, frames) => sum + frames, 0),
    total_tasks: tasks.length,
    total_videos: 0,
    total_chunks: Math.ceil(lengths.length / chunksSize),
    chunks_size: chunksSize,
    fps: spec.fps,
    splits: { train: `0:${lengths.length}` },
    data_path: dataPath,
    video_path: null,
    features: infoFeatures(spec),
  };
  const lines = (values: readonly string[]) => values.map((line) => `${line}\n`).join('');
  const files = {
    'info.json': pretty(info),
    'tasks.jsonl': lines(tasks.map((task, index) => JSON.stringify({ task_index: index, task }))),
    'episodes.jsonl': lines(
      lengths.map((length, index) =>
        JSON.stringify({ episode_index: index, tasks: [taskOf[index]], length }),
      ),
    ),
    'episodes_stats.jsonl': lines(stats),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, 'meta', name), text);
  }
}
