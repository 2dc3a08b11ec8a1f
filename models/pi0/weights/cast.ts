/** Raw elements of one float type as those of another. */
import { float16Bits, float16Value } from '../../../core/base/half.ts';
import type { RawElements } from './permute.ts';

/** Bytes per element of the types that weights come in, by the format's names. */
export const weightTypes = {
  F32: { dtype: 'float32', bytes: 4 },
  BF16: { dtype: 'bfloat16', bytes: 2 },
  F16: { dtype: 'float16', bytes: 2 },
} as const;

/** A type that weights come in. */
export type WeightType = keyof typeof weightTypes;

/** Element types of weights on a device. */
export type WeightDType = (typeof weightTypes)[WeightType]['dtype'];

/** Whether weights may have this type. */
export const isWeightType = (name: string): name is WeightType => Object.hasOwn(weightTypes, name);

/** The format's name of an element type; undefined if weights never have it. */
export const weightTypeOf = (dtype: string): WeightType | undefined =>
  Object.keys(weightTypes)
    .filter(isWeightType)
    .find((name) => weightTypes[name].dtype === dtype);

/** The bits of float32 numbers as the bits of the nearest bfloat16, ties to even. */
function roundToBrain(wide: Uint32Array): Uint16Array {
  const narrow = new Uint16Array(wide.length);
  for (let i = 0; i < wide.length; i++) {
    const bits = wide[i] ?? 0;
    // Rounding could make an infinity of a NaN.
    const isNotANumber = (bits & 0x7fffffff) > 0x7f800000;
    narrow[i] = isNotANumber ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return narrow;
}

function widenBrain(narrow: Uint16Array): Uint32Array {
  const wide = new Uint32Array(narrow.length);
  for (let i = 0; i < narrow.length; i++) wide[i] = (narrow[i] ?? 0) << 16;
  return wide;
}

let halfBits: Uint32Array | null = null;

/** The bits of every float16 as those of a float32, made once. */
function halfTable(): Uint32Array {
  const values = () => Float32Array.from({ length: 1 << 16 }, (_, bits) => float16Value(bits));
  halfBits ??= new Uint32Array(values().buffer);
  return halfBits;
}

function widenHalf(narrow: Uint16Array): Uint32Array {
  const table = halfTable();
  return Uint32Array.from(narrow, (bits) => table[bits] ?? 0);
}

function widen(elements: RawElements, from: WeightType): Uint32Array {
  if (elements instanceof Uint32Array) return elements;
  return from === 'BF16' ? widenBrain(elements) : widenHalf(elements);
}

function narrowTo(wide: Uint32Array, to: WeightType): RawElements {
  if (to === 'F32') return wide;
  if (to === 'BF16') return roundToBrain(wide);
  return Uint16Array.from(new Float32Array(wide.buffer, wide.byteOffset, wide.length), float16Bits);
}

/** The elements in another type: exact where it is wider, rounded to the nearest where it is not. */
export const castRaw = (elements: RawElements, from: WeightType, to: WeightType): RawElements =>
  from === to ? elements : narrowTo(widen(elements, from), to);

/** Bytes as raw elements, copied if they begin at an odd address. */
export function rawElements(bytes: Uint8Array, type: WeightType): RawElements {
  const { bytes: size } = weightTypes[type];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = aligned;
  return size === 2
    ? new Uint16Array(buffer, byteOffset, byteLength / 2)
    : new Uint32Array(buffer, byteOffset, byteLength / 4);
}
