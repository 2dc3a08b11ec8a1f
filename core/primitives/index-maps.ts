/** Index expressions and lowerings that several operations need. */

import { constant, type Expr, op } from '../ir/expr.ts';
import { boundsOf, indexConstant } from '../ir/index-algebra.ts';
import type { MapLowering, Reader } from '../ir/lowering.ts';
import { nth } from './define.ts';

/** A lowering of one operand to one output: `value` gives the element at an index. */
export const mapOne = (value: (read: Reader, index: readonly Expr[]) => Expr): MapLowering => ({
  kind: 'map',
  values: (readers) => [(index) => value(nth(readers, 0), index)],
});

/** The index kept within [low, high]; untouched where its range proves that it is. */
export function clampIndex(index: Expr, low: number, high: number): Expr {
  const [least, greatest] = boundsOf(index);
  const raised = least >= low ? index : op('max', [index, indexConstant(low)]);
  return greatest <= high ? raised : op('min', [raised, indexConstant(Math.max(low, high))]);
}

/** The tests that `low ≤ index ≤ high` takes: none where the range of the index proves them. */
export function inRange(index: Expr, low: number, high: number): Expr[] {
  const [least, greatest] = boundsOf(index);
  const tests: Expr[] = [];
  if (least < low) tests.push(op('ge', [index, indexConstant(low)]));
  if (greatest > high) tests.push(op('le', [index, indexConstant(high)]));
  return tests;
}

/** True where all tests hold. */
export const allOf = (tests: readonly Expr[]): Expr =>
  tests.length === 0 ? constant(1, 'bool') : tests.reduce((a, b) => op('and', [a, b]));

/** `value` where all tests hold, else `otherwise`. */
export const guarded = (tests: readonly Expr[], value: Expr, otherwise: Expr): Expr =>
  tests.length === 0 ? value : op('select', [allOf(tests), value, otherwise]);
