/** Comparisons and tests of single elements: results are bool[…]. */
import { makeAval } from '../../base/aval.ts';
import { op } from '../../ir/expr.ts';
import { definePrimitive, noTangent, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import { bindOne } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import {
  type Binary,
  first,
  floatDTypes,
  requireDType,
  type Unary,
  withRecord,
} from '../define.ts';
import { comparison, lowerElementwise } from './family.ts';

/** x = y: bool[…]. False where either is NaN; −0 equals 0. @throws `shape-mismatch`, `dtype-mismatch` */
export const eq: Binary = comparison({
  name: 'eq',
  logic: (x, y) => op('not', [op('xor', [x, y])]),
});

/** x ≠ y: bool[…]. True where either is NaN. @throws `shape-mismatch`, `dtype-mismatch` */
export const ne: Binary = comparison({ name: 'ne', logic: (x, y) => op('xor', [x, y]) });

/** x < y: bool[…]. @throws `shape-mismatch`, `dtype-mismatch` */
export const lt: Binary = comparison({
  name: 'lt',
  logic: (x, y) => op('and', [op('not', [x]), y]),
});

/** x ≤ y: bool[…]. @throws `shape-mismatch`, `dtype-mismatch` */
export const le: Binary = comparison({
  name: 'le',
  logic: (x, y) => op('or', [op('not', [x]), y]),
});

/** x > y: bool[…]. @throws `shape-mismatch`, `dtype-mismatch` */
export const gt: Binary = comparison({
  name: 'gt',
  logic: (x, y) => op('and', [x, op('not', [y])]),
});

/** x ≥ y: bool[…]. @throws `shape-mismatch`, `dtype-mismatch` */
export const ge: Binary = comparison({
  name: 'ge',
  logic: (x, y) => op('or', [x, op('not', [y])]),
});

const isFinitePrimitive: PrimitiveOf<Record<string, never>> = definePrimitive({
  name: 'isFinite',
  infer: (avals) => {
    requireDType('isFinite', first(avals), floatDTypes);
    return [makeAval(first(avals).shape, 'bool')];
  },
  jvp: noTangent,
  transpose: notLinear,
  batch: (operands) => [finite(first(operands))],
  lower: () => lowerElementwise((elements) => op('isFinite', [first(elements)])),
});

/** True where `x` is neither infinite nor NaN: bool[…]. @throws `unsupported-dtype` */
const finite: Unary = withRecord(
  isFinitePrimitive,
  (x: Value): Value => bindOne(isFinitePrimitive, [x], {}),
);

export { finite as isFinite };
