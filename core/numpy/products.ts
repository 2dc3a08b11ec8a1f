/** Products of vectors, matrices and stacks of them, as views around one generalised dot. */
import { range, type Shape } from '../base/aval.ts';
import type { DotDims } from '../ir/lowering.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { multiply } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { astype } from './elementwise.ts';
import { contractionMismatch, wrongRank } from './errors.ts';
import { moveaxis, ravel, reshape, sliceAxis, transpose } from './movement.ts';
import {
  broadcastShapes,
  broadcastValue,
  normalizeAxes,
  normalizeAxis,
  promote,
  toValue,
} from './operands.ts';

/** The generalised product of operands of one type; booleans: whether any pair is true. */
export function contract(x: Value, y: Value, dims: DotDims): Value {
  if (x.dtype !== 'bool') return prim.dotGeneral(x, y, dims);
  const counts = prim.dotGeneral(astype(x, 'int32'), astype(y, 'int32'), dims);
  return astype(counts, 'bool');
}

function promoteBoth(op: string, x: ValueLike, y: ValueLike): [Value, Value] {
  const [a, b] = promote(op, [x, y]);
  return [a ?? toValue(op, x), b ?? toValue(op, y)];
}

function requireEqual(op: string, x: Value, y: Value, axisOfX: number, axisOfY: number): void {
  if (x.shape.at(axisOfX) !== y.shape.at(axisOfY)) {
    throw contractionMismatch(op, x.aval, y.aval, axisOfX, axisOfY);
  }
}

/**
 * The matrix product of the last two axes; leading axes broadcast. A vector on the left counts as a
 * row and on the right as a column, and its axis disappears.
 *
 * @param x - […, rows, inner] or [inner].
 * @param y - […, inner, columns] or [inner].
 * @returns […, rows, columns].
 * @throws EnerjaxError `contraction-mismatch` if the inner sizes differ.
 */
export const matmul = eagerly('np.matmul', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promoteBoth('np.matmul', x, y);
  for (const operand of [a, b]) {
    if (operand.ndim === 0) throw wrongRank('np.matmul', 'at least one axis', operand.aval);
  }
  requireEqual('np.matmul', a, b, -1, b.ndim === 1 ? -1 : -2);
  if (b.ndim <= 2) return contract(a, b, plainDims(a, b));
  if (a.ndim === 1) return matmulOfVector(a, b);
  return matmulOfStacks(a, b);
});

/** One matrix or vector on the right: all leading axes of `a` are free, none is copied. */
const plainDims = (a: Value, b: Value): DotDims => ({
  lhsContract: [a.ndim - 1],
  rhsContract: [Math.max(0, b.ndim - 2)],
  lhsBatch: [],
  rhsBatch: [],
});

/** [inner] · […, inner, columns]. */
function matmulOfVector(a: Value, b: Value): Value {
  const dims = { lhsContract: [0], rhsContract: [b.ndim - 2], lhsBatch: [], rhsBatch: [] };
  return contract(a, b, dims);
}

/**
 * Stacks on both sides. Leading axes that both have are batch axes; one that only one side has (the
 * other has size 1, or no such axis) stays a free axis of that side instead of being copied.
 */
function matmulOfStacks(a: Value, b: Value): Value {
  const batch = broadcastShapes('np.matmul', [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const left = leadingAxes(a, batch);
  const right = leadingAxes(b, batch);
  const shared = range(batch.length).filter((i) => left[i] !== null && right[i] !== null);
  const squeezedA = dropOnes(a, left);
  const squeezedB = dropOnes(b, right);
  const placeIn = (axes: readonly (number | null)[], i: number): number =>
    axes.slice(0, i).filter((axis) => axis !== null).length;
  const product = contract(squeezedA, squeezedB, {
    lhsContract: [squeezedA.ndim - 1],
    rhsContract: [squeezedB.ndim - 2],
    lhsBatch: shared.map((i) => placeIn(left, i)),
    rhsBatch: shared.map((i) => placeIn(right, i)),
  });
  // The product has the shared axes, then a's own and its rows, then b's own and its columns.
  const own = (axes: readonly (number | null)[]): number[] =>
    range(batch.length).filter((i) => axes[i] !== null && !shared.includes(i));
  const order: (number | 'rows' | 'columns')[] = [
    ...shared,
    ...own(left),
    'rows',
    ...own(right),
    'columns',
  ];
  const present = range(batch.length).filter((i) => order.includes(i));
  const wanted = [...present, 'rows' as const, 'columns' as const];
  const arranged = transpose(
    product,
    wanted.map((item) => order.indexOf(item)),
  );
  return reshape(arranged, [...batch, ...arranged.shape.slice(-2)]);
}

/** For each batch axis the axis of `x` that has its size, or null where x has size 1 or nothing. */
function leadingAxes(x: Value, batch: Shape): (number | null)[] {
  const skip = batch.length - (x.ndim - 2);
  return batch.map((size, i) =>
    i < skip || size === 1 || x.shape[i - skip] === 1 ? null : i - skip,
  );
}

/** `x` without the leading axes that are not in use. */
const dropOnes = (x: Value, used: readonly (number | null)[]): Value =>
  reshape(
    x,
    x.shape.filter((_, axis) => axis >= x.ndim - 2 || used.includes(axis)),
  );

/**
 * The product that sums the last axis of x with the second-to-last of y (the only one of a vector);
 * with a scalar, the plain product.
 */
export const dot = eagerly('np.dot', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promoteBoth('np.dot', x, y);
  if (a.ndim === 0 || b.ndim === 0) return multiply(a, b);
  requireEqual('np.dot', a, b, -1, b.ndim === 1 ? -1 : -2);
  return contract(a, b, plainDims(a, b));
});

/** The sum of products of all elements of two arrays of one size. */
export function vdot(x: ValueLike, y: ValueLike): Value {
  return dot(ravel(x), ravel(y));
}

/** The sum of products along an axis that both arrays have; the others broadcast. */
export const vecdot = eagerly(
  'np.vecdot',
  (x: ValueLike, y: ValueLike, { axis = -1 }: { readonly axis?: number } = {}): Value => {
    const [a, b] = promoteBoth('np.vecdot', x, y).map((v) => moveaxis(v, axis, -1));
    if (a === undefined || b === undefined) return dot(x, y);
    requireEqual('np.vecdot', a, b, -1, -1);
    const shape = broadcastShapes('np.vecdot', [a.shape, b.shape]);
    const [left, right] = [a, b].map((v) => broadcastValue('np.vecdot', v, shape));
    const lead = range(shape.length - 1);
    const last = [shape.length - 1];
    return contract(left ?? a, right ?? b, {
      lhsContract: last,
      rhsContract: last,
      lhsBatch: lead,
      rhsBatch: lead,
    });
  },
);

/** [x.size, y.size]: all products of an element of x and one of y. */
export const outer = eagerly('np.outer', (x: ValueLike, y: ValueLike): Value => {
  return multiply(reshape(x, [-1, 1]), reshape(y, [1, -1]));
});

/** […, x rows · y rows, x columns · y columns]: every element of x times all of y. */
export const kron = eagerly('np.kron', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promoteBoth('np.kron', x, y);
  const ndim = Math.max(a.ndim, b.ndim);
  const sizes = ({ shape }: Value): number[] => [
    ...range(ndim - shape.length).map(() => 1),
    ...shape,
  ];
  const [left, right] = [sizes(a), sizes(b)];
  const product = multiply(
    reshape(
      a,
      left.flatMap((size) => [size, 1]),
    ),
    reshape(
      b,
      right.flatMap((size) => [1, size]),
    ),
  );
  return reshape(
    product,
    left.map((size, axis) => size * (right[axis] ?? 1)),
  );
});

/** How many axes to sum (the last of x with the first of y), or which of x with which of y. */
export type TensordotAxes =
  | number
  | readonly [number | readonly number[], number | readonly number[]];

/** The product that sums over pairs of axes. The result has the other axes of x, then those of y. */
export const tensordot = eagerly(
  'np.tensordot',
  (x: ValueLike, y: ValueLike, { axes = 2 }: { readonly axes?: TensordotAxes } = {}): Value => {
    const [a, b] = promoteBoth('np.tensordot', x, y);
    const [left, right] =
      typeof axes === 'number' ? [range(axes).map((i) => a.ndim - axes + i), range(axes)] : axes;
    const lhsContract = normalizeAxes('np.tensordot', left, a.ndim);
    const rhsContract = normalizeAxes('np.tensordot', right, b.ndim);
    if (lhsContract.length !== rhsContract.length) {
      throw contractionMismatch('np.tensordot', a.aval, b.aval, -1, -1);
    }
    lhsContract.forEach((axis, i) => {
      requireEqual('np.tensordot', a, b, axis, rhsContract[i] ?? 0);
    });
    return contract(a, b, { lhsContract, rhsContract, lhsBatch: [], rhsBatch: [] });
  },
);

/** The cross product of vectors of three elements on the last axis; leading axes broadcast. */
export const cross = eagerly('np.cross', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promoteBoth('np.cross', x, y);
  for (const operand of [a, b]) {
    if (operand.shape.at(-1) !== 3) {
      throw wrongRank('np.cross', 'a last axis of size 3', operand.aval);
    }
  }
  const shape = broadcastShapes('np.cross', [a.shape, b.shape]);
  const [left, right] = [a, b].map((v) => broadcastValue('np.cross', v, shape));
  const last = normalizeAxis('np.cross', -1, shape.length);
  const turned = (v: Value, by: number): Value =>
    prim.concatenate([sliceAxis(v, last, by, 3), sliceAxis(v, last, 0, by)], last);
  const [u, v] = [left ?? a, right ?? b];
  return prim.sub(prim.mul(turned(u, 1), turned(v, 2)), prim.mul(turned(u, 2), turned(v, 1)));
});
