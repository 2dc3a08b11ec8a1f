/** Linear algebra by the names of `jax.scipy.linalg`. */
import type { Value, ValueLike } from '../ir/value.ts';
import { asMatrices } from '../numpy/decompositions.ts';
import { asOneProgram, eagerly } from '../numpy/eager.ts';
import { expandDims, squeeze } from '../numpy/movement.ts';
import { toInexact } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';

export { cholesky, det, eigh, inv, qr, solve, svd } from '../numpy/linalg.ts';

/** Options of {@link solveTriangular}. */
export interface SolveTriangularOptions {
  /** Reads the lower triangle. Default false: the upper one. */
  readonly lower?: boolean;
  /** Solves with the transposed triangle. Default false. */
  readonly trans?: boolean;
  /** Takes the diagonal as ones. Default false. */
  readonly unitDiagonal?: boolean;
}

/** x with a · x = b for triangular a: f32[…, n, columns], or f32[n] for a b of one axis. */
export const solveTriangular = eagerly(
  'scipy.linalg.solveTriangular',
  (
    a: ValueLike,
    b: ValueLike,
    { lower = false, trans = false, unitDiagonal = false }: SolveTriangularOptions = {},
  ): Value => {
    const matrix = asMatrices('scipy.linalg.solveTriangular', a);
    const right = toInexact('scipy.linalg.solveTriangular', b);
    const columns = right.ndim === 1 ? expandDims(right, 1) : right;
    const options = { lower, transposeA: trans, unitDiagonal };
    const found = prim.triangularSolve(matrix, columns, options);
    return right.ndim === 1 ? squeeze(found, { axis: 1 }) : found;
  },
);

/** [packed L and U, pivots] of each matrix: f32[…, m, n] and int32[…, min(m, n)]. */
export const luFactor = (x: ValueLike): Value[] =>
  asOneProgram('scipy.linalg.luFactor', () =>
    prim.lu(asMatrices('scipy.linalg.luFactor', x)).slice(0, 2),
  );
