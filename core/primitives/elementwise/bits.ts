/** Operations on the bits of integers; on booleans the logical ones. */

import type { DType } from '../../base/dtype.ts';
import { noTangent } from '../../ir/primitive.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
import { type Binary, bitwiseDTypes, integerDTypes, type Unary } from '../define.ts';
import { binary, unary } from './family.ts';

const bitsOfOne = (name: ScalarOp, dtypes: readonly DType[]): Unary =>
  unary({ name, dtypes, tangent: noTangent });

const bitsOfTwo = (name: ScalarOp, dtypes: readonly DType[]): Binary =>
  binary({ name, dtypes, tangent: noTangent });

/** Every bit turned round; for booleans the negation. @throws `unsupported-dtype` for floats. */
export const not: Unary = bitsOfOne('not', bitwiseDTypes);

/** The number of bits that are set. @throws `unsupported-dtype` */
export const populationCount: Unary = bitsOfOne('populationCount', integerDTypes);

/** The number of zero bits above the highest set one; 32 for zero. @throws `unsupported-dtype` */
export const countLeadingZeros: Unary = bitsOfOne('countLeadingZeros', integerDTypes);

/** Bits that are set in both. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for floats. */
export const and: Binary = bitsOfTwo('and', bitwiseDTypes);

/** Bits that are set in either. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for floats. */
export const or: Binary = bitsOfTwo('or', bitwiseDTypes);

/** Bits that are set in exactly one. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` for floats. */
export const xor: Binary = bitsOfTwo('xor', bitwiseDTypes);

/** The bits of x moved up by y places; 0 for 32 places or more. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const shiftLeft: Binary = bitsOfTwo('shiftLeft', integerDTypes);

/** The bits of x moved down by y places, zeros coming in. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const shiftRightLogical: Binary = bitsOfTwo('shiftRightLogical', integerDTypes);

/** The bits of x moved down by y places, copies of its sign coming in. @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype` */
export const shiftRightArithmetic: Binary = bitsOfTwo('shiftRightArithmetic', integerDTypes);
