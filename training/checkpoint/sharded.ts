/**
 * Tensors spread over several files, as Hugging Face stores large models: an index and its shards.
 * Node only.
 */
import { makeFolderAtomically, writeTextAtomically } from './atomic-file.ts';
import { isMissing } from './byte-source.ts';
import {
  checkpointExists,
  checkpointNotFound,
  pathOutsideFolder,
  shardIndexWrong,
  tensorNotInFile,
} from './errors.ts';
import { isJsonObject } from './json-object.ts';
import {
  openSafetensors,
  type TensorFile,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.ts';
import type { TensorEntry } from './safetensors-header.ts';
import { elementBytes, elementCount } from './tensor.ts';

/** The `weight_map` of an index: the shard of each tensor. */
function parseWeightMap(path: string, text: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw shardIndexWrong.at({ cause }, path, 'is not JSON');
  }
  const map = isJsonObject(parsed) ? parsed.weight_map : undefined;
  if (!isJsonObject(map))
    throw shardIndexWrong(path, 'has no "weight_map" of tensor names to files');
  return new Map(
    Object.entries(map).map(([tensor, shard]) => {
      if (typeof shard === 'string') return [tensor, shard];
      throw shardIndexWrong(path, `gives no file for '${tensor}'`);
    }),
  );
}

async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause;
    throw checkpointNotFound.at({ cause }, 'openSharded', path, 'there is no file');
  });
  return parseWeightMap(path, text);
}

/** The tensors that the index promises, each with its entry; every one must be in its shard. */
function joinEntries(
  path: string,
  weights: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, TensorFile>,
): ReadonlyMap<string, TensorEntry> {
  const entries = [...weights].map(([tensor, shard]): [string, TensorEntry] => {
    const entry = shards.get(shard)?.entries.get(tensor);
    if (entry !== undefined) return [tensor, entry];
    throw shardIndexWrong(path, `puts '${tensor}' in '${shard}', which does not have it`);
  });
  return new Map(entries);
}

/**
 * The tensors of a sharded model as one file: each is read from its shard. An entry's offset counts
 * within its shard.
 *
 * @param path - Of the `*.safetensors.index.json`. Shards are looked for in its folder and nowhere
 * else.
 * @throws `checkpoint-not-found`, `shard-index-wrong`, `path-outside-folder`, and what {@link
 * openSafetensors} throws.
 */
export async function openSharded(path: string): Promise<TensorFile> {
  const { basename, dirname, join } = await import('node:path');
  const folder = dirname(path);
  const weights = await readIndex(path);
  const shards = new Map<string, TensorFile>();
  const close = async (): Promise<void> => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const shard of new Set(weights.values())) {
      if (basename(shard) !== shard || /[\\/]|^\.\.?$/.test(shard)) {
        throw pathOutsideFolder('openSharded', shard, folder);
      }
      shards.set(shard, await openSafetensors(join(folder, shard)));
    }
    const entries = joinEntries(path, weights, shards);
    const shardOf = (tensor: string): TensorFile => {
      const shard = shards.get(weights.get(tensor) ?? '');
      if (shard === undefined) throw tensorNotInFile(path, tensor, [...entries.keys()].slice(0, 5));
      return shard;
    };
    const metadata = Object.assign({}, ...[...shards.values()].map((shard) => shard.metadata));
    return {
      name: path,
      metadata,
      entries,
      read: async (tensor) => shardOf(tensor).read(tensor),
      pieces: (tensor, size) => shardOf(tensor).pieces(tensor, size),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Tensors = Readonly<Record<string, TensorToWrite>>;

const bytesOf = ({ dtype, shape }: TensorToWrite): number =>
  elementCount(shape) * elementBytes[dtype];

/** The tensors in their order, in groups of at most `limit` bytes; a larger tensor is a group by itself. */
function groups(tensors: Tensors, limit: number): readonly Tensors[] {
  const shards: Record<string, TensorToWrite>[] = [];
  let room = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = bytesOf(tensor);
    const last = shards.at(-1);
    if (last !== undefined && bytes <= room) {
      last[name] = tensor;
      room -= bytes;
    } else {
      shards.push({ [name]: tensor });
      room = limit - bytes;
    }
  }
  return shards.length > 0 ? shards : [{}];
}

/** How {@link writeSharded} writes. */
export interface ShardOptions {
  /** The most bytes of tensors in one file; a larger tensor has a file of its own. Default: 5 GB. */
  readonly shardBytes?: number;
  /** Text that every file carries. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a folder with tensors in files of limited size and their index, or `model.safetensors` alone if one is
 * enough. One tensor is in memory at most. The folder appears when it is whole and on the disk.
 *
 * @throws `checkpoint-exists` if there is a folder already, and what {@link writeSafetensors} throws.
 */
export async function writeSharded(
  folder: string,
  tensors: Tensors,
  { shardBytes = 5e9, metadata = {} }: ShardOptions = {},
): Promise<void> {
  const { join } = await import('node:path');
  const { stat } = await import('node:fs/promises');
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere) throw checkpointExists(folder);
  const shards = groups(tensors, shardBytes);
  const count = String(shards.length).padStart(5, '0');
  const nameOf = (index: number): string =>
    shards.length === 1
      ? 'model.safetensors'
      : `model-${String(index + 1).padStart(5, '0')}-of-${count}.safetensors`;
  await makeFolderAtomically(folder, async (temporary) => {
    const map: [string, string][] = [];
    for (const [index, shard] of shards.entries()) {
      await writeSafetensors(join(temporary, nameOf(index)), shard, metadata);
      for (const tensor of Object.keys(shard)) map.push([tensor, nameOf(index)]);
    }
    if (shards.length === 1) return;
    const total = Object.values(tensors).reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(map) };
    const path = join(temporary, 'model.safetensors.index.json');
    await writeTextAtomically(path, `${JSON.stringify(index, null, 2)}\n`);
  });
}
