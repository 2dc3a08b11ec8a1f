/**
 * What a training run leaves behind so that it can go on: named arrays and text, in a file or a
 * folder. Node only.
 *
 * A checkpoint is `<step>.safetensors`, or a folder `<step>` with `arrays.safetensors` and whatever
 * else belongs to it. Either appears under its name only when it is whole and on the disk, so
 * killing the process never costs the previous one.
 */
import {
  makeFolderAtomically,
  removeAtomically,
  removeLeftovers,
  syncFolder,
  writeAll,
  writeAtomically,
} from './atomic-file.ts';
import { isMissing } from './byte-source.ts';
import { checkpointExists, checkpointNotFound, pathOutsideFolder } from './errors.ts';
import { openSafetensors, type TensorFile, writeSafetensors } from './safetensors.ts';
import { openSharded } from './sharded.ts';
import { fromHostTensor, type HostTensor, type RawTensor, toHostTensor } from './tensor.ts';

/** What a checkpoint holds. */
export interface Checkpoint {
  /** By '/'-joined path in the tree. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
  /** Text by name: the step, and configuration and metrics as JSON. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How {@link saveCheckpoint} saves. */
export interface SaveOptions {
  /**
   * Remove all but this many of the newest checkpoints beside the new one, once it is on the disk.
   * Default: none.
   */
  readonly keepLast?: number;
  /** Never remove a step that is a multiple of this. Default: none is spared. */
  readonly keepEvery?: number;
  /**
   * Files to put into a checkpoint folder, by relative path, such as
   * 'assets/libero/norm_stats.json'.
   */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** A checkpoint on disk, not yet read. */
export interface SavedCheckpoint {
  readonly step: number;
  readonly path: string;
}

const arraysFile = 'arrays.safetensors';
const suffix = '.safetensors';
const stepPattern = /^(\d+)(?:\.safetensors)?$/;

const files = () => import('node:fs/promises');
const paths = () => import('node:path');

async function kindOf(path: string): Promise<'file' | 'folder' | 'nothing'> {
  const { stat } = await files();
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (isMissing(error)) return 'nothing';
    throw error;
  }
}

function rawTensors({ tensors }: Checkpoint): Record<string, RawTensor> {
  const entries = Object.entries(tensors);
  return Object.fromEntries(entries.map(([path, tensor]) => [path, fromHostTensor(path, tensor)]));
}

async function writeExtra(
  folder: string,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  const { isAbsolute, join, normalize } = await paths();
  const inside = normalize(name);
  if (isAbsolute(inside) || inside.startsWith('..')) {
    throw pathOutsideFolder('saveCheckpoint', name, folder);
  }
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  await writeAtomically(join(folder, inside), (handle) => writeAll(handle, bytes));
}

async function saveFolder(
  path: string,
  content: Checkpoint,
  extra: SaveOptions['files'],
): Promise<void> {
  const { join } = await paths();
  if ((await kindOf(path)) !== 'nothing') throw checkpointExists(path);
  const raw = rawTensors(content);
  await makeFolderAtomically(path, async (temporary) => {
    await writeSafetensors(join(temporary, arraysFile), raw, content.metadata);
    for (const [name, bytes] of Object.entries(extra ?? {}))
      await writeExtra(temporary, name, bytes);
  });
}

/**
 * Removes old checkpoints, the oldest first, and what killed processes left. `kept` itself is never
 * removed.
 */
async function prune(kept: string, keepLast: number, keepEvery: number): Promise<void> {
  const { dirname, resolve } = await paths();
  const folder = dirname(kept);
  const all = await listCheckpoints(folder);
  const old = all.slice(0, Math.max(0, all.length - keepLast));
  const spared = (step: number): boolean => keepEvery > 0 && step % keepEvery === 0;
  for (const { step, path } of old) {
    if (resolve(path) !== resolve(kept) && !spared(step)) await removeAtomically(path);
  }
  await removeLeftovers(folder);
  await syncFolder(folder);
}

/**
 * Saves a checkpoint durably, then removes old ones if asked to.
 *
 * @param path - A file if it ends in `.safetensors` (an existing one is replaced in one step), else
 * a new folder.
 * @throws `host-tensor-mismatch`, `checkpoint-exists`, `path-outside-folder`.
 * @example
 * const content = { tensors, metadata: { step: String(step) } };
 * await saveCheckpoint(`runs/first/${step}.safetensors`, content, { keepLast: 3 });
 */
export async function saveCheckpoint(
  path: string,
  content: Checkpoint,
  { keepLast, keepEvery = 0, files: extra }: SaveOptions = {},
): Promise<void> {
  if (path.endsWith(suffix) && extra === undefined) {
    await writeSafetensors(path, rawTensors(content), content.metadata);
  } else {
    await saveFolder(path, content, extra);
  }
  if (keepLast !== undefined) await prune(path, Math.max(1, keepLast), keepEvery);
}

/** The file of tensors in a checkpoint folder, by the names in use, and sharded or not. */
async function openFolder(path: string): Promise<TensorFile> {
  const { readdir } = await files();
  const { join } = await paths();
  const names = await readdir(path);
  const index = names.find((name) => name.endsWith(`${suffix}.index.json`));
  const single = [arraysFile, 'model.safetensors'].find((name) => names.includes(name));
  if (single !== undefined) return openSafetensors(join(path, single));
  if (index !== undefined) return openSharded(join(path, index));
  throw checkpointNotFound(
    'loadCheckpoint',
    path,
    `no ${arraysFile}, model.safetensors or *.safetensors.index.json is in the folder`,
  );
}

/**
 * The open file of a checkpoint, for reading some tensors only: a file, a folder that {@link
 * saveCheckpoint} made, or a released model's folder.
 *
 * @throws `checkpoint-not-found`, and what {@link openSafetensors} and {@link openSharded} throw.
 */
export async function openCheckpoint(path: string): Promise<TensorFile> {
  switch (await kindOf(path)) {
    case 'folder':
      return openFolder(path);
    case 'file':
      return path.endsWith('.index.json') ? openSharded(path) : openSafetensors(path);
    case 'nothing':
      throw checkpointNotFound('loadCheckpoint', path, 'there is no file or folder');
  }
}

/**
 * A whole checkpoint in host memory, each tensor in its own type (see {@link
 * toHostTensor}).
 *
 * @throws What {@link openCheckpoint} throws, and `tensor-values-too-wide`.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const file = await openCheckpoint(path);
  try {
    const tensors: [string, HostTensor][] = [];
    for (const name of file.entries.keys())
      tensors.push([name, toHostTensor(await file.read(name))]);
    return { tensors: Object.fromEntries(tensors), metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/** The checkpoints in a folder, by step, the oldest first; none if there is no such folder. */
export async function listCheckpoints(folder: string): Promise<readonly SavedCheckpoint[]> {
  const { readdir } = await files();
  const { join } = await paths();
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .filter((name) => stepPattern.test(name))
    .map((name) => ({ step: Number.parseInt(name, 10), path: join(folder, name) }))
    .sort((a, b) => a.step - b.step);
}

/** The checkpoint with the highest step in a folder, or null if there is none. */
export const latestCheckpoint = async (folder: string): Promise<SavedCheckpoint | null> =>
  (await listCheckpoints(folder)).at(-1) ?? null;
