/** Whether two ways of computing the same give the same. */
import type { DType, TypedArray } from '../../../base/dtype.ts';
import { fromRaw } from '../../../base/half.ts';
import type { Sample } from './scratch.ts';

/**
 * How far apart floats may be, as a share of the largest: sums in another order differ by some millionths, and
 * 16-bit results by one step.
 */
const tolerances: Readonly<Partial<Record<DType, number>>> = {
  float32: 1e-4,
  float16: 2e-3,
  bfloat16: 1.6e-2,
};

/** True if all samples differ by rounding at most. */
export const agree = (actual: readonly Sample[], expected: readonly Sample[]): boolean =>
  actual.length === expected.length &&
  expected.every((sample, i) => {
    const other = actual[i];
    return other !== undefined && sameElements(other.elements, sample.elements, sample.dtype);
  });

function sameElements(actual: TypedArray, expected: TypedArray, dtype: DType): boolean {
  const tolerance = tolerances[dtype];
  // Integers and booleans come out of comparisons and exact sums.
  if (tolerance === undefined) return expected.every((value, i) => value === actual[i]);
  const [found, wanted] = [fromRaw(actual, dtype), fromRaw(expected, dtype)];
  let largest = 0;
  for (const value of wanted) {
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  }
  return wanted.every((value, i) => {
    const other = found[i] ?? Number.NaN;
    // Two that are no number are the same, and so are equal infinities.
    return Object.is(value, other) || Math.abs(value - other) <= tolerance * largest;
  });
}
