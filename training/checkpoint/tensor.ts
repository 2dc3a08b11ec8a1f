/** Tensors as files hold them (raw bytes) and as the host computes with them (typed arrays). */
import type { DType, TypedArray } from '../../core/base/dtype.ts';
import { invariant } from '../../core/base/errors.ts';
import { hostTensorMismatch, valuesTooWide, wrongByteCount, wrongViewDtype } from './errors.ts';

/** Bytes per element. The format's own writer lays tensors out in the reverse of this order. */
export const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

/** An element type of the safetensors format. */
export type FileDtype = keyof typeof elementBytes;

/** Every element type that can be read and written. */
export const fileDtypes: readonly FileDtype[] = Object.keys(elementBytes) as FileDtype[];

/** Whether `name` is an element type that this library knows. */
export const isFileDtype = (name: string): name is FileDtype => Object.hasOwn(elementBytes, name);

/** A tensor as a file holds it: little-endian, row-major, `bytes` aligned for its dtype. */
export interface RawTensor {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** How each of our element types is held in a file, and by which array on the host. */
const hostKinds = {
  float32: { array: Float32Array, dtype: 'F32' },
  float16: { array: Uint16Array, dtype: 'F16' },
  bfloat16: { array: Uint16Array, dtype: 'BF16' },
  int32: { array: Int32Array, dtype: 'I32' },
  int16: { array: Int16Array, dtype: 'I16' },
  int8: { array: Int8Array, dtype: 'I8' },
  uint32: { array: Uint32Array, dtype: 'U32' },
  uint16: { array: Uint16Array, dtype: 'U16' },
  uint8: { array: Uint8Array, dtype: 'U8' },
  bool: { array: Uint8Array, dtype: 'BOOL' },
} as const satisfies Record<DType, { readonly array: unknown; readonly dtype: FileDtype }>;

/** The element types of a {@link HostTensor}. */
export type HostDtype = keyof typeof hostKinds;

/**
 * A tensor in one of the library's element types, as `x.rawData()` gives it and `np.fromRaw` takes it: 16-bit floats are
 * their bits, a bool is one byte, 0 or 1.
 */
export interface HostTensor {
  readonly dtype: HostDtype;
  readonly shape: readonly number[];
  readonly data: Exclude<TypedArray, Float64Array>;
}

/** The number of elements of a shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Throws if a tensor's bytes are more or fewer than its shape and dtype take. */
export function checkByteCount(where: string, name: string, tensor: RawTensor): void {
  const { dtype, shape, bytes } = tensor;
  const needed = elementCount(shape) * elementBytes[dtype];
  if (bytes.byteLength !== needed) {
    throw wrongByteCount(where, name, dtype, shape, bytes.byteLength, needed);
  }
}

type View<T> = new (buffer: ArrayBufferLike, offset: number, length: number) => T;

/** The bytes seen as elements of `size` bytes; copied first if they start at an odd address. */
function viewAs<T>(view: View<T>, size: number, bytes: Uint8Array): T {
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  invariant(
    aligned.byteLength % size === 0,
    `${aligned.byteLength} bytes of ${size}-byte elements`,
  );
  return new view(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

function requireDtype(helper: string, wanted: FileDtype, tensor: RawTensor): Uint8Array {
  if (tensor.dtype !== wanted) throw wrongViewDtype(helper, wanted, tensor.dtype);
  return tensor.bytes;
}

/**
 * The elements of an I32 tensor, without a copy. @throws `tensor-dtype-mismatch` for another dtype.
 */
export const asInt32 = (tensor: RawTensor): Int32Array =>
  viewAs(Int32Array, 4, requireDtype('asInt32', 'I32', tensor));

/**
 * The elements of a U32 tensor, without a copy. @throws `tensor-dtype-mismatch` for another dtype.
 */
export const asUint32 = (tensor: RawTensor): Uint32Array =>
  viewAs(Uint32Array, 4, requireDtype('asUint32', 'U32', tensor));

/**
 * The elements of a U8 tensor, without a copy. @throws `tensor-dtype-mismatch` for another dtype.
 */
export const asUint8 = (tensor: RawTensor): Uint8Array => requireDtype('asUint8', 'U8', tensor);

/**
 * The elements of a BOOL tensor as 0 and 1, without a copy. @throws `tensor-dtype-mismatch` for
 * another dtype.
 */
export const asBool = (tensor: RawTensor): Uint8Array => requireDtype('asBool', 'BOOL', tensor);

let halfTable: Float32Array | null = null;

/** The value of every 16-bit float, by its bits: faster than decoding one by one, and made once. */
function halfValues(): Float32Array {
  if (halfTable !== null) return halfTable;
  const table = new Float32Array(1 << 16);
  for (let bits = 0; bits < table.length; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  halfTable = table;
  return table;
}

function widenBrain(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = (bits[i] ?? 0) << 16;
  return new Float32Array(wide.buffer);
}

function widenHalf(bits: Uint16Array): Float32Array {
  const values = halfValues();
  const wide = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = values[bits[i] ?? 0] ?? 0;
  return wide;
}

/**
 * The elements of a floating-point tensor as float32: F32 without a copy, F16 and BF16 exactly, F64
 * rounded.
 *
 * @throws `tensor-dtype-mismatch` for an integer or boolean tensor.
 */
export function toFloat32({ dtype, bytes }: RawTensor): Float32Array {
  switch (dtype) {
    case 'F32':
      return viewAs(Float32Array, 4, bytes);
    case 'BF16':
      return widenBrain(viewAs(Uint16Array, 2, bytes));
    case 'F16':
      return widenHalf(viewAs(Uint16Array, 2, bytes));
    case 'F64':
      return Float32Array.from(viewAs(Float64Array, 8, bytes));
    default:
      throw wrongViewDtype('toFloat32', 'F32, F16, BF16 or F64', dtype);
  }
}

/** 64-bit integers in 32 bits, refusing any that do not fit. */
function narrow<T extends Int32Array | Uint32Array>(
  from: BigInt64Array | BigUint64Array,
  into: T,
  dtype: FileDtype,
): T {
  for (let i = 0; i < from.length; i++) {
    const value = from[i] ?? 0n;
    into[i] = Number(value);
    if (BigInt(into[i] ?? 0) !== value) {
      throw valuesTooWide(dtype, String(value), i, into instanceof Int32Array ? 'int32' : 'uint32');
    }
  }
  return into;
}

/** Our type of elements that a file holds in the same way. */
const sameKinds = new Map<FileDtype, HostDtype>(
  Object.entries(hostKinds).map(([name, { dtype }]) => [dtype, name as HostDtype]), // Its own keys.
);

/**
 * The tensor in the library's type: its own one, without a copy, and the 32-bit one for elements of 64 bits.
 *
 * @throws `tensor-values-too-wide` if a 64-bit integer does not fit in 32 bits.
 */
export function toHostTensor(tensor: RawTensor): HostTensor {
  const { dtype, shape, bytes } = tensor;
  const count = elementCount(shape);
  switch (dtype) {
    case 'F64':
      return { dtype: 'float32', shape, data: toFloat32(tensor) };
    case 'I64': {
      const data = narrow(viewAs(BigInt64Array, 8, bytes), new Int32Array(count), dtype);
      return { dtype: 'int32', shape, data };
    }
    case 'U64': {
      const data = narrow(viewAs(BigUint64Array, 8, bytes), new Uint32Array(count), dtype);
      return { dtype: 'uint32', shape, data };
    }
    default: {
      const kind = sameKinds.get(dtype);
      invariant(kind !== undefined, `no host type for ${dtype}`);
      const view: View<HostTensor['data']> = hostKinds[kind].array;
      return { dtype: kind, shape, data: viewAs(view, elementBytes[dtype], bytes) };
    }
  }
}

/**
 * The tensor as a file holds it, without a copy.
 *
 * @param path - Its name, for the error.
 * @throws `host-tensor-mismatch` if dtype, shape and data do not agree.
 */
export function fromHostTensor(path: string, { dtype, shape, data }: HostTensor): RawTensor {
  const kind = hostKinds[dtype];
  if (!(data instanceof kind.array) || data.length !== elementCount(shape)) {
    throw hostTensorMismatch(path, dtype, shape, `${data.constructor.name}(${data.length})`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: kind.dtype, shape, bytes };
}
