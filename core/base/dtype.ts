/** Element types and JAX's rules for mixing them. */

/** The types that kernels compute in. Booleans occupy four bytes in memory, as 0 or 1. */
export type ScalarType = 'float32' | 'int32' | 'uint32' | 'bool';

/** Types that are narrow in memory only: their elements are computed in 32 bits, then rounded or wrapped. */
export type StorageType = 'float16' | 'bfloat16' | 'int8' | 'uint8' | 'int16' | 'uint16';

/** An element type. */
export type DType = ScalarType | StorageType;

/** Host storage of one element type. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

interface DTypeFacts {
  readonly short: string;
  readonly bytes: number;
  /** The type in which it is computed. */
  readonly scalar: ScalarType;
  readonly isFloat: boolean;
  readonly isInteger: boolean;
  readonly isSigned: boolean;
}

const boolean = { isFloat: false, isInteger: false, isSigned: false } as const;
const unsigned = { isFloat: false, isInteger: true, isSigned: false } as const;
const signed = { isFloat: false, isInteger: true, isSigned: true } as const;
const float = { isFloat: true, isInteger: false, isSigned: true } as const;

const facts = {
  bool: { short: 'bool', bytes: 4, scalar: 'bool', ...boolean },
  uint8: { short: 'u8', bytes: 1, scalar: 'uint32', ...unsigned },
  int8: { short: 'i8', bytes: 1, scalar: 'int32', ...signed },
  uint16: { short: 'u16', bytes: 2, scalar: 'uint32', ...unsigned },
  int16: { short: 'i16', bytes: 2, scalar: 'int32', ...signed },
  uint32: { short: 'u32', bytes: 4, scalar: 'uint32', ...unsigned },
  int32: { short: 'i32', bytes: 4, scalar: 'int32', ...signed },
  bfloat16: { short: 'bf16', bytes: 2, scalar: 'float32', ...float },
  float16: { short: 'f16', bytes: 2, scalar: 'float32', ...float },
  float32: { short: 'f32', bytes: 4, scalar: 'float32', ...float },
} as const satisfies Record<DType, DTypeFacts>;

/** Every element type. */
export const dtypes = [
  'bool',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'bfloat16',
  'float16',
  'float32',
] as const satisfies readonly DType[];

/** True for a supported element type's name. */
export const isDType = (name: unknown): name is DType =>
  typeof name === 'string' && Object.hasOwn(facts, name);

/** The short name used in printed programs, such as `f32`. */
export const shortName = (dtype: DType): string => facts[dtype].short;

/** Bytes of one element in device memory. */
export const bytesOf = (dtype: DType): number => facts[dtype].bytes;

/** The type in which elements of this type are computed. */
export const scalarTypeOf = (dtype: DType): ScalarType => facts[dtype].scalar;

/** True for types that are narrower in memory than what they are computed in. */
export const isStorageType = (dtype: DType): dtype is StorageType => facts[dtype].bytes < 4;

/** True for floating-point types: the ones with tangents. */
export const isFloat = (dtype: DType): boolean => facts[dtype].isFloat;

/** True for signed and unsigned integers; bool is not an integer. */
export const isInteger = (dtype: DType): boolean => facts[dtype].isInteger;

/** True for types with negative values. */
export const isSigned = (dtype: DType): boolean => facts[dtype].isSigned;

/** The least and greatest value of an integer type. */
export function integerRange(dtype: DType): readonly [number, number] {
  const bits = 8 * bytesOf(dtype);
  return isSigned(dtype) ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** An element type and whether it gives way, as the type of a plain number does. */
export interface Kind {
  readonly dtype: DType;
  readonly weak: boolean;
}

/** 0 bool, 1 integer, 2 float: a weak type gives way within its class and to higher classes. */
const classOf = (dtype: DType): number => (isFloat(dtype) ? 2 : isInteger(dtype) ? 1 : 0);

const signedOf: Readonly<Record<number, DType>> = { 1: 'int8', 2: 'int16', 4: 'int32' };

/** The least type of JAX's lattice that both types lead to; where that has 64 bits, the one of 32. */
function join(a: DType, b: DType): DType {
  if (a === b) return a;
  if (classOf(a) !== classOf(b)) return classOf(a) > classOf(b) ? a : b;
  if (isFloat(a)) return 'float32';
  if (isSigned(a) === isSigned(b)) return bytesOf(a) > bytesOf(b) ? a : b;
  const [narrow, wide] = isSigned(a) ? [b, a] : [a, b];
  return bytesOf(wide) > bytesOf(narrow) ? wide : (signedOf[2 * bytesOf(narrow)] ?? 'int32');
}

function promotePair(a: Kind, b: Kind): Kind {
  if (a.weak !== b.weak) {
    const [weak, strong] = a.weak ? [a, b] : [b, a];
    // A weak float meeting an integer or bool keeps its own type and stays weak, as in JAX.
    return classOf(weak.dtype) > classOf(strong.dtype) ? weak : strong;
  }
  return { dtype: join(a.dtype, b.dtype), weak: a.weak };
}

/**
 * The type in which values of these types are combined.
 *
 * Follows JAX's lattice without 64-bit types: uint32 with int32 gives int32. float16 with bfloat16 gives
 * float32, uint8 with int8 gives int16, integers with a narrow float give that float.
 * @see https://docs.jax.dev/en/latest/type_promotion.html
 */
export function promoteDTypes(kinds: readonly Kind[]): Kind {
  return kinds.reduce(promotePair);
}

/** The type of a plain number or boolean: whole numbers are weak int32, others weak float32. */
export function kindOfScalar(value: number | boolean): Kind {
  if (typeof value === 'boolean') return { dtype: 'bool', weak: false };
  const isWhole = Number.isInteger(value) && Math.abs(value) <= 0xffffffff && !Object.is(value, -0);
  return { dtype: isWhole ? 'int32' : 'float32', weak: true };
}

/** A kind of typed array. */
interface ArrayKind {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
}

/** How elements are seen in device memory: 16-bit floats as their bits, booleans as words. */
const memoryArrays: Readonly<Record<DType, ArrayKind>> = {
  bool: Uint32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  bfloat16: Uint16Array,
  float16: Uint16Array,
  float32: Float32Array,
};

/** The kind of array that holds elements as they are in device memory. */
export const memoryArray = (dtype: DType): ArrayKind => memoryArrays[dtype];

/** A zeroed host array for the values of `length` elements; booleans as bytes, all floats as float32. */
export function allocateHost(dtype: DType, length: number): TypedArray {
  if (dtype === 'bool') return new Uint8Array(length);
  return isFloat(dtype) ? new Float32Array(length) : new memoryArrays[dtype](length);
}

/** A zeroed host array for `length` elements as they are in memory: 16-bit floats as their bits, booleans as bytes. */
export const allocateRaw = (dtype: DType, length: number): TypedArray =>
  dtype === 'bool' ? new Uint8Array(length) : new memoryArrays[dtype](length);

/** Device memory as elements of this type: 16-bit floats as bits, booleans as words. */
export const memoryView = (
  dtype: DType,
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
): TypedArray => new memoryArrays[dtype](buffer, offset, length);
