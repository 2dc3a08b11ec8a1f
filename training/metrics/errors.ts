/** What can be wrong with a file of measurements. */
import { defineError } from '../../core/base/errors.ts';

/** `history-line-unreadable`: a line before the last one is not a record. */
export const unreadableLine = defineError({
  code: 'history-line-unreadable',
  what: (file: string, line: number, text: string) =>
    `readHistory: line ${line} of '${file}' is not a record: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`,
  fix: 'remove the line, or write it as {"step":100,"values":{"loss":1.5}}',
  example: {
    fails: "parseHistory('not a record\\n', 'metrics.jsonl');",
    works: 'parseHistory(\'{"step":1,"values":{"loss":0.5}}\\n\', \'metrics.jsonl\');',
  },
});
