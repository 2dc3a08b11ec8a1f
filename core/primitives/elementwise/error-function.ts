/** The error function, its complement and its inverse. */
import type { Value } from '../../ir/value.ts';
import { full } from '../broadcast.ts';
import { floatDTypes, type Unary } from '../define.ts';
import { mul, neg } from './arithmetic.ts';
import { unary } from './family.ts';
import { exp } from './powers.ts';

/** ±2/√π · dx · e^(−x²). */
const gaussian = (dx: Value, x: Value, sign: 1 | -1): Value =>
  mul(full((sign * 2) / Math.sqrt(Math.PI), x), mul(dx, exp(neg(mul(x, x)))));

/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. @throws `unsupported-dtype` */
export const erf: Unary = unary({
  name: 'erf',
  dtypes: floatDTypes,
  tangent: (dx, x) => gaussian(dx, x, 1),
});

/** 1 − erf(x), exact for large x. @throws `unsupported-dtype` */
export const erfc: Unary = unary({
  name: 'erfc',
  dtypes: floatDTypes,
  tangent: (dx, x) => gaussian(dx, x, -1),
});

/** The number whose error function is x; infinite at ±1, NaN beyond. @throws `unsupported-dtype` */
export const erfInv: Unary = unary({
  name: 'erfInv',
  dtypes: floatDTypes,
  tangent: (dx, x, y) => mul(full(Math.sqrt(Math.PI) / 2, x), mul(dx, exp(mul(y, y)))),
});
