/**
 * Arrays as in NumPy, by the names of `jax.numpy` in camel case: exported as the namespace `np`.
 *
 * What needs transforms is added here to what `core/numpy` has: functions that are vectorized, and ufuncs, which
 * reduce and accumulate.
 *
 * @see https://docs.jax.dev/en/latest/jax.numpy.html
 */
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { makeUfunc } from './ufunc.ts';
import { vectorize } from './vectorize.ts';

export * from '../core/numpy/index.ts';
export { frompyfunc, frompyfunc as ufunc, type Ufunc, type UfuncReduceOptions } from './ufunc.ts';
export { type VectorizeOptions, vectorize } from './vectorize.ts';

/** x + y; the logical or of booleans. A ufunc. */
export const add = makeUfunc('np.add', np.add, 0);
/** x − y. A ufunc. */
export const subtract = makeUfunc('np.subtract', np.subtract, null);
/** x · y; the logical and of booleans. A ufunc. */
export const multiply = makeUfunc('np.multiply', np.multiply, 1);
/** The larger element; NaN if either is. A ufunc. */
export const maximum = makeUfunc('np.maximum', np.maximum, null);
/** The smaller element; NaN if either is. A ufunc. */
export const minimum = makeUfunc('np.minimum', np.minimum, null);
/** The bits that both have. A ufunc. */
export const bitwiseAnd = makeUfunc('np.bitwiseAnd', np.bitwiseAnd, -1);
/** The bits that either has. A ufunc. */
export const bitwiseOr = makeUfunc('np.bitwiseOr', np.bitwiseOr, 0);
/** The bits that exactly one has. A ufunc. */
export const bitwiseXor = makeUfunc('np.bitwiseXor', np.bitwiseXor, 0);
/** True where both are ≠ 0. A ufunc. */
export const logicalAnd = makeUfunc('np.logicalAnd', np.logicalAnd, 1);
/** True where either is ≠ 0. A ufunc. */
export const logicalOr = makeUfunc('np.logicalOr', np.logicalOr, 0);
/** True where exactly one is ≠ 0. A ufunc. */
export const logicalXor = makeUfunc('np.logicalXor', np.logicalXor, 0);
/** log(exp(x) + exp(y)), without overflow. A ufunc. */
export const logaddexp = makeUfunc('np.logaddexp', np.logaddexp, Number.NEGATIVE_INFINITY);
/** log₂(2ˣ + 2ʸ), without overflow. A ufunc. */
export const logaddexp2 = makeUfunc('np.logaddexp2', np.logaddexp2, Number.NEGATIVE_INFINITY);

/**
 * For each element the piece of the last condition that holds; one piece more than there are conditions is for the
 * elements where none does (0 by default). Functions are given one element at a time.
 */
export const piecewise = (
  x: ValueLike,
  conditions: readonly ValueLike[],
  pieces: readonly np.Piece[],
): Value =>
  np.piecewise(
    x,
    conditions,
    pieces.map((piece) => (typeof piece === 'function' ? vectorize(piece) : piece)),
  );
