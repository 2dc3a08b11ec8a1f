/**
 * Files and folders that are either whole or absent, whenever the process is killed or the power
 * fails.
 *
 * New content goes under a temporary name in the same folder, is flushed to the disk, and is then
 * renamed; a rename replaces a file in one step. At last the folder itself is flushed, because it
 * holds the name. Node only.
 *
 * @see POSIX rename(2), fsync(2).
 */
import type { FileHandle } from 'node:fs/promises';

// Loaded when first needed, so that a browser can import the modules above this one.
const files = () => import('node:fs/promises');
const paths = () => import('node:path');

// Linux writes at most 2^31 - 4096 bytes per call.
const largestWrite = 2 ** 30;

/** Writes every byte at the end of the file. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const length = Math.min(bytes.byteLength - done, largestWrite);
    const { bytesWritten } = await handle.write(bytes, done, length);
    done += bytesWritten;
  }
}

/** Makes the names in a folder durable. Windows has no such call, and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { open } = await files();
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it, durably. */
async function makeFolders(folder: string): Promise<void> {
  const { mkdir } = await files();
  const { dirname, resolve } = await paths();
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(folder); made !== top; made = dirname(made)) await syncFolder(made);
  await syncFolder(top);
}

const temporaryPattern = /^\..+\.(\d+)@(.+)\.[0-9a-f]{8}\.tmp$/;

/** The names of the temporary files and folders that this process is using. */
const inUse = new Set<string>();

/**
 * Runs `use` on a name beside `path` that says which process uses it, so that others can tell when
 * it is left over. The random part matters in containers, where every process may have the same
 * number.
 */
async function withTemporary(
  path: string,
  use: (temporary: string) => Promise<void>,
): Promise<void> {
  const { basename, dirname, join } = await paths();
  const { hostname } = await import('node:os');
  const unique = crypto.randomUUID().slice(0, 8);
  const name = `.${basename(path)}.${process.pid}@${hostname()}.${unique}.tmp`;
  inUse.add(name);
  try {
    await use(join(dirname(path), name));
  } finally {
    inUse.delete(name);
  }
}

/**
 * Runs `fill` on a temporary name beside `path`, then renames that to `path`; leaves nothing behind
 * if it fails.
 */
async function replace(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const { rename, rm } = await files();
  const { dirname } = await paths();
  await makeFolders(dirname(path));
  await withTemporary(path, async (temporary) => {
    try {
      await fill(temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  });
  await syncFolder(dirname(path));
}

/** Writes a file that replaces the one at `path` only when it is whole and on the disk. */
export function writeAtomically(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  return replace(path, async (temporary) => {
    const { open } = await files();
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** Writes a text file that replaces the one at `path` only when it is whole and on the disk. */
export const writeTextAtomically = (path: string, text: string): Promise<void> =>
  writeAtomically(path, (handle) => writeAll(handle, new TextEncoder().encode(text)));

/**
 * Makes a folder that appears under its name only when `fill` has put everything in and it is on
 * the disk. What `fill` writes must itself be flushed. Nothing but an empty folder may be at
 * `path`.
 */
export function makeFolderAtomically(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  return replace(path, async (temporary) => {
    const { mkdir } = await files();
    await mkdir(temporary);
    await fill(temporary);
    await syncFolder(temporary);
  });
}

/** Removes a file or a folder in such a way that it is never seen half removed. */
export async function removeAtomically(path: string): Promise<void> {
  const { rename, rm } = await files();
  await withTemporary(path, async (temporary) => {
    await rename(path, temporary);
    await rm(temporary, { recursive: true, force: true });
  });
}

function isRunning(owner: number): boolean {
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it runs.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Removes temporary names that processes of this machine left in a folder when they were killed;
 * says which.
 */
export async function removeLeftovers(folder: string): Promise<readonly string[]> {
  const { readdir, rm } = await files();
  const { join } = await paths();
  const { hostname } = await import('node:os');
  const left = (await readdir(folder)).filter((name) => {
    const [, owner, host] = temporaryPattern.exec(name) ?? [];
    if (owner === undefined || host !== hostname()) return false;
    return Number(owner) === process.pid ? !inUse.has(name) : !isRunning(Number(owner));
  });
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  return left;
}
