/** The functions that recordings name, and compositions of those that take functions or pairs. */
import { flattenUtil, image, lax, nn, np, random, scipy } from '../../index.ts';

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
  const [vector, unravel] = flattenUtil.ravelPytree({ a, b: [b] });
  return flattenUtil.ravelPytree(unravel(vector))[0];
}

type A = np.Array;

const rowSquares = (x: A): A => np.sum(np.multiply(x, x));
const ends = (x: A): A => np.stack([x.get(np.slice(0, 2)), x.get(np.slice(-2, null))]);
const hypotenuse = np.frompyfunc((a: A, b: A) => np.sqrt(a.mul(a).add(b.mul(b))), 2, 1, {
  identity: 0,
});
const points = { start: 0, stop: 1, points: 4 };

/** Functions of the array API that take functions, lists or pairs, on what a recording can hold. */
const ofNumpy = {
  packbits: (x: np.Array, options: np.PackbitsOptions): np.Array =>
    np.packbits(x, options).astype('uint32'),
  unpackbits: (x: np.Array, options: np.UnpackbitsOptions): np.Array =>
    np.unpackbits(x.astype('uint8'), options).astype('int32'),
  applyAlongAxis: (x: A, axis: number) => np.applyAlongAxis(rowSquares, axis, x),
  applyAlongAxis$2: (x: A, axis: number) => np.applyAlongAxis(ends, axis, x),
  applyOverAxes: (x: A, axes: number[]) =>
    np.applyOverAxes((v, axis) => np.sum(v, { axis }), x, axes),
  block: (a: A, b: A, c: A, d: A) =>
    np.block([
      [a, b],
      [c, d],
    ]),
  block$2: (a: A, b: A) => np.block([a, b, 1.5]).at(-1).set(1),
  block$3: (a: A) => np.block([[[a], [a]]]),
  maskIndices: (n: number, k: number) =>
    np.maskIndices(n, (x, own) => np.triu(x, { k: own }), k, { size: 6 }),
  fromfunction: (shape: number[]) => np.fromfunction((a, b) => a.mul(3).add(b), shape),
  mgrid: () => np.mgrid(np.slice(0, 5), np.slice(1, 3)),
  mgrid$2: () => np.mgrid(np.slice(0, 6, 2), points, np.slice(2, 3)),
  mgrid$3: () => np.mgrid(np.slice(4, 1, -1)),
  ogrid: () => np.ogrid(np.slice(0, 5), np.slice(1, 3)),
  ogrid$2: () => np.ogrid(np.slice(0, 6, 2), points),
  r_: (x: A) => np.r_(np.slice(0, 3), x, 5.5, { start: -1, stop: 1, points: 5 }).at(6).set(5),
  r_$2: (x: A, y: A) => np.r_(x, y),
  c_: (x: A, y: A) => np.c_(x, y),
  c_$2: (x: A, y: A) => np.c_(x, y, x),
  piecewise: (x: A) =>
    np.piecewise(x, [x.less(-1), x.greater(1)], [(v: A) => v.mul(v), 5, (v: A) => v.add(1)]),
  piecewise$2: (x: A) => np.piecewise(x, [x.less(0), x.less(1)], [-1, (v: A) => np.exp(v)]),
  vectorize: np.vectorize((a: A, b: A) => np.sin(a).mul(b)),
  vectorize$2: np.vectorize((a: A, b: A) => np.dot(a, b), { signature: '(k),(k)->()' }),
  vectorize$3: np.vectorize((a: A, b: A) => np.matmul(a, b), { signature: '(n,m),(m)->(n)' }),
  vectorize$4: np.vectorize((v: A) => [v.sum(), v.mul(2)], { signature: '(k)->(),(k)' }),
  frompyfunc: (x: A, y: A) => hypotenuse(x, y),
  frompyfunc$2: (x: A) => hypotenuse.reduce(x),
  frompyfunc$3: (x: A) => hypotenuse.accumulate(x),
  frombuffer: () =>
    np.frombuffer(new Float32Array([1.5, 2, 3]), { dtype: 'float32', count: 2, offset: 4 }),
  finfo: () => {
    const { bits, eps, max, min, tiny, smallestNormal, smallestSubnormal } = np.finfo('float32');
    return [bits, eps, max, min, tiny, smallestNormal, smallestSubnormal];
  },
  fft: {
    fft: (real: A, imag: A, o = {}) => np.fft.fft({ real, imag }, o),
    ifft: (real: A, imag: A, o = {}) => np.fft.ifft({ real, imag }, o),
    irfft: (real: A, imag: A, o = {}) => np.fft.irfft({ real, imag }, o),
    ifft2: (real: A, imag: A, o = {}) => np.fft.ifft2({ real, imag }, o),
    ifftn: (real: A, imag: A, o = {}) => np.fft.ifftn({ real, imag }, o),
    irfftn: (real: A, imag: A, o = {}) => np.fft.irfftn({ real, imag }, o),
    irfft2: (real: A, imag: A, o = {}) => np.fft.irfft2({ real, imag }, o),
    hfft: (real: A, imag: A, o = {}) => np.fft.hfft({ real, imag }, o),
  },
};

const newton = (f: (x: A) => A, guess: A): A =>
  lax.foriLoop(0, 12, (_, x: A) => x.sub(f(x).div(x.mul(2))), guess);

const root = (a: A): A =>
  lax.customRoot(
    (x: A) => x.mul(x).sub(a),
    np.array(1.5),
    newton,
    (g, y) => y.div(g(np.array(1))),
  );

const rows = {
  updateWindowDims: [1],
  insertedWindowDims: [0],
  scatterDimsToOperandDims: [0],
  operandBatchingDims: [],
  indicesBatchingDims: [],
  mode: 'drop',
} as const;

const ofLax = {
  dynamicSlice: (x: A, start: A) => lax.dynamicSlice(x, [start, 1], [2, 2]),
  dynamicUpdateSlice: (x: A, update: A, start: A) => lax.dynamicUpdateSlice(x, update, [start, 1]),
  indexTake: (x: A, p: A, q: A) => lax.indexTake(x, [p, q], [0, 1]),
  stack: (x: A, y: A) => lax.stack([x, y], 1),
  concatenate: (x: A, y: A) => lax.concatenate([x, y], 1),
  reduce: (x: A, axes: number[]) => lax.reduce(x, 0, lax.add, axes),
  reduce$2: (x: A, axes: number[]) => lax.reduce(x, -Infinity, lax.max, axes),
  reduce$3: (x: A, axes: number[]) => lax.reduce(x, 1, lax.mul, axes),
  scatterApply: (x: A) =>
    lax.scatterApply(
      x,
      np.array([[0], [3], [9]], { dtype: 'int32' }),
      (v) => v.mul(3).add(1),
      rows,
      [3, 2],
    ),
  gather: (x: A) =>
    lax.gather(x, np.array([[0], [4], [9]], { dtype: 'int32' }), {
      offsetDims: [1],
      collapsedSliceDims: [0],
      startIndexMap: [0],
      operandBatchingDims: [],
      indicesBatchingDims: [],
      sliceSizes: [1, 2],
      mode: 'clip',
    }),
  fft: (real: A, imag: A, type: 'fft', lengths: number[]) => lax.fft({ real, imag }, type, lengths),
  customRoot: (x: A) => np.stack([root(x.get(0)), root(x.get(1))]),
  customLinearSolve: (m: A, b: A) =>
    lax.customLinearSolve(
      (x: A) => np.matmul(m, x),
      b,
      (_, right) => np.linalg.solve(m, right),
      { transposeSolve: (_, right) => np.linalg.solve(m.T, right) },
    ),
  optimizationBarrier: (x: A) => lax.optimizationBarrier(np.sin(x)),
  platformDependent: (x: A) => lax.platformDependent({ default: (v: A) => np.sin(v) }, x),
  map: (x: A) => lax.map((row: A) => np.sum(row.mul(row)), x),
  linalg: {
    triangularSolve: (a: A, b: A) => lax.linalg.triangularSolve(a, b, { lower: true }),
  },
};

type Make = (key: A, shape: number[], ...options: never[]) => A;

const drawn =
  (make: () => nn.Initializer): Make =>
  (key, shape) =>
    make()(key, shape, 'float32');

const ofNetworks = {
  lecunNormal: drawn(() => nn.initializers.lecunNormal()),
  lecunUniform: drawn(() => nn.initializers.lecunUniform()),
  glorotNormal: drawn(() => nn.initializers.glorotNormal()),
  glorotNormal$2: drawn(() => nn.initializers.xavierNormal({ inAxis: 0, outAxis: 1 })),
  glorotUniform: drawn(() => nn.initializers.glorotUniform()),
  heNormal: drawn(() => nn.initializers.kaimingNormal()),
  heUniform: drawn(() => nn.initializers.heUniform()),
  normal: drawn(() => nn.initializers.normal(0.3)),
  uniform: drawn(() => nn.initializers.uniform(0.3)),
  truncatedNormal: drawn(() => nn.initializers.truncatedNormal(0.3, { lower: -1, upper: 3 })),
  zeros: drawn(() => nn.initializers.zeros),
  ones: drawn(() => nn.initializers.ones),
  constant: drawn(() => nn.initializers.constant(0.3)),
  varianceScaling: (key: A, shape: number[], mode: nn.FanMode, distribution: nn.Distribution) =>
    nn.initializers.varianceScaling(2.5, mode, distribution)(key, shape, 'float32'),
  orthogonal: (key: A, shape: number[], columnAxis: number) =>
    nn.initializers.orthogonal(1.5, { columnAxis })(key, shape, 'float32'),
  deltaOrthogonal: drawn(() => nn.initializers.deltaOrthogonal()),
};

const total = (x: A): A => np.sum(np.cos(x));

/** Sums of what large matrices give. */
const big = {
  solve: (a: A, b: A) => total(np.linalg.solve(a, b)),
  inv: (a: A) => total(np.linalg.inv(a)),
  slogdet: (a: A) => np.linalg.slogdet(a)[1],
  cholesky: (a: A) => total(np.linalg.cholesky(a)),
  qr: (a: A) => total(np.abs(np.linalg.qr(a)[1] ?? a)),
  eigh: (a: A) => total(np.linalg.eigh(a)[0]),
  svd: (a: A) => total(np.linalg.svdvals(a)),
};

/** By their first name. */
export const namespaces = {
  np,
  lax,
  random,
  scipy,
  image,
  nn,
  extra: {
    ...ofNumpy.fft,
    eighRebuilt,
    svdRebuilt,
    svdFull,
    density,
    density1d,
    onGrid,
    ravelled,
    np: ofNumpy,
    lax: ofLax,
    nn: ofNetworks,
    big,
  },
};
