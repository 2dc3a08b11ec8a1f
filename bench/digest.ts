/** Whether two libraries computed the same numbers. */

/** A result in short: enough of its elements to tell whether another one is the same. */
export interface Digest {
  readonly size: number;
  /** Root mean square of all elements. */
  readonly rms: number;
  /** Elements at evenly spaced positions. */
  readonly samples: readonly (number | null)[];
}

const sampleCount = 1024;

/** A result in short. Elements that are not finite become null. */
export function digest(data: ArrayLike<number>): Digest {
  const size = data.length;
  let squares = 0;
  for (let i = 0; i < size; i++) squares += (data[i] ?? 0) ** 2;
  const count = Math.min(size, sampleCount);
  const samples = Array.from({ length: count }, (_, i) => {
    const value = data[Math.floor((i * size) / count)] ?? 0;
    return Number.isFinite(value) ? value : null;
  });
  return { size, rms: Math.sqrt(squares / Math.max(size, 1)), samples };
}

/** A result much smaller than the largest one is noise: a gradient that should be zero. */
const noise = 1e-3;

/**
 * By how much results differ, relative to the root mean square of `wanted`, or to a thousandth of that of its
 * largest part; infinity if their sizes differ.
 */
export function difference(got: readonly Digest[], wanted: readonly Digest[]): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const floor = noise * Math.max(1e-30, ...wanted.map(({ rms }) => rms));
  return Math.max(0, ...got.map((one, i) => differenceOfOne(one, wanted[i] ?? one, floor)));
}

function differenceOfOne(got: Digest, wanted: Digest, floor: number): number {
  if (got.size !== wanted.size) return Number.POSITIVE_INFINITY;
  const unit = Math.max(wanted.rms, floor);
  let worst = Math.abs(got.rms - wanted.rms) / unit;
  for (const [i, expected] of wanted.samples.entries()) {
    const value = got.samples[i] ?? null;
    if (value === null && expected === null) continue;
    if (value === null || expected === null) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(value - expected) / unit);
  }
  return worst;
}
