/** Cosine transforms by the names of `jax.scipy.fft`: type 2 and its inverse. */
import { range } from '../../core/base/aval.ts';
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { normalizeAxes, normalizeAxis, toInexact } from '../../core/numpy/operands.ts';

/** Options of {@link dct} and {@link idct}. */
export interface DctOptions {
  /** The axis to transform. Default −1. */
  readonly axis?: number;
  /** 'ortho' makes the transform an orthogonal matrix. Default: neither way of it is. */
  readonly norm?: 'ortho';
}

/** Options of {@link dctn} and {@link idctn}. */
export interface DctnOptions {
  /** The axes to transform. Default: all. */
  readonly axes?: readonly number[];
  /** See {@link DctOptions}. */
  readonly norm?: 'ortho';
}

/** f32[n, n]: 2 cos(π k (2 i + 1) / 2n) in row i and column k, with the shares of the orthogonal form. */
function cosines(n: number, isOrthogonal: boolean): Value {
  const rows = range(n).map((i) =>
    range(n).map((k) => {
      // Whole turns are taken off before the multiplication with π, so that large n lose no digits.
      const angle = ((k * (2 * i + 1)) % (4 * n)) / (2 * n);
      const share = isOrthogonal ? Math.sqrt((k === 0 ? 1 : 2) / n) / 2 : 1;
      return 2 * Math.cos(Math.PI * angle) * share;
    }),
  );
  return np.array(rows);
}

/** What takes the matrix of {@link cosines} back. */
function inverse(n: number, isOrthogonal: boolean): Value {
  const forward = cosines(n, isOrthogonal).T;
  if (isOrthogonal) return forward;
  const shares = np.array(range(n).map((k) => (k === 0 ? 1 : 2) / (4 * n))).reshape(n, 1);
  return forward.mul(shares);
}

type Matrix = (n: number, isOrthogonal: boolean) => Value;

function along(x: Value, axis: number, matrix: Matrix, norm: 'ortho' | undefined): Value {
  const factor = matrix(x.shape[axis] ?? 1, norm === 'ortho');
  return np.moveaxis(np.matmul(np.moveaxis(x, axis, -1), factor), -1, axis);
}

const one = (name: string, matrix: Matrix) =>
  eagerly(`scipy.fft.${name}`, (x: ValueLike, { axis = -1, norm }: DctOptions = {}): Value => {
    const given = np.atleast1d(toInexact(`scipy.fft.${name}`, x));
    return along(given, normalizeAxis(`scipy.fft.${name}`, axis, given.ndim), matrix, norm);
  });

const many = (name: string, matrix: Matrix) =>
  eagerly(`scipy.fft.${name}`, (x: ValueLike, { axes, norm }: DctnOptions = {}): Value => {
    const given = toInexact(`scipy.fft.${name}`, x);
    const places = normalizeAxes(`scipy.fft.${name}`, axes, given.ndim);
    return places.reduce((found, axis) => along(found, axis, matrix, norm), given);
  });

/** The cosine transform, type 2. */
export const dct = one('dct', cosines);
/** The inverse of {@link dct}. */
export const idct = one('idct', inverse);
/** The cosine transform along several axes. */
export const dctn = many('dctn', cosines);
/** The inverse of {@link dctn}. */
export const idctn = many('idctn', inverse);
