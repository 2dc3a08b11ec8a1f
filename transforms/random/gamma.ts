/** Random floats of the gamma distribution, and what follows from it. */
import { type Shape, sameShape } from '../../core/base/aval.ts';
import { Value, type ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { broadcastShapes, broadcastValue, castTo } from '../../core/numpy/operands.ts';
import { checkParameters, normalOf, uniformOf } from '../../core/random/continuous.ts';
import {
  bitsOfStreams,
  childStreams,
  type ShapeLike,
  type Streams,
  splitList,
  streamsOf,
} from '../../core/random/key.ts';
import { whileLoop } from '../control/while.ts';
import { elementFunction } from '../special/element-function.ts';
import { randomGammaGrad } from '../special/incomplete-gamma.ts';

/**
 * Turns of the rejection loop. One is wasted with a probability of at most 0.06, so that a sample is still
 * missing after so many in one of 10³⁸ cases; it is then the mean.
 */
const maxTurns = 32;
const tiny = 2 ** -126;

/** The samples that are searched for, and where each search stands. */
interface Search {
  readonly outer: Streams;
  /** For the next candidate. */
  readonly inner: Streams;
  /** Decides on that candidate. */
  readonly decision: Streams;
  readonly isFound: Value;
  readonly cube: Value;
}

/** The three streams that the next candidate begins with. */
function begin(streams: Streams): Pick<Search, 'outer' | 'inner' | 'decision'> {
  const [outer, inner, decision] = [0, 1, 2].map((i) => childStreams(streams, i));
  return { outer, inner, decision } as Pick<Search, 'outer' | 'inner' | 'decision'>; // All three are there.
}

const choose = (isFirst: Value, x: Streams, y: Streams): Streams => ({
  first: np.where(isFirst, x.first, y.first),
  second: np.where(isFirst, x.second, y.second),
});

/**
 * v with d · v of the gamma distribution with parameter d + ⅓, for each stream.
 *
 * JAX has one loop in another: the inner one draws until 1 + c x is positive. Here they are one, whose
 * turns are those of the inner loop; keys and decisions are the same.
 *
 * @see Marsaglia & Tsang 2000, "A simple method for generating gamma variables".
 */
function accepted(streams: Streams, d: Value): Value {
  const c = np.divide(1 / 3, np.sqrt(d));
  const first: Search = {
    ...begin(streams),
    isFound: np.zeros(d.shape, { dtype: 'bool' }),
    cube: np.ones(d.shape),
  };
  const last = whileLoop(
    (s) => s.isFound.not().any(),
    (s) => {
      const x = normalOf(bitsOfStreams(childStreams(s.inner, 1)));
      const v = x.mul(c).add(1);
      const isBelow = v.lessEqual(0);
      const [square, cube] = [x.mul(x), v.mul(v).mul(v)];
      const u = uniformOf(bitsOfStreams(s.decision));
      // The first test spares others the second, which alone decides; its rounding differs.
      const isRefused = u
        .greaterEqual(np.subtract(1, square.mul(square).mul(0.0331)))
        .and(
          np
            .log(u)
            .greaterEqual(square.mul(0.5).add(d.mul(np.subtract(1, cube).add(np.log(cube))))),
        );
      const next = begin(s.outer);
      const isNew = s.isFound.not().and(isBelow.not()).and(isRefused.not());
      return {
        outer: choose(isBelow, s.outer, next.outer),
        inner: choose(isBelow, childStreams(s.inner, 0), next.inner),
        decision: choose(isBelow, s.decision, next.decision),
        isFound: s.isFound.or(isNew),
        cube: np.where(isNew, cube, s.cube),
      };
    },
    first,
    { maxIterations: maxTurns },
  );
  return last.cube;
}

/** The sampler's parts, where parameters below 1 are raised by 1 and the sample is scaled down again. */
function parts(
  first: Value,
  second: Value,
  alpha: Value,
): { d: Value; cube: Value; isPlain: Value; scaling: Streams } {
  const streams = { first, second };
  const isPlain = alpha.greaterEqual(1);
  const d = np.where(isPlain, alpha, alpha.add(1)).sub(1 / 3);
  const cube = accepted(childStreams(streams, 0), d);
  return { d, cube, isPlain, scaling: childStreams(streams, 1) };
}

const gammaOf = elementFunction({
  name: 'randomGamma',
  compute: (first, second, alpha) => {
    const { d, cube, isPlain, scaling } = parts(first, second, alpha);
    const share = np.subtract(1, uniformOf(bitsOfStreams(scaling)));
    return d.mul(cube).mul(np.where(isPlain, 1, share.pow(np.divide(1, alpha))));
  },
  partials: [null, null, (sample, _first, _second, alpha) => randomGammaGrad(alpha, sample)],
});

const loggammaOf = elementFunction({
  name: 'randomLoggamma',
  compute: (first, second, alpha) => {
    const { d, cube, isPlain, scaling } = parts(first, second, alpha);
    const share = np.log1p(uniformOf(bitsOfStreams(scaling)).neg());
    const scale = np.where(isPlain.or(share.equal(0)), 0, share.mul(np.divide(1, alpha)));
    return np.log(d).add(np.log(cube)).add(scale);
  },
  partials: [
    null,
    null,
    (sample, _first, _second, alpha) => {
      const plain = np.exp(sample);
      const positive = np.where(plain.equal(0), tiny, plain);
      return randomGammaGrad(alpha, positive).div(positive);
    },
  ],
});

/** f32[…]: a parameter. */
const float = (op: string, x: ValueLike): Value => castTo(op, x, { dtype: 'float32', weak: false });

/** The shape asked for, or that of the parameters. */
export function shapeFor(
  op: string,
  shape: ShapeLike | undefined,
  parameters: readonly ValueLike[],
): Shape {
  const own = parameters.map((p) => (p instanceof Value ? p.shape : []));
  return checkParameters(op, shape ?? broadcastShapes(op, own), parameters);
}

const sampler = (name: string, of: typeof gammaOf) =>
  eagerly(name, (key: Value, a: ValueLike, shape?: ShapeLike): Value => {
    const alpha = float(name, a);
    const wanted = shapeFor(name, shape, [alpha]);
    const { first, second } = streamsOf(name, key, wanted);
    const spread = sameShape(alpha.shape, wanted) ? alpha : broadcastValue(name, alpha, wanted);
    return of(first, second, spread);
  });

/**
 * f32[shape] of the gamma distribution with parameter `a` and scale 1.
 *
 * Differentiable by `a`: the implicit derivative {@link randomGammaGrad}.
 *
 * @param shape - Default: that of `a`.
 * @see `jax.random.gamma`: same keys, same decisions. Logarithms and roots may differ in the last bits.
 */
export const gamma = sampler('random.gamma', gammaOf);

/** f32[shape]: the logarithm of {@link gamma}, exact where that would underflow. */
export const loggamma = sampler('random.loggamma', loggammaOf);

/** Two independent keys. */
export const twoKeys = (key: Value): [Value, Value] => splitList(key, 2) as [Value, Value]; // As many as asked for.

/**
 * f32[shape] of the beta distribution with parameters `a` and `b`, by two gamma samples.
 *
 * @param shape - Default: that of `a` and `b` together.
 */
export const beta = eagerly(
  'random.beta',
  (key: Value, a: ValueLike, b: ValueLike, shape?: ShapeLike): Value => {
    const wanted = shapeFor('random.beta', shape, [a, b]);
    const [first, second] = twoKeys(key);
    const [x, y] = [loggamma(first, a, wanted), loggamma(second, b, wanted)];
    const most = np.maximum(x, y);
    const [p, q] = [np.exp(x.sub(most)), np.exp(y.sub(most))];
    return p.div(p.add(q));
  },
);
