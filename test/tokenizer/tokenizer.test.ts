/** Tokens are those of SentencePiece, and prompts those of openpi. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError } from '../../core/base/errors.ts';
import { parseTokenizer, tokenizePrompt } from '../../models/tokenizer/index.ts';

interface Golden {
  readonly size: number;
  readonly texts: readonly { text: string; ids: number[]; decoded: string }[];
}

const file = (name: string): URL => new URL(`../golden/${name}`, import.meta.url);
const bytes = new Uint8Array(readFileSync(file('tokenizer.model')));
const golden: Golden = JSON.parse(readFileSync(file('tokenizer.json'), 'utf8'));
const tokenizer = parseTokenizer(bytes);

test('every text has the ids that SentencePiece gives it', () => {
  assert.is(tokenizer.vocabularySize, golden.size);
  assert.ok(golden.texts.length > 300);
  for (const { text, ids } of golden.texts) {
    assert.equal(tokenizer.encode(text), ids, JSON.stringify(text));
  }
});

test('ids become the text again that SentencePiece makes of them', () => {
  for (const { ids, decoded } of golden.texts) {
    assert.is(tokenizer.decode(ids), decoded, JSON.stringify(decoded));
  }
});

test('special tokens have their places and no text', () => {
  assert.equal(tokenizer.special, { unknown: 3, begin: 2, end: 1, pad: 0 });
  assert.is(tokenizer.decode([2, ...tokenizer.encode('push'), 1, 0]), 'push');
});

const shown = ({ tokens, mask }: { tokens: Int32Array; mask: Uint8Array }): string =>
  tokenizer.decode(Array.from(tokens).filter((_, i) => mask[i] === 1));

test("π₀'s prompt is the words and a line end by itself", () => {
  const prompt = tokenizePrompt(tokenizer, '  pick_up\nthe black bowl \n', { maxLen: 48 });
  const words = tokenizer.encode('pick up the black bowl');
  const ids = [2, ...words, ...tokenizer.encode('\n')];
  assert.equal([...prompt.tokens], [...ids, ...Array(48 - ids.length).fill(0)]);
  assert.equal([...prompt.mask], [...ids.map(() => 1), ...Array(48 - ids.length).fill(0)]);
});

test("π₀.₅'s prompt spells the state in 256 bins", () => {
  const state = [0.03, 0, 0.11, 1, 0.01, -0.06, -1, 2];
  const prompt = tokenizePrompt(tokenizer, 'pick up the black bowl', { maxLen: 200, state });
  assert.is(
    shown(prompt),
    'Task: pick up the black bowl, State: 131 128 142 255 129 120 0 255;\nAction: ',
  );
});

test('bins begin at multiples of 1/128, and below −1 there is bin −1', () => {
  const state = [-1.5, -1, -1 + 1 / 128, -1 + 1 / 128 - 1e-9, -1e-17, 0.9999, 255 / 128 - 1];
  const text = shown(tokenizePrompt(tokenizer, '', { maxLen: 99, state }));
  assert.is(text, 'Task: , State: -1 0 1 0 127 255 255;\nAction: ');
});

test('a long prompt is cut, and somebody is told', () => {
  const told: string[] = [];
  const warn = (message: string): void => void told.push(message);
  const prompt = tokenizePrompt(tokenizer, 'pick up the mug '.repeat(40), { maxLen: 16, warn });
  assert.equal([prompt.tokens.length, prompt.mask.every((bit) => bit === 1)], [16, true]);
  assert.match(told.join(), /is cut to 16/);
});

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof EnerjaxError ? error.code : String(error);
  }
  return 'no error';
};

test('what is no tokenizer is refused, wherever it breaks off', () => {
  assert.is(
    codeOf(() => parseTokenizer(new TextEncoder().encode('{"version": 1}'))),
    'not-a-tokenizer',
  );
  assert.is(
    codeOf(() => parseTokenizer(new Uint8Array())),
    'not-a-tokenizer',
  );
  for (const end of [1, 5, 100, 2000]) {
    const cut = codeOf(() => parseTokenizer(bytes.subarray(0, end)));
    assert.ok(cut === 'not-a-tokenizer' || cut === 'unsupported-tokenizer', `${end}: ${cut}`);
  }
});

test('a state without a value is refused', () => {
  const run = () => tokenizePrompt(tokenizer, 'push', { maxLen: 9, state: [0, Number.NaN] });
  assert.is(codeOf(run), 'state-not-finite');
});

test.run();
