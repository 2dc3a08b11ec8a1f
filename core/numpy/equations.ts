/** Linear equations, inverses and determinants. */
import { type Shape, sizeOf } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { divide, multiply, subtract, where } from './arithmetic.ts';
import { eye } from './creation.ts';
import { asMatrices, diagonals, reducedSvd, signOfExchanges } from './decompositions.ts';
import { determinant } from './determinant.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { abs, astype, log, sign, square } from './elementwise.ts';
import { unknownOption, wrongRank } from './errors.ts';
import { takeAlongAxis } from './gathers.ts';
import { greater, isnan, less } from './logic.ts';
import { expandDims, matrixTranspose, reshape, squeeze, transpose } from './movement.ts';
import { norm } from './norms.ts';
import { broadcastShapes, broadcastValue, normalizeAxis, toInexact } from './operands.ts';
import { matmul } from './products.ts';
import { any, max, prod, sum } from './reductions.ts';

/** Machine precision of float32. */
const eps = 2 ** -23;

/** Rows of stacked matrices in the order given. */
const ordered = (x: Value, order: Value): Value =>
  takeAlongAxis(x, expandDims(order, -1), { axis: -2, mode: 'clip' });

function solveMatrices(a: Value, b: Value): Value {
  const [packed = a, , order = a] = prim.lu(a);
  const forward = prim.triangularSolve(packed, ordered(b, order), {
    lower: true,
    unitDiagonal: true,
  });
  return prim.triangularSolve(packed, forward);
}

/**
 * X with a · X = b. A b of one axis is a single column.
 *
 * @param a - […, n, n].
 * @param b - […, n, columns] or [n].
 */
export const solve = eagerly('np.linalg.solve', (a: ValueLike, b: ValueLike): Value => {
  const matrix = asMatrices('np.linalg.solve', a);
  const right = toInexact('np.linalg.solve', b);
  const columns = right.ndim === 1 ? expandDims(right, 1) : right;
  const lead = broadcastShapes('np.linalg.solve', [
    matrix.shape.slice(0, -2),
    columns.shape.slice(0, -2),
  ]);
  const spread = (x: Value): Value =>
    broadcastValue('np.linalg.solve', x, [...lead, ...x.shape.slice(-2)]);
  const found = solveMatrices(spread(matrix), spread(columns));
  return right.ndim === 1 ? squeeze(found, { axis: -1 }) : found;
});

const identities = (shape: Shape): Value =>
  broadcastValue('np.linalg.inv', eye(shape.at(-1) ?? 0), shape);

/** The inverse matrices: f32[…, n, n]. */
export const inv = eagerly('np.linalg.inv', (operand: ValueLike): Value => {
  const x = asMatrices('np.linalg.inv', operand);
  return solveMatrices(x, identities(x.shape));
});

/** The determinants: f32[…]. */
export const det = eagerly('np.linalg.det', (operand: ValueLike): Value => {
  const x = asMatrices('np.linalg.det', operand);
  const n = x.shape.at(-1) ?? 0;
  if (n === x.shape.at(-2) && n <= 3) return smallDeterminant(x, n);
  return determinant(x);
});

function smallDeterminant(x: Value, n: number): Value {
  const at = (i: number, j: number): Value => x.get('...', i, j);
  const minor = (i: number, j: number, k: number, l: number): Value =>
    subtract(multiply(at(i, j), at(k, l)), multiply(at(i, l), at(k, j)));
  if (n === 0)
    return broadcastValue('np.linalg.det', prim.literal(1, x.dtype), x.shape.slice(0, -2));
  if (n === 1) return at(0, 0);
  if (n === 2) return minor(0, 0, 1, 1);
  const first = multiply(at(0, 0), minor(1, 1, 2, 2));
  const second = multiply(at(0, 1), minor(1, 0, 2, 2));
  return prim.add(subtract(first, second), multiply(at(0, 2), minor(1, 0, 2, 1)));
}

/** [sign, log |determinant|] of the matrices: f32[…] each. */
export function slogdet(operand: ValueLike): [Value, Value] {
  return asOneProgram('np.linalg.slogdet', () => {
    const x = asMatrices('np.linalg.slogdet', operand);
    const [packed = x, pivots = x] = prim.lu(x);
    const diagonal = diagonals(packed);
    const signs = multiply(prod(sign(diagonal), { axis: -1 }), signOfExchanges(pivots));
    return [signs, sum(log(abs(diagonal)), { axis: -1 })];
  }) as [Value, Value]; // As many as the body returns.
}

/** Options of functions that take small singular values for zero. */
export interface RankOptions {
  /** Relative to the largest singular value. Default: a few times the precision of float32. */
  readonly rtol?: number;
}

/** The pseudo-inverses (Moore & Penrose): f32[…, n, m]. */
export const pinv = eagerly(
  'np.linalg.pinv',
  (operand: ValueLike, { rtol }: RankOptions = {}): Value => {
    const x = asMatrices('np.linalg.pinv', operand);
    const [u, s, v] = reducedSvd(x);
    const factor = rtol ?? 10 * Math.max(...x.shape.slice(-2)) * eps;
    const cutoff = multiply(max(s, { axis: -1, keepdims: true }), factor);
    const counts = greater(s, prim.stopGradient(cutoff));
    const inverse = where(counts, divide(1, where(counts, s, 1)), 0);
    return matmul(multiply(v, expandDims(inverse, -2)), matrixTranspose(u));
  },
);

/** int32[…]: how many singular values are not taken for zero. */
export const matrixRank = eagerly(
  'np.linalg.matrixRank',
  (operand: ValueLike, { rtol }: RankOptions = {}): Value => {
    const x = asMatrices('np.linalg.matrixRank', operand);
    const s = reducedSvd(x)[1];
    const factor = rtol ?? Math.max(...x.shape.slice(-2)) * eps;
    const cutoff = multiply(max(s, { axis: -1, keepdims: true }), factor);
    return sum(astype(greater(s, cutoff), 'int32'), { axis: -1 });
  },
);

/**
 * [x, residuals, rank, singular values]: the least-squares solution of a · x = b of least length.
 */
export function lstsq(
  a: ValueLike,
  b: ValueLike,
  { rcond }: { readonly rcond?: number } = {},
): [Value, Value, Value, Value] {
  return asOneProgram('np.linalg.lstsq', () => {
    const [matrix, given] = [toInexact('np.linalg.lstsq', a), toInexact('np.linalg.lstsq', b)];
    if (matrix.ndim !== 2) throw wrongRank('np.linalg.lstsq', 'two axes', matrix.aval);
    const right = given.ndim === 1 ? expandDims(given, 1) : given;
    const [m = 0, n = 0] = matrix.shape;
    const [u, s, v] = reducedSvd(matrix);
    const cutoff = multiply(max(s), rcond ?? eps * Math.max(n, m));
    const counts = greater(s, prim.stopGradient(cutoff));
    const inverse = where(counts, divide(1, where(counts, s, 1)), 0);
    const along = multiply(expandDims(inverse, 1), matmul(matrixTranspose(u), right));
    const x = matmul(v, along);
    const rest = sum(square(subtract(right, matmul(matrix, x))), { axis: 0 });
    const found = given.ndim === 1 ? squeeze(x, { axis: 1 }) : x;
    return [found, rest, sum(astype(counts, 'int32')), s];
  }) as [Value, Value, Value, Value]; // As many as the body returns.
}

/** The matrix multiplied by itself so many times; inverted first for negative powers. */
export const matrixPower = eagerly(
  'np.linalg.matrixPower',
  (operand: ValueLike, n: number): Value => {
    const x = asMatrices('np.linalg.matrixPower', operand);
    if (!Number.isInteger(n))
      throw unknownOption('np.linalg.matrixPower', 'n', String(n), 'whole numbers');
    if (n === 0) return identities(x.shape);
    let factor = n < 0 ? inv(x) : x;
    let product: Value | null = null;
    for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) product = product === null ? factor : matmul(product, factor);
      if (rest > 1) factor = matmul(factor, factor);
    }
    return product ?? x;
  },
);

/** The condition numbers with respect to a norm: the ratio of singular values by default. */
export const cond = eagerly(
  'np.linalg.cond',
  (operand: ValueLike, { p }: { readonly p?: number | 'fro' | 'nuc' } = {}): Value => {
    const x = asMatrices('np.linalg.cond', operand);
    if (p === undefined || p === 2 || p === -2) {
      const s = reducedSvd(x)[1];
      const [largest, least] = [s.get('...', 0), s.get('...', -1)];
      return p === -2 ? divide(least, largest) : divide(largest, least);
    }
    const axis = [-2, -1];
    const ratio = multiply(norm(x, { ord: p, axis }), norm(inv(x), { ord: p, axis }));
    const isUndefined = any(isnan(x), { axis });
    return where(
      less(astype(isUndefined, 'int32'), astype(isnan(ratio), 'int32')),
      Infinity,
      ratio,
    );
  },
);

/** The product of several matrices in the order that takes the fewest multiplications. */
export const multiDot = eagerly('np.linalg.multiDot', (arrays: readonly ValueLike[]): Value => {
  const xs = arrays.map((x) => toInexact('np.linalg.multiDot', x));
  const [first] = xs;
  if (first === undefined)
    throw unknownOption('np.linalg.multiDot', 'arrays', '[]', 'lists of two or more');
  const sizes = xs.map((x, i) => (x.ndim === 1 ? (i === 0 ? 1 : x.size) : (x.shape[0] ?? 1)));
  const end = xs.at(-1) ?? first;
  const last = end.ndim === 1 ? 1 : (end.shape[1] ?? 1);
  return multiplied(xs, cheapestSplits([...sizes, last]), 0, xs.length - 1);
});

/** Where to split each chain of matrices with these sides, by dynamic programming. */
function cheapestSplits(sides: readonly number[]): (i: number, j: number) => number {
  const memo = new Map<string, { cost: number; split: number }>();
  const best = (i: number, j: number): { cost: number; split: number } => {
    const key = `${i},${j}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    let found = { cost: i === j ? 0 : Infinity, split: i };
    for (let k = i; k < j; k++) {
      const own = sizeOf([sides[i] ?? 1, sides[k + 1] ?? 1, sides[j + 1] ?? 1]);
      const cost = best(i, k).cost + best(k + 1, j).cost + own;
      if (cost < found.cost) found = { cost, split: k };
    }
    memo.set(key, found);
    return found;
  };
  return (i, j) => best(i, j).split;
}

function multiplied(
  xs: readonly Value[],
  splitOf: (i: number, j: number) => number,
  i: number,
  j: number,
): Value {
  const own = xs[i];
  if (i === j && own !== undefined) return own;
  const k = splitOf(i, j);
  return matmul(multiplied(xs, splitOf, i, k), multiplied(xs, splitOf, k + 1, j));
}

/** x with tensordot(a, x) = b, summed over the last axes of x. */
export const tensorsolve = eagerly(
  'np.linalg.tensorsolve',
  (a: ValueLike, b: ValueLike, { axes }: { readonly axes?: readonly number[] } = {}): Value => {
    const given = toInexact('np.linalg.tensorsolve', a);
    const right = toInexact('np.linalg.tensorsolve', b);
    const moved = (axes ?? []).map((axis) =>
      normalizeAxis('np.linalg.tensorsolve', axis, given.ndim),
    );
    const kept = given.shape.map((_, axis) => axis).filter((axis) => !moved.includes(axis));
    const matrix = axes === undefined ? given : transpose(given, [...kept, ...moved]);
    const shape = matrix.shape.slice(right.ndim);
    const n = sizeOf(shape);
    return reshape(solve(reshape(matrix, [n, n]), reshape(right, [n])), shape);
  },
);

/** The inverse of `x` as a map from its last axes to its first `ind` ones. */
export const tensorinv = eagerly(
  'np.linalg.tensorinv',
  (operand: ValueLike, { ind = 2 }: { readonly ind?: number } = {}): Value => {
    const x = toInexact('np.linalg.tensorinv', operand);
    const [rows, columns] = [x.shape.slice(0, ind), x.shape.slice(ind)];
    const n = sizeOf(rows);
    return reshape(inv(reshape(x, [n, sizeOf(columns)])), [...columns, ...rows]);
  },
);
