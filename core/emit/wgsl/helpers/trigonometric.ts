/**
 * Circular functions with full accuracy for arguments of any size. WGSL promises an absolute error of
 * 2⁻¹¹ for `sin` and `cos` on [−π, π] and nothing outside.
 *
 * @see Payne and Hanek 1983, Radian Reduction for Trigonometric Functions, ACM SIGNUM Newsletter 18(1)
 * @see Moshier, Cephes Mathematical Library, single precision, https://www.netlib.org/cephes/
 */
import { helper, polynomial } from './helper.ts';

const sinTail = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1];
const cosTail = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2];
const atanTail = [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1];
const asinTail = [
  4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1,
];

// Few branches: drivers inline every call, and some take time that grows with the square of the blocks of a kernel.
export const trigonometricHelpers = {
  mul_high: helper(`fn mul_high(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u);
}`),
  // x = rest + quarter·π/2 with |rest| ≤ π/4; quarter modulo 4 is what counts.
  Turn: helper('struct Turn { rest: f32, quarter: u32 }'),
  // The bits of 2/π that matter, times the significand, in fixed point with two bits before the point.
  turn_far: helper(
    `const two_over_pi = array<u32, 8>(
  0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0u);
fn turn_far(x: f32) -> Turn {
  let bits = bitcast<u32>(x);
  let significand = (bits << 8u) | 0x80000000u;
  let e = ((bits >> 23u) & 0xffu) - 126u;
  let word = e >> 5u;
  let shift = e & 31u;
  let w0 = two_over_pi[word];
  let w1 = two_over_pi[word + 1u];
  let w2 = two_over_pi[word + 2u];
  let w3 = two_over_pi[word + 3u];
  // In two steps, since a shift by 32 is none.
  let a = (w0 << shift) | ((w1 >> 1u) >> (31u - shift));
  let b = (w1 << shift) | ((w2 >> 1u) >> (31u - shift));
  let c = (w2 << shift) | ((w3 >> 1u) >> (31u - shift));
  let carry = mul_high(significand, c);
  let sum = significand * b + carry;
  let product = mul_high(significand, b) + select(0u, 1u, sum < carry) + significand * a;
  let part = product & 0x3fffffffu;
  let above = part >= 0x20000000u;
  let high = select(part, 0x40000000u - part - select(0u, 1u, sum != 0u), above);
  let low = select(sum, 0u - sum, above);
  let quarter = (product >> 30u) + select(0u, 1u, above);
  let zeros = countLeadingZeros(high | 1u);
  let top = (high << zeros) | (low >> (32u - zeros));
  let rest = f32(top) * power_of_two(-30 - i32(zeros)) * 1.57079633;
  let negative = x < 0.0;
  return Turn(select(rest, -rest, above != negative), select(quarter, 0u - quarter, negative));
}`,
    'Turn',
    'mul_high',
    'power_of_two',
  ),
  // π/2 in four parts; the first three times a quarter below 2¹² are exact, even where fma is not fused.
  turn: helper(
    `fn turn(x: f32) -> Turn {
  let n = round(x * 0.636619772);
  let near = fma(-n, 7.549533620e-08, fma(-n, 4.83751297e-4, fma(-n, 1.5703125, x)));
  var t = Turn(fma(-n, 2.563344068e-12, near), bitcast<u32>(i32(n)));
  if (abs(x) >= 4096.0) { t = turn_far(x); }
  return t;
}`,
    'Turn',
    'turn_far',
  ),
  sin_near: helper(
    `fn sin_near(x: f32) -> f32 {
  let z = x * x;
  return fma(x * z, ${polynomial('z', sinTail)}, x);
}`,
  ),
  cos_near: helper(
    `fn cos_near(x: f32) -> f32 {
  let z = x * x;
  return 1.0 + fma(z * z, ${polynomial('z', cosTail)}, -0.5 * z);
}`,
  ),
  sin_f32: helper(
    `fn sin_f32(x: f32) -> f32 {
  let t = turn(x);
  let y = select(sin_near(t.rest), cos_near(t.rest), (t.quarter & 1u) == 1u);
  let sine = select(y, -y, (t.quarter & 2u) == 2u);
  return select(f32_of(0x7fc00000u), select(sine, x, abs(x) < 2.44140625e-4), is_finite(x));
}`,
    'is_finite',
    'f32_of',
    'turn',
    'sin_near',
    'cos_near',
  ),
  cos_f32: helper(
    `fn cos_f32(x: f32) -> f32 {
  let t = turn(x);
  let y = select(cos_near(t.rest), sin_near(t.rest), (t.quarter & 1u) == 1u);
  let cosine = select(y, -y, ((t.quarter + 1u) & 2u) == 2u);
  return select(f32_of(0x7fc00000u), cosine, is_finite(x));
}`,
    'is_finite',
    'f32_of',
    'turn',
    'sin_near',
    'cos_near',
  ),
  tan_f32: helper(
    `fn tan_f32(x: f32) -> f32 {
  if (!is_finite(x)) { return f32_of(0x7fc00000u); }
  if (abs(x) < 2.44140625e-4) { return x; }
  let t = turn(x);
  let s = sin_near(t.rest);
  let c = cos_near(t.rest);
  return select(s / c, -c / s, (t.quarter & 1u) == 1u);
}`,
    'is_finite',
    'f32_of',
    'turn',
    'sin_near',
    'cos_near',
  ),
  // For x from 0 to tan(3π/8) − 1 and a little beyond.
  atan_near: helper(
    `fn atan_near(x: f32) -> f32 {
  let z = x * x;
  return fma(x * z, ${polynomial('z', atanTail)}, x);
}`,
  ),
  atan_unit: helper(
    `fn atan_unit(x: f32) -> f32 {
  if (x > 0.41421356) { return 0.785398163 + atan_near((x - 1.0) / (x + 1.0)); }
  return atan_near(x);
}`,
    'atan_near',
  ),
  atan_f32: helper(
    `fn atan_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  var y = 1.57079633;
  if (a > 1.0 && is_finite(x)) { y = 1.57079633 - atan_unit(1.0 / a); }
  if (a <= 1.0) { y = atan_unit(a); }
  return bitcast<f32>(bitcast<u32>(y) | (bitcast<u32>(x) & 0x80000000u));
}`,
    'is_nan',
    'is_finite',
    'atan_unit',
  ),
  atan2_f32: helper(
    `fn atan2_f32(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return f32_of(0x7fc00000u); }
  let a = abs(x);
  let b = abs(y);
  var angle = 0.0;
  if (!is_finite(x) && !is_finite(y)) { angle = 0.785398163; }
  else if (!is_finite(y)) { angle = 1.57079633; }
  else if (!is_finite(x) || b == 0.0) { angle = 0.0; }
  else if (b > a) { angle = 1.57079633 - atan_unit(a / b); }
  else { angle = atan_unit(b / a); }
  if (bitcast<u32>(x) >= 0x80000000u) { angle = 3.14159265 - angle; }
  return bitcast<f32>(bitcast<u32>(angle) | (bitcast<u32>(y) & 0x80000000u));
}`,
    'is_nan',
    'is_finite',
    'f32_of',
    'atan_unit',
  ),
  // arcsin x for 0 ≤ x ≤ ½, with z = x².
  asin_near: helper(
    `fn asin_near(x: f32, z: f32) -> f32 {
  return fma(x * z, ${polynomial('z', asinTail)}, x);
}`,
  ),
  asin_f32: helper(
    `fn asin_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a > 1.0) { return f32_of(0x7fc00000u); }
  if (a < 2.44140625e-4) { return x; }
  if (a <= 0.5) { return asin_near(x, x * x); }
  let z = 0.5 * (1.0 - a);
  let y = 1.57079633 - 2.0 * asin_near(sqrt(z), z);
  return select(y, -y, x < 0.0);
}`,
    'is_nan',
    'f32_of',
    'asin_near',
  ),
  acos_f32: helper(
    `fn acos_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a > 1.0) { return f32_of(0x7fc00000u); }
  if (a <= 0.5) { return 1.57079633 - asin_near(x, x * x); }
  let z = 0.5 * (1.0 - a);
  let y = 2.0 * asin_near(sqrt(z), z);
  return select(y, 3.14159265 - y, x < 0.0);
}`,
    'is_nan',
    'f32_of',
    'asin_near',
  ),
} as const;
