/** The length of vectors and the size of matrices; the trace. */
import type { Value, ValueLike } from '../ir/value.ts';
import { divide, power } from './arithmetic.ts';
import { reducedSvd } from './decompositions.ts';
import { eagerly } from './eager.ts';
import { abs, astype, sqrt, square } from './elementwise.ts';
import { unknownOption } from './errors.ts';
import { notEqual } from './logic.ts';
import { diagonal, moveaxis, reshape } from './movement.ts';
import { type Axes, normalizeAxes, toInexact } from './operands.ts';
import { max, min, sum } from './reductions.ts';

/** Options of {@link norm}. */
export interface NormOptions {
  /**
   * For vectors: 2 (default, Euclidean), 1 (sum), Infinity (largest), -Infinity (smallest), 0 (count
   * of non-zeros) or any other number p, (Σ|x|ᵖ)^(1/p). For matrices: 'fro' (default), 1 (largest column
   * sum), Infinity (largest row sum), 2 (largest singular value), their negatives, or 'nuc' (sum of singular values).
   */
  readonly ord?: number | 'fro' | 'nuc';
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
    if (axes.length === 1 && ord !== 'nuc') return lengths(x, ord, axes, keepdims);
    const [rows, columns] = axes;
    if (axes.length === 2 && rows !== undefined && columns !== undefined) {
      return sizes(x, ord, rows, columns, keepdims);
    }
    throw unknownOption('np.linalg.norm', 'ord', String(ord), "'fro' for more than two axes");
  },
);

function lengths(x: Value, ord: number, axis: readonly number[], keepdims: boolean): Value {
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

function sizes(
  x: Value,
  ord: number | 'nuc',
  rows: number,
  columns: number,
  keepdims: boolean,
): Value {
  const shape = x.shape.filter((_, axis) => axis !== rows && axis !== columns);
  const size = ord === 'nuc' ? ord : Math.abs(ord);
  if (size !== 1 && size !== Infinity && size !== 2 && size !== 'nuc') {
    const known = "'fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity";
    throw unknownOption('np.linalg.norm', 'ord', String(ord), known);
  }
  if (size === 2 || size === 'nuc') {
    const [, values] = reducedSvd(moveaxis(x, [rows, columns], [-2, -1]));
    const combine = ord === 'nuc' ? sum : ord === 2 ? max : min;
    const found = combine(values, { axis: -1 });
    const kept = x.shape.map((length, axis) => (axis === rows || axis === columns ? 1 : length));
    return keepdims ? reshape(found, kept) : found;
  }
  const [summed, compared] = size === 1 ? [rows, columns] : [columns, rows];
  const sums = sum(abs(x), { axis: summed, keepdims: true });
  const kept = (ord !== 'nuc' && ord > 0 ? max : min)(sums, { axis: compared, keepdims: true });
  return keepdims ? kept : reshape(kept, shape);
}

/** Options of {@link vectorNorm}. */
export interface VectorNormOptions {
  /** See {@link NormOptions}. Default 2. */
  readonly ord?: number;
  /** Default: all axes, as one long vector. */
  readonly axis?: Axes;
  /** Whether reduced axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** The length of vectors along some axes together. */
export const vectorNorm = eagerly(
  'np.linalg.vectorNorm',
  (operand: ValueLike, { ord = 2, axis, keepdims = false }: VectorNormOptions = {}): Value => {
    const x = toInexact('np.linalg.vectorNorm', operand);
    return lengths(x, ord, normalizeAxes('np.linalg.vectorNorm', axis, x.ndim), keepdims);
  },
);

/** The size of matrices on the last two axes; the Frobenius norm by default. */
export const matrixNorm = (
  x: ValueLike,
  { ord = 'fro', keepdims = false }: Omit<NormOptions, 'axis'> = {},
): Value => norm(x, { ord, keepdims, axis: [-2, -1] });

/** The sum of the diagonal of the first two axes. */
export const trace = eagerly(
  'np.trace',
  (x: ValueLike, { offset = 0 }: { readonly offset?: number } = {}): Value =>
    sum(diagonal(x, { offset }), { axis: -1 }),
);
