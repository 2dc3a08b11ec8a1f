/** Random floats. */
import { type Shape, sameShape } from '../base/aval.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { add, clip, divide, multiply, subtract } from '../numpy/arithmetic.ts';
import { eagerly } from '../numpy/eager.ts';
import { reshape, sliceAxis } from '../numpy/movement.ts';
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
  (key: Value, shape: ShapeLike = [], options: UniformOptions = {}): Value => {
    const { minval = 0, maxval = 1 } = options;
    const wanted = checkParameters('random.uniform', shape, [minval, maxval]);
    return uniformOf(bits(key, wanted), options);
  },
);

/** dtype[…] in the range, made of random bits, uint32[…]. */
export function uniformOf(
  source: Value,
  { minval = 0, maxval = 1, dtype = 'float32' }: UniformOptions = {},
): Value {
  const op = 'random.uniform';
  const { drawn, fraction, one, bits: word } = formats[dtype];
  const spread = (value: number): Value =>
    broadcastValue(op, prim.literal(value, word), source.shape);
  const low = drawn === 8 ? prim.convert(source, 'uint8') : source;
  const mantissa = prim.shiftRightLogical(prim.convert(low, word), spread(drawn - fraction));
  const ones = prim.bitcast(prim.or(mantissa, spread(one)), dtype);
  const unit = subtract(ones, 1);
  if (minval === 0 && maxval === 1) return unit;
  const least = float(op, minval, dtype);
  const scaled = add(multiply(unit, subtract(float(op, maxval, dtype), least)), least);
  return prim.max(broadcastValue(op, least, source.shape), scaled);
}

/** dtype[shape] of the standard normal distribution. */
export const normal = eagerly(
  'random.normal',
  (key: Value, shape: ShapeLike = [], options: FloatOptions = {}): Value =>
    normalOf(bits(key, checkShape('random.normal', shape)), options),
);

/** dtype[…] of the standard normal distribution, made of random bits, uint32[…]. */
export const normalOf = (source: Value, { dtype = 'float32' }: FloatOptions = {}): Value =>
  multiply(
    prim.erfInv(uniformOf(source, { minval: aboveMinusOne(dtype), maxval: 1, dtype })),
    Math.SQRT2,
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

/** Two independent f32[shape] from 0 up to 1. */
export function highAndLow(key: Value, shape: Shape): [Value, Value] {
  const both = uniform(key, [2, ...shape]);
  const [high, low] = [0, 1].map((i) => reshape(sliceAxis(both, 0, i, i + 1), shape));
  return [high ?? both, low ?? both];
}

/** How finely Gumbel noise is drawn: with 23 random bits, with 46, or with 64 that also reach far up. */
export type GumbelMode = 'low' | 'high' | 'highest';

/** Options of {@link gumbel}. */
export interface GumbelOptions extends FloatOptions {
  /** Default 'low', whose samples end at 16 or so; the others are for float32 only. */
  readonly mode?: GumbelMode;
}

/** dtype[shape] of the standard Gumbel distribution. */
export const gumbel = eagerly(
  'random.gumbel',
  (
    key: Value,
    shape: ShapeLike = [],
    { mode = 'low', dtype = 'float32' }: GumbelOptions = {},
  ): Value => {
    const wanted = checkShape('random.gumbel', shape);
    const ofLog = (log: Value): Value => prim.neg(prim.log(prim.neg(log)));
    if (mode === 'low' || dtype !== 'float32') {
      const u = uniform(key, wanted, { minval: formats[dtype].tiny, maxval: 1, dtype });
      return ofLog(prim.log(u));
    }
    if (mode === 'highest') {
      const { value, isSmall } = finest(key, wanted);
      return prim.select(isSmall, ofLog(prim.log1p(prim.neg(value))), ofLog(prim.log(value)));
    }
    const [high, low] = highAndLow(key, wanted);
    const finer = add(
      add(high, multiply(low, 2 ** -formats.float32.fraction)),
      formats.float32.tiny,
    );
    // Adding could round up to 1; at ½ and above it changes next to nothing.
    const half = broadcastValue('random.gumbel', prim.literal(0.5, 'float32'), wanted);
    return ofLog(prim.log1p(prim.neg(prim.select(prim.ge(high, half), high, finer))));
  },
);

/** A number below ½ from 64 random bits, exact however small it is; or 1 less a number that is not. */
function finest(key: Value, shape: Shape): { value: Value; isSmall: Value } {
  const word = (n: number): Value => broadcastValue('', prim.literal(n, 'uint32'), shape);
  const both = bits(key, [2, ...shape]);
  const [high = both, low = both] = [0, 1].map((i) => reshape(sliceAxis(both, 0, i, i + 1), shape));
  const isSmall = prim.lt(high, word(0x80000000));
  // 2⁶⁴ less the bits: the high word of the complement carries only if the low one overflows.
  const carry = prim.convert(prim.eq(prim.not(low), word(0xffffffff)), 'uint32');
  const [h, l] = [
    prim.select(isSmall, high, prim.add(prim.not(high), carry)),
    prim.select(isSmall, low, prim.add(prim.not(low), word(1))),
  ];
  const [lead, leadLow] = [prim.countLeadingZeros(h), prim.countLeadingZeros(l)];
  const isEmpty = prim.eq(lead, word(32));
  const filled = prim.select(
    isEmpty,
    prim.shiftLeft(l, leadLow),
    prim.shiftRightLogical(l, prim.sub(word(32), lead)),
  );
  const mantissa = prim.shiftRightLogical(prim.or(prim.shiftLeft(h, lead), filled), word(8));
  const zeros = prim.select(isEmpty, prim.add(word(32), leadLow), lead);
  const exponent = prim.shiftLeft(prim.sub(word(126), zeros), word(formats.float32.fraction));
  const pattern = prim.or(prim.and(exponent, word(0x3fc00000)), prim.and(mantissa, word(0x7fffff)));
  return { value: prim.bitcast(pattern, 'float32'), isSmall };
}

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
