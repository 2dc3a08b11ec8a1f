/** Linear algebra: norms and what is built from products. */
import type { Value, ValueLike } from '../ir/value.ts';
import { divide, power } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { abs, astype, sqrt, square } from './elementwise.ts';
import { unknownOption } from './errors.ts';
import { notEqual } from './logic.ts';
import { diagonal, reshape } from './movement.ts';
import { type Axes, normalizeAxes, toInexact } from './operands.ts';
import { max, min, sum } from './reductions.ts';

/** Options of {@link norm}. */
export interface NormOptions {
  /**
   * For vectors: 2 (default, Euclidean), 1 (sum), Infinity (largest), -Infinity (smallest), 0 (count
   * of non-zeros) or any other number p, (Σ|x|ᵖ)^(1/p). For matrices: 'fro' (default), 1 (largest column
   * sum), Infinity (largest row sum), or their negatives.
   */
  readonly ord?: number | 'fro';
  /** One axis for vectors, two for matrices. Default: the whole array, as a vector if `ord` is absent. */
  readonly axis?: Axes;
  /** Whether reduced axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/**
 * The length of vectors or the size of matrices, as a float.
 *
 * @throws EnerjaxError `unknown-option` for an `ord` that is not defined for the number of axes.
 */
export const norm = eagerly(
  'np.linalg.norm',
  (operand: ValueLike, options: NormOptions = {}): Value => {
    const { ord, axis, keepdims = false } = options;
    const x = toInexact('np.linalg.norm', operand);
    const axes = normalizeAxes('np.linalg.norm', axis, x.ndim);
    if (ord === undefined || ord === 'fro') return sqrt(sum(square(x), { axis: axes, keepdims }));
    if (axes.length === 1) return vectorNorm(x, ord, axes, keepdims);
    const [rows, columns] = axes;
    if (axes.length === 2 && rows !== undefined && columns !== undefined) {
      return matrixNorm(x, ord, rows, columns, keepdims);
    }
    throw unknownOption('np.linalg.norm', 'ord', String(ord), "'fro' for more than two axes");
  },
);

function vectorNorm(x: Value, ord: number, axis: readonly number[], keepdims: boolean): Value {
  const options = { axis, keepdims };
  switch (ord) {
    case 2:
      return sqrt(sum(square(x), options));
    case 1:
      return sum(abs(x), options);
    case 0:
      return astype(sum(notEqual(x, 0), options), x.dtype);
    case Infinity:
      return max(abs(x), options);
    case -Infinity:
      return min(abs(x), options);
    default:
      return power(sum(power(abs(x), ord), options), divide(1, ord));
  }
}

function matrixNorm(
  x: Value,
  ord: number,
  rows: number,
  columns: number,
  keepdims: boolean,
): Value {
  const size = Math.abs(ord);
  if (size !== 1 && size !== Infinity) {
    throw unknownOption('np.linalg.norm', 'ord', String(ord), "'fro', 1, -1, Infinity, -Infinity");
  }
  const [summed, compared] = size === 1 ? [rows, columns] : [columns, rows];
  const sums = sum(abs(x), { axis: summed, keepdims: true });
  const kept = (ord > 0 ? max : min)(sums, { axis: compared, keepdims: true });
  const shape = x.shape.filter((_, axis) => axis !== rows && axis !== columns);
  return keepdims ? kept : reshape(kept, shape);
}

/** The sum of the diagonal of the first two axes. */
export const trace = eagerly(
  'np.trace',
  (x: ValueLike, { offset = 0 }: { readonly offset?: number } = {}): Value =>
    sum(diagonal(x, { offset }), { axis: -1 }),
);
