/** Elements of arrays that are packed in words, and rounding to 16-bit floats. */
import { helper } from './helper.ts';

/** The functions, by name. `…_at(word, index)` is the element of this flat index in the word that holds it. */
export const storageHelpers = {
  u16_at: helper(
    'fn u16_at(word: u32, index: i32) -> u32 { return extractBits(word, (u32(index) & 1u) * 16u, 16u); }',
  ),
  i16_at: helper(
    'fn i16_at(word: u32, index: i32) -> i32 { return extractBits(bitcast<i32>(word), (u32(index) & 1u) * 16u, 16u); }',
  ),
  u8_at: helper(
    'fn u8_at(word: u32, index: i32) -> u32 { return extractBits(word, (u32(index) & 3u) * 8u, 8u); }',
  ),
  i8_at: helper(
    'fn i8_at(word: u32, index: i32) -> i32 { return extractBits(bitcast<i32>(word), (u32(index) & 3u) * 8u, 8u); }',
  ),
  bf16_at: helper(
    'fn bf16_at(word: u32, index: i32) -> f32 { return f32_of(u16_at(word, index) << 16u); }',
    'u16_at',
    'f32_of',
  ),
  f16_at: helper(
    `fn f16_at(word: u32, index: i32) -> f32 {
  let bits = u16_at(word, index);
  let size = bits & 0x7fffu;
  let sign = (bits & 0x8000u) << 16u;
  if (size < 0x400u) { return f32_of(bitcast<u32>(f32(size) * 5.9604644775390625e-8f) | sign); }
  let wide = (size << 13u) + 0x38000000u;
  return f32_of(select(wide, wide | 0x7f800000u, size >= 0x7c00u) | sign);
}`,
    'u16_at',
    'f32_of',
  ),
  round_bf16: helper(
    `fn round_bf16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return f32_of((bits | 0x400000u) & 0xffff0000u); }
  return f32_of((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u);
}`,
    'f32_of',
  ),
  round_f16: helper(
    `fn round_f16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  let sign = bits & 0x80000000u;
  if (size > 0x7f800000u) { return f32_of(sign | 0x7fc00000u); }
  if (size < 0x38800000u) {
    let steps = round(bitcast<f32>(size) * 16777216f);
    return f32_of(bitcast<u32>(steps * 5.9604644775390625e-8f) | sign);
  }
  let rounded = (size + 0xfffu + ((size >> 13u) & 1u)) & 0xffffe000u;
  return f32_of(select(rounded, 0x7f800000u, rounded >= 0x47800000u) | sign);
}`,
    'f32_of',
  ),
} as const;
