/** Random floats of more distributions, each a formula of uniform or normal ones. */
import { sizeOf } from '../base/aval.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { add, divide, multiply, power, subtract, where } from '../numpy/arithmetic.ts';
import { zeros } from '../numpy/creation.ts';
import { diagonals, eigh, reducedSvd } from '../numpy/decompositions.ts';
import { eagerly } from '../numpy/eager.ts';
import { astype, floor, log, sqrt, square, tan } from '../numpy/elementwise.ts';
import { less, lessEqual } from '../numpy/logic.ts';
import { expandDims, reshape, swapaxes } from '../numpy/movement.ts';
import { broadcastShapes, checkShape, toInexact } from '../numpy/operands.ts';
import { matmul } from '../numpy/products.ts';
import { sum } from '../numpy/reductions.ts';
import * as prim from '../primitives/index.ts';
import { rademacher } from './choices.ts';
import { checkParameters, exponential, normal, uniform } from './continuous.ts';
import { type ShapeLike, splitList } from './key.ts';

const eps = 2 ** -23;

/** The shape asked for, or that of the parameters. */
function shapeOf(op: string, shape: ShapeLike | undefined, parameters: readonly ValueLike[]) {
  const own = parameters.map((p) => (p instanceof Value ? p.shape : []));
  return checkParameters(op, shape ?? broadcastShapes(op, own), parameters);
}

/** Two independent keys. */
const twoKeys = (key: Value): [Value, Value] => splitList(key, 2) as [Value, Value];

/** f32[shape] of the standard Cauchy distribution. */
export const cauchy = eagerly('random.cauchy', (key: Value, shape: ShapeLike = []): Value => {
  const u = uniform(key, shape, { minval: eps, maxval: 1 });
  return tan(multiply(subtract(u, 0.5), Math.PI));
});

/** f32[shape] of the Pareto distribution with exponent `b`. */
export const pareto = eagerly(
  'random.pareto',
  (key: Value, b: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.pareto', shape, [b]);
    return prim.exp(divide(exponential(key, wanted), b));
  },
);

/** f32[shape] of the Rayleigh distribution. */
export const rayleigh = eagerly(
  'random.rayleigh',
  (key: Value, scale: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.rayleigh', shape, [scale]);
    const u = uniform(key, wanted);
    return multiply(scale, sqrt(multiply(log(u), -2)));
  },
);

/** f32[shape] of the Weibull distribution. */
export const weibullMin = eagerly(
  'random.weibullMin',
  (key: Value, scale: ValueLike, concentration: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.weibullMin', shape, [scale, concentration]);
    const u = uniform(key, wanted);
    return multiply(power(prim.neg(prim.log1p(prim.neg(u))), divide(1, concentration)), scale);
  },
);

/** f32[shape] of the Maxwell distribution: the length of a normal vector in three dimensions. */
export const maxwell = eagerly('random.maxwell', (key: Value, shape: ShapeLike = []): Value => {
  const wanted = checkShape('random.maxwell', shape);
  return sqrt(sum(square(normal(key, [...wanted, 3])), { axis: -1 }));
});

/** f32[shape] of the Maxwell distribution on both sides of `loc`. */
export const doubleSidedMaxwell = eagerly(
  'random.doubleSidedMaxwell',
  (key: Value, loc: ValueLike, scale: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.doubleSidedMaxwell', shape, [loc, scale]);
    const [first, second] = twoKeys(key);
    const side = astype(rademacher(second, wanted), 'float32');
    return add(multiply(multiply(maxwell(first, wanted), side), scale), loc);
  },
);

/** f32[shape] of the triangular distribution on [left, right] with its peak at `mode`. */
export const triangular = eagerly(
  'random.triangular',
  (key: Value, left: ValueLike, mode: ValueLike, right: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.triangular', shape, [left, mode, right]);
    const width = subtract(right, left);
    const share = divide(subtract(mode, left), width);
    const u = uniform(key, wanted);
    const low = add(left, sqrt(multiply(multiply(u, width), subtract(mode, left))));
    const high = subtract(
      right,
      sqrt(multiply(multiply(subtract(1, u), width), subtract(right, mode))),
    );
    return where(less(u, share), low, high);
  },
);

/** int32[shape]: the number of trials up to the first success, each with probability `p`. */
export const geometric = eagerly(
  'random.geometric',
  (key: Value, p: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.geometric', shape, [p]);
    const u = uniform(key, wanted);
    const chance = toInexact('random.geometric', p);
    const logU = log(u);
    return astype(add(floor(divide(logU, prim.log1p(prim.neg(chance)))), 1), 'int32');
  },
);

/** f32[shape] of the Wald (inverse Gaussian) distribution with scale 1. */
export const wald = eagerly(
  'random.wald',
  (key: Value, mean: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.wald', shape, [mean]);
    const [first, second] = twoKeys(key);
    const [v, z] = [normal(first, wanted), uniform(second, wanted)];
    const y = square(v);
    const meanSquared = square(toInexact('random.wald', mean));
    const root = sqrt(add(multiply(multiply(4, mean), y), multiply(meanSquared, square(y))));
    const half = multiply(mean, 0.5);
    const x = add(mean, subtract(divide(multiply(meanSquared, y), 2), multiply(half, root)));
    return where(lessEqual(z, divide(mean, add(mean, x))), x, divide(meanSquared, x));
  },
);

/** Options of {@link multivariateNormal}. */
export interface MultivariateNormalOptions {
  /** How the covariance is taken apart; 'svd' and 'eigh' allow singular ones. Default 'cholesky'. */
  readonly method?: 'cholesky' | 'eigh' | 'svd';
}

/** A matrix whose product with its transpose is `cov`. */
function factorOf(cov: Value, method: 'cholesky' | 'eigh' | 'svd'): Value {
  if (method === 'cholesky') return prim.cholesky(cov);
  const [vectors, values] = method === 'svd' ? reducedSvd(cov) : [...eigh(cov)].reverse();
  return multiply(vectors ?? cov, expandDims(sqrt(values ?? cov), -2));
}

/**
 * f32[…shape, n] of normal vectors.
 *
 * @param mean - f32[…, n].
 * @param cov - f32[…, n, n].
 * @param shape - Default: the leading axes of both together.
 */
export const multivariateNormal = eagerly(
  'random.multivariateNormal',
  (
    key: Value,
    mean: ValueLike,
    cov: ValueLike,
    shape?: ShapeLike,
    { method = 'cholesky' }: MultivariateNormalOptions = {},
  ): Value => {
    const op = 'random.multivariateNormal';
    const [centre, spread] = [toInexact(op, mean), toInexact(op, cov)];
    const own = broadcastShapes(op, [centre.shape.slice(0, -1), spread.shape.slice(0, -2)]);
    const lead = checkShape(op, shape ?? own);
    const samples = normal(key, [...lead, centre.shape.at(-1) ?? 0]);
    const moved = matmul(factorOf(spread, method), expandDims(samples, -1));
    return add(reshape(moved, samples.shape), centre);
  },
);

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** New leading axes. Default: none. */
  readonly shape?: ShapeLike;
  /** The number of columns. Default: n. */
  readonly m?: number;
}

/**
 * f32[…shape, n, m] of matrices with orthonormal columns, or rows if there are more columns; evenly distributed.
 *
 * @see Mezzadri 2006, arXiv:math-ph/0609050.
 */
export const orthogonal = eagerly(
  'random.orthogonal',
  (key: Value, n: number, { shape = [], m = n }: OrthogonalOptions = {}): Value => {
    const lead = checkShape('random.orthogonal', shape);
    if (sizeOf(lead) * n * m === 0) return zeros([...lead, n, m]);
    const [q = key, r = key] = prim.qr(normal(key, [...lead, Math.max(n, m), Math.min(n, m)]));
    const found = multiply(q, expandDims(prim.sign(diagonals(r)), -2));
    return n < m ? swapaxes(found, -1, -2) : found;
  },
);

/** f32[shape]: e to the power of a normal sample with standard deviation `sigma`. */
export const lognormal = eagerly(
  'random.lognormal',
  (key: Value, sigma: ValueLike = 1, shape?: ShapeLike): Value => {
    const wanted = shapeOf('random.lognormal', shape, [sigma]);
    return prim.exp(multiply(normal(key, wanted), sigma));
  },
);
