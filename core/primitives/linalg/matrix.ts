/** What the rules of matrix decompositions share: stacks of matrices on the last two axes. */
import { type Aval, range, type Shape } from '../../base/aval.ts';
import { type Expr, op } from '../../ir/expr.ts';
import type { Value } from '../../ir/value.ts';
import { broadcastInDim, full, zeros } from '../broadcast.ts';
import { linalgDTypes, nth, requireDType } from '../define.ts';
import { dotGeneral } from '../dot.ts';
import { add } from '../elementwise/arithmetic.ts';
import { convert, select } from '../elementwise/choose.ts';
import { ge, gt } from '../elementwise/compare.ts';
import { notAMatrix, notSquare } from '../errors.ts';
import { iota } from '../generate.ts';
import { transpose } from '../movement.ts';
import { pad, slice } from '../slicing.ts';

/** The axes in front of the matrices. */
export const leadOf = ({ shape }: { readonly shape: Shape }): Shape => shape.slice(0, -2);

/** Rows and columns of each matrix. */
export const sidesOf = ({ shape }: { readonly shape: Shape }): [number, number] => [
  nth(shape, shape.length - 2),
  nth(shape, shape.length - 1),
];

/** @throws `not-a-matrix` or `unsupported-dtype` unless the operand is a stack of float matrices. */
export function requireMatrix(name: string, x: Aval): void {
  requireDType(name, x, linalgDTypes);
  if (x.shape.length < 2) throw notAMatrix(name, x);
}

/** @throws `not-square` or as {@link requireMatrix}. */
export function requireSquare(name: string, x: Aval): void {
  requireMatrix(name, x);
  const [rows, columns] = sidesOf(x);
  if (rows !== columns) throw notSquare(name, x);
}

/** The matrix products x · y. */
export function product(x: Value, y: Value): Value {
  const lead = range(x.ndim - 2);
  return dotGeneral(x, y, {
    lhsContract: [x.ndim - 1],
    rhsContract: [x.ndim - 2],
    lhsBatch: lead,
    rhsBatch: lead,
  });
}

/** The matrices transposed. */
export const turned = (x: Value): Value =>
  transpose(x, [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2]);

/** bool[…] where row − column ≥ `from`: the lower triangles. */
const below = (shape: Shape, from: number): Value => {
  const row = iota('int32', shape, shape.length - 2);
  const column = iota('int32', shape, shape.length - 1);
  return ge(row, add(column, full(from, { shape, dtype: 'int32' })));
};

/** The lower triangles: where row − column ≥ `from`, else 0. */
export const lowerPart = (x: Value, from = 0): Value => select(below(x.shape, from), x, zeros(x));

/** The upper triangles: where row − column ≤ `upTo`, else 0. */
export const upperPart = (x: Value, upTo = 0): Value =>
  select(below(x.shape, upTo + 1), zeros(x), x);

/** Identity matrices of this shape. */
export function identityLike(shape: Shape): Value {
  const isBelow = below(shape, 0);
  const isStrict = below(shape, 1);
  return convert(gt(convert(isBelow, 'int32'), convert(isStrict, 'int32')), 'float32');
}

/** f32[…, n] as the diagonals of matrices are multiplied: along columns, f32[…, n, n]. */
export const alongColumns = (x: Value, shape: Shape): Value =>
  broadcastInDim(x, shape, [...range(x.ndim - 1), shape.length - 1]);

/** f32[…, n] repeated along rows. */
export const alongRows = (x: Value, shape: Shape): Value =>
  broadcastInDim(x, shape, [...range(x.ndim - 1), shape.length - 2]);

/** The first rows and columns of each matrix. */
export const corner = (x: Value, rows: number, columns: number): Value =>
  slice(
    x,
    x.shape.map(() => 0),
    [...leadOf(x), rows, columns],
  );

/** The matrices with zeros below and to the right. */
export function enlarged(x: Value, rows: number, columns: number): Value {
  const none = x.shape.map(() => 0);
  const [ownRows, ownColumns] = sidesOf(x);
  const high = [...leadOf(x).map(() => 0), rows - ownRows, columns - ownColumns];
  return pad(x, full(0, { shape: [], dtype: x.dtype }), none, high, none);
}

/** bool: a < b. */
export const isLess = (a: Expr, b: Expr): Expr => op('lt', [a, b]);
/** bool: a = b. */
export const isSame = (a: Expr, b: Expr): Expr => op('eq', [a, b]);
/** bool: both hold. */
export const both = (a: Expr, b: Expr): Expr => op('and', [a, b]);
/** `yes` where the condition holds, else `no`. */
export const choose = (condition: Expr, yes: Expr, no: Expr): Expr =>
  op('select', [condition, yes, no]);
