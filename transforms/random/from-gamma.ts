/** Random floats of distributions that gamma samples lead to. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { castTo, checkShape } from '../../core/numpy/operands.ts';
import { rademacher } from '../../core/random/choices.ts';
import { checkParameters, exponential, normal } from '../../core/random/continuous.ts';
import type { ShapeLike } from '../../core/random/key.ts';
import { noCategories } from './errors.ts';
import { gamma, loggamma, shapeFor, twoKeys } from './gamma.ts';

const float = (op: string, x: ValueLike): Value => castTo(op, x, { dtype: 'float32', weak: false });

/**
 * f32[shape], the chi-square distribution with `df` degrees of freedom.
 *
 * @param shape - Default: that of `df`.
 */
export const chisquare = eagerly(
  'random.chisquare',
  (key: Value, df: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeFor('random.chisquare', shape, [df]);
    const half = float('random.chisquare', df).div(2);
    return np.exp(loggamma(key, half, wanted)).mul(2);
  },
);

/**
 * f32[shape] of Student's t distribution with `df` degrees of freedom.
 *
 * @param shape - Default: that of `df`.
 */
export const t = eagerly('random.t', (key: Value, df: ValueLike, shape?: ShapeLike): Value => {
  const wanted = shapeFor('random.t', shape, [df]);
  const [first, second] = twoKeys(key);
  const half = float('random.t', df).div(2);
  return normal(first, wanted).mul(np.sqrt(half.div(gamma(second, half, wanted))));
});

/**
 * f32[shape] of the F distribution with `numerator` and `denominator` degrees of freedom.
 *
 * @param shape - Default: that of both together.
 */
export const f = eagerly(
  'random.f',
  (key: Value, numerator: ValueLike, denominator: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeFor('random.f', shape, [numerator, denominator]);
    const [below, above] = twoKeys(key);
    const top = chisquare(above, numerator, wanted).div(numerator);
    return top.div(chisquare(below, denominator, wanted).div(denominator));
  },
);

/**
 * f32[…shape, n] of the Dirichlet distribution: shares that add up to 1.
 *
 * @param alpha - f32[…, n].
 * @param shape - Default: that of `alpha` without its last axis.
 * @throws `no-categories` if `alpha` has no axis.
 */
export const dirichlet = eagerly(
  'random.dirichlet',
  (key: Value, alpha: ValueLike, shape?: ShapeLike): Value => {
    const weights = float('random.dirichlet', alpha);
    const n = weights.shape.at(-1);
    if (n === undefined) throw noCategories('random.dirichlet', weights.aval);
    const lead = checkShape('random.dirichlet', shape ?? weights.shape.slice(0, -1));
    const wanted = checkParameters('random.dirichlet', [...lead, n], [weights]);
    const logs = loggamma(key, weights, wanted);
    const parts = np.exp(logs.sub(logs.max({ axis: -1, keepdims: true })));
    return parts.div(parts.sum({ axis: -1, keepdims: true }));
  },
);

/** f32[shape] with a density proportional to exp(−|x|ᵖ). */
export const generalizedNormal = eagerly(
  'random.generalizedNormal',
  (key: Value, p: ValueLike, shape: ShapeLike = []): Value => {
    const wanted = checkParameters('random.generalizedNormal', shape, [p]);
    const [first, second] = twoKeys(key);
    const inverse = np.divide(1, p);
    const size = gamma(first, inverse, wanted).pow(inverse);
    return rademacher(second, wanted).mul(size);
  },
);

/** Options of {@link ball}. */
export interface BallOptions {
  /** Which norm bounds the ball. Default 2. */
  readonly p?: ValueLike;
  /** Leading axes. Default: none. */
  readonly shape?: ShapeLike;
}

/**
 * f32[…shape, d], evenly distributed in the unit ball of d dimensions.
 *
 * @see Barthe et al. 2005, "A probabilistic approach to the geometry of the ℓₚⁿ ball", arXiv:math/0503650.
 */
export const ball = eagerly(
  'random.ball',
  (key: Value, d: number, { p = 2, shape = [] }: BallOptions = {}): Value => {
    const lead = checkShape('random.ball', shape);
    const [first, second] = twoKeys(key);
    const g = generalizedNormal(first, p, checkShape('random.ball', [...lead, d]));
    const total = g.abs().pow(p).sum({ axis: -1 }).add(exponential(second, lead));
    return g.div(np.expandDims(total.pow(np.divide(1, p)), -1));
  },
);
