/**
 * Tensors spread over several files, as Hugging Face stores large models: an index and its shards.
 * Node only.
 */
import { isMissing } from './byte-source.ts';
import {
  checkpointNotFound,
  pathOutsideFolder,
  shardIndexWrong,
  tensorNotInFile,
} from './errors.ts';
import { isJsonObject } from './json-object.ts';
import { openSafetensors, type TensorFile } from './safetensors.ts';
import type { TensorEntry } from './safetensors-header.ts';

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
