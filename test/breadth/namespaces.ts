/** The functions that recordings name, and compositions whose results do not depend on a choice of signs. */
import * as image from '../../core/image/index.ts';
import * as np from '../../core/numpy/index.ts';
import * as scipy from '../../core/scipy/index.ts';
import * as nn from '../../nn/index.ts';
import * as lax from '../../transforms/lax.ts';
import * as random from '../../transforms/random.ts';

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
  },
};
