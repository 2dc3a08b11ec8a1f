/** Sixteen-bit floats on the host: rounding to them, their bits, and arrays of those. */
import { allocateHost, allocateRaw, type DType, type TypedArray } from './dtype.ts';

const scratch = new DataView(new ArrayBuffer(4));

/** The bits of a float32. */
function bitsOf(x: number): number {
  scratch.setFloat32(0, x);
  return scratch.getUint32(0);
}

function floatOf(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

/** The bits of the nearest bfloat16, ties to even; NaN becomes a quiet NaN of its sign. */
export function bfloat16Bits(x: number): number {
  const bits = bitsOf(x);
  if (Number.isNaN(x)) return (bits >>> 31 === 1 ? 0x8000 : 0) | 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that these bits of a bfloat16 stand for. */
export const bfloat16Value = (bits: number): number => floatOf((bits << 16) >>> 0);

/** x rounded to an integer, ties to even; for 0 ≤ x < 2²⁴. */
function nearestEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** The bits of the nearest float16, ties to even; from 65520 on an infinity. */
export function float16Bits(x: number): number {
  const exact = Math.fround(x);
  const sign = bitsOf(exact) >>> 31 === 1 ? 0x8000 : 0;
  if (Number.isNaN(exact)) return sign | 0x7e00;
  const size = Math.abs(exact);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | nearestEven(size * 2 ** 24);
  const bits = bitsOf(size) - 0x38000000;
  return sign | ((bits + 0xfff + ((bits >>> 13) & 1)) >>> 13);
}

/** The number that these bits of a float16 stand for. */
export function float16Value(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest value of a type of 16 bits. */
export const roundBfloat16 = (x: number): number => bfloat16Value(bfloat16Bits(x));
/** The nearest value of a type of 16 bits. */
export const roundFloat16 = (x: number): number => float16Value(float16Bits(x));

/** Elements as they are in memory, from their values: 16-bit floats as bits. */
export function toRaw(values: TypedArray, dtype: DType): TypedArray {
  if (dtype !== 'bfloat16' && dtype !== 'float16') return values;
  const bits = dtype === 'bfloat16' ? bfloat16Bits : float16Bits;
  const raw = allocateRaw(dtype, values.length);
  for (let i = 0; i < raw.length; i++) raw[i] = bits(values[i] ?? 0);
  return raw;
}

/** The values of elements as they are in memory. */
export function fromRaw(raw: TypedArray, dtype: DType): TypedArray {
  if (dtype !== 'bfloat16' && dtype !== 'float16') return raw;
  const valueIn = dtype === 'bfloat16' ? bfloat16Value : float16Value;
  const values = allocateHost(dtype, raw.length);
  for (let i = 0; i < values.length; i++) values[i] = valueIn(raw[i] ?? 0);
  return values;
}

/** The number as the nearest value of an element type; integers wrap. */
export function nearest(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(value);
    case 'bfloat16':
      return roundBfloat16(value);
    case 'float16':
      return roundFloat16(value);
    case 'int32':
      return value | 0;
    case 'uint32':
      return value >>> 0;
    case 'int16':
      return (value << 16) >> 16;
    case 'uint16':
      return value & 0xffff;
    case 'int8':
      return (value << 24) >> 24;
    case 'uint8':
      return value & 0xff;
    case 'bool':
      return value === 0 ? 0 : 1;
  }
}
