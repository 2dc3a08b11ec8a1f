/** What a parity suite is: outputs of the library beside those that a reference implementation recorded. */
import type { Value } from '../../core/ir/value.ts';
import type { GoldenFile } from './golden-file.ts';

/** One output, compared. */
export interface Comparison {
  readonly output: string;
  /** The largest difference, relative to the largest magnitude unless `isAbsolute`. */
  readonly error: number;
  readonly tolerance: number;
  readonly isAbsolute: boolean;
}

/** A part of the library that golden files of some layout can check. */
export interface Suite {
  readonly name: string;
  /** True if the file has the layout. */
  readonly accepts: (file: GoldenFile) => boolean;
  readonly run: (file: GoldenFile) => Promise<Comparison[]>;
}

/** How an output is compared. */
export interface CompareOptions {
  readonly tolerance: number;
  /** Compares differences as they are, for outputs that are rounding noise. */
  readonly isAbsolute?: boolean;
}

/** The largest difference between two lists of numbers; infinite if either is not finite or lengths differ. */
export function compareNumbers(
  output: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  { tolerance, isAbsolute = false }: CompareOptions,
): Comparison {
  let difference = got.length === expected.length ? 0 : Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [got[i] ?? NaN, expected[i] ?? NaN];
    const distance = Math.abs(a - b);
    difference = Number.isNaN(distance) ? Infinity : Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(b));
  }
  const error = isAbsolute || difference === 0 ? difference : difference / largest;
  return { output, error, tolerance, isAbsolute };
}

/** An array compared with the tensor of this name. */
export async function compareArray(
  file: GoldenFile,
  output: string,
  got: Value,
  options: CompareOptions,
): Promise<Comparison> {
  return compareNumbers(output, await got.data(), await file.numbers(output), options);
}

/** True if the error is within its tolerance. */
export const isWithin = ({ error, tolerance }: Comparison): boolean => error <= tolerance;

/** Outputs and gradients of the file that none of the comparisons is about. */
export function notCompared(file: GoldenFile, comparisons: readonly Comparison[]): string[] {
  const seen = new Set(comparisons.map(({ output }) => output));
  const all = ['out/', 'grad/'].flatMap((prefix) =>
    file.under(prefix).map((name) => `${prefix}${name}`),
  );
  return all.filter((name) => !seen.has(name));
}

/** A table of the comparisons, the failing ones marked. */
export function showComparisons(comparisons: readonly Comparison[]): string {
  const width = Math.max(6, ...comparisons.map(({ output }) => output.length));
  const row = (a: string, b: string, c: string, d: string): string =>
    `${a.padEnd(width)}  ${b.padStart(9)}  ${c.padStart(9)}  ${d}`.trimEnd();
  const lines = comparisons.map((comparison) => {
    const { output, error, tolerance, isAbsolute } = comparison;
    const verdict = isWithin(comparison) ? 'ok' : 'TOO FAR';
    const kind = isAbsolute ? `${verdict} (absolute)` : verdict;
    return row(output, error.toExponential(2), tolerance.toExponential(0), kind);
  });
  return [row('output', 'error', 'tolerance', ''), ...lines].join('\n');
}
