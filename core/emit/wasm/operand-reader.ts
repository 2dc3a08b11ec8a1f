/** Operands of matrix products, read as float32 whatever type they are stored in. */
import type { HalfType } from '../../ir/narrow.ts';
import type { FunctionBuilder } from './module.ts';
import {
  f32Const,
  f32Load,
  f32x4,
  f32x4Extract,
  i32Const,
  i32LoadNarrow,
  i32x4,
  localGet,
  localTee,
  v128,
  v128Load,
  v128Load16x4,
} from './opcodes.ts';

/** Types of operands. */
export type GemmType = 'float32' | HalfType;

/** Reads elements of an operand as float32, from the address on the stack. */
export interface OperandReader {
  /** Bytes of an element. */
  readonly size: number;
  readonly one: (offset?: number) => number[];
  readonly four: (offset?: number) => number[];
}

/** A reader whose helper values are locals of the function. */
export function operandReader(type: GemmType, b: FunctionBuilder): OperandReader {
  if (type === 'float32') return { size: 4, one: f32Load, four: v128Load };
  const widen = type === 'bfloat16' ? () => [...i32Const(16), ...i32x4.shl] : () => halfToFloat(b);
  return {
    size: 2,
    one: (offset = 0) => [
      ...i32LoadNarrow.unsigned16(offset),
      ...i32x4.splat,
      ...widen(),
      ...f32x4Extract(0),
    ],
    four: (offset = 0) => [...v128Load16x4(false, offset), ...widen()],
  };
}

/** Four float16, each in the low half of a word on the stack, as float32. */
function halfToFloat(b: FunctionBuilder): number[] {
  const [bits, size] = [b.local('v128'), b.local('v128')];
  const all = (value: number): number[] => [...i32Const(value), ...i32x4.splat];
  return [
    ...localTee(bits),
    ...all(0x7fff),
    ...v128.and,
    ...localTee(size),
    ...i32Const(13),
    ...i32x4.shl,
    // The exponent is 112 too small; the product is exact, for subnormal numbers as well.
    ...f32Const(2 ** 112),
    ...f32x4.splat,
    ...f32x4.mul,
    ...localGet(size),
    ...all(0x7bff),
    ...i32x4.gtS,
    ...all(0x7f800000),
    ...v128.and,
    ...v128.or,
    ...localGet(bits),
    ...all(0x8000),
    ...v128.and,
    ...i32Const(16),
    ...i32x4.shl,
    ...v128.or,
  ];
}
