/** Text to token ids and back, as SentencePiece does it. */
import { type MergeTable, mergePairs, mergeTable, spaceMark } from './byte-pairs.ts';
import { readModel, type SentencePieceModel } from './model-file.ts';

/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** Ids of special tokens; −1 for one that there is not. */
  readonly special: SentencePieceModel['special'];
  /** The ids of a text, without special tokens. */
  encode(text: string): number[];
  /** The text of ids; special tokens have none. */
  decode(ids: readonly number[]): string;
}

/** The text as the pieces have it. */
function marked(text: string, model: SentencePieceModel): string {
  let spaced = text;
  if (model.removeExtraSpaces) spaced = spaced.replace(/^ +| +$/g, '').replace(/ +/g, ' ');
  if (model.addDummyPrefix && spaced !== '') spaced = ` ${spaced}`;
  return spaced.replaceAll(' ', spaceMark);
}

function encoder(model: SentencePieceModel): (text: string) => number[] {
  const table: MergeTable = mergeTable(model);
  const byteIds = new Map<number, number>();
  for (const [id, { text, kind }] of model.pieces.entries()) {
    if (kind === 'byte') byteIds.set(Number.parseInt(text.slice(3, 5), 16), id);
  }
  const { unknown } = model.special;
  const utf8 = new TextEncoder();
  return (text) => {
    const ids: number[] = [];
    for (const piece of mergePairs(marked(text, model), table)) {
      const id = table.ids.get(piece);
      if (id !== undefined) ids.push(id);
      else if (model.byteFallback) {
        for (const byte of utf8.encode(piece)) ids.push(byteIds.get(byte) ?? unknown);
      } else if (ids.at(-1) !== unknown) ids.push(unknown);
    }
    return ids;
  };
}

/** What SentencePiece shows for a token that it does not know. */
const unknownText = ' \u2047 ';

function decoder({ pieces, addDummyPrefix }: SentencePieceModel): Tokenizer['decode'] {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return (ids) => {
    let text = '';
    let bytes: number[] = [];
    const flush = (): void => {
      text += utf8.decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const id of ids) {
      const piece = pieces[id];
      if (piece?.kind === 'byte') {
        bytes.push(Number.parseInt(piece.text.slice(3, 5), 16));
        continue;
      }
      flush();
      if (piece === undefined || piece.kind === 'unknown') text += unknownText;
      else if (piece.kind !== 'control') text += piece.text.replaceAll(spaceMark, ' ');
    }
    flush();
    return addDummyPrefix && text.startsWith(' ') ? text.slice(1) : text;
  };
}

/**
 * The tokenizer in the bytes of a SentencePiece model: byte pairs, identity normalizer.
 *
 * @throws `not-a-tokenizer`, `unsupported-tokenizer`.
 * @example
 * declare const bytes: Uint8Array; // of paligemma_tokenizer.model
 * const ids = parseTokenizer(bytes).encode('pick up the bowl');
 */
export function parseTokenizer(bytes: Uint8Array): Tokenizer {
  const model = readModel(bytes);
  return {
    vocabularySize: model.pieces.length,
    special: model.special,
    encode: encoder(model),
    decode: decoder(model),
  };
}
