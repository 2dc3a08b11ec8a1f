/**
 * A history on disk: one JSON record per line, appended as it is measured. Node only.
 *
 * A killed process can tear the last line only: a reader skips it with a note, and a writer cuts it
 * off before it goes on.
 */
import type { FileHandle } from 'node:fs/promises';
import { isMissing } from '../checkpoint/byte-source.ts';
import { isJsonObject } from '../checkpoint/json-object.ts';
import { unreadableLine } from './errors.ts';
import { history, type MetricRecord } from './history.ts';

// JSON has no NaN and no infinities, and a diverged loss must not be read back as a missing one.
const notInJson = new Map([NaN, Infinity, -Infinity].map((n) => [String(n), n]));

/** One line of a history file, with its newline. */
export function showRecord({ step, values }: MetricRecord): string {
  const encode = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return `${JSON.stringify({ step, values }, encode)}\n`;
}

function parseRecord(line: string): MetricRecord | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isJsonObject(parsed) || typeof parsed.step !== 'number' || !isJsonObject(parsed.values))
    return null;
  const values: [string, number][] = [];
  for (const [name, value] of Object.entries(parsed.values)) {
    const number = typeof value === 'string' ? notInJson.get(value) : value;
    if (typeof number !== 'number') return null;
    values.push([name, number]);
  }
  return { step: parsed.step, values: Object.fromEntries(values) };
}

/** The records of a history file, and remarks for the user about what was left out. */
export interface ReadHistory {
  readonly records: readonly MetricRecord[];
  readonly notes: readonly string[];
}

/**
 * The records in the text of a history file. Where a resumed run repeats steps, the later ones
 * count.
 *
 * @throws `history-line-unreadable` for a bad line that is followed by others.
 */
export function parseHistory(text: string, file: string): ReadHistory {
  const lines = text.split('\n');
  // A whole line ends in a newline, so what follows the last newline is torn, or nothing.
  const torn = lines.pop() ?? '';
  const records = lines.map((line, index) => {
    const record = parseRecord(line);
    if (record === null) throw unreadableLine(file, index + 1, line);
    return record;
  });
  const kept = history(records).records;
  const notes: string[] = [];
  if (torn !== '') notes.push(`${file}: the last line is incomplete and was left out`);
  if (kept.length < records.length) {
    notes.push(`${file}: ${records.length - kept.length} records were replaced by a resumed run`);
  }
  return { records: kept, notes };
}

/**
 * The records of the history file at `path`, none if there is no file. @throws
 * `history-line-unreadable`.
 */
export async function readHistory(path: string): Promise<ReadHistory> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
  return parseHistory(text, path);
}

/** An open history file. */
export interface HistoryFile {
  /**
   * Resolves when the record has been handed to the system, which keeps it if this process is
   * killed.
   */
  append(record: MetricRecord): Promise<void>;
  /** Flushes everything to the disk and closes the file. */
  close(): Promise<void>;
}

const newline = 0x0a;

/** The length of the file up to and including its last newline. */
async function wholeLength(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const block = new Uint8Array(4096);
  for (let end = size; end > 0; end -= block.length) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const at = block.subarray(0, bytesRead).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

/**
 * The history file at `path`, made if it is not there, ready to be appended to; a torn last line is
 * cut off.
 */
export async function openHistoryFile(path: string): Promise<HistoryFile> {
  const { mkdir, open } = await import('node:fs/promises');
  const { dirname } = await import('node:path');
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'a+');
  await handle.truncate(await wholeLength(handle));
  // One write per line and one at a time: lines never mix, even if the caller does not await.
  let last: Promise<unknown> = Promise.resolve();
  return {
    append: (record) => {
      const written = last.then(() => handle.appendFile(showRecord(record)));
      last = written.catch(() => undefined);
      return written;
    },
    close: async () => {
      await last;
      await handle.sync();
      await handle.close();
    },
  };
}
