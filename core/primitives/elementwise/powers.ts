/** Exponentials, logarithms and powers. */
import { full, zeros } from '../broadcast.ts';
import { type Binary, floatDTypes, type Unary } from '../define.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { select } from './choose.ts';
import { eq } from './compare.ts';
import { binary, unary } from './family.ts';

/** eˣ. @throws `unsupported-dtype` */
export const exp: Unary = unary({
  name: 'exp',
  dtypes: floatDTypes,
  tangent: (dx, _, y) => mul(dx, y),
});

/** eˣ − 1, exact for small x. @throws `unsupported-dtype` */
export const expm1: Unary = unary({
  name: 'expm1',
  dtypes: floatDTypes,
  tangent: (dx, x, y) => mul(dx, add(y, full(1, x))),
});

/** The natural logarithm. @throws `unsupported-dtype` */
export const log: Unary = unary({
  name: 'log',
  dtypes: floatDTypes,
  tangent: (dx, x) => div(dx, x),
});

/** log(1 + x), exact for small x. @throws `unsupported-dtype` */
export const log1p: Unary = unary({
  name: 'log1p',
  dtypes: floatDTypes,
  tangent: (dx, x) => div(dx, add(x, full(1, x))),
});

/** The square root. @throws `unsupported-dtype` */
export const sqrt: Unary = unary({
  name: 'sqrt',
  dtypes: floatDTypes,
  tangent: (dx, x, y) => mul(dx, div(full(0.5, x), y)),
});

/** 1 / √x. @throws `unsupported-dtype` */
export const rsqrt: Unary = unary({
  name: 'rsqrt',
  dtypes: floatDTypes,
  tangent: (dx, x, y) => mul(dx, mul(full(-0.5, x), div(y, x))),
});

/** 1 / (1 + e⁻ˣ). @throws `unsupported-dtype` */
export const logistic: Unary = unary({
  name: 'logistic',
  dtypes: floatDTypes,
  tangent: (dx, x, y) => mul(dx, mul(y, sub(full(1, x), y))),
});

/**
 * xʸ. The derivative by x is y·xʸ⁻¹, and 0 where y is; the one by y is log(x)·xʸ, and 0 where x is.
 *
 * Differs: for y = 0 JAX computes 0·xʸ⁻¹, which is NaN at x = 0.
 * @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype`
 */
export const pow: Binary = binary({
  name: 'pow',
  dtypes: floatDTypes,
  tangent: {
    dx: (dx, x, y) => {
      const isConstant = eq(y, zeros(y));
      const slope = mul(y, pow(x, select(isConstant, full(1, y), sub(y, full(1, y)))));
      return mul(dx, select(isConstant, zeros(x), slope));
    },
    dy: (dy, x, _, z) => mul(dy, mul(log(select(eq(x, zeros(x)), full(1, x), x)), z)),
    sum: (a, b) => add(a, b),
  },
});
