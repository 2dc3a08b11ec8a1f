/**
 * Exponentials, logarithms and powers to about one unit in the last place on any device. WGSL promises
 * less for its own (`log` is allowed an absolute error of 2⁻²¹) and says nothing of infinities.
 *
 * Polynomials are those of Cephes, but for the one of exp. Sums that must not be reassociated go through `fma` or bit masks.
 * @see Moshier, Cephes Mathematical Library, single precision, https://www.netlib.org/cephes/
 */
import { expTail } from '../../expansions/exponential.ts';
import { helper, polynomial } from './helper.ts';

const logTail = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const sinhTail = [2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1];
const asinhTail = [2.0122003309e-2, -4.2699340972e-2, 7.4847586088e-2, -1.6666288134e-1];
const acoshTail = [
  1.7596881071e-3, -7.5272886713e-3, 2.6454905019e-2, -1.1784741703e-1, 1.4142135263,
];
const atanhTail = [
  1.81740078349e-1, 8.24370301058e-2, 1.4669143173e-1, 1.997821645e-1, 3.33337300303e-1,
];
// 2·artanh(s) − 2s = s³·(2/3 + 2/5·s² + …)
const artanhTail = [0.18181818, 0.22222222, 0.28571429, 0.4, 0.66666667];

// ln 2 = high + low; `high` has nine bits, so that its product with an exponent is exact.
const ln2High = '0.693359375';
const ln2Low = '-2.12194440e-4';

export const exponentialHelpers = {
  power_of_two: helper(
    'fn power_of_two(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }',
  ),
  // Twelve leading bits: products of two such numbers are exact.
  upper: helper('fn upper(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }'),
  // exp(x + low) for |x| < 105. Two factors, since 2ⁿ itself may be out of range.
  exp_sum: helper(
    `fn exp_sum(x: f32, low: f32) -> f32 {
  let n = round(x * 1.44269504);
  let r = fma(-n, ${ln2Low}, fma(-n, ${ln2High}, x)) + low;
  let p = ${polynomial('r', expTail)};
  let whole = i32(n);
  let half = whole >> 1u;
  return (1.0 + fma(r * r, p, r)) * power_of_two(half) * power_of_two(whole - half);
}`,
    'power_of_two',
  ),
  // No branches: lanes that take different ones wait for each other.
  exp_f32: helper(
    `fn exp_f32(x: f32) -> f32 {
  let y = exp_sum(clamp(x, -104.0, 89.0), 0.0);
  return select(select(y, f32_of(0x7f800000u), x > 88.72284), x, is_nan(x));
}`,
    'is_nan',
    'f32_of',
    'exp_sum',
  ),
  expm1_f32: helper(
    `fn expm1_f32(x: f32) -> f32 {
  if (is_nan(x) || abs(x) < 5.9604645e-8) { return x; }
  if (x > 20.0) { return exp_f32(x); }
  if (x < -18.0) { return -1.0; }
  let n = round(x * 1.44269504);
  let r = fma(-n, ${ln2Low}, fma(-n, ${ln2High}, x));
  let p = ${polynomial('r', expTail)};
  let scale = power_of_two(i32(n));
  return fma(scale, fma(r * r, p, r), scale - 1.0);
}`,
    'is_nan',
    'exp_f32',
    'power_of_two',
  ),
  // ln(1 + f) + e·ln 2 for 1 + f between √½ and √2.
  log_sum: helper(
    `fn log_sum(f: f32, e: f32) -> f32 {
  let z = f * f;
  let p = ${polynomial('f', logTail)};
  let tail = fma(-0.5, z, fma(e, ${ln2Low}, f * z * p));
  return fma(e, ${ln2High}, f + tail);
}`,
  ),
  // x = (1 + fraction)·2^exponent, 1 + fraction between √½ and √2. Subnormal x goes through an integer.
  Split: helper('struct Split { fraction: f32, exponent: f32 }'),
  split: helper(
    `fn split(x: f32) -> Split {
  let given = bitcast<u32>(x);
  let small = given < 0x00800000u;
  let shifted = select(given, bitcast<u32>(f32(given)), small) + 0x004afb0du;
  let e = i32(shifted >> 23u) - select(127, 276, small);
  return Split(bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0, f32(e));
}`,
    'Split',
  ),
  log_f32: helper(
    `fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let parts = split(x);
  let y = log_sum(parts.fraction, parts.exponent);
  let negative = select(y, f32_of(0x7fc00000u), bits > 0x80000000u);
  let whole = select(negative, f32_of(0xff800000u), (bits << 1u) == 0u);
  return select(whole, x, is_nan(x) | (bits == 0x7f800000u));
}`,
    'is_nan',
    'f32_of',
    'split',
    'log_sum',
  ),
  log1p_f32: helper(
    `fn log1p_f32(x: f32) -> f32 {
  if (is_nan(x) || abs(x) < 5.9604645e-8) { return x; }
  if (x > -0.292 && x < 0.414) { return log_sum(x, 0.0); }
  return log_f32(1.0 + x);
}`,
    'is_nan',
    'log_sum',
    'log_f32',
  ),
  // exp(y·ln x) with ln x and the product in two parts each, for positive finite x.
  pow_positive: helper(
    `fn pow_positive(x: f32, y: f32) -> f32 {
  let parts = split(x);
  let f = parts.fraction;
  let e = parts.exponent;
  let d = 2.0 + f;
  let s = f / d;
  let s_high = upper(s);
  let d_high = upper(d);
  let d_low = f - (d_high - 2.0);
  let s_low = (fma(-s_high, d_high, f) - s_high * d_low) / d;
  let z = s * s;
  let tail = z * s * ${polynomial('z', artanhTail)};
  let big = e * ${ln2High};
  let low = fma(e, ${ln2Low}, fma(2.0, s_low, tail));
  let log_x = big + (2.0 * s_high + low);
  let estimate = y * log_x;
  if (estimate > 89.0) { return f32_of(0x7f800000u); }
  if (estimate < -105.0) { return 0.0; }
  let log_high = upper(log_x);
  let log_low = ((big - log_high) + 2.0 * s_high) + low;
  let y_high = upper(y);
  let product = y_high * log_high;
  let rest = fma(y - y_high, log_high, y * log_low);
  if (product + rest > 88.72284) { return f32_of(0x7f800000u); }
  return exp_sum(product, rest);
}`,
    'split',
    'upper',
    'exp_sum',
    'f32_of',
  ),
  // IEEE 754 pow: 1 to any power and anything to the power 0 are 1, even for NaN.
  pow_f32: helper(
    `fn pow_f32(x: f32, y: f32) -> f32 {
  let x_bits = bitcast<u32>(x);
  let y_size = bitcast<u32>(y) & 0x7fffffffu;
  let size = x_bits & 0x7fffffffu;
  if (y_size == 0u || x_bits == 0x3f800000u) { return 1.0; }
  if (is_nan(x) || is_nan(y)) { return f32_of(0x7fc00000u); }
  let grows = bitcast<u32>(y) < 0x80000000u;
  let whole = y_size >= 0x4b000000u || trunc(y) == y;
  let odd = whole && y_size < 0x4b800000u && (i32(y) & 1) == 1;
  let sign = select(0u, x_bits & 0x80000000u, odd);
  if (y_size == 0x7f800000u) {
    if (size == 0x3f800000u) { return 1.0; }
    return f32_of(select(0u, 0x7f800000u, (size > 0x3f800000u) == grows));
  }
  if (size == 0u) { return f32_of(sign | select(0x7f800000u, 0u, grows)); }
  if (size == 0x7f800000u) { return f32_of(sign | select(0u, 0x7f800000u, grows)); }
  if (x_bits > 0x80000000u && !whole) { return f32_of(0x7fc00000u); }
  return bitcast<f32>(bitcast<u32>(pow_positive(bitcast<f32>(size), y)) | sign);
}`,
    'is_nan',
    'f32_of',
    'pow_positive',
  ),
  logistic_f32: helper(
    `fn logistic_f32(x: f32) -> f32 {
  let t = exp_f32(-abs(x));
  return select(1.0, t, x < 0.0) / (1.0 + t);
}`,
    'exp_f32',
  ),
  // t / (t + 2) for t = exp(2|x|) − 1. Tiny x and NaN are their own results: one unsigned comparison tells both. No
  // branches: lanes that take different ones wait for each other.
  tanh_f32: helper(
    `fn tanh_f32(x: f32) -> f32 {
  let size = bitcast<u32>(x) & 0x7fffffffu;
  let c = 2.0 * min(bitcast<f32>(size), 9.1);
  let n = round(c * 1.44269504);
  let r = fma(-n, ${ln2Low}, fma(-n, ${ln2High}, c));
  let p = ${polynomial('r', expTail)};
  let scale = power_of_two(i32(n));
  let t = fma(scale, fma(r * r, p, r), scale - 1.0);
  let y = bitcast<f32>(bitcast<u32>(t / (t + 2.0)) | (bitcast<u32>(x) & 0x80000000u));
  return select(x, y, size - 0x39800000u <= 0x46000000u);
}`,
    'power_of_two',
  ),
  // Beyond 88 the exponential overflows before its half does.
  cosh_f32: helper(
    `fn cosh_f32(x: f32) -> f32 {
  let a = abs(x);
  if (a > 88.0) { let half = exp_f32(0.5 * a); return (0.5 * half) * half; }
  let e = exp_f32(a);
  return 0.5 * e + 0.5 / e;
}`,
    'exp_f32',
  ),
  sinh_f32: helper(
    `fn sinh_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  let z = x * x;
  if (a < 2.44140625e-4) { return x; }
  if (a < 1.0) { return fma(x * z, ${polynomial('z', sinhTail)}, x); }
  let half = exp_f32(0.5 * a);
  let e = exp_f32(a);
  let y = select(0.5 * e - 0.5 / e, (0.5 * half) * half, a > 88.0);
  return select(y, -y, x < 0.0);
}`,
    'is_nan',
    'exp_f32',
  ),
  asinh_f32: helper(
    `fn asinh_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  let z = x * x;
  if (a < 2.44140625e-4) { return x; }
  if (a < 0.5) { return fma(x * z, ${polynomial('z', asinhTail)}, x); }
  var y = log_f32(a);
  if (a > 1500.0) { y = y + 0.69314718; } else { y = log_f32(a + sqrt(z + 1.0)); }
  return select(y, -y, x < 0.0);
}`,
    'is_nan',
    'log_f32',
  ),
  acosh_f32: helper(
    `fn acosh_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x < 1.0) { return f32_of(0x7fc00000u); }
  if (x > 1500.0) { return log_f32(x) + 0.69314718; }
  let z = x - 1.0;
  if (z < 0.5) { return sqrt(z) * ${polynomial('z', acoshTail)}; }
  return log_f32(x + sqrt(z * (x + 1.0)));
}`,
    'is_nan',
    'f32_of',
    'log_f32',
  ),
  atanh_f32: helper(
    `fn atanh_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  let z = x * x;
  if (a < 2.44140625e-4) { return x; }
  if (a < 0.5) { return fma(x * z, ${polynomial('z', atanhTail)}, x); }
  if (a > 1.0) { return f32_of(0x7fc00000u); }
  if (a == 1.0) { return f32_of((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u); }
  let y = 0.5 * log_f32((1.0 + a) / (1.0 - a));
  return select(y, -y, x < 0.0);
}`,
    'is_nan',
    'f32_of',
    'log_f32',
  ),
} as const;
