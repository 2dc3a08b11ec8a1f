/** WGSL functions that hold where the language does not: NaN, −0, division by zero, wide shifts, saturation. */
import { helper } from './helper.ts';

export const bitHelpers = {
  // A call is no const-expression, so the bits of NaN and infinities get past the shader compiler.
  f32_of: helper('fn f32_of(bits: u32) -> f32 { return bitcast<f32>(bits); }'),
  i32_of: helper('fn i32_of(bits: u32) -> i32 { return bitcast<i32>(bits); }'),
  u32_of: helper('fn u32_of(bits: u32) -> u32 { return bits; }'),
  bool_of: helper('fn bool_of(bits: u32) -> bool { return bits != 0u; }'),
  // WGSL compilers may assume that there is no NaN, so that `x != x` is false. Bits cannot be argued away.
  is_nan: helper(
    'fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  ),
  is_finite: helper(
    'fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }',
  ),
  times_zero: helper(
    `fn times_zero(x: f32, sign: u32) -> f32 {
  if (!is_finite(x)) { return f32_of(0x7fc00000u); }
  return bitcast<f32>((bitcast<u32>(x) ^ sign) & 0x80000000u);
}`,
    'is_finite',
    'f32_of',
  ),
  zero_over: helper(
    `fn zero_over(x: f32, sign: u32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || (bits << 1u) == 0u) { return f32_of(0x7fc00000u); }
  return bitcast<f32>((bits ^ sign) & 0x80000000u);
}`,
    'is_nan',
    'f32_of',
  ),
  minus_itself: helper(
    `fn minus_itself(x: f32) -> f32 {
  if (!is_finite(x)) { return f32_of(0x7fc00000u); }
  return 0.0;
}`,
    'is_finite',
    'f32_of',
  ),
  over_itself: helper(
    `fn over_itself(x: f32) -> f32 {
  if (!is_finite(x) || (bitcast<u32>(x) << 1u) == 0u) { return f32_of(0x7fc00000u); }
  return 1.0;
}`,
    'is_finite',
    'f32_of',
  ),
  // `&` and `|` rather than `&&` and `||`, which are branches.
  eq_f32: helper(
    'fn eq_f32(a: f32, b: f32) -> bool { return (a == b) & !(is_nan(a) | is_nan(b)); }',
    'is_nan',
  ),
  lt_f32: helper(
    'fn lt_f32(a: f32, b: f32) -> bool { return (a < b) & !(is_nan(a) | is_nan(b)); }',
    'is_nan',
  ),
  le_f32: helper(
    'fn le_f32(a: f32, b: f32) -> bool { return (a <= b) & !(is_nan(a) | is_nan(b)); }',
    'is_nan',
  ),
  // Equal values differ in their bits only if they are zeros: +0 is the greater one.
  max_f32: helper(
    `fn max_f32(a: f32, b: f32) -> f32 {
  let one = select(b, a, (a > b) | is_nan(a));
  let same = bitcast<f32>(bitcast<u32>(a) & bitcast<u32>(b));
  return select(select(one, same, a == b), b, is_nan(b));
}`,
    'is_nan',
  ),
  min_f32: helper(
    `fn min_f32(a: f32, b: f32) -> f32 {
  let one = select(b, a, (a < b) | is_nan(a));
  let same = bitcast<f32>(bitcast<u32>(a) | bitcast<u32>(b));
  return select(select(one, same, a == b), b, is_nan(b));
}`,
    'is_nan',
  ),
  sign_f32: helper(
    `fn sign_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || (bits << 1u) == 0u) { return x; }
  return bitcast<f32>((bits & 0x80000000u) | 0x3f800000u);
}`,
    'is_nan',
  ),
  sqrt_f32: helper(
    `fn sqrt_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits << 1u) == 0u || bits == 0x7f800000u || is_nan(x)) { return x; }
  if (bits > 0x80000000u) { return f32_of(0x7fc00000u); }
  return sqrt(x);
}`,
    'is_nan',
    'f32_of',
  ),
  rsqrt_f32: helper(
    `fn rsqrt_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x)) { return x; }
  if ((bits << 1u) == 0u) { return f32_of(0x7f800000u | bits); }
  if (bits > 0x80000000u) { return f32_of(0x7fc00000u); }
  if (bits == 0x7f800000u) { return 0.0; }
  return 1.0 / sqrt(x);
}`,
    'is_nan',
    'f32_of',
  ),
  // Long division of the significands: exact, however large the quotient.
  rem_f32: helper(
    `fn rem_f32(a: f32, b: f32) -> f32 {
  let x = bitcast<u32>(a) & 0x7fffffffu;
  let y = bitcast<u32>(b) & 0x7fffffffu;
  let sign = bitcast<u32>(a) & 0x80000000u;
  if (x >= 0x7f800000u || y > 0x7f800000u || y == 0u) { return f32_of(0x7fc00000u); }
  if (x < y) { return a; }
  let exponent = max(y >> 23u, 1u);
  var rest = select(x & 0x7fffffu, (x & 0x7fffffu) | 0x800000u, x >= 0x800000u);
  let divisor = select(y & 0x7fffffu, (y & 0x7fffffu) | 0x800000u, y >= 0x800000u);
  rest = rest % divisor;
  for (var e = max(x >> 23u, 1u); e > exponent; e--) { rest = (rest << 1u) % divisor; }
  if (rest == 0u) { return bitcast<f32>(sign); }
  let shift = min(countLeadingZeros(rest) - 8u, exponent - 1u);
  rest = rest << shift;
  let bits = select(rest, (rest & 0x7fffffu) | ((exponent - shift) << 23u), rest >= 0x800000u);
  return bitcast<f32>(bits | sign);
}`,
    'f32_of',
  ),
  div_i32: helper(`fn div_i32(a: i32, b: i32) -> i32 {
  if (b == 0) { return -1; }
  if (b == -1) { return bitcast<i32>(0u - bitcast<u32>(a)); }
  return a / b;
}`),
  div_u32: helper(`fn div_u32(a: u32, b: u32) -> u32 {
  if (b == 0u) { return 0xffffffffu; }
  return a / b;
}`),
  rem_i32: helper(`fn rem_i32(a: i32, b: i32) -> i32 {
  if (b == 0) { return a; }
  if (b == -1) { return 0; }
  return a % b;
}`),
  rem_u32: helper(`fn rem_u32(a: u32, b: u32) -> u32 {
  if (b == 0u) { return a; }
  return a % b;
}`),
  pow_u32: helper(`fn pow_u32(base: u32, exponent: u32) -> u32 {
  var result = 1u;
  var factor = base;
  for (var rest = exponent; rest != 0u; rest = rest >> 1u) {
    if ((rest & 1u) == 1u) { result *= factor; }
    factor *= factor;
  }
  return result;
}`),
  // As in XLA, a negative power is 0 but for the bases 1 and −1.
  pow_i32: helper(
    `fn pow_i32(base: i32, exponent: i32) -> i32 {
  if (exponent >= 0) { return bitcast<i32>(pow_u32(bitcast<u32>(base), bitcast<u32>(exponent))); }
  if (base == 1) { return 1; }
  if (base == -1) { return select(1, -1, (exponent & 1) == 1); }
  return 0;
}`,
    'pow_u32',
  ),
  shl: helper(`fn shl(a: u32, n: u32) -> u32 {
  return select(a << (n & 31u), 0u, n > 31u);
}`),
  shr: helper(`fn shr(a: u32, n: u32) -> u32 {
  return select(a >> (n & 31u), 0u, n > 31u);
}`),
  sar: helper(`fn sar(a: i32, n: u32) -> i32 {
  return a >> min(n, 31u);
}`),
  i32_from_f32: helper(
    `fn i32_from_f32(x: f32) -> i32 {
  if (is_nan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x < -2147483648.0) { return i32(-2147483648); }
  return i32(x);
}`,
    'is_nan',
  ),
  u32_from_f32: helper(
    `fn u32_from_f32(x: f32) -> u32 {
  if (is_nan(x) || x <= 0.0) { return 0u; }
  if (x >= 4294967296.0) { return 0xffffffffu; }
  return u32(x);
}`,
    'is_nan',
  ),
} as const;
