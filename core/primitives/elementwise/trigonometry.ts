/** Circular and hyperbolic functions, angles in radians, and their inverses. */
import type { Value } from '../../ir/value.ts';
import { full } from '../broadcast.ts';
import { type Binary, floatDTypes, type Unary } from '../define.ts';
import { add, div, mul, neg, sub } from './arithmetic.ts';
import { binary, unary } from './family.ts';
import { rsqrt } from './powers.ts';

const square = (x: Value): Value => mul(x, x);
const one = (x: Value): Value => full(1, x);

/** The sine. @throws `unsupported-dtype` */
export const sin: Unary = unary({
  name: 'sin',
  dtypes: floatDTypes,
  tangent: (dx, x) => mul(dx, cos(x)),
});

/** The cosine. @throws `unsupported-dtype` */
export const cos: Unary = unary({
  name: 'cos',
  dtypes: floatDTypes,
  tangent: (dx, x) => neg(mul(dx, sin(x))),
});

/** The tangent of an angle. @throws `unsupported-dtype` */
export const tan: Unary = unary({
  name: 'tan',
  dtypes: floatDTypes,
  tangent: (dx, x, y) => mul(dx, add(one(x), square(y))),
});

/** The angle in [−π/2, π/2] whose sine is x. @throws `unsupported-dtype` */
export const asin: Unary = unary({
  name: 'asin',
  dtypes: floatDTypes,
  tangent: (dx, x) => mul(dx, rsqrt(sub(one(x), square(x)))),
});

/** The angle in [0, π] whose cosine is x. @throws `unsupported-dtype` */
export const acos: Unary = unary({
  name: 'acos',
  dtypes: floatDTypes,
  tangent: (dx, x) => neg(mul(dx, rsqrt(sub(one(x), square(x))))),
});

/** The angle in (−π/2, π/2) whose tangent is x. @throws `unsupported-dtype` */
export const atan: Unary = unary({
  name: 'atan',
  dtypes: floatDTypes,
  tangent: (dx, x) => div(dx, add(one(x), square(x))),
});

/** The angle of the point (y, x) in (−π, π]: `atan2(y, x)`. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const atan2: Binary = binary({
  name: 'atan2',
  dtypes: floatDTypes,
  tangent: {
    dx: (dy, y, x) => mul(dy, div(x, add(square(y), square(x)))),
    dy: (dx, y, x) => mul(dx, div(neg(y), add(square(y), square(x)))),
    sum: (a, b) => add(a, b),
  },
});

/** The hyperbolic sine. @throws `unsupported-dtype` */
export const sinh: Unary = unary({
  name: 'sinh',
  dtypes: floatDTypes,
  tangent: (dx, x) => mul(dx, cosh(x)),
});

/** The hyperbolic cosine. @throws `unsupported-dtype` */
export const cosh: Unary = unary({
  name: 'cosh',
  dtypes: floatDTypes,
  tangent: (dx, x) => mul(dx, sinh(x)),
});

/** The hyperbolic tangent. @throws `unsupported-dtype` */
export const tanh: Unary = unary({
  name: 'tanh',
  dtypes: floatDTypes,
  // dx·(1 + y)·(1 − y), as in JAX: 1 − y² would lose digits where y is near ±1.
  tangent: (dx, x, y) => mul(add(dx, mul(dx, y)), sub(one(x), y)),
});

/** The inverse hyperbolic sine. @throws `unsupported-dtype` */
export const asinh: Unary = unary({
  name: 'asinh',
  dtypes: floatDTypes,
  tangent: (dx, x) => mul(dx, rsqrt(add(square(x), one(x)))),
});

/** The inverse hyperbolic cosine; NaN below 1. @throws `unsupported-dtype` */
export const acosh: Unary = unary({
  name: 'acosh',
  dtypes: floatDTypes,
  tangent: (dx, x) => mul(dx, rsqrt(sub(square(x), one(x)))),
});

/** The inverse hyperbolic tangent; NaN outside of [−1, 1]. @throws `unsupported-dtype` */
export const atanh: Unary = unary({
  name: 'atanh',
  dtypes: floatDTypes,
  tangent: (dx, x) => div(div(dx, add(one(x), x)), sub(one(x), x)),
});
