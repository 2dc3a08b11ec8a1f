/** Random floats. */
import { type Shape, sameShape } from '../base/aval.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { add, clip, divide, multiply, subtract } from '../numpy/arithmetic.ts';
import { eagerly } from '../numpy/eager.ts';
import { broadcastShapes, broadcastValue, castTo, checkShape } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';
import { shapeOfParameters } from './errors.ts';
import { bits, type ShapeLike } from './key.ts';

/** The least normal float32. */
const tiny = 2 ** -126;
/** The float32 next to −1 on the side of 0. */
const aboveMinusOne = -1 + 2 ** -24;
const mantissaBits = 23;

const float = (op: string, x: ValueLike): Value => castTo(op, x, { dtype: 'float32', weak: false });

/** The shape, if it holds these parameters. */
export function checkParameters(
  op: string,
  shape: ShapeLike,
  parameters: readonly ValueLike[],
): Shape {
  const wanted = checkShape(op, shape);
  const own = parameters.map((p) => (p instanceof Value ? p.shape : []));
  const spanned = broadcastShapes(op, own);
  const fits =
    spanned.length <= wanted.length && sameShape(broadcastShapes(op, [spanned, wanted]), wanted);
  if (!fits) throw shapeOfParameters(op, spanned, wanted);
  return wanted;
}

/** The range of {@link uniform}; the bounds broadcast to the samples. */
export interface UniformOptions {
  /** Default 0. */
  readonly minval?: ValueLike;
  /** Not reached. Default 1. */
  readonly maxval?: ValueLike;
}

/**
 * f32[shape], evenly distributed from `minval` up to `maxval`, without it.
 *
 * @see `jax.random.uniform`: 23 random mantissa bits under the exponent of 1, less 1.
 */
export const uniform = eagerly(
  'random.uniform',
  (key: Value, shape: ShapeLike = [], options: UniformOptions = {}): Value => {
    const { minval = 0, maxval = 1 } = options;
    const wanted = checkParameters('random.uniform', shape, [minval, maxval]);
    return uniformOf(bits(key, wanted), options);
  },
);

/** f32[…] in the range, made of random bits, uint32[…]. */
export function uniformOf(source: Value, { minval = 0, maxval = 1 }: UniformOptions = {}): Value {
  const op = 'random.uniform';
  const spread = (value: number): Value =>
    broadcastValue(op, prim.literal(value, 'uint32'), source.shape);
  const mantissa = prim.shiftRightLogical(source, spread(32 - mantissaBits));
  const ones = prim.bitcast(prim.or(mantissa, spread(0x3f800000)), 'float32');
  const unit = subtract(ones, 1);
  if (minval === 0 && maxval === 1) return unit;
  const low = float(op, minval);
  const scaled = add(multiply(unit, subtract(float(op, maxval), low)), low);
  return prim.max(broadcastValue(op, low, source.shape), scaled);
}

/** f32[shape] of the standard normal distribution. */
export const normal = eagerly(
  'random.normal',
  (key: Value, shape: ShapeLike = []): Value =>
    normalOf(bits(key, checkShape('random.normal', shape))),
);

/** f32[…] of the standard normal distribution, made of random bits, uint32[…]. */
export const normalOf = (source: Value): Value =>
  multiply(prim.erfInv(uniformOf(source, { minval: aboveMinusOne, maxval: 1 })), Math.SQRT2);

/**
 * f32[shape] of the standard normal distribution, limited to the open interval (lower, upper).
 *
 * @param shape - Default: that of the bounds.
 */
export const truncatedNormal = eagerly(
  'random.truncatedNormal',
  (key: Value, lower: ValueLike, upper: ValueLike, shape?: ShapeLike): Value => {
    const op = 'random.truncatedNormal';
    const [low, high] = [float(op, lower), float(op, upper)];
    const wanted = shape ?? broadcastShapes(op, [low.shape, high.shape]);
    checkParameters(op, wanted, [low, high]);
    const minval = prim.erf(divide(low, Math.SQRT2));
    const maxval = prim.erf(divide(high, Math.SQRT2));
    const u = uniform(key, wanted, { minval, maxval });
    // Rounding may have led onto a bound, which is not part of the interval.
    return clip(
      multiply(prim.erfInv(u), Math.SQRT2),
      neighbour(prim.stopGradient(low), true),
      neighbour(prim.stopGradient(high), false),
    );
  },
);

/** The next float32 above or below. */
function neighbour(x: Value, isAbove: boolean): Value {
  const int = (value: number): Value => broadcastValue('', prim.literal(value, 'int32'), x.shape);
  const zero = broadcastValue('', prim.literal(0, 'float32'), x.shape);
  const pattern = prim.bitcast(x, 'int32');
  const isNegative = prim.lt(x, zero);
  const [away, towards] = [prim.add(pattern, int(1)), prim.sub(pattern, int(1))];
  const moved = isAbove
    ? prim.select(isNegative, towards, away)
    : prim.select(isNegative, away, towards);
  // Zero has neighbours of either sign, whichever sign it has itself.
  const least = isAbove ? int(1) : int(-0x7fffffff);
  return prim.bitcast(prim.select(prim.eq(x, zero), least, moved), 'float32');
}

/** f32[shape] of the exponential distribution with rate 1. */
export const exponential = eagerly(
  'random.exponential',
  (key: Value, shape: ShapeLike = []): Value => prim.neg(prim.log1p(prim.neg(uniform(key, shape)))),
);

/** f32[shape] of the standard Gumbel distribution. */
export const gumbel = eagerly('random.gumbel', (key: Value, shape: ShapeLike = []): Value => {
  const u = uniform(key, shape, { minval: tiny, maxval: 1 });
  return prim.neg(prim.log(prim.neg(prim.log(u))));
});

/** f32[shape] of the standard Laplace distribution. */
export const laplace = eagerly('random.laplace', (key: Value, shape: ShapeLike = []): Value => {
  const u = uniform(key, shape, { minval: aboveMinusOne, maxval: 1 });
  return prim.mul(prim.sign(u), prim.log1p(prim.neg(prim.abs(u))));
});

/** f32[shape] of the standard logistic distribution. */
export const logistic = eagerly('random.logistic', (key: Value, shape: ShapeLike = []): Value => {
  const u = uniform(key, shape, { minval: tiny, maxval: 1 });
  return prim.sub(prim.log(u), prim.log1p(prim.neg(u)));
});
