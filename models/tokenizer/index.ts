/** PaliGemma's tokenizer, and prompts for π₀ and π₀.₅. */
export { type PromptOptions, type TokenizedPrompt, tokenizePrompt } from './prompt.ts';
export { parseTokenizer, type Tokenizer } from './tokenizer.ts';
