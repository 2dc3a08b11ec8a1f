/** Element types and constants. */

import type { Shape } from '../base/aval.ts';
import { type DType, promoteDTypes } from '../base/dtype.ts';
import type { ValueLike } from '../ir/value.ts';
import { broadcastShapes as broadcast, kindOf } from './operands.ts';

/** 32-bit IEEE floating point. */
export const float32 = 'float32' satisfies DType;
/** 16-bit IEEE floating point, computed in float32. */
export const float16 = 'float16' satisfies DType;
/** The upper half of a float32, computed in float32. */
export const bfloat16 = 'bfloat16' satisfies DType;
/** Signed 8-bit integers. */
export const int8 = 'int8' satisfies DType;
/** Unsigned 8-bit integers. */
export const uint8 = 'uint8' satisfies DType;
/** Signed 16-bit integers. */
export const int16 = 'int16' satisfies DType;
/** Unsigned 16-bit integers. */
export const uint16 = 'uint16' satisfies DType;
/** Signed 32-bit integers. */
export const int32 = 'int32' satisfies DType;
/** Unsigned 32-bit integers. */
export const uint32 = 'uint32' satisfies DType;
/** True and false. */
export const bool = 'bool' satisfies DType;

/** π. */
export const pi = Math.PI;
/** Euler's number. */
export const e = Math.E;
/** ∞. */
export const inf = Number.POSITIVE_INFINITY;
/** Not a number. */
export const nan = Number.NaN;
/** Stands for a new axis in an index. */
export const newaxis = null;

/** The element type in which these operands are combined. */
export const resultType = (...operands: readonly ValueLike[]): DType =>
  promoteDTypes(operands.map((operand) => kindOf('np.resultType', operand))).dtype;

/** The shape that all of these broadcast to. */
export const broadcastShapes = (...shapes: readonly Shape[]): Shape =>
  broadcast('np.broadcastShapes', shapes);
