/**
 * Files of named tensors: read tensor by tensor from any random-access source, written as a stream.
 *
 * @see https://github.com/huggingface/safetensors
 */
import { writeAll, writeAtomically } from './atomic-file.ts';
import { type ByteSource, openSource, type SourceLike } from './byte-source.ts';
import { tensorExceedsArray, tensorNotInFile, wrongByteCount } from './errors.ts';
import {
  encodeHeader,
  type Header,
  inLayoutOrder,
  readHeader,
  type TensorEntry,
  type TensorType,
} from './safetensors-header.ts';
import { checkByteCount, elementBytes, elementCount, type RawTensor } from './tensor.ts';

/** An open file of tensors. Nothing but the header has been read. */
export interface TensorFile extends Header {
  /** The path, or what stands for it. */
  readonly name: string;
  /**
   * One tensor, its bytes freshly read and aligned.
   *
   * @throws `tensor-not-in-file`, `tensor-exceeds-one-array`, `safetensors-truncated`.
   */
  read(tensor: string): Promise<RawTensor>;
  /**
   * The bytes of one tensor, in pieces of at most `size` bytes (1 GiB if not given), for tensors
   * that go elsewhere at once.
   *
   * @throws `tensor-not-in-file`, `safetensors-truncated`.
   */
  pieces(tensor: string, size?: number): AsyncGenerator<Uint8Array, void, void>;
  /** Closes the file, if opening it was ours. */
  close(): Promise<void>;
}

const largestPiece = 2 ** 30;

/** Names that share their last part with the one asked for, else the first few. */
function nearNames(entries: ReadonlyMap<string, TensorEntry>, tensor: string): readonly string[] {
  const names = [...entries.keys()];
  const last = tensor.split(/[/.]/).at(-1) ?? tensor;
  const near = names.filter((name) => name.endsWith(last));
  return (near.length > 0 ? near : names).slice(0, 5);
}

function findEntry(
  name: string,
  entries: ReadonlyMap<string, TensorEntry>,
  tensor: string,
): TensorEntry {
  const entry = entries.get(tensor);
  if (entry === undefined) throw tensorNotInFile(name, tensor, nearNames(entries, tensor));
  return entry;
}

function allocate(name: string, tensor: string, size: number): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw tensorExceedsArray.at({ cause }, name, tensor, size);
  }
}

async function* readPieces(
  source: ByteSource,
  entry: TensorEntry,
  size: number,
): AsyncGenerator<Uint8Array, void, void> {
  for (let done = 0; done < entry.byteLength; done += size) {
    const piece = new Uint8Array(Math.min(size, entry.byteLength - done));
    await source.read(entry.offset + done, piece);
    yield piece;
  }
}

/**
 * The tensors of a safetensors file. Its header is read and checked now, its tensors when asked
 * for.
 *
 * @param source - A path, bytes, a Blob, a Node file handle, or any {@link ByteSource}.
 * @throws `checkpoint-not-found`, and what {@link readHeader} throws.
 * @example
 * const file = await openSafetensors('model.safetensors');
 * const kernel = toFloat32(await file.read('linear/kernel'));
 * await file.close();
 */
export async function openSafetensors(source: SourceLike): Promise<TensorFile> {
  const opened = await openSource(source);
  const { name } = opened;
  const header = await readHeader(opened).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const { metadata, entries } = header;
  return {
    name,
    metadata,
    entries,
    async read(tensor) {
      const { dtype, shape, offset, byteLength } = findEntry(name, entries, tensor);
      const bytes = allocate(name, tensor, byteLength);
      await opened.read(offset, bytes);
      return { dtype, shape, bytes };
    },
    pieces: (tensor, size = largestPiece) =>
      readPieces(opened, findEntry(name, entries, tensor), size),
    close: () => opened.close(),
  };
}

/** The bytes of a safetensors file that fits in memory. @throws `safetensors-wrong-byte-count`. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, RawTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header = encodeHeader(tensors, metadata);
  const ordered = inLayoutOrder(tensors);
  for (const [name, tensor] of ordered) checkByteCount('encodeSafetensors', name, tensor);
  const size = ordered.reduce((sum, [, { bytes }]) => sum + bytes.byteLength, header.length);
  const file = new Uint8Array(size);
  file.set(header);
  let end = header.length;
  for (const [, { bytes }] of ordered) {
    file.set(bytes, end);
    end += bytes.byteLength;
  }
  return file;
}

/** A tensor whose bytes may be made, or read back from a device, only when their turn comes. */
export interface TensorToWrite extends TensorType {
  readonly bytes: Uint8Array | (() => Promise<Uint8Array> | AsyncIterable<Uint8Array>);
}

/** The bytes of a tensor in pieces, at once or as they come. */
async function* piecesOf(bytes: TensorToWrite['bytes']): AsyncGenerator<Uint8Array, void, void> {
  const made = typeof bytes === 'function' ? bytes() : bytes;
  if (Symbol.asyncIterator in made) yield* made;
  else yield await made;
}

/**
 * Writes a safetensors file: header first, then one tensor at a time, so that one is in memory at
 * most. The bytes depend on the tensors and metadata only, and the file appears under its name when
 * it is whole and on the disk.
 *
 * @throws `safetensors-wrong-byte-count` if a tensor yields more or fewer bytes than its shape
 * takes; then whatever was at `path` before is still there.
 */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  return writeAtomically(path, async (handle) => {
    await writeAll(handle, encodeHeader(tensors, metadata));
    for (const [name, { dtype, shape, bytes }] of inLayoutOrder(tensors)) {
      let written = 0;
      for await (const piece of piecesOf(bytes)) {
        await writeAll(handle, piece);
        written += piece.byteLength;
      }
      const needed = elementCount(shape) * elementBytes[dtype];
      if (written !== needed) {
        throw wrongByteCount('writeSafetensors', name, dtype, shape, written, needed);
      }
    }
  });
}
