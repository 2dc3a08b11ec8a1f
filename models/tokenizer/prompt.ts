/**
 * Prompts as π₀ and π₀.₅ read them.
 *
 * @see openpi, src/openpi/models/tokenizer.py (PaligemmaTokenizer).
 */
import { badState } from './errors.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Token ids of a prompt and which of them count. */
export interface TokenizedPrompt {
  /** int32[maxLen]; 0 where nothing is. */
  readonly tokens: Int32Array;
  /** bool[maxLen]. */
  readonly mask: Uint8Array;
}

/** How {@link tokenizePrompt} works. */
export interface PromptOptions {
  /** Length of the result: the policy's `maxTokenLen`. */
  readonly maxLen: number;
  /** The normalized state, spelled in the prompt: π₀.₅'s `discreteStateInput`. Default: not there. */
  readonly state?: ArrayLike<number>;
  /** Told when a prompt is cut. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** What Python's `str.strip` removes. */
const edge = '[\\s\\x1c-\\x1f\\x85]';
const edges = new RegExp(`^(?:(?!\\ufeff)${edge})+|(?:(?!\\ufeff)${edge})+$`, 'g');

/** One line of plain words. */
const cleaned = (prompt: string): string => prompt.replace(edges, '').replace(/[_\n]/g, ' ');

const bins = 256;

/** The last of 256 bins from −1 on that begins at or below the value; −1 below all of them. */
function binOf(value: number, index: number): number {
  if (Number.isNaN(value)) throw badState(index, value);
  const guess = Math.max(-1, Math.min(bins - 1, Math.floor((value + 1) * (bins / 2))));
  // The sum may have been rounded up to a bin that the value does not reach.
  return guess >= 0 && guess / (bins / 2) - 1 > value ? guess - 1 : guess;
}

/**
 * The tokens of a prompt: begin, the words, and a line end of its own (π₀), or the task with the state in
 * 256 bins (π₀.₅). Short ones are padded, long ones cut.
 *
 * @throws `state-not-finite`
 * @example
 * declare const tokenizer: Tokenizer;
 * const { tokens, mask } = tokenizePrompt(tokenizer, 'pick up the bowl', { maxLen: 48 });
 */
export function tokenizePrompt(
  tokenizer: Tokenizer,
  prompt: string,
  { maxLen, state, warn = (message) => console.warn(message) }: PromptOptions,
): TokenizedPrompt {
  const words = cleaned(prompt);
  const ids = [tokenizer.special.begin];
  if (state === undefined) {
    ids.push(...tokenizer.encode(words), ...tokenizer.encode('\n'));
  } else {
    const spelled = Array.from(state, binOf).join(' ');
    ids.push(...tokenizer.encode(`Task: ${words}, State: ${spelled};\nAction: `));
  }
  if (ids.length > maxLen) {
    warn(`tokenizePrompt: the prompt has ${ids.length} tokens and is cut to ${maxLen}`);
  }
  const tokens = new Int32Array(maxLen);
  const mask = new Uint8Array(maxLen);
  tokens.set(ids.slice(0, maxLen));
  mask.fill(1, 0, Math.min(ids.length, maxLen));
  return { tokens, mask };
}
