/** Decompositions of matrices; leading axes are stacks of them. */
import { range } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { multiply, where } from './arithmetic.ts';
import { tril } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { wrongRank } from './errors.ts';
import { greater, less } from './logic.ts';
import { diagonal, expandDims, matrixTranspose, sliceAxis } from './movement.ts';
import { toInexact } from './operands.ts';
import { all } from './reductions.ts';

/** The operand as a stack of float matrices. */
export function asMatrices(op: string, operand: ValueLike): Value {
  const x = toInexact(op, operand);
  if (x.ndim < 2) throw wrongRank(op, 'at least two axes', x.aval);
  return x;
}

const symmetric = (x: Value): Value => multiply(prim.add(x, matrixTranspose(x)), 0.5);

/** The diagonals of the matrices, on the last axis. */
export const diagonals = (x: Value): Value => diagonal(x, { axis1: -2, axis2: -1 });

/** Options of {@link cholesky}. */
export interface CholeskyOptions {
  /** The upper factor U with Uᵀ · U = x, instead of the lower one. Default false. */
  readonly upper?: boolean;
  /** Averages x with its transpose first. Default true. */
  readonly symmetrizeInput?: boolean;
}

/** L with L · Lᵀ = x for symmetric positive definite x; NaN where x is not. f32[…, n, n]. */
export const cholesky = eagerly(
  'np.linalg.cholesky',
  (operand: ValueLike, { upper = false, symmetrizeInput = true }: CholeskyOptions = {}): Value => {
    const x = asMatrices('np.linalg.cholesky', operand);
    const factor = prim.cholesky(
      symmetrizeInput ? symmetric(x) : matrixTranspose(matrixTranspose(x)),
    );
    const isDefinite = all(greater(diagonals(factor), 0), { axis: -1 });
    const checked = tril(where(expandDims(isDefinite, [-2, -1]), factor, Number.NaN));
    return upper ? matrixTranspose(checked) : checked;
  },
);

/** Options of {@link qr}. */
export interface QrOptions {
  /** `reduced` (default): Q has min(m, n) columns; `complete`: Q is square. */
  readonly mode?: 'reduced' | 'complete';
}

/** [Q, R]: orthonormal columns times an upper triangle. f32[…, m, k] and f32[…, k, n]. */
export function qr(operand: ValueLike, { mode = 'reduced' }: QrOptions = {}): Value[] {
  const x = asMatrices('np.linalg.qr', operand);
  return prim.qr(x, { full: mode === 'complete' });
}

/** Options of {@link eigh}. */
export interface EighOptions {
  /** Averages x with its transpose first. Default true. */
  readonly symmetrizeInput?: boolean;
}

/** [eigenvalues, eigenvectors] of symmetric x, ascending: f32[…, n] and f32[…, n, n], in columns. */
export function eigh(
  operand: ValueLike,
  { symmetrizeInput = true }: EighOptions = {},
): [Value, Value] {
  const [values, vectors] = asOneProgram('np.linalg.eigh', () => {
    const x = asMatrices('np.linalg.eigh', operand);
    return prim.eigh(symmetrizeInput ? symmetric(x) : x);
  }) as [Value, Value]; // The operation has two results.
  return [values, vectors];
}

/** The eigenvalues of symmetric x, ascending: f32[…, n]. */
export const eigvalsh = (operand: ValueLike, options: EighOptions = {}): Value =>
  eigh(operand, options)[0];

/** Options of {@link svd}. */
export interface SvdOptions {
  /** Whether U and Vᵀ are square. Default true, as in NumPy. Only the reduced form has derivatives. */
  readonly fullMatrices?: boolean;
}

/** U, s and V of the reduced form. */
export function reducedSvd(x: Value): [Value, Value, Value] {
  const [m = 0, n = 0] = x.shape.slice(-2);
  const parts = prim.svd(m < n ? matrixTranspose(x) : x);
  const [u, s, v] = parts as [Value, Value, Value]; // The operation has three results.
  return m < n ? [v, s, u] : [u, s, v];
}

/** Orthonormal columns completed to a square matrix; those that are zero are replaced too. */
function completed(x: Value): Value {
  const [q, r] = prim.qr(x, { full: true }) as [Value, Value]; // The operation has two results.
  const [m = 0, n = 0] = x.shape.slice(-2);
  const sign = where(less(diagonals(r), 0), -1, 1);
  const last = x.ndim - 1;
  const own = multiply(sliceAxis(q, last, 0, n), expandDims(sign, -2));
  return prim.concatenate([own, sliceAxis(q, last, n, m)], last);
}

/**
 * [U, s, Vᵀ] with x = U · diag(s) · Vᵀ: f32[…, m, m], f32[…, min(m, n)] descending, f32[…, n, n]; reduced:
 * f32[…, m, k] and f32[…, k, n].
 */
export function svd(
  operand: ValueLike,
  { fullMatrices = true }: SvdOptions = {},
): [Value, Value, Value] {
  return asOneProgram('np.linalg.svd', () => {
    const x = asMatrices('np.linalg.svd', operand);
    const [u, s, v] = reducedSvd(x);
    const isSquare = x.shape.at(-1) === x.shape.at(-2);
    if (!fullMatrices || isSquare) return [u, s, matrixTranspose(v)];
    return [completed(u), s, matrixTranspose(completed(v))];
  }) as [Value, Value, Value]; // As many as the body returns.
}

/** The singular values, descending: f32[…, min(m, n)]. */
export const svdvals = eagerly(
  'np.linalg.svdvals',
  (x: ValueLike): Value => reducedSvd(asMatrices('np.linalg.svdvals', x))[1],
);

/** int32[…]: −1 where a permutation of rows is odd, else 1, from the exchanges it was made by. */
export function signOfExchanges(pivots: Value): Value {
  const last = pivots.ndim - 1;
  const places = prim.iota('int32', pivots.shape, last);
  const isExchange = prim.convert(prim.ne(pivots, places), 'int32');
  const odd = prim.and(
    prim.reduceSum(isExchange, [last]),
    prim.broadcastInDim(prim.literal(1, 'int32'), pivots.shape.slice(0, -1), []),
  );
  return where(greater(odd, 0), -1, 1);
}

/** The axes in front of matrices. */
export const leadAxes = (x: Value): number[] => range(x.ndim - 2);
