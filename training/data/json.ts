/** Metadata files: JSON and JSON lines, with errors that say which line and which field. */
import { readFile } from 'node:fs/promises';
import { fieldMissing, fileMissing, jsonMalformed } from './errors.ts';

/** A JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether an error from the file system says that something is not there. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw isAbsent(error) ? fileMissing.at({ cause: error }, 'openDataset', file) : error;
  }
}

/** A short description of a JSON value, for messages. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : JSON.stringify(value);
}

/** The value as an object with fields. */
export function fieldsOf(file: string, name: string, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fieldMissing(file, name, 'an object', describe(value));
  }
  // An object that is not null has fields, each of which is still unknown.
  return value as Fields;
}

function parse(file: string, line: number, text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw jsonMalformed.at({ cause: error }, file, line, reason);
  }
  return fieldsOf(file, `line ${line}`, value);
}

/** The object in a JSON file. */
export const readJson = async (file: string): Promise<Fields> =>
  parse(file, 1, await readText(file));

/** One object per line that is not blank. */
export async function readJsonLines(file: string): Promise<readonly Fields[]> {
  const lines = (await readText(file)).split('\n');
  return lines.flatMap((text, i) => (text.trim() === '' ? [] : [parse(file, i + 1, text)]));
}

/** A field that must be text. */
export function text(file: string, fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw fieldMissing(file, name, 'a string', describe(value));
  return value;
}

/** A field that must be a whole number of at least `least`. */
export function whole(file: string, fields: Fields, name: string, least = 0): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
    throw fieldMissing(file, name, `a whole number of at least ${least}`, describe(value));
  }
  return value;
}

/** A field that must be a list of whole numbers. */
export function wholes(file: string, fields: Fields, name: string): readonly number[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((item) => Number.isInteger(item))) {
    throw fieldMissing(file, name, 'a list of whole numbers', describe(value));
  }
  return value;
}

/** A field that must be a list of strings. */
export function texts(file: string, fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw fieldMissing(file, name, 'a list of strings', describe(value));
  }
  return value;
}
