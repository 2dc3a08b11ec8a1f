/**
 * Splits text into pieces by merging neighbours, the pair of the highest score first.
 *
 * @see Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units (2016).
 */
import type { SentencePieceModel } from './model-file.ts';

/** A space inside pieces. */
export const spaceMark = '\u2581';

/** What merging needs to know of a vocabulary. */
export interface MergeTable {
  /** Ids of the pieces that text can become. */
  readonly ids: ReadonlyMap<string, number>;
  readonly scores: Float64Array;
  /** Pieces that merging passes through but never ends at. */
  readonly unused: ReadonlySet<number>;
  /** Pieces that are cut out of the text before merging, by first character, longest first. */
  readonly whole: ReadonlyMap<string, readonly string[]>;
}

/** The table of a model. */
export function mergeTable({ pieces }: SentencePieceModel): MergeTable {
  const ids = new Map<string, number>();
  const unused = new Set<number>();
  const whole = new Map<string, string[]>();
  const scores = Float64Array.from(pieces, ({ score }) => score);
  for (const [id, { text, kind }] of pieces.entries()) {
    if (kind !== 'normal' && kind !== 'user-defined' && kind !== 'unused') continue;
    ids.set(text, id);
    if (kind === 'unused') unused.add(id);
    if (kind === 'user-defined') {
      const [first = ''] = text;
      whole.set(first, [...(whole.get(first) ?? []), text]);
    }
  }
  for (const texts of whole.values()) texts.sort((a, b) => b.length - a.length);
  return { ids, scores, unused, whole };
}

/** A stretch of text on its way to become a piece. */
interface Stretch {
  text: string;
  /** It was cut out whole and merges with nothing. */
  readonly isWhole: boolean;
  /** Score of the pair that it makes with the next one; −∞ for none. */
  score: number;
}

/** Characters, and the pieces that are kept whole. */
function stretchesOf(text: string, { whole }: MergeTable): Stretch[] {
  const stretches: Stretch[] = [];
  for (let at = 0; at < text.length; ) {
    const first = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const found = whole.get(first)?.find((candidate) => text.startsWith(candidate, at));
    stretches.push({ text: found ?? first, isWhole: found !== undefined, score: -Infinity });
    at += (found ?? first).length;
  }
  return stretches;
}

/**
 * The pieces of a text whose spaces are already marked. Some may not be in the vocabulary: single
 * characters that it lacks.
 */
export function mergePairs(text: string, table: MergeTable): string[] {
  const stretches = stretchesOf(text, table);
  /** How a piece that must not remain was put together. */
  const madeOf = new Map<string, readonly [string, string]>();
  const rate = (at: number): void => {
    const [left, right] = [stretches[at], stretches[at + 1]];
    if (left === undefined) return;
    left.score = -Infinity;
    if (right === undefined || left.isWhole || right.isWhole) return;
    const id = table.ids.get(left.text + right.text);
    if (id === undefined) return;
    left.score = table.scores[id] ?? -Infinity;
    if (table.unused.has(id)) madeOf.set(left.text + right.text, [left.text, right.text]);
  };
  for (const at of stretches.keys()) rate(at);
  for (;;) {
    let best = -1;
    for (const [at, { score }] of stretches.entries()) {
      if (score > (stretches[best]?.score ?? -Infinity)) best = at;
    }
    const [left, right] = [stretches[best], stretches[best + 1]];
    if (left === undefined || right === undefined) break;
    left.text += right.text;
    stretches.splice(best + 1, 1);
    rate(best);
    rate(best - 1);
  }
  const finished = (piece: string): string[] => {
    const parts = madeOf.get(piece);
    return parts === undefined ? [piece] : parts.flatMap(finished);
  };
  return stretches.flatMap((stretch) => finished(stretch.text));
}
