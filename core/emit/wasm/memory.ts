/** Loads and stores by element type: narrow elements are widened to, and cut from, 32 bits. */
import { bytesOf, type DType, isSigned } from '../../base/dtype.ts';
import type { Source } from '../../ir/expr.ts';
import {
  f32Load,
  f32Store,
  i32Const,
  i32Load,
  i32LoadNarrow,
  i32Store,
  i32Store8,
  i32Store16,
  i32x4,
  v128,
  v128Load,
  v128Load16x4,
  v128Load32Zero,
  v128Store,
  v128StoreLow,
  widths,
} from './opcodes.ts';

/** Bytes of one element of an array. */
export const sizeIn = ({ dtype }: Source): number => bytesOf(dtype);

/** Loads one element from the address on the stack. Raw: its bits, with zeros above. */
export function loadElement(dtype: DType, isRaw: boolean, offset = 0): number[] {
  const isExtended = !isRaw && isSigned(dtype);
  switch (bytesOf(dtype)) {
    case 1:
      return isExtended ? i32LoadNarrow.signed8(offset) : i32LoadNarrow.unsigned8(offset);
    case 2:
      return isExtended ? i32LoadNarrow.signed16(offset) : i32LoadNarrow.unsigned16(offset);
    default:
      return dtype === 'float32' ? f32Load(offset) : i32Load(offset);
  }
}

/** Loads four neighbours, as {@link loadElement}. */
export function loadFour(dtype: DType, isRaw: boolean, offset = 0): number[] {
  const isExtended = !isRaw && isSigned(dtype);
  switch (bytesOf(dtype)) {
    case 1:
      return isExtended
        ? [...v128Load32Zero(offset), ...widths.widenBytesS, ...widths.widenPairsS]
        : [...v128Load32Zero(offset), ...widths.widenBytesU, ...widths.widenPairsU];
    case 2:
      return v128Load16x4(isExtended, offset);
    default:
      return v128Load(offset);
  }
}

/** Stores the element on the stack, of whose bits the lowest are kept. */
export function storeElement(dtype: DType, offset = 0): number[] {
  switch (bytesOf(dtype)) {
    case 1:
      return i32Store8(offset);
    case 2:
      return i32Store16(offset);
    default:
      return dtype === 'float32' ? f32Store(offset) : i32Store(offset);
  }
}

/** Stores four neighbours, as {@link storeElement}. */
export function storeFour(dtype: DType, offset = 0): number[] {
  const size = bytesOf(dtype);
  if (size >= 4) return v128Store(offset);
  // Narrowing saturates, and takes its operands as signed: what lies above the element must be gone.
  const low = [...i32Const(size === 1 ? 0xff : 0xffff), ...i32x4.splat, ...v128.and];
  const zeros = [...i32Const(0), ...i32x4.splat];
  const pairs = [...low, ...zeros, ...widths.narrowWords];
  return size === 2
    ? [...pairs, ...v128StoreLow(8, offset)]
    : [...pairs, ...zeros, ...widths.narrowPairs, ...v128StoreLow(4, offset)];
}
