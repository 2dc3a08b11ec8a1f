/** Reads what uvu prints at the end of a file, and says what a whole run came to. */
import { stripVTControlCharacters } from 'node:util';

/** How many tests ended in which way. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const summaryPattern = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n/gm;

/**
 * The counts of uvu's summary, or null if the output has none.
 *
 * A failing `before` hook leaves uvu's exit code at 0 and only lowers its number of passes, so what
 * was not passed counts as failed.
 */
export function readSummary(output: string): Counts | null {
  const match = [...stripVTControlCharacters(output).matchAll(summaryPattern)].at(-1);
  if (match === undefined) return null;
  const [total = 0, passed = 0, skipped = 0] = match.slice(1).map(Number);
  return { passed, failed: total - passed, skipped };
}

/** The sum of the counts. */
export function addCounts(all: readonly Counts[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/** The line that ends a run: `12 passed, 0 failed`, and `, 3 skipped` if there were any. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
