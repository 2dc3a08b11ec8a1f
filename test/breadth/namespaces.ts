/** The functions that recordings name, and compositions whose results do not depend on a choice of signs. */
import * as image from '../../core/image/index.ts';
import * as np from '../../core/numpy/index.ts';
import * as nn from '../../nn/index.ts';
import { ravelPytree } from '../../transforms/flatten-util.ts';
import * as lax from '../../transforms/lax.ts';
import * as random from '../../transforms/random.ts';
import * as scipy from '../../transforms/scipy/index.ts';

/** V · diag(sin w) · Vᵀ of the eigenvalues w and eigenvectors V, and w. */
function eighRebuilt(x: np.Array): np.Array[] {
  const [w, v] = np.linalg.eigh(x);
  const scaled = np.multiply(v, np.expandDims(np.sin(w), -2));
  return [w, np.matmul(scaled, np.matrixTranspose(v))];
}

/** U · diag(sin s) · Vᵀ and s. */
function svdRebuilt(x: np.Array): np.Array[] {
  const [u, s, vt] = np.linalg.svd(x, { fullMatrices: false });
  return [s, np.matmul(np.multiply(u, np.expandDims(np.sin(s), -2)), vt)];
}

/** x again from its square singular vectors, which must be orthonormal or all is NaN. */
function svdFull(x: np.Array): np.Array {
  const [u, s, vt] = np.linalg.svd(x);
  const k = s.shape.at(-1) ?? 0;
  const parts = [u.get('...', np.slice(0, k)), vt.get('...', np.slice(0, k), np.slice(null, null))];
  const [left = u, right = vt] = parts;
  const whole = np.matmul(np.multiply(left, np.expandDims(s, -2)), right);
  const off = [u, vt].map((q) =>
    np.max(np.abs(np.subtract(np.matmul(q, np.matrixTranspose(q)), np.eye(q.shape.at(-1) ?? 0)))),
  );
  const isOrthonormal = np.logicalAnd(np.less(off[0] ?? 1, 1e-5), np.less(off[1] ?? 1, 1e-5));
  return np.where(isOrthonormal, whole, Number.NaN);
}

type KdeOptions = scipy.stats.GaussianKdeOptions;

/** What a density of samples of two dimensions says. */
function density(data: np.Array, points: np.Array, options: KdeOptions = {}): np.Array[] {
  const kde = scipy.stats.gaussianKde(data, options);
  const other = scipy.stats.gaussianKde(data.get('...', np.slice(0, 4)));
  const met = kde.integrateGaussian(np.array([0.3, 1]), np.eye(2));
  const { neff, covariance } = kde;
  const shared = kde.integrateKde(other);
  return [kde.pdf(points), kde.logpdf(points), neff, covariance, met, shared];
}

/** And of one dimension. */
function density1d(data: np.Array, options: KdeOptions): np.Array[] {
  const kde = scipy.stats.gaussianKde(data, options);
  const drawn = kde.resample(random.key(3), [4]);
  return [kde.integrateBox1d(-1, 0.5), kde.pdf(np.array([0.1, 2])), drawn];
}

/** Values of the function through a grid. */
const onGrid = (
  grid: np.Array[],
  table: np.Array,
  at: np.Array,
  options: scipy.interpolate.GridOptions = {},
): np.Array => scipy.interpolate.regularGridInterpolator(grid, table, options)(at);

/** Two arrays as one vector, by way of the tree that it makes again. */
function ravelled(a: np.Array, b: np.Array): np.Array {
  const [vector, unravel] = ravelPytree({ a, b: [b] });
  return ravelPytree(unravel(vector))[0];
}

/** By their first name. */
export const namespaces = {
  np,
  lax,
  random,
  scipy,
  image,
  nn,
  extra: {
    fft: (real: np.Array, imag: np.Array, o = {}) => np.fft.fft({ real, imag }, o),
    ifft: (real: np.Array, imag: np.Array, o = {}) => np.fft.ifft({ real, imag }, o),
    irfft: (real: np.Array, imag: np.Array, o = {}) => np.fft.irfft({ real, imag }, o),
    ifft2: (real: np.Array, imag: np.Array, o = {}) => np.fft.ifft2({ real, imag }, o),
    eighRebuilt,
    svdRebuilt,
    svdFull,
    density,
    density1d,
    onGrid,
    ravelled,
  },
};
