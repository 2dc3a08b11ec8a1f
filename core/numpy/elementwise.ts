/** Element-wise functions of one operand. */
import { isFloat } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { divide, multiply } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { wrongDType } from './errors.ts';
import { broadcastValue, castTo, toInexact, toValue } from './operands.ts';

type Elementwise = (x: ValueLike) => Value;
type Apply = (x: Value) => Value;

/** A function of floats; other types are converted. */
const ofFloats = (name: string, apply: Apply): Elementwise =>
  eagerly(`np.${name}`, (x: ValueLike) => apply(toInexact(`np.${name}`, x)));

/** A function of floats that leaves integers and booleans as they are. */
const roundsFloats = (name: string, apply: Apply): Elementwise =>
  eagerly(`np.${name}`, (operand: ValueLike) => {
    const x = toValue(`np.${name}`, operand);
    return isFloat(x.dtype) ? apply(x) : x;
  });

/** `value` in the type and shape of `x`. */
const like = (x: Value, value: number): Value =>
  broadcastValue('np.fullLike', prim.literal(value, x.dtype, x.aval.weak), x.shape);

/** |x|. */
export const abs: Elementwise = (operand) => {
  const x = toValue('np.abs', operand);
  return x.dtype === 'bool' || x.dtype === 'uint32' ? x : prim.abs(x);
};

/** |x|; another name of {@link abs}. */
export const absolute = abs;

/** |x| as a float. */
export const fabs = ofFloats('fabs', prim.abs);

/** −x. */
export const negative: Elementwise = (operand) => {
  const x = toValue('np.negative', operand);
  if (x.dtype === 'bool') throw wrongDType('np.negative', 'numbers', x.aval);
  return prim.neg(x);
};

/** x. */
export const positive: Elementwise = (x) => toValue('np.positive', x);

/** −1, 0 or 1 by the sign of x; NaN and −0 stay. */
export const sign: Elementwise = (operand) => {
  const x = toValue('np.sign', operand);
  if (x.dtype === 'bool') throw wrongDType('np.sign', 'numbers', x.aval);
  return prim.sign(x);
};

/** True where the sign bit is set: negative numbers and −0. */
export const signbit: Elementwise = (operand) => {
  const x = toInexact('np.signbit', operand);
  const bits = prim.bitcast(x, 'int32');
  return prim.lt(bits, like(bits, 0));
};

/** √x; NaN below 0. */
export const sqrt = ofFloats('sqrt', prim.sqrt);

/** x². */
export const square: Elementwise = (operand) => {
  const x = toValue('np.square', operand);
  return x.dtype === 'bool' ? prim.and(x, x) : prim.mul(x, x);
};

/** ∛x. */
export const cbrt = ofFloats('cbrt', (x) => {
  const root = prim.pow(prim.abs(x), like(x, 1 / 3));
  // One step of Newton's method, so that cubes have whole roots; zero and infinity have theirs.
  const refined = prim.sub(
    root,
    prim.div(prim.sub(root, prim.div(prim.abs(x), prim.mul(root, root))), like(x, 3)),
  );
  const isPlain = prim.and(prim.isFinite(refined), prim.gt(root, like(x, 0)));
  return prim.mul(prim.sign(x), prim.select(isPlain, refined, root));
});

/** 1 / x. */
export const reciprocal = ofFloats('reciprocal', (x) => prim.div(like(x, 1), x));

/** eˣ. */
export const exp = ofFloats('exp', prim.exp);

/** 2ˣ. */
export const exp2 = ofFloats('exp2', (x) => prim.pow(like(x, 2), x));

/** eˣ − 1, exact near 0. */
export const expm1 = ofFloats('expm1', prim.expm1);

/** The natural logarithm. */
export const log = ofFloats('log', prim.log);

/** log(1 + x), exact near 0. */
export const log1p = ofFloats('log1p', prim.log1p);

/** The logarithm to base 2. */
export const log2 = ofFloats('log2', (x) => prim.div(prim.log(x), like(x, Math.LN2)));

/** The logarithm to base 10. */
export const log10 = ofFloats('log10', (x) => prim.div(prim.log(x), like(x, Math.LN10)));

/** The sine of radians. */
export const sin = ofFloats('sin', prim.sin);

/** The cosine of radians. */
export const cos = ofFloats('cos', prim.cos);

/** The tangent of radians. */
export const tan = ofFloats('tan', prim.tan);

/** The angle in [−π/2, π/2] with this sine. */
export const arcsin = ofFloats('arcsin', prim.asin);

/** The angle in [0, π] with this cosine. */
export const arccos = ofFloats('arccos', prim.acos);

/** The angle in (−π/2, π/2) with this tangent. */
export const arctan = ofFloats('arctan', prim.atan);

/** The hyperbolic sine. */
export const sinh = ofFloats('sinh', prim.sinh);

/** The hyperbolic cosine. */
export const cosh = ofFloats('cosh', prim.cosh);

/** The hyperbolic tangent. */
export const tanh = ofFloats('tanh', prim.tanh);

/** The inverse hyperbolic sine. */
export const arcsinh = ofFloats('arcsinh', prim.asinh);

/** The inverse hyperbolic cosine. */
export const arccosh = ofFloats('arccosh', prim.acosh);

/** The inverse hyperbolic tangent. */
export const arctanh = ofFloats('arctanh', prim.atanh);

/** sin(πx) / (πx), 1 at 0. */
export const sinc = ofFloats('sinc', (x) => {
  const isZero = prim.eq(x, like(x, 0));
  const angle = prim.mul(like(x, Math.PI), prim.select(isZero, like(x, 1), x));
  return prim.select(isZero, like(x, 1), prim.div(prim.sin(angle), angle));
});

/** Degrees as radians. */
export const deg2rad = ofFloats('deg2rad', (x) => prim.mul(x, like(x, Math.PI / 180)));

/** Radians as degrees. */
export const rad2deg = ofFloats('rad2deg', (x) => prim.mul(x, like(x, 180 / Math.PI)));

/** Degrees as radians; another name of {@link deg2rad}. */
export const radians = deg2rad;

/** Radians as degrees; another name of {@link rad2deg}. */
export const degrees = rad2deg;

/** The greatest whole number not above x. */
export const floor = roundsFloats('floor', prim.floor);

/** The least whole number not below x. */
export const ceil = roundsFloats('ceil', prim.ceil);

/** x without its fraction. */
export const trunc = roundsFloats('trunc', (x) =>
  prim.select(prim.lt(x, like(x, 0)), prim.ceil(x), prim.floor(x)),
);

/** The nearest whole number, halves to even. */
export const rint = ofFloats('rint', prim.round);

/** Options of {@link round}. */
export interface RoundOptions {
  /** Number of decimals to keep; negative for tens, hundreds, … Default 0. */
  readonly decimals?: number;
}

/** The nearest number with so many decimals, halves to even. */
export const round = eagerly(
  'np.round',
  (operand: ValueLike, { decimals = 0 }: RoundOptions = {}): Value => {
    const x = toValue('np.round', operand);
    if (decimals === 0) return isFloat(x.dtype) ? prim.round(x) : x;
    if (!isFloat(x.dtype)) {
      if (decimals > 0) return x;
      const rounded = round(castTo('np.round', x, { dtype: 'float32', weak: false }), { decimals });
      return prim.convert(rounded, x.dtype);
    }
    const scale = 10 ** Math.abs(decimals);
    return decimals > 0
      ? divide(prim.round(multiply(x, scale)), scale)
      : multiply(prim.round(divide(x, scale)), scale);
  },
);

/** All bits flipped; the logical not of booleans. */
export const bitwiseNot: Elementwise = (operand) => {
  const x = toValue('np.bitwiseNot', operand);
  if (isFloat(x.dtype)) throw wrongDType('np.bitwiseNot', 'integers or booleans', x.aval);
  return prim.not(x);
};

/** All bits flipped; another name of {@link bitwiseNot}. */
export const invert = bitwiseNot;

/** How many bits are set, in the type of x. */
export const bitwiseCount: Elementwise = (operand) => {
  const x = toValue('np.bitwiseCount', operand);
  if (isFloat(x.dtype)) throw wrongDType('np.bitwiseCount', 'integers', x.aval);
  return prim.populationCount(x);
};

/** What {@link nanToNum} puts in. */
export interface NanToNumOptions {
  /** Instead of NaN. Default 0. */
  readonly nan?: number;
  /** Instead of ∞. Default: the greatest float32. */
  readonly posinf?: number;
  /** Instead of −∞. Default: the least float32. */
  readonly neginf?: number;
}

const greatest = 3.4028234663852886e38;

/** x with NaN and infinities replaced by finite numbers. */
export const nanToNum = eagerly(
  'np.nanToNum',
  (
    operand: ValueLike,
    { nan = 0, posinf = greatest, neginf = -greatest }: NanToNumOptions = {},
  ): Value => {
    const x = toValue('np.nanToNum', operand);
    if (!isFloat(x.dtype)) return x;
    const defined = prim.select(prim.ne(x, x), like(x, nan), x);
    const below = prim.select(prim.eq(x, like(x, Infinity)), like(x, posinf), defined);
    return prim.select(prim.eq(x, like(x, -Infinity)), like(x, neginf), below);
  },
);

/** x in another element type: floats truncate towards zero, numbers to bool by ≠ 0. */
export const astype = (operand: ValueLike, dtype: Value['dtype']): Value =>
  castTo('np.astype', operand, { dtype, weak: false });
