/** Element types and JAX's rules for mixing them. */

/** An element type. Booleans occupy four bytes in memory, as 0 or 1. */
export type DType = 'float32' | 'int32' | 'uint32' | 'bool';

/** Host storage of one element type. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

interface DTypeFacts {
  readonly short: string;
  readonly bytes: number;
  readonly isFloat: boolean;
  readonly isInteger: boolean;
  readonly isSigned: boolean;
  /** Position in the promotion order, see {@link promoteDTypes}. */
  readonly rank: number;
}

const facts = {
  bool: { short: 'bool', bytes: 4, isFloat: false, isInteger: false, isSigned: false, rank: 0 },
  uint32: { short: 'u32', bytes: 4, isFloat: false, isInteger: true, isSigned: false, rank: 1 },
  int32: { short: 'i32', bytes: 4, isFloat: false, isInteger: true, isSigned: true, rank: 2 },
  float32: { short: 'f32', bytes: 4, isFloat: true, isInteger: false, isSigned: true, rank: 3 },
} as const satisfies Record<DType, DTypeFacts>;

/** Every element type, in promotion order. */
export const dtypes = ['bool', 'uint32', 'int32', 'float32'] as const satisfies readonly DType[];

/** True for a supported element type's name. */
export const isDType = (name: unknown): name is DType =>
  typeof name === 'string' && Object.hasOwn(facts, name);

/** The short name used in printed programs, such as `f32`. */
export const shortName = (dtype: DType): string => facts[dtype].short;

/** Bytes of one element in device memory. */
export const bytesOf = (dtype: DType): number => facts[dtype].bytes;

/** True for floating-point types: the ones with tangents. */
export const isFloat = (dtype: DType): boolean => facts[dtype].isFloat;

/** True for int32 and uint32; bool is not an integer. */
export const isInteger = (dtype: DType): boolean => facts[dtype].isInteger;

/** True for types with negative values. */
export const isSigned = (dtype: DType): boolean => facts[dtype].isSigned;

/** An element type and whether it gives way, as the type of a plain number does. */
export interface Kind {
  readonly dtype: DType;
  readonly weak: boolean;
}

/** 0 bool, 1 integer, 2 float: a weak type gives way within its class and to higher classes. */
const classOf = (dtype: DType): number => (isFloat(dtype) ? 2 : isInteger(dtype) ? 1 : 0);

function promotePair(a: Kind, b: Kind): Kind {
  if (a.weak !== b.weak) {
    const [weak, strong] = a.weak ? [a, b] : [b, a];
    // A weak float meeting an integer or bool keeps its own type and stays weak, as in JAX.
    return classOf(weak.dtype) > classOf(strong.dtype) ? weak : strong;
  }
  return facts[a.dtype].rank >= facts[b.dtype].rank ? a : b;
}

/**
 * The type in which values of these types are combined.
 *
 * Follows JAX's lattice without 64-bit types: uint32 with int32 gives int32.
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

/** A zeroed host array for `length` elements; booleans as bytes. */
export function allocateHost(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'uint32':
      return new Uint32Array(length);
    case 'bool':
      return new Uint8Array(length);
  }
}
