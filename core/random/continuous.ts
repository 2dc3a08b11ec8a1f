/** Random floats. */
import { type Shape, sameShape } from '../base/aval.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { add, clip, divide, multiply, subtract } from '../numpy/arithmetic.ts';
import { eagerly } from '../numpy/eager.ts';
import { broadcastShapes, broadcastValue, castTo, checkShape } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';
import { shapeOfParameters } from './errors.ts';
import { bits, type ShapeLike } from './key.ts';

/** A float type. */
export type FloatType = 'float32' | 'bfloat16' | 'float16';

/** Options of draws of floats. */
export interface FloatOptions {
  /** Default float32. */
  readonly dtype?: FloatType;
}

/** How many random bits a uniform number takes, how many of them fill the fraction, and the number 1. */
const formats = {
  float32: { drawn: 32, fraction: 23, one: 0x3f800000, tiny: 2 ** -126, bits: 'uint32' },
  // Eight bits are enough for seven of fraction: JAX draws no more.
  bfloat16: { drawn: 8, fraction: 7, one: 0x3f80, tiny: 2 ** -126, bits: 'uint16' },
  float16: { drawn: 16, fraction: 10, one: 0x3c00, tiny: 2 ** -14, bits: 'uint16' },
} as const;

/** The number next to −1 on the side of 0. */
const aboveMinusOne = (dtype: FloatType): number => -1 + 2 ** -(formats[dtype].fraction + 1);

const float = (op: string, x: ValueLike, dtype: FloatType): Value =>
  castTo(op, x, { dtype, weak: false });

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
export interface UniformOptions extends FloatOptions {
  /** Default 0. */
  readonly minval?: ValueLike;
  /** Not reached. Default 1. */
  readonly maxval?: ValueLike;
}

/**
 * dtype[shape], evenly distributed from `minval` up to `maxval`, without it.
 *
 * @see `jax.random.uniform`: random mantissa bits under the exponent of 1, less 1.
 */
export const uniform = eagerly(
  'random.uniform',
  (
    key: Value,
    shape: ShapeLike = [],
    { minval = 0, maxval = 1, dtype = 'float32' }: UniformOptions = {},
  ): Value => {
    const op = 'random.uniform';
    const wanted = checkParameters(op, shape, [minval, maxval]);
    const { drawn, fraction, one, bits: word } = formats[dtype];
    const spread = (value: number): Value => broadcastValue(op, prim.literal(value, word), wanted);
    const random = bits(key, wanted);
    const low = drawn === 8 ? prim.convert(random, 'uint8') : random;
    const mantissa = prim.shiftRightLogical(prim.convert(low, word), spread(drawn - fraction));
    const ones = prim.bitcast(prim.or(mantissa, spread(one)), dtype);
    const unit = subtract(ones, 1);
    if (minval === 0 && maxval === 1) return unit;
    const least = float(op, minval, dtype);
    const scaled = add(multiply(unit, subtract(float(op, maxval, dtype), least)), least);
    return prim.max(broadcastValue(op, least, wanted), scaled);
  },
);

/** dtype[shape] of the standard normal distribution. */
export const normal = eagerly(
  'random.normal',
  (key: Value, shape: ShapeLike = [], { dtype = 'float32' }: FloatOptions = {}): Value => {
    const u = uniform(key, shape, { minval: aboveMinusOne(dtype), maxval: 1, dtype });
    return multiply(prim.erfInv(u), Math.SQRT2);
  },
);

/**
 * f32[shape] of the standard normal distribution, limited to the open interval (lower, upper).
 *
 * @param shape - Default: that of the bounds.
 */
export const truncatedNormal = eagerly(
  'random.truncatedNormal',
  (key: Value, lower: ValueLike, upper: ValueLike, shape?: ShapeLike): Value => {
    const op = 'random.truncatedNormal';
    const [low, high] = [float(op, lower, 'float32'), float(op, upper, 'float32')];
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

/** dtype[shape] of the exponential distribution with rate 1. */
export const exponential = eagerly(
  'random.exponential',
  (key: Value, shape: ShapeLike = [], { dtype = 'float32' }: FloatOptions = {}): Value =>
    prim.neg(prim.log1p(prim.neg(uniform(key, shape, { dtype })))),
);

/** dtype[shape] of the standard Gumbel distribution. */
export const gumbel = eagerly(
  'random.gumbel',
  (key: Value, shape: ShapeLike = [], { dtype = 'float32' }: FloatOptions = {}): Value => {
    const u = uniform(key, shape, { minval: formats[dtype].tiny, maxval: 1, dtype });
    return prim.neg(prim.log(prim.neg(prim.log(u))));
  },
);

/** dtype[shape] of the standard Laplace distribution. */
export const laplace = eagerly(
  'random.laplace',
  (key: Value, shape: ShapeLike = [], { dtype = 'float32' }: FloatOptions = {}): Value => {
    const u = uniform(key, shape, { minval: aboveMinusOne(dtype), maxval: 1, dtype });
    return prim.mul(prim.sign(u), prim.log1p(prim.neg(prim.abs(u))));
  },
);

/** dtype[shape] of the standard logistic distribution. */
export const logistic = eagerly(
  'random.logistic',
  (key: Value, shape: ShapeLike = [], { dtype = 'float32' }: FloatOptions = {}): Value => {
    const u = uniform(key, shape, { minval: formats[dtype].tiny, maxval: 1, dtype });
    return prim.sub(prim.log(u), prim.log1p(prim.neg(u)));
  },
);
