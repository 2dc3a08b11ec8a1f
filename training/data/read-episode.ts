/** Reading one episode of a LeRobot data set. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  columnMissing,
  fileMissing,
  imageSizeMismatch,
  lengthMismatch,
  noSuchEpisode,
  notFinite,
  notParquet,
  notPng,
  parquetCorrupt,
  parquetTruncated,
  rowMismatch,
} from './errors.ts';
import { describe, isAbsent } from './json.ts';
import { type PngDecoder, pngDecoder } from './png.ts';
import type { Camera, Dataset, Episode } from './types.ts';

/** Which parts of an episode are read. */
export interface ReadOptions {
  /** Whether images are decoded, which takes most of the time. Default: true. */
  readonly images?: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * One episode as typed arrays. Nothing on disk is changed.
 *
 * @param index - Which episode, from 0.
 * @throws `episode-out-of-range`, `dataset-file-missing`, `episode-not-parquet`, `episode-truncated`,
 *   `episode-corrupt`, `episode-column-missing`, `episode-length-mismatch`, `episode-row-mismatch`,
 *   `episode-not-finite`, `episode-not-png`, `episode-image-size`.
 */
export async function readEpisode(
  dataset: Dataset,
  index: number,
  { images: wantsImages = true }: ReadOptions = {},
): Promise<Episode> {
  const { episodes, folder, stateKey, stateDim, actionKey, actionDim } = dataset;
  const episode = episodes[index];
  if (episode === undefined) throw noSuchEpisode(index, folder, episodes.length);
  const file = episodeFile(dataset, index);
  const cameras = wantsImages ? dataset.cameras : [];
  const columns = [stateKey, actionKey, 'timestamp', ...cameras.map(({ key }) => key)];
  const rows = await readRows(file, columns);
  if (rows.length !== episode.length) throw lengthMismatch(file, rows.length, episode.length);
  const decode = await pngDecoder();
  const images = cameras.map((camera) => [camera.key, pictures(file, rows, camera, decode)]);
  return {
    ...episode,
    stateDim,
    actionDim,
    state: vectors(file, rows, stateKey, stateDim),
    actions: vectors(file, rows, actionKey, actionDim),
    images: Object.fromEntries(images),
    timestamps: vectors(file, rows, 'timestamp', 1),
  };
}

/** The path of an episode's Parquet file, from the template in info.json. */
export function episodeFile({ folder, info }: Dataset, index: number): string {
  const values: Readonly<Record<string, number>> = {
    episode_chunk: Math.floor(index / info.chunksSize),
    episode_index: index,
  };
  const path = info.dataPath.replace(
    /\{(\w+)(?::0?(\d+)d)?\}/g,
    (whole, name: string, width: string | undefined) => {
      const value = values[name];
      return value === undefined ? whole : String(value).padStart(Number(width ?? 0), '0');
    },
  );
  return join(folder, path);
}

async function readBytes(file: string): Promise<ArrayBuffer> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(file);
    // A small file may come in a shared pool; and Node's buffers never lie on shared memory.
    return (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
  } catch (error) {
    throw isAbsent(error) ? fileMissing.at({ cause: error }, 'readEpisode', file) : error;
  }
}

const mark = 'PAR1';

async function readRows(file: string, columns: readonly string[]): Promise<readonly Row[]> {
  const bytes = await readBytes(file);
  const ends = [
    new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength)),
    new Uint8Array(bytes.slice(-4)),
  ];
  const [head, tail] = ends.map((end) => String.fromCharCode(...end));
  if (head !== mark) throw notParquet(file, bytes.byteLength);
  if (tail !== mark || bytes.byteLength < 12) throw parquetTruncated(file, bytes.byteLength);
  const { parquetMetadata, parquetReadObjects } = await import('hyparquet');
  const metadata = await decoding(file, () => parquetMetadata(bytes));
  const present = topLevel(metadata.schema);
  const missing = columns.find((name) => !present.includes(name));
  if (missing !== undefined) throw columnMissing(file, missing, present);
  // With utf8 on, image bytes would be decoded as text and lost.
  const options = { file: bytes, metadata, columns: [...columns], utf8: false };
  return decoding(file, () => parquetReadObjects(options));
}

async function decoding<T>(file: string, decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw parquetCorrupt.at({ cause: error }, file, reason);
  }
}

/** Names of the columns: the schema lists every node depth first, the root before all. */
function topLevel(schema: readonly { name: string; num_children?: number }[]): readonly string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let i = 0; i < (schema[at]?.num_children ?? 0); i++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at]?.name ?? '');
  return names;
}

/** A column of lists (or of single numbers, for width 1) as f32[rows, width]. */
function vectors(file: string, rows: readonly Row[], column: string, width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, r) => {
    const cell = row[column];
    const values: unknown = width === 1 && typeof cell === 'number' ? [cell] : cell;
    if (!Array.isArray(values) || values.length !== width) {
      throw rowMismatch(file, column, r, describe(cell), width);
    }
    values.forEach((value: unknown, dim) => {
      if (typeof value !== 'number') throw rowMismatch(file, column, r, describe(value), width);
      if (!Number.isFinite(value))
        throw notFinite('readEpisode', `'${column}' in '${file}'`, r, dim, value);
      out[r * width + dim] = value;
    });
  });
  return out;
}

/** A column of encoded images as u8[rows, height, width, 3]. */
function pictures(
  file: string,
  rows: readonly Row[],
  { key, height, width }: Camera,
  decode: PngDecoder,
): Uint8Array {
  const size = height * width * 3;
  const out = new Uint8Array(rows.length * size);
  rows.forEach((row, r) => {
    const cell = row[key];
    const bytes = typeof cell === 'object' && cell !== null && 'bytes' in cell ? cell.bytes : null;
    if (!(bytes instanceof Uint8Array)) throw notPng(file, key, r, 'there are no bytes');
    const picture = decodeOr(decode, bytes, (reason) => notPng(file, key, r, reason));
    if (picture.width !== width || picture.height !== height) {
      const got = `${picture.height} × ${picture.width}`;
      throw imageSizeMismatch(file, key, r, got, `${height} × ${width}`);
    }
    out.set(picture.pixels, r * size);
  });
  return out;
}

function decodeOr(decode: PngDecoder, bytes: Uint8Array, failed: (reason: string) => Error) {
  try {
    return decode(bytes);
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error));
  }
}
