/** What is known of an index without running anything: its parts, its stride along an axis, its range. */
import type { Axis, Expr, Source, Term } from '../../ir/expr.ts';
import { boundsOf } from '../../ir/index-algebra.ts';

/** An index as a sum of scaled atoms. */
export interface AffineParts {
  readonly terms: readonly Term[];
  readonly offset: number;
}

/** The parts of an index; one that is not a sum is its own only atom. */
export function partsOf(index: Expr): AffineParts {
  if (index.kind === 'const') return { terms: [], offset: index.value };
  if (index.kind === 'affine') return index;
  return { terms: [{ coefficient: 1, atom: index }], offset: 0 };
}

/**
 * How many elements further the index is one position further on `axis`; null if that is not the same
 * everywhere.
 */
export function strideAlong(index: Expr, axis: Axis): number | null {
  if (!index.deps.has(axis)) return 0;
  let stride = 0;
  for (const { coefficient, atom } of partsOf(index).terms) {
    if (!atom.deps.has(axis)) continue;
    if (atom.kind !== 'axis') return null;
    stride += coefficient;
  }
  return stride;
}

/** True if every value of the index is in range, whatever the data. */
export function isInRange(index: Expr, source: Source): boolean {
  const [low, high] = boundsOf(index);
  return low >= 0 && high < source.length;
}
