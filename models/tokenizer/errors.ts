/** Errors of tokenizers and prompts. */
import { defineError } from '../../core/base/errors.ts';

/** A file that holds no SentencePiece model. */
export const notATokenizer = defineError({
  code: 'not-a-tokenizer',
  what: (why: string) => `parseTokenizer: the file is not a SentencePiece model: ${why}`,
  fix: 'pass the bytes of paligemma_tokenizer.model, or of another .model file that SentencePiece wrote; a tokenizer.json is another format',
  example: {
    fails: 'parseTokenizer(new TextEncoder().encode(\'{"model": {}}\'))',
    works:
      'parseTokenizer(Uint8Array.of(10, 3, 10, 1, 97, 18, 2, 24, 2, 26, 2, 24, 0)).vocabularySize',
  },
});

/** A SentencePiece model of a kind that PaliGemma's is not. */
export const unsupportedTokenizer = defineError({
  code: 'unsupported-tokenizer',
  what: (why: string) => `parseTokenizer: the model ${why}, which is not supported`,
  fix: 'use a byte-pair model with the identity normalizer, as PaliGemma and Gemma have',
  example: {
    fails: 'parseTokenizer(Uint8Array.of(10, 3, 10, 1, 97, 18, 2, 24, 1))',
    works:
      'parseTokenizer(Uint8Array.of(10, 3, 10, 1, 97, 18, 2, 24, 2, 26, 2, 24, 0)).vocabularySize',
  },
});

const tiny =
  'const tokenizer = parseTokenizer(Uint8Array.of(10, 3, 10, 1, 97, 18, 4, 24, 2, 64, 0));';

/** A state that cannot be written into a prompt. */
export const badState = defineError({
  code: 'state-not-finite',
  what: (index: number, value: number) =>
    `tokenizePrompt: entry ${index} of the state is ${value}; it should be a number between −1 and 1`,
  fix: 'normalize the state as the policy was trained: values outside −1 … 1 count as the ends, but NaN has no bin',
  example: {
    fails: `${tiny}\ntokenizePrompt(tokenizer, 'push', { maxLen: 8, state: [Number.NaN] });`,
    works: `${tiny}\ntokenizePrompt(tokenizer, 'push', { maxLen: 8, state: [0.5] });`,
  },
});
