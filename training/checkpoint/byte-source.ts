/** Random access to bytes, wherever they are. */
import { checkpointNotFound, truncatedFile } from './errors.ts';

/** Bytes that can be read from any offset. */
export interface ByteSource {
  /** What errors call it: a path, where there is one. */
  readonly name: string;
  /** The number of bytes. */
  readonly size: number;
  /** Fills `into` with the bytes that start at `offset`. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Gives back what the source holds open. */
  close(): Promise<void>;
}

/** The part of Node's `FileHandle` that reading needs. */
export interface ReadableHandle {
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
}

/** What {@link openSource} takes. A string is a path, read with Node's file system. */
export type SourceLike = string | Uint8Array | Blob | ReadableHandle | ByteSource;

// Systems cap one read near 2 GiB, and Node refuses more than 2^31 - 1 bytes.
const largestRead = 2 ** 30;

const nothing = async (): Promise<void> => {};

function bytesSource(bytes: Uint8Array): ByteSource {
  const name = `Uint8Array(${bytes.length})`;
  const read = async (offset: number, into: Uint8Array): Promise<void> => {
    const end = offset + into.length;
    if (end > bytes.length) throw truncatedFile(name, end, bytes.length);
    into.set(bytes.subarray(offset, end));
  };
  return { name, size: bytes.length, read, close: nothing };
}

function blobSource(blob: Blob): ByteSource {
  const name = blob instanceof File ? blob.name : `Blob(${blob.size})`;
  const read = async (offset: number, into: Uint8Array): Promise<void> => {
    for (let done = 0; done < into.length; done += largestRead) {
      const end = Math.min(done + largestRead, into.length);
      const piece = await blob.slice(offset + done, offset + end).arrayBuffer();
      if (piece.byteLength < end - done) throw truncatedFile(name, offset + end, blob.size);
      into.set(new Uint8Array(piece), done);
    }
  };
  return { name, size: blob.size, read, close: nothing };
}

async function handleSource(
  handle: ReadableHandle,
  name: string,
  close: () => Promise<void>,
): Promise<ByteSource> {
  const { size } = await handle.stat();
  const read = async (offset: number, into: Uint8Array): Promise<void> => {
    let done = 0;
    while (done < into.length) {
      const length = Math.min(into.length - done, largestRead);
      const { bytesRead } = await handle.read(into, done, length, offset + done);
      if (bytesRead === 0) throw truncatedFile(name, offset + into.length, offset + done);
      done += bytesRead;
    }
  };
  return { name, size, read, close };
}

async function fileSource(path: string): Promise<ByteSource> {
  // Loaded here, so that a browser can import this module.
  const { open } = await import('node:fs/promises');
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw isMissing(cause)
      ? checkpointNotFound.at({ cause }, 'openSafetensors', path, 'there is no file')
      : cause;
  });
  const source = await handleSource(handle, path, () => handle.close());
  if ((await handle.stat()).isFile()) return source;
  await handle.close();
  throw checkpointNotFound('openSafetensors', path, 'a folder, not a file, is at');
}

/** Whether a file-system error says that nothing is there. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * Random access to a file, a blob or bytes.
 *
 * @param source - A handle stays the caller's: closing the result does not close it.
 * @throws `checkpoint-not-found` if a path leads to no file.
 */
export async function openSource(source: SourceLike): Promise<ByteSource> {
  if (typeof source === 'string') return fileSource(source);
  if (source instanceof Uint8Array) return bytesSource(source);
  if (source instanceof Blob) return blobSource(source);
  if ('stat' in source) return handleSource(source, 'file handle', nothing);
  return source;
}
