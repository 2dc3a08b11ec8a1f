/**
 * The header of a safetensors file: 8 bytes of length, then JSON, then the tensors' bytes.
 *
 * @see https://github.com/huggingface/safetensors, section "Format". Its writer orders tensors by
 * dtype and then by name, which keeps every tensor aligned; ours does the same, so both make the
 * same bytes.
 */

import type { ByteSource } from './byte-source.ts';
import {
  headerNotJson,
  holeInFile,
  malformedHeader,
  notSafetensors,
  overlappingOffsets,
  oversizedHeader,
  truncatedFile,
  unknownDtype,
  wrongByteCount,
} from './errors.ts';
import { isJsonObject } from './json-object.ts';
import { elementBytes, elementCount, type FileDtype, fileDtypes, isFileDtype } from './tensor.ts';

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** What a file says about itself. */
export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the bytes. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** The longest header that is read, as in the format's own implementation. */
export const largestHeader = 100_000_000;

const lengthBytes = 8;
const openBrace = 0x7b;

async function readBytes(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await source.read(offset, bytes);
  return bytes;
}

/** The length of the JSON text, once the first bytes look like this format. */
async function headerLength(source: ByteSource): Promise<number> {
  const { name, size } = source;
  if (size < lengthBytes) throw truncatedFile(name, lengthBytes, size);
  const start = await readBytes(source, 0, Math.min(size, lengthBytes + 1));
  const length = new DataView(start.buffer).getBigUint64(0, true);
  const isBrace = start[lengthBytes] === openBrace;
  if (!isBrace && size > lengthBytes) {
    throw notSafetensors(name, "its ninth byte is not '{', with which the header must begin");
  }
  if (length > BigInt(largestHeader)) throw oversizedHeader(name, length, largestHeader);
  const end = lengthBytes + Number(length);
  if (end > size) throw truncatedFile(name, end, size);
  return Number(length);
}

const isCounts = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function parseJson(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const parsed: unknown = JSON.parse(text);
    if (isJsonObject(parsed)) return parsed;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw headerNotJson.at({ cause }, name, reason);
  }
  throw headerNotJson(name, 'it is not an object');
}

function parseMetadata(name: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw malformedHeader(name, '__metadata__', 'is not a map of strings');
  const pairs = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text === 'string') return [key, text];
    throw malformedHeader(name, '__metadata__', `maps '${key}' to a value that is not a string`);
  });
  return Object.fromEntries(pairs);
}

/** One entry, its offset still counted from the start of the data. */
function parseEntry(name: string, tensor: string, value: unknown): TensorEntry {
  if (!isJsonObject(value)) throw malformedHeader(name, tensor, 'is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') throw malformedHeader(name, tensor, 'has no dtype');
  if (!isCounts(shape)) throw malformedHeader(name, tensor, 'has no shape of counts');
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw malformedHeader(name, tensor, 'has no pair of data_offsets');
  }
  const [begin = 0, end = 0] = offsets;
  if (end < begin)
    throw malformedHeader(name, tensor, `ends at ${end}, before it begins at ${begin}`);
  if (!isFileDtype(dtype)) throw unknownDtype(name, tensor, dtype, fileDtypes);
  const needed = elementCount(shape) * elementBytes[dtype];
  if (end - begin !== needed) {
    throw wrongByteCount('openSafetensors', tensor, dtype, shape, end - begin, needed);
  }
  return { dtype, shape, offset: begin, byteLength: needed };
}

/** Throws unless the tensors cover the data exactly once. `sorted` is in the order of the bytes. */
function checkCover(
  source: ByteSource,
  sorted: readonly (readonly [string, TensorEntry])[],
  dataStart: number,
): void {
  let covered = 0;
  let previous = '';
  for (const [tensor, { offset, byteLength }] of sorted) {
    if (offset < covered) {
      const end = Math.min(covered, offset + byteLength);
      throw overlappingOffsets(source.name, previous, tensor, offset, end);
    }
    if (offset > covered) throw holeInFile(source.name, covered, offset);
    covered = offset + byteLength;
    previous = tensor;
  }
  const dataSize = source.size - dataStart;
  if (covered > dataSize) throw truncatedFile(source.name, dataStart + covered, source.size);
  if (covered < dataSize) throw holeInFile(source.name, covered, dataSize);
}

/**
 * The checked header of a safetensors file. No tensor is read.
 *
 * @throws `not-a-safetensors-file`, `safetensors-truncated`, `safetensors-header-oversized`,
 * `safetensors-header-not-json`, `safetensors-header-malformed`, `safetensors-unknown-dtype`,
 * `safetensors-wrong-byte-count`, `safetensors-offsets-overlap`, `safetensors-offsets-hole`.
 */
export async function readHeader(source: ByteSource): Promise<Header> {
  const length = await headerLength(source);
  const { name } = source;
  const json = parseJson(name, await readBytes(source, lengthBytes, length));
  const metadata = parseMetadata(name, json.__metadata__);
  const dataStart = lengthBytes + length;
  const sorted = Object.entries(json)
    .filter(([tensor]) => tensor !== '__metadata__')
    .map(([tensor, value]) => [tensor, parseEntry(name, tensor, value)] as const)
    .sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkCover(source, sorted, dataStart);
  const entries = sorted.map(
    ([tensor, entry]) => [tensor, { ...entry, offset: entry.offset + dataStart }] as const,
  );
  return { metadata, entries: new Map(entries) };
}

/** By code point, as UTF-8 bytes compare; JavaScript's own order differs beyond the basic plane. */
function compareText(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Everything about a tensor but its bytes. */
export interface TensorType {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
}

/** The tensors in the order in which their bytes are written: wide dtypes first, then by name. */
export function inLayoutOrder<T extends TensorType>(
  tensors: Readonly<Record<string, T>>,
): readonly (readonly [string, T])[] {
  const rank = ({ dtype }: TensorType): number => fileDtypes.indexOf(dtype);
  return Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) => rank(b) - rank(a) || compareText(nameA, nameB),
  );
}

/**
 * The bytes before the first tensor: the same for the same tensors and metadata, whatever their
 * order.
 */
export function encodeHeader(
  tensors: Readonly<Record<string, TensorType>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let end = 0;
  const entries = inLayoutOrder(tensors).map(([name, { dtype, shape }]): [string, unknown] => {
    const begin = end;
    end += elementCount(shape) * elementBytes[dtype];
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const pairs = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  const fields =
    pairs.length > 0 ? [['__metadata__', Object.fromEntries(pairs)] as const, ...entries] : entries;
  // Not one object: its integer-like keys would be moved to the front, out of the order of the
  // bytes.
  const text = fields
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(',');
  const json = new TextEncoder().encode(`{${text}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(lengthBytes + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, lengthBytes);
  return bytes;
}
