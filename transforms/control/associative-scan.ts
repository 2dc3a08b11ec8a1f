/** Running combinations in logarithmically many steps. */
import { showAval } from '../../core/base/aval.ts';
import { flattenLike } from '../../core/base/pytree.ts';
import { staged } from '../../core/host/runtime.ts';
import type { Value } from '../../core/ir/value.ts';
import { concatenate, reverse as flip, reshape, slice } from '../../core/primitives/index.ts';
import { labelOf } from '../label.ts';
import { itemAt } from '../values.ts';
import { leavesOf } from './body.ts';
import { scanLength } from './errors.ts';
import type { Arrays, ArraysLike } from './types.ts';

/** How running combinations are made. */
export interface AssociativeScanOptions {
  /** Combines from the end. */
  readonly reverse?: boolean;
  /** The axis along which slices are combined; negative: from the end. Default: 0. */
  readonly axis?: number;
}

/**
 * All running combinations x₀, x₀∘x₁, x₀∘x₁∘x₂, … of slices along an axis.
 *
 * @param f - Combines two trees of slices of the same length, element by element; must be associative.
 * @param xs - A tree of arrays with the same length along the axis.
 * @throws `scan-length`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.associative_scan.html
 * @example
 * const products = lax.associativeScan((x: np.Array, y: np.Array) => x.mul(y), np.arange(1, 6));
 */
export function associativeScan<T>(
  f: (left: Arrays<T>, right: Arrays<T>) => ArraysLike<T>,
  xs: T,
  { reverse = false, axis = 0 }: AssociativeScanOptions = {},
): Arrays<T> {
  const label = `associativeScan of ${labelOf(f)}`;
  const { values, structure } = leavesOf(label, xs, 1);
  const axes = values.map(({ aval, ndim }) => {
    const counted = axis < 0 ? axis + ndim : axis;
    if (counted >= 0 && counted < ndim) return counted;
    throw scanLength(label, `${showAval(aval)} has no axis ${axis}`);
  });
  const lengths = values.map(({ shape }, i) => itemAt(shape, itemAt(axes, i)));
  const [length = 0] = lengths;
  const odd = lengths.findIndex((other) => other !== length);
  if (odd !== -1) {
    throw scanLength(label, `one array has length ${length}, another ${itemAt(lengths, odd)}`);
  }
  const combine = (left: readonly Value[], right: readonly Value[]): Value[] => {
    const [a, b] = [left, right].map((leaves) => structure.unflatten(leaves) as Arrays<T>);
    // Both were just rebuilt in the structure of xs.
    const result = f(a as Arrays<T>, b as Arrays<T>);
    return leavesOf(
      label,
      structure.unflatten(flattenLike(label, structure, result)),
    ).values.slice();
  };
  const results = staged('associativeScan', values, (inputs) => {
    const turned = reverse ? inputs.map((x, i) => flip(x, [itemAt(axes, i)])) : inputs;
    const done = length < 2 ? turned : running(combine, turned, axes, length);
    return reverse ? done.map((x, i) => flip(x, [itemAt(axes, i)])) : done;
  });
  return structure.unflatten(results) as Arrays<T>; // The structure of xs.
}

type Combine = (left: readonly Value[], right: readonly Value[]) => Value[];

/** Neighbours are combined, the pairs are scanned, and the elements in between follow. */
function running(
  combine: Combine,
  xs: readonly Value[],
  axes: readonly number[],
  length: number,
): readonly Value[] {
  if (length < 2) return xs;
  const every = (values: readonly Value[], start: number, stop: number, step: number): Value[] =>
    values.map((x, i) => part(x, itemAt(axes, i), start, stop, step));
  const even = length - (length % 2);
  const pairs = combine(every(xs, 0, even, 2), every(xs, 1, even, 2));
  const odd = running(combine, pairs, axes, even / 2);
  const rest = every(xs, 2, length, 2);
  const before = every(odd, 0, Math.ceil(length / 2) - 1, 1);
  const later = length > 2 ? combine(before, rest) : [];
  return xs.map((x, i) => {
    const along = itemAt(axes, i);
    const first = part(x, along, 0, 1, 1);
    const evens = length > 2 ? concatenate([first, itemAt(later, i)], along) : first;
    return interleave(evens, itemAt(odd, i), along);
  });
}

const part = (x: Value, axis: number, start: number, stop: number, step: number): Value =>
  slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((size, i) => (i === axis ? stop : size)),
    x.shape.map((_, i) => (i === axis ? step : 1)),
  );

/** a₀ b₀ a₁ b₁ …; `a` may be one longer than `b`. */
function interleave(a: Value, b: Value, axis: number): Value {
  const [countA = 0, countB = 0] = [a.shape[axis], b.shape[axis]];
  const even = part(a, axis, 0, countB, 1);
  const unfold = (x: Value): Value => reshape(x, x.shape.toSpliced(axis + 1, 0, 1));
  const both = concatenate([unfold(even), unfold(b)], axis + 1);
  const mixed = reshape(both, a.shape.toSpliced(axis, 1, 2 * countB));
  return countA === countB ? mixed : concatenate([mixed, part(a, axis, countB, countA, 1)], axis);
}
