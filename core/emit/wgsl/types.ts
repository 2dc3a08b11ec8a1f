/** How element types and numbers are written in WGSL. */
import { type DType, isStorageType, type ScalarType } from '../../base/dtype.ts';
import type { HelperName } from './helpers/index.ts';

/** The WGSL type of a value in a computation. */
export const valueType: Readonly<Record<ScalarType, string>> = {
  float32: 'f32',
  int32: 'i32',
  uint32: 'u32',
  bool: 'bool',
};

/** The WGSL type of an element in memory: booleans are 0 and 1. */
export const memoryType: Readonly<Record<ScalarType, string>> = { ...valueType, bool: 'u32' };

/** True if an element takes up a word of memory by itself. */
export const isWord = (dtype: DType): dtype is ScalarType => !isStorageType(dtype);

/** Names a library function and sees to it that its text is there. */
export type UseHelper = (name: HelperName) => string;

const scratch = new DataView(new ArrayBuffer(4));
const leastNormal = 2 ** -126;

/** The bits of a number as this type. */
function bitsOf(value: number, dtype: ScalarType): number {
  if (dtype === 'float32') scratch.setFloat32(0, value);
  else if (dtype === 'bool') scratch.setUint32(0, value === 0 ? 0 : 1);
  else scratch.setInt32(0, value);
  return scratch.getUint32(0);
}

const opaqueMakers = {
  float32: 'f32_of',
  int32: 'i32_of',
  uint32: 'u32_of',
  bool: 'bool_of',
} as const satisfies Record<ScalarType, HelperName>;

/** A constant that shader compilers may not evaluate with: by their rules an overflow would be an error. */
export const opaqueConstant = (value: number, dtype: ScalarType, use: UseHelper): string =>
  `${use(opaqueMakers[dtype])}(0x${bitsOf(value, dtype).toString(16).padStart(8, '0')}u)`;

/** A constant, exactly. */
export function constantText(value: number, dtype: ScalarType, use: UseHelper): string {
  switch (dtype) {
    case 'bool':
      return value === 0 ? 'false' : 'true';
    case 'uint32':
      return `${value >>> 0}u`;
    case 'int32':
      return value < 0 ? `i32(${value | 0})` : `${value | 0}i`;
    case 'float32': {
      const exact = Math.fround(value);
      const isPlain = Number.isFinite(exact) && Math.abs(exact) >= leastNormal;
      if (!isPlain && !Object.is(exact, 0)) return opaqueConstant(exact, dtype, use);
      return exact < 0 ? `(${exact}f)` : `${exact}f`;
    }
  }
}
