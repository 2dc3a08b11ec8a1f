/**
 * The error function and its kin.
 *
 * @see Moshier, Cephes Mathematical Library, single precision, https://www.netlib.org/cephes/
 * @see Giles 2012, Approximating the erfinv function, GPU Computing Gems, table 5
 */
import { helper, polynomial } from './helper.ts';

const erfNear = [
  7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2,
  1.128358514861418e-1, -3.7612625824233e-1, 1.12837916572671,
];
const erfcMiddle = [
  2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
  6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
  5.638259427386472e-1,
];
const erfcFar = [
  -1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786,
  -1.0152652792027, 4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1,
];
const erfInvCentral = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3,
  -4.17768164e-3, 2.46640727e-1, 1.50140941,
];
const erfInvTail = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3,
  9.43887047e-3, 1.00167406, 2.83297682,
];

export const errorFunctionHelpers = {
  // erfc for x ≥ 1. The square is kept in two parts: the exponential would magnify its rounding.
  erfc_far: helper(
    `fn erfc_far(x: f32) -> f32 {
  let c = min(x, 10.1);
  let high = upper(c);
  let e = exp_sum(-high * high, -(c - high) * (c + high));
  let q = 1.0 / c;
  let z = q * q;
  let middle = ${polynomial('z', erfcMiddle)};
  let far = ${polynomial('z', erfcFar)};
  return select(e * q * select(far, middle, x < 2.0), 0.0, x > 10.1);
}`,
    'upper',
    'exp_sum',
  ),
  // erf x / x for |x| < 1.
  erf_slope: helper(
    `fn erf_slope(x: f32) -> f32 {
  let z = x * x;
  return ${polynomial('z', erfNear)};
}`,
  ),
  erf_f32: helper(
    `fn erf_f32(x: f32) -> f32 {
  let a = abs(x);
  let y = 1.0 - erfc_far(max(a, 1.0));
  let far = select(y, -y, x < 0.0);
  return select(select(far, x * erf_slope(x), a < 1.0), x, is_nan(x));
}`,
    'is_nan',
    'erf_slope',
    'erfc_far',
  ),
  erfc_f32: helper(
    `fn erfc_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 1.0) { return fma(-x, erf_slope(x), 1.0); }
  let y = erfc_far(a);
  return select(y, 2.0 - y, x < 0.0);
}`,
    'is_nan',
    'erf_slope',
    'erfc_far',
  ),
  erf_inv_f32: helper(
    `fn erf_inv_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a > 1.0) { return f32_of(0x7fc00000u); }
  if (a == 1.0) { return f32_of((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u); }
  let w = -log1p_f32(-x * x);
  let c = w - 2.5;
  let t = sqrt(max(w, 5.0)) - 3.0;
  let central = ${polynomial('c', erfInvCentral)};
  let tail = ${polynomial('t', erfInvTail)};
  return x * select(tail, central, w < 5.0);
}`,
    'is_nan',
    'f32_of',
    'log1p_f32',
  ),
} as const;
