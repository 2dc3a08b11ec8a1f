/** Arithmetic of floats and integers. Integers wrap around. */
import { op } from '../../ir/expr.ts';
import { isHole, type TransposeRule } from '../../ir/primitive.ts';
import type { Params } from '../../ir/program.ts';
import type { Value } from '../../ir/value.ts';
import { full, zeros } from '../broadcast.ts';
import {
  anyDType,
  type Binary,
  floatDTypes,
  numericDTypes,
  pair,
  signedDTypes,
  type Unary,
} from '../define.ts';
import { select } from './choose.ts';
import { eq, ge } from './compare.ts';
import { binary, flat, transposeByKnown, unary } from './family.ts';

/** −x. @throws `unsupported-dtype` for booleans. */
export const neg: Unary = unary({
  name: 'neg',
  dtypes: numericDTypes,
  tangent: (dx) => neg(dx),
  adjoint: (ct) => neg(ct),
});

const sum = (a: Value, b: Value): Value => add(a, b);

/** The transpose of x ± y, which is linear in both together. */
const transposeSum =
  (cotangentY: (ct: Value) => Value): TransposeRule<Params> =>
  ([ct], operands) => {
    const [x, y] = pair(operands);
    return [ct && isHole(x) ? ct : null, ct && isHole(y) ? cotangentY(ct) : null];
  };

/** x + y. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for booleans. */
export const add: Binary = binary({
  name: 'add',
  dtypes: numericDTypes,
  tangent: { dx: (dx) => dx, dy: (dy) => dy, sum },
  transpose: transposeSum((ct) => ct),
});

/** x − y. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for booleans. */
export const sub: Binary = binary({
  name: 'sub',
  dtypes: numericDTypes,
  tangent: { dx: (dx) => dx, dy: (dy) => neg(dy), sum },
  transpose: transposeSum((ct) => neg(ct)),
});

/** x · y. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for booleans. */
export const mul: Binary = binary({
  name: 'mul',
  dtypes: numericDTypes,
  tangent: { dx: (dx, _, y) => mul(dx, y), dy: (dy, x) => mul(x, dy), sum },
  transpose: transposeByKnown(
    (ct, y) => mul(ct, y),
    (ct, x) => mul(x, ct),
  ),
});

/**
 * x / y. Integer quotients are truncated; by zero they are −1, unsigned the greatest number.
 *
 * @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for booleans.
 */
export const div: Binary = binary({
  name: 'div',
  dtypes: numericDTypes,
  tangent: {
    dx: (dx, _, y) => div(dx, y),
    dy: (dy, _, y, z) => neg(mul(dy, div(z, y))),
    sum,
  },
  transpose: transposeByKnown((ct, y) => div(ct, y), null),
});

/**
 * The remainder of x / y with the sign of x; x itself where an integer y is zero.
 *
 * @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for booleans.
 */
export const rem: Binary = binary({
  name: 'rem',
  dtypes: numericDTypes,
  tangent: {
    dx: (dx) => dx,
    dy: (dy, x, y) => {
      const quotient = div(x, y);
      return neg(mul(dy, mul(sign(quotient), floor(abs(quotient)))));
    },
    sum,
  },
});

/** 1 where x was chosen, 0 where y was, ½ where they tie: how a tangent is shared out, as in JAX. */
const share = (x: Value, y: Value, chosen: Value): Value =>
  div(select(eq(x, chosen), full(1, x), zeros(x)), select(eq(y, chosen), full(2, x), full(1, x)));

/** The greater of x and y; NaN if either is. Ties share the derivative. @throws `shape-mismatch`, `dtype-mismatch` */
export const max: Binary = binary({
  name: 'max',
  dtypes: anyDType,
  tangent: {
    dx: (dx, x, y, z) => mul(dx, share(x, y, z)),
    dy: (dy, x, y, z) => mul(dy, share(y, x, z)),
    sum,
  },
  element: (x, y) => op(x.dtype === 'bool' ? 'or' : 'max', [x, y]),
});

/** The lesser of x and y; NaN if either is. Ties share the derivative. @throws `shape-mismatch`, `dtype-mismatch` */
export const min: Binary = binary({
  name: 'min',
  dtypes: anyDType,
  tangent: {
    dx: (dx, x, y, z) => mul(dx, share(x, y, z)),
    dy: (dy, x, y, z) => mul(dy, share(y, x, z)),
    sum,
  },
  element: (x, y) => op(x.dtype === 'bool' ? 'and' : 'min', [x, y]),
});

/** |x|. The derivative at 0 is 1, as in JAX. @throws `unsupported-dtype` */
export const abs: Unary = unary({
  name: 'abs',
  dtypes: signedDTypes,
  tangent: (dx, x) => select(ge(x, zeros(x)), dx, neg(dx)),
});

/** −1, 0 or 1 as x is negative, zero or positive; −0 and NaN are kept. @throws `unsupported-dtype` */
export const sign: Unary = unary({ name: 'sign', dtypes: numericDTypes, tangent: flat });

/** The greatest whole number that is not above x. @throws `unsupported-dtype` */
export const floor: Unary = unary({ name: 'floor', dtypes: floatDTypes, tangent: flat });

/** The least whole number that is not below x. @throws `unsupported-dtype` */
export const ceil: Unary = unary({ name: 'ceil', dtypes: floatDTypes, tangent: flat });

/** The nearest whole number; halves go to the even one. @throws `unsupported-dtype` */
export const round: Unary = unary({ name: 'round', dtypes: floatDTypes, tangent: flat });
