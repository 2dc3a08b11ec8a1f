/** Comparisons, logic, and tests of single elements. */
import { isFloat } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { add, multiply } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { abs, astype } from './elementwise.ts';
import { broadcastTogether, broadcastValue, promotePair, toValue } from './operands.ts';
import { all } from './reductions.ts';

type Compare = (x: ValueLike, y: ValueLike) => Value;

const comparison = (name: string, apply: (x: Value, y: Value) => Value): Compare =>
  eagerly(`np.${name}`, (x: ValueLike, y: ValueLike) => apply(...promotePair(`np.${name}`, x, y)));

/** x = y. NaN equals nothing. */
export const equal = comparison('equal', prim.eq);

/** x ≠ y. NaN differs from everything. */
export const notEqual = comparison('notEqual', prim.ne);

/** x < y. */
export const less = comparison('less', prim.lt);

/** x ≤ y. */
export const lessEqual = comparison('lessEqual', prim.le);

/** x > y. */
export const greater = comparison('greater', prim.gt);

/** x ≥ y. */
export const greaterEqual = comparison('greaterEqual', prim.ge);

const logical = (name: string, apply: (x: Value, y: Value) => Value): Compare =>
  eagerly(`np.${name}`, (x: ValueLike, y: ValueLike) => {
    const operands = [astype(x, 'bool'), astype(y, 'bool')];
    const [a, b] = broadcastTogether(`np.${name}`, operands);
    return a === undefined || b === undefined ? astype(x, 'bool') : apply(a, b);
  });

/** True where both are ≠ 0. */
export const logicalAnd = logical('logicalAnd', prim.and);

/** True where either is ≠ 0. */
export const logicalOr = logical('logicalOr', prim.or);

/** True where exactly one is ≠ 0. */
export const logicalXor = logical('logicalXor', prim.xor);

/** True where x = 0. */
export const logicalNot = (x: ValueLike): Value => prim.not(astype(x, 'bool'));

const constantBool = (x: Value, value: boolean): Value =>
  broadcastValue('np.isfinite', prim.literal(Number(value), 'bool'), x.shape);

/** A test of floats whose answer for other types is always `otherwise`. */
const floatTest = (name: string, otherwise: boolean, test: (x: Value) => Value) =>
  eagerly(`np.${name}`, (operand: ValueLike): Value => {
    const x = toValue(`np.${name}`, operand);
    return isFloat(x.dtype) ? test(x) : constantBool(x, otherwise);
  });

/** True for numbers that are neither infinite nor NaN. */
export const isfinite = floatTest('isfinite', true, prim.isFinite);

/** True for NaN. */
export const isnan = floatTest('isnan', false, (x) => prim.ne(x, x));

/** True for ∞ and −∞. */
export const isinf = floatTest('isinf', false, (x) => equal(abs(x), Infinity));

/** True for ∞. */
export const isposinf = floatTest('isposinf', false, (x) => equal(x, Infinity));

/** True for −∞. */
export const isneginf = floatTest('isneginf', false, (x) => equal(x, -Infinity));

/** How near two numbers must be to pass for equal. */
export interface Tolerance {
  /** Relative to |y|. Default 1e-5. */
  readonly rtol?: number;
  /** Absolute. Default 1e-8. */
  readonly atol?: number;
  /** Whether NaN equals NaN. Default false. */
  readonly equalNan?: boolean;
}

/** True where |x − y| ≤ atol + rtol · |y|. Infinities of one sign are close. */
export const isclose = eagerly(
  'np.isclose',
  (
    x: ValueLike,
    y: ValueLike,
    { rtol = 1e-5, atol = 1e-8, equalNan = false }: Tolerance = {},
  ): Value => {
    const [a, b] = promotePair('np.isclose', x, y);
    if (!isFloat(a.dtype)) return isclose(astype(a, 'float32'), b, { rtol, atol, equalNan });
    const isNear = lessEqual(prim.abs(prim.sub(a, b)), add(multiply(prim.abs(b), rtol), atol));
    const areFinite = prim.and(prim.isFinite(a), prim.isFinite(b));
    const close = prim.select(areFinite, isNear, prim.eq(a, b));
    return equalNan ? prim.or(close, prim.and(prim.ne(a, a), prim.ne(b, b))) : close;
  },
);

/** bool[]: whether all elements are close, see {@link isclose}. */
export const allclose = eagerly(
  'np.allclose',
  (x: ValueLike, y: ValueLike, tolerance: Tolerance = {}): Value => all(isclose(x, y, tolerance)),
);

/** bool[]: whether both have the same shape and elements. */
export const arrayEqual = eagerly('np.arrayEqual', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = [toValue('np.arrayEqual', x), toValue('np.arrayEqual', y)];
  const isSameShape = a.ndim === b.ndim && a.shape.every((size, axis) => size === b.shape[axis]);
  return isSameShape ? all(equal(a, b)) : prim.literal(0, 'bool');
});
