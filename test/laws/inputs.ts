/** Arrays to try operations on: ordinary ones, and the numbers at which arithmetic goes wrong. */
import { type Aval, makeAval, type Shape, sizeOf } from '../../core/base/aval.ts';
import { type DType, isFloat, isSigned } from '../../core/base/dtype.ts';
import { nearest } from '../../core/base/half.ts';

/** An array on the host. */
export interface Input {
  readonly aval: Aval;
  readonly elements: readonly number[];
}

/** An array of this type with these elements. */
export const given = (shape: Shape, dtype: DType, elements: readonly number[]): Input => ({
  aval: makeAval(shape, dtype),
  elements,
});

/** A scalar. */
export const scalar = (value: number, dtype: DType = 'float32'): Input => given([], dtype, [value]);

/** Numbers in [0, 1) that depend on the seed only, by the generator mulberry32. */
export function uniforms(count: number, seed: number): number[] {
  let state = Math.imul(seed, 0x9e3779b1);
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    // 24 bits, so that the numbers are exact in float32.
    return ((mixed ^ (mixed >>> 14)) >>> 8) / 2 ** 24;
  });
}

let seeds = 0;

/** float32[…shape] between `low` and `high`, other numbers at each call. */
export const floats = (shape: Shape, low = -2, high = 2): Input =>
  given(
    shape,
    'float32',
    uniforms(sizeOf(shape), ++seeds).map((u) => Math.fround(low + u * (high - low))),
  );

/** Whole numbers from `low` to `high`, both included. */
export const integers = (shape: Shape, low: number, high: number, dtype: DType = 'int32'): Input =>
  given(
    shape,
    dtype,
    uniforms(sizeOf(shape), ++seeds).map((u) => low + Math.floor(u * (high - low + 1))),
  );

/** bool[…shape] */
export const booleans = (shape: Shape): Input => integers(shape, 0, 1, 'bool');

/** Ordinary elements of any type. */
export function ordinary(shape: Shape, dtype: DType): Input {
  if (dtype === 'bool') return booleans(shape);
  if (isFloat(dtype)) {
    const { elements } = floats(shape);
    return given(
      shape,
      dtype,
      elements.map((x) => nearest(x, dtype)),
    );
  }
  return isSigned(dtype) ? integers(shape, -9, 9, dtype) : integers(shape, 0, 17, dtype);
}

const minNormal = 2 ** -126;
const maxFloat = (2 - 2 ** -23) * 2 ** 127;

/** The elements of each type at which rules and backends go wrong. Denormals are apart: GPUs flush them. */
export const specials: Readonly<Record<DType, readonly number[]>> = {
  float32: [
    ...[0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, 7, 0.1, -0.3, 1e-3, -1e-3, 20, -20],
    ...[88, -88, 100, -100, 1e5, -1e5, 8388609, 1e10, -1e10, maxFloat, -maxFloat, minNormal],
    ...[Infinity, -Infinity, Number.NaN],
  ].map(Math.fround),
  int32: [0, 1, -1, 2, -2, 7, -7, 31, 32, 33, -32, 65536, 2 ** 31 - 1, -(2 ** 31), 1 - 2 ** 31],
  float16: [
    ...[0, -0, 1, -1, 0.5, -1.5, 2.5, -2.5, 3, 7, 0.1, -0.3, 1e-3, 20, -20, 88, 1000, -2049],
    ...[65504, -65504, 2 ** -14, 2 ** -24, -(2 ** -24), 3 * 2 ** -20, 1023 * 2 ** -24],
    ...[Infinity, -Infinity, Number.NaN],
  ].map((x) => nearest(x, 'float16')),
  bfloat16: [
    ...[0, -0, 1, -1, 0.5, -1.5, 2.5, -2.5, 3, 7, 0.1, -0.3, 1e-3, 20, -20, 88, -100, 257, 1e10],
    ...[(2 - 2 ** -7) * 2 ** 127, -(2 - 2 ** -7) * 2 ** 127, minNormal],
    ...[Infinity, -Infinity, Number.NaN],
  ].map((x) => nearest(x, 'bfloat16')),
  int16: [0, 1, -1, 2, -2, 7, -7, 15, 16, 17, -16, 256, 2 ** 15 - 1, -(2 ** 15), 1 - 2 ** 15],
  uint16: [0, 1, 2, 7, 15, 16, 17, 255, 2 ** 15 - 1, 2 ** 15, 2 ** 16 - 2, 2 ** 16 - 1],
  int8: [0, 1, -1, 2, -2, 7, -7, 8, 9, -8, 16, 127, -128, -127],
  uint8: [0, 1, 2, 7, 8, 9, 15, 16, 127, 128, 254, 255],
  uint32: [0, 1, 2, 7, 31, 32, 33, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1],
  bool: [0, 1],
};

/** Numbers below the least normal one, where a device may compute with zero instead. */
export const denormals: readonly number[] = [2 ** -149, -(2 ** -149), 2 ** -127, -(2 ** -130)];

/** Every special element of a type. */
export const special = (dtype: DType): Input =>
  given([specials[dtype].length], dtype, specials[dtype]);

/** Two arrays that pair every special element with every other. */
export function specialPairs(dtype: DType): readonly [Input, Input] {
  const all = specials[dtype];
  const lefts = all.flatMap((x) => all.map(() => x));
  const rights = all.flatMap(() => all);
  return [given([lefts.length], dtype, lefts), given([rights.length], dtype, rights)];
}

/** Shapes at which loops, vectors and empty arrays go wrong. */
export const shapes: readonly Shape[] = [[2, 3], [13], [1, 5], [3, 1, 2], [], [0], [3, 0]];
