/** Element-wise functions of two operands, which are promoted to one type and broadcast. */
import { isFloat, isInteger, isSigned, type Kind } from '../base/dtype.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { eagerly } from './eager.ts';
import { negativePower, wrongDType } from './errors.ts';
import {
  broadcastTogether,
  castTo,
  inexact,
  kindOf,
  promote,
  promotePair,
  toValue,
} from './operands.ts';

/** Booleans count as integers in arithmetic that has no boolean form. */
const numeric = (kind: Kind): Kind =>
  kind.dtype === 'bool' ? { dtype: 'int32', weak: kind.weak } : kind;

/** `value` in the type and shape of `x`. */
const like = (x: Value, value: number): Value =>
  prim.broadcastInDim(prim.literal(value, x.dtype, x.aval.weak), x.shape, []);

/** x + y; the logical or of booleans. */
export const add = eagerly('np.add', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.add', x, y);
  return a.dtype === 'bool' ? prim.or(a, b) : prim.add(a, b);
});

/** x − y. */
export const subtract = eagerly('np.subtract', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.subtract', x, y);
  if (a.dtype === 'bool') throw wrongDType('np.subtract', 'numbers', a.aval);
  return prim.sub(a, b);
});

/** x · y; the logical and of booleans. */
export const multiply = eagerly('np.multiply', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.multiply', x, y);
  return a.dtype === 'bool' ? prim.and(a, b) : prim.mul(a, b);
});

/** x / y as floats. */
export const divide = eagerly(
  'np.divide',
  (x: ValueLike, y: ValueLike): Value => prim.div(...promotePair('np.divide', x, y, inexact)),
);

/** x / y as floats; another name of {@link divide}. */
export const trueDivide = divide;

/** x / y rounded down, in the operands' type. */
export const floorDivide = eagerly('np.floorDivide', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.floorDivide', x, y, numeric);
  if (isFloat(a.dtype)) return floatDivmod(a, b)[0];
  const quotient = prim.div(a, b);
  if (!isSigned(a.dtype)) return quotient;
  const differ = prim.ne(prim.sign(a), prim.sign(b));
  const isInexact = prim.ne(prim.rem(a, b), like(a, 0));
  return prim.select(prim.and(differ, isInexact), prim.sub(quotient, like(a, 1)), quotient);
});

/** Rounded-down quotient, and remainder with the sign of the divisor. */
function floatDivmod(a: Value, b: Value): [Value, Value] {
  const rest = prim.rem(a, b);
  const quotient = prim.div(prim.sub(a, rest), b);
  const isWrong = prim.and(prim.ne(rest, like(a, 0)), prim.ne(prim.sign(b), prim.sign(rest)));
  return [
    prim.round(prim.select(isWrong, prim.sub(quotient, like(a, 1)), quotient)),
    prim.select(isWrong, prim.add(rest, b), rest),
  ];
}

/** The remainder of x / y, with the sign of y as in Python; an integer's by zero is 0. */
export const mod = eagerly('np.mod', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.mod', x, y, numeric);
  const zero = like(a, 0);
  const divisor = isFloat(a.dtype) ? b : prim.select(prim.eq(b, zero), like(b, 1), b);
  const rest = prim.rem(a, divisor);
  if (!isSigned(a.dtype)) return rest;
  const differ = prim.ne(prim.lt(rest, zero), prim.lt(divisor, zero));
  return prim.select(prim.and(differ, prim.ne(rest, zero)), prim.add(rest, divisor), rest);
});

/** Another name of {@link mod}. */
export const remainder = mod;

/** The remainder of x / y, with the sign of x as in C; an integer's by zero is 0. */
export const fmod = eagerly('np.fmod', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.fmod', x, y, numeric);
  if (isFloat(a.dtype)) return prim.rem(a, b);
  return prim.rem(a, prim.select(prim.eq(b, like(b, 0)), like(b, 1), b));
});

/** [floorDivide(x, y), mod(x, y)]. */
export const divmod = (x: ValueLike, y: ValueLike): [Value, Value] => [
  floorDivide(x, y),
  mod(x, y),
];

/** The largest exponent that is written out as products. */
const unrolledPower = 64;

/**
 * x to the power y. Whole-number exponents given as plain numbers are computed by multiplication and
 * keep an integer's type; integers to integer powers stay integers.
 *
 * @throws EnerjaxError `negative-power` for an integer to a negative plain exponent.
 */
export const power = eagerly('np.power', (x: ValueLike, y: ValueLike): Value => {
  if (x instanceof Value && typeof y === 'number' && Number.isInteger(y)) {
    if (!isFloat(x.dtype) && y < 0) throw negativePower(y, x.aval);
    if (Math.abs(y) <= unrolledPower) return integerPower(toNumeric(x), y);
  }
  const kinds = [kindOf('np.power', x), kindOf('np.power', y)];
  if (kinds.every(({ dtype }) => !isFloat(dtype))) {
    return powerOfIntegers(...promotePair('np.power', x, y, numeric));
  }
  return prim.pow(...promotePair('np.power', x, y));
});

const toNumeric = (x: Value): Value => castTo('np.power', x, numeric(x.aval));

/** x · x · …, by repeated squaring. */
function integerPower(x: Value, exponent: number): Value {
  if (exponent === 0) return like(x, 1);
  let rest = Math.abs(exponent);
  let factor = x;
  let product: Value | null = null;
  while (rest > 0) {
    if (rest % 2 === 1) product = product === null ? factor : prim.mul(product, factor);
    rest = Math.floor(rest / 2);
    if (rest > 0) factor = prim.mul(factor, factor);
  }
  const result = product ?? x;
  return exponent < 0 ? prim.div(like(x, 1), result) : result;
}

/** Repeated squaring over the bits of an exponent that is only known at run time. */
function powerOfIntegers(x: Value, y: Value): Value {
  let factor = x;
  let rest = y;
  let product = like(x, 1);
  const one = like(y, 1);
  for (let bit = 0; bit < 32; bit++) {
    const isSet = prim.eq(prim.and(rest, one), one);
    product = prim.select(isSet, prim.mul(product, factor), product);
    factor = prim.mul(factor, factor);
    rest = prim.shiftRightLogical(rest, one);
  }
  if (!isSigned(y.dtype)) return product;
  return prim.select(prim.lt(y, like(y, 0)), negativeIntegerPower(x, y), product);
}

/** 1 / xʸ rounded to zero: 0 but for x = ±1; as in division, 0 gives −1. */
function negativeIntegerPower(x: Value, y: Value): Value {
  const isOdd = prim.eq(prim.and(y, like(y, 1)), like(y, 1));
  const sign = prim.select(isOdd, x, like(x, 1));
  const isUnit = prim.eq(prim.abs(x), like(x, 1));
  return prim.select(isUnit, sign, like(x, 0));
}

/** x to the power y, as floats. */
export const floatPower = eagerly(
  'np.floatPower',
  (x: ValueLike, y: ValueLike): Value => prim.pow(...promotePair('np.floatPower', x, y, inexact)),
);

/** The larger of x and y; NaN if either is. */
export const maximum = eagerly(
  'np.maximum',
  (x: ValueLike, y: ValueLike): Value => prim.max(...promotePair('np.maximum', x, y)),
);

/** The smaller of x and y; NaN if either is. */
export const minimum = eagerly(
  'np.minimum',
  (x: ValueLike, y: ValueLike): Value => prim.min(...promotePair('np.minimum', x, y)),
);

/** The larger of x and y, or the one that is not NaN. */
export const fmax = eagerly('np.fmax', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.fmax', x, y);
  return prim.select(prim.or(prim.gt(a, b), prim.ne(b, b)), a, b);
});

/** The smaller of x and y, or the one that is not NaN. */
export const fmin = eagerly('np.fmin', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.fmin', x, y);
  return prim.select(prim.or(prim.lt(a, b), prim.ne(b, b)), a, b);
});

/** The angle of the point (x, y) in (−π, π]. */
export const arctan2 = eagerly(
  'np.arctan2',
  (y: ValueLike, x: ValueLike): Value => prim.atan2(...promotePair('np.arctan2', y, x, inexact)),
);

/** √(x² + y²), scaled so that the squares do not overflow. */
export const hypot = eagerly('np.hypot', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.hypot', x, y, inexact).map((v) => prim.abs(v));
  if (a === undefined || b === undefined) return toValue('np.hypot', x);
  const high = prim.max(a, b);
  const low = prim.min(a, b);
  const safe = prim.select(prim.eq(high, like(a, 0)), like(a, 1), high);
  const ratio = prim.div(low, safe);
  const length = prim.mul(high, prim.sqrt(prim.add(like(a, 1), prim.mul(ratio, ratio))));
  const infinite = like(a, Number.POSITIVE_INFINITY);
  return prim.select(prim.or(prim.eq(a, infinite), prim.eq(b, infinite)), infinite, length);
});

/** log(eˣ + eʸ) without overflow. */
export const logaddexp = eagerly('np.logaddexp', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.logaddexp', x, y, inexact);
  const distance = prim.sub(a, b);
  // Equal infinities have no distance; their sum is the result, and the gradient must not see the NaN.
  const isUndefined = prim.ne(distance, distance);
  const safe = prim.select(isUndefined, like(a, 0), distance);
  const correction = prim.log1p(prim.exp(prim.neg(prim.abs(safe))));
  return prim.select(isUndefined, prim.add(a, b), prim.add(prim.max(a, b), correction));
});

/** 0 where x < 0, `atZero` where x = 0, 1 where x > 0. */
export const heaviside = eagerly('np.heaviside', (x: ValueLike, atZero: ValueLike): Value => {
  const [a, b] = promotePair('np.heaviside', x, atZero, inexact);
  const zero = like(a, 0);
  const step = prim.select(prim.lt(a, zero), zero, prim.select(prim.gt(a, zero), like(a, 1), a));
  return prim.select(prim.eq(a, zero), b, step);
});

/** The magnitude of x with the sign of y; the sign of −0 counts. */
export const copysign = eagerly('np.copysign', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.copysign', x, y, inexact);
  const size = prim.abs(a);
  const isNegative = prim.lt(prim.bitcast(b, 'int32'), prim.bitcast(like(b, 0), 'int32'));
  return prim.select(isNegative, prim.neg(size), size);
});

type Bitwise = (x: Value, y: Value) => Value;

function bitwise(op: string, x: ValueLike, y: ValueLike, apply: Bitwise): Value {
  const [a, b] = promotePair(op, x, y);
  if (isFloat(a.dtype)) throw wrongDType(op, 'integers or booleans', a.aval);
  return apply(a, b);
}

/** The bits set in both. */
export const bitwiseAnd = eagerly(
  'np.bitwiseAnd',
  (x: ValueLike, y: ValueLike): Value => bitwise('np.bitwiseAnd', x, y, prim.and),
);

/** The bits set in either. */
export const bitwiseOr = eagerly(
  'np.bitwiseOr',
  (x: ValueLike, y: ValueLike): Value => bitwise('np.bitwiseOr', x, y, prim.or),
);

/** The bits set in one of the two. */
export const bitwiseXor = eagerly(
  'np.bitwiseXor',
  (x: ValueLike, y: ValueLike): Value => bitwise('np.bitwiseXor', x, y, prim.xor),
);

function shift(op: string, x: ValueLike, y: ValueLike, apply: Bitwise): Value {
  const [a, b] = promotePair(op, x, y, numeric);
  if (!isInteger(a.dtype)) throw wrongDType(op, 'integers', a.aval);
  return apply(a, b);
}

/** x · 2ʸ, bits past the width lost. */
export const leftShift = eagerly(
  'np.leftShift',
  (x: ValueLike, y: ValueLike): Value => shift('np.leftShift', x, y, prim.shiftLeft),
);

/** x / 2ʸ rounded down. */
export const rightShift = eagerly(
  'np.rightShift',
  (x: ValueLike, y: ValueLike): Value =>
    shift('np.rightShift', x, y, (a, b) =>
      isSigned(a.dtype) ? prim.shiftRightArithmetic(a, b) : prim.shiftRightLogical(a, b),
    ),
);

/** x limited to [min, max]; null or absent for no limit. If min > max, max wins. */
export const clip = eagerly(
  'np.clip',
  (x: ValueLike, min: ValueLike | null = null, max: ValueLike | null = null): Value => {
    const above = min === null ? toValue('np.clip', x) : maximum(x, min);
    return max === null ? above : minimum(above, max);
  },
);

/**
 * `x` where the condition holds, else `y`. All three broadcast; numbers count as conditions by ≠ 0.
 */
export const where = eagerly(
  'np.where',
  (condition: ValueLike, x: ValueLike, y: ValueLike): Value => {
    const [test, a, b] = broadcastTogether('np.where', [
      castTo('np.where', condition, { dtype: 'bool', weak: false }),
      ...promote('np.where', [x, y]),
    ]);
    return test === undefined || a === undefined || b === undefined
      ? toValue('np.where', x)
      : prim.select(test, a, b);
  },
);
