/** Densities of samples by a sum of normal distributions. */
import { registerPytree } from '../../../core/base/pytree.ts';
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { eagerly } from '../../../core/numpy/eager.ts';
import { unknownOption } from '../../../core/numpy/errors.ts';
import * as np from '../../../core/numpy/index.ts';
import { toInexact } from '../../../core/numpy/operands.ts';
import { shapeMismatch } from '../../../core/primitives/errors.ts';
import { cholesky, triangularSolve } from '../../../core/primitives/index.ts';
import { choice, multivariateNormal, splitList } from '../../../core/random.ts';
import { ndtr } from '../../../core/scipy/special.ts';
import { logsumexp } from '../softmax.ts';

/** How wide the normal distributions are: the rule of Scott or Silverman, or a factor. */
export type BandwidthMethod = 'scott' | 'silverman' | ValueLike;

/** Options of {@link gaussianKde}. */
export interface GaussianKdeOptions {
  /** Default 'scott'. */
  readonly bwMethod?: BandwidthMethod;
  /** f32[samples]: how much each sample counts. Default: all the same. */
  readonly weights?: ValueLike;
}

const logTwoPi = Math.log(2 * Math.PI);

type Parts = {
  /** f32[]: how many samples of equal weight would say as much. */
  readonly neff: Value;
  /** f32[dims, samples]. */
  readonly dataset: Value;
  /** f32[samples], adding up to 1. */
  readonly weights: Value;
  /** f32[dims, dims]: of each normal distribution. */
  readonly covariance: Value;
  /** Its inverse. */
  readonly invCov: Value;
};

/** ½ vᵀ C⁻¹ v of the columns v, and the factor before the density. */
function kernel(covariance: Value, columns: Value): { halves: Value; factor: Value } {
  const root = cholesky(covariance);
  const solved = triangularSolve(root, columns, { lower: true });
  const size = np.prod(np.diagonal(root)).mul((2 * Math.PI) ** ((columns.shape[0] ?? 0) / 2));
  return { halves: np.sum(np.square(solved), { axis: 0 }).mul(0.5), factor: np.divide(1, size) };
}

/** The density of samples; made by {@link gaussianKde}. A node of trees. */
export class GaussianKde {
  /** f32[]: how many samples of equal weight would say as much. */
  readonly neff: Value;
  /** f32[dims, samples]. */
  readonly dataset: Value;
  /** f32[samples], adding up to 1. */
  readonly weights: Value;
  /** f32[dims, dims]: the covariance of the normal distribution around each sample. */
  readonly covariance: Value;
  /** f32[dims, dims]: its inverse. */
  readonly invCov: Value;

  constructor({ neff, dataset, weights, covariance, invCov }: Parts) {
    this.neff = neff;
    this.dataset = dataset;
    this.weights = weights;
    this.covariance = covariance;
    this.invCov = invCov;
  }

  /** The number of dimensions. */
  get d(): number {
    return this.dataset.shape[0] ?? 0;
  }

  /** The number of samples. */
  get n(): number {
    return this.dataset.shape[1] ?? 0;
  }

  /** f32[points]: the density at points f32[dims, points]. @throws `shape-mismatch` */
  evaluate(points: ValueLike): Value {
    return eagerly('scipy.stats.gaussianKde.evaluate', () =>
      np.dot(np.exp(this.#exponents(points)), this.weights),
    )();
  }

  /** {@link GaussianKde.evaluate}. */
  pdf(points: ValueLike): Value {
    return this.evaluate(points);
  }

  /** The logarithm of the density. @throws `shape-mismatch` */
  logpdf(points: ValueLike): Value {
    return eagerly('scipy.stats.gaussianKde.logpdf', () =>
      logsumexp(this.#exponents(points).add(np.log(this.weights)), { axis: 1 }),
    )();
  }

  /** The integral of the density times a normal distribution: f32[dims], f32[dims, dims]. */
  integrateGaussian(mean: ValueLike, cov: ValueLike): Value {
    return eagerly('scipy.stats.gaussianKde.integrateGaussian', () => {
      const centre = np.ravel(mean).reshape(this.d, 1);
      const spread = this.covariance.add(np.reshape(cov, [this.d, this.d]));
      return this.#overlap(spread, centre).get(0);
    })();
  }

  /** The integral from low to high, of one dimension. @throws `shape-mismatch` for more. */
  integrateBox1d(low: ValueLike, high: ValueLike): Value {
    const op = 'scipy.stats.gaussianKde.integrateBox1d';
    if (this.d !== 1) throw shapeMismatch(op, [this.dataset.aval]);
    return eagerly(op, () => {
      const width = np.sqrt(this.covariance.reshape([]));
      const at = this.dataset.ravel();
      const below = (x: ValueLike): Value => ndtr(np.subtract(x, at).div(width));
      return np.dot(this.weights, below(high).sub(below(low)));
    })();
  }

  /** The integral of the product of two densities. @throws `shape-mismatch` for other dimensions. */
  integrateKde(other: GaussianKde): Value {
    const op = 'scipy.stats.gaussianKde.integrateKde';
    if (other.d !== this.d) throw shapeMismatch(op, [this.dataset.aval, other.dataset.aval]);
    return eagerly(op, () =>
      np.dot(this.#overlap(this.covariance.add(other.covariance), other.dataset), other.weights),
    )();
  }

  /** f32[dims, …shape]: new samples. The same as JAX's for one key. */
  resample(key: Value, shape: readonly number[] = []): Value {
    return eagerly('scipy.stats.gaussianKde.resample', () => {
      const [forIndex = key, forNoise = key] = splitList(key, 2);
      const index = choice(forIndex, this.n, shape, { p: this.weights });
      const noise = multivariateNormal(forNoise, np.zeros([this.d]), this.covariance, shape);
      return np.take(this.dataset, index, { axis: 1 }).add(noise.T);
    })();
  }

  /** f32[points, samples]: the logarithm of each normal distribution at each point. */
  #exponents(points: ValueLike): Value {
    const given = np.atleast2d(toInexact('scipy.stats.gaussianKde', points));
    const isTurned = given.shape[0] === 1 && given.shape[1] === this.d;
    const at = given.shape[0] !== this.d && isTurned ? given.reshape(this.d, 1) : given;
    if (at.shape[0] !== this.d)
      throw shapeMismatch('scipy.stats.gaussianKde', [at.aval, this.dataset.aval]);
    const whitening = cholesky(this.invCov);
    const [from, to] = [np.dot(this.dataset.T, whitening), np.dot(at.T, whitening)];
    const apart = np.expandDims(to, 1).sub(np.expandDims(from, 0));
    const norm = np.sum(np.log(np.diagonal(whitening))).sub(0.5 * this.d * logTwoPi);
    return norm.sub(np.sum(np.square(apart), { axis: -1 }).mul(0.5));
  }

  /** f32[points]: Σ weight · N(point; sample, spread). */
  #overlap(spread: Value, points: Value): Value {
    const apart = np.expandDims(points, 2).sub(np.expandDims(this.dataset, 1));
    const { halves, factor } = kernel(spread, apart.reshape(this.d, -1));
    const terms = np.exp(halves.neg()).reshape(points.shape[1] ?? 0, this.n);
    return np.dot(terms, this.weights).mul(factor);
  }
}

registerPytree(GaussianKde, {
  flatten: ({ neff, dataset, weights, covariance, invCov }) => ({
    children: { neff, dataset, weights, covariance, invCov },
  }),
  unflatten: (children) => new GaussianKde(children),
});

function bandwidth(method: BandwidthMethod, neff: Value, d: number): ValueLike {
  if (method === 'scott') return np.power(neff, -1 / (d + 4));
  if (method === 'silverman') return np.power(neff.mul((d + 2) / 4), -1 / (d + 4));
  if (typeof method !== 'string') return method;
  throw unknownOption(
    'scipy.stats.gaussianKde',
    'bwMethod',
    method,
    "'scott', 'silverman', a number",
  );
}

/**
 * The density of samples: a normal distribution around each.
 *
 * @param dataset - f32[dims, samples], or f32[samples] for one dimension.
 * @throws `shape-mismatch` for other than one weight per sample; `unknown-option`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.scipy.stats.gaussian_kde.html
 */
export function gaussianKde(
  dataset: ValueLike,
  { bwMethod = 'scott', weights }: GaussianKdeOptions = {},
): GaussianKde {
  const op = 'scipy.stats.gaussianKde';
  const data = np.atleast2d(toInexact(op, dataset));
  const [d = 1, n = 1] = data.shape;
  const given = weights === undefined ? np.full([n], 1 / n) : toInexact(op, weights);
  if (given.ndim !== 1 || given.size !== n) throw shapeMismatch(op, [data.aval, given.aval]);
  const shares = weights === undefined ? given : given.div(np.sum(given));
  const neff = np.divide(1, np.sum(np.square(shares)));
  const factor = np.square(bandwidth(bwMethod, neff, d));
  const spread = np.cov(data, { aweights: shares }).reshape(d, d);
  const covariance = spread.mul(factor);
  const invCov = np.linalg.inv(spread).div(factor);
  return new GaussianKde({ neff, dataset: data, weights: shares, covariance, invCov });
}
