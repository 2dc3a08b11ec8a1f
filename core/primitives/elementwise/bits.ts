/** Operations on the bits of integers; on booleans the logical ones. */

import { bytesOf, type DType, isSigned, isStorageType } from '../../base/dtype.ts';
import { constant, type Expr, op } from '../../ir/expr.ts';
import { noTangent } from '../../ir/primitive.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
import { type Binary, bitwiseDTypes, integerDTypes, type Unary } from '../define.ts';
import { binary, unary } from './family.ts';

type Element = (x: Expr, dtype: DType) => Expr;

const bitsOfOne = (name: ScalarOp, dtypes: readonly DType[], element?: Element): Unary =>
  unary({ name, dtypes, tangent: noTangent, ...(element === undefined ? {} : { element }) });

/** A narrow element's own bits, without the copies of its sign above them. */
const ownBits: Element = (x, dtype) =>
  isStorageType(dtype) && isSigned(dtype)
    ? op('and', [x, constant(2 ** (8 * bytesOf(dtype)) - 1, 'int32')])
    : x;

const bitsOfTwo = (name: ScalarOp, dtypes: readonly DType[]): Binary =>
  binary({ name, dtypes, tangent: noTangent });

/** Every bit turned round; for booleans the negation. @throws `unsupported-dtype` for floats. */
export const not: Unary = bitsOfOne('not', bitwiseDTypes);

/** The number of bits that are set. @throws `unsupported-dtype` */
export const populationCount: Unary = bitsOfOne('populationCount', integerDTypes, (x, dtype) =>
  op('populationCount', [ownBits(x, dtype)]),
);

/** The number of zero bits above the highest set one; the width for zero. @throws `unsupported-dtype` */
export const countLeadingZeros: Unary = bitsOfOne(
  'countLeadingZeros',
  integerDTypes,
  (x, dtype) => {
    const count = op('countLeadingZeros', [ownBits(x, dtype)]);
    return isStorageType(dtype)
      ? op('sub', [count, constant(32 - 8 * bytesOf(dtype), x.dtype)])
      : count;
  },
);

/** Bits that are set in both. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for floats. */
export const and: Binary = bitsOfTwo('and', bitwiseDTypes);

/** Bits that are set in either. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for floats. */
export const or: Binary = bitsOfTwo('or', bitwiseDTypes);

/** Bits that are set in exactly one. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for floats. */
export const xor: Binary = bitsOfTwo('xor', bitwiseDTypes);

/** The bits of x moved up by y places; 0 for 32 places or more. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const shiftLeft: Binary = bitsOfTwo('shiftLeft', integerDTypes);

/** The bits of x moved down by y places, zeros coming in. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const shiftRightLogical: Binary = binary({
  name: 'shiftRightLogical',
  dtypes: integerDTypes,
  tangent: noTangent,
  element: (x, y, dtype) => op('shiftRightLogical', [ownBits(x, dtype), y]),
});

/** The bits of x moved down by y places, copies of its sign coming in. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const shiftRightArithmetic: Binary = bitsOfTwo('shiftRightArithmetic', integerDTypes);
