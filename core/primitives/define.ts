/** What the families of operations share: the form of an operation, operand checks, small helpers. */
import { type Aval, type Shape, sameShape } from '../base/aval.ts';
import { type DType, dtypes, isFloat, isInteger, isSigned } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import type { Primitive } from '../ir/primitive.ts';
import type { Value } from '../ir/value.ts';
import {
  axisOutOfRange,
  dtypeMismatch,
  repeatedAxis,
  shapeMismatch,
  unsupportedDType,
} from './errors.ts';

/** What every operation carries: its record. */
export interface HasRecord {
  readonly primitive: Primitive;
}

/** An operation on one array. */
export type Unary = ((x: Value) => Value) & HasRecord;

/** An operation on two arrays of one type. */
export type Binary = ((x: Value, y: Value) => Value) & HasRecord;

/** The function `call` with the record of the primitive that it binds. */
export const withRecord = <F extends object>(primitive: Primitive, call: F): F & HasRecord =>
  Object.assign(call, { primitive });

/** The item at a position that the caller knows to exist. */
export function nth<T>(items: readonly T[], index: number): T {
  invariant(index >= 0 && index < items.length, `item ${index} of ${items.length}`);
  return items[index] as T; // T may include undefined and null, so only the bounds can be checked.
}

/** The only or first item. */
export const first = <T>(items: readonly T[]): T => nth(items, 0);

/** The first two items. */
export const pair = <T>(items: readonly T[]): [T, T] => [nth(items, 0), nth(items, 1)];

/** The first three items. */
export const triple = <T>(items: readonly T[]): [T, T, T] => [
  nth(items, 0),
  nth(items, 1),
  nth(items, 2),
];

/** Axis numbers, or any other numbers, each plus one: where they are once a batch axis leads. */
export const shifted = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);

/** The axes of an array that are not in `axes`, ascending. */
export const otherAxes = (ndim: number, axes: readonly number[]): number[] =>
  Array.from({ length: ndim }, (_, axis) => axis).filter((axis) => !axes.includes(axis));

/** The sizes of some axes. */
export const sizesOf = (shape: Shape, axes: readonly number[]): number[] =>
  axes.map((axis) => nth(shape, axis));

/** A result is weakly typed if all operands are. */
export const allWeak = (avals: readonly Aval[]): boolean => avals.every((aval) => aval.weak);

/** @throws `unsupported-dtype` unless the element type is one of `allowed`. */
export function requireDType(op: string, aval: Aval, allowed: readonly DType[]): void {
  if (!allowed.includes(aval.dtype)) throw unsupportedDType(op, aval, allowed);
}

/** @throws `shape-mismatch` or `dtype-mismatch` unless the operands agree in both. */
export function requireSameTypes(op: string, avals: readonly Aval[]): void {
  const head = first(avals);
  if (!avals.every((aval) => sameShape(aval.shape, head.shape))) throw shapeMismatch(op, avals);
  if (!avals.every((aval) => aval.dtype === head.dtype)) throw dtypeMismatch(op, avals);
}

/** @throws `axis-out-of-range` unless `axis` is an axis of the array. */
export function requireAxis(op: string, axis: number, aval: Aval): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= aval.shape.length) {
    throw axisOutOfRange(op, axis, aval);
  }
}

/** @throws `axis-out-of-range` or `repeated-axis` unless these are distinct axes of the array. */
export function requireAxes(op: string, axes: readonly number[], aval: Aval): void {
  for (const axis of axes) requireAxis(op, axis, aval);
  if (new Set(axes).size !== axes.length) throw repeatedAxis(op, axes);
}

/** Every element type. */
export const anyDType: readonly DType[] = dtypes;
/** Floats and integers. */
export const numericDTypes: readonly DType[] = dtypes.filter((dtype) => dtype !== 'bool');
/** Floats only. */
export const floatDTypes: readonly DType[] = dtypes.filter(isFloat);
/** What decompositions of matrices are computed in. */
export const linalgDTypes: readonly DType[] = ['float32'];
/** Integers only. */
export const integerDTypes: readonly DType[] = dtypes.filter(isInteger);
/** Types with bitwise arithmetic. */
export const bitwiseDTypes: readonly DType[] = dtypes.filter((dtype) => !isFloat(dtype));
/** Types with negative values. */
export const signedDTypes: readonly DType[] = dtypes.filter(isSigned);
