/**
 * Reads SentencePiece model files: protocol buffers, of which we need a few fields.
 *
 * @see https://github.com/google/sentencepiece/blob/v0.2.0/src/sentencepiece_model.proto
 */
import { notATokenizer, unsupportedTokenizer } from './errors.ts';

/** What kind of text a piece stands for. */
export type PieceKind = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

/** One entry of the vocabulary; its id is its place. */
export interface Piece {
  readonly text: string;
  /** Pieces of higher score are merged first. */
  readonly score: number;
  readonly kind: PieceKind;
}

/** What a model file says, as far as encoding and decoding need it. */
export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  /** Ids of special tokens; −1 for one that there is not. */
  readonly special: {
    readonly unknown: number;
    readonly begin: number;
    readonly end: number;
    readonly pad: number;
  };
  /** Characters without a piece become the bytes of their UTF-8 form. */
  readonly byteFallback: boolean;
  /** A space is put before the text. */
  readonly addDummyPrefix: boolean;
  /** Spaces at the ends go, and runs of spaces become one. */
  readonly removeExtraSpaces: boolean;
}

const kinds: readonly (PieceKind | undefined)[] = [
  undefined,
  'normal',
  'unknown',
  'control',
  'user-defined',
  'unused',
  'byte',
];

/** One field of a message: a number, or the bytes of a text, a float or another message. */
interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const noBytes = new Uint8Array();

/** The fields of a message in order. @throws RangeError where the bytes are no message. */
function* fieldsOf(bytes: Uint8Array): Generator<Field, void, void> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('a number that does not end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new RangeError('a field longer than the file');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number === 0) throw new RangeError('a field without a number');
    if (wire === 0) yield { number, value: varint(), bytes: noBytes };
    else if (wire === 1) yield { number, value: Number.NaN, bytes: take(8) };
    else if (wire === 2) yield { number, value: Number.NaN, bytes: take(varint()) };
    else if (wire === 5) yield { number, value: Number.NaN, bytes: take(4) };
    else throw new RangeError(`a field of wire type ${wire}`);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Negative int32 are written as 64 bits, of which the lower ones count. */
const signed = (value: number): number => (value >= 2 ** 31 ? -1 : value);

function pieceOf(bytes: Uint8Array): Piece {
  let piece: Piece = { text: '', score: 0, kind: 'normal' };
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) piece = { ...piece, text: utf8.decode(field.bytes) };
    else if (field.number === 2) {
      const view = new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.length);
      piece = { ...piece, score: view.getFloat32(0, true) };
    } else if (field.number === 3) {
      const kind = kinds[field.value];
      if (kind === undefined) throw new RangeError(`a piece of type ${field.value}`);
      piece = { ...piece, kind };
    }
  }
  return piece;
}

/** Numbers by field number, over what a message has when nothing is written. */
function numbersOf(bytes: Uint8Array, defaults: Readonly<Record<number, number>>) {
  const numbers: Record<number, number> = { ...defaults };
  for (const { number, value } of fieldsOf(bytes)) if (number in defaults) numbers[number] = value;
  return (field: number): number => numbers[field] ?? 0;
}

const trainerDefaults = { 3: 1, 35: 0, 40: 0, 41: 1, 42: 2, 43: 2 ** 64 - 1 };
const normalizerDefaults = { 3: 1, 4: 1 };
const bytePairs = 2;

/** A text that a model rewrites before encoding needs a table that is not read here. */
function checkRules(normalizer: Uint8Array): void {
  for (const { number, bytes } of fieldsOf(normalizer)) {
    if (number === 2 && bytes.length > 0) {
      throw unsupportedTokenizer('rewrites characters before encoding (a normalization table)');
    }
  }
}

function read(bytes: Uint8Array): SentencePieceModel {
  const pieces: Piece[] = [];
  let [trainer, normalizer]: [Uint8Array, Uint8Array] = [noBytes, noBytes];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) pieces.push(pieceOf(field.bytes));
    else if (field.number === 2) trainer = field.bytes;
    else if (field.number === 3) normalizer = field.bytes;
  }
  if (pieces.length === 0) throw new RangeError('no pieces');
  const trained = numbersOf(trainer, trainerDefaults);
  const normal = numbersOf(normalizer, normalizerDefaults);
  checkRules(normalizer);
  if (trained(3) !== bytePairs) throw unsupportedTokenizer('is not a byte-pair model');
  const [unknown, begin, end, pad] = [40, 41, 42, 43].map((field) => signed(trained(field)));
  return {
    pieces,
    special: { unknown: unknown ?? -1, begin: begin ?? -1, end: end ?? -1, pad: pad ?? -1 },
    byteFallback: trained(35) !== 0,
    addDummyPrefix: normal(3) !== 0,
    removeExtraSpaces: normal(4) !== 0,
  };
}

/**
 * The model in a file's bytes.
 *
 * @throws `not-a-tokenizer`, `unsupported-tokenizer`.
 */
export function readModel(bytes: Uint8Array): SentencePieceModel {
  try {
    return read(bytes);
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TypeError) {
      throw notATokenizer.at({ cause }, cause.message);
    }
    throw cause;
  }
}
