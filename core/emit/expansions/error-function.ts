/**
 * The error function, its complement and its inverse.
 *
 * @see XLA's math library (openxla/xla, hlo/builder/lib/math.cc): the same approximations.
 * @see Giles: Approximating the erfinv function, GPU Computing Gems (2011).
 */
import type { Expr } from '../../ir/expr.ts';
import * as scalar from './build.ts';
import { exp } from './exponential.ts';
import { minusLogOneMinusSquare } from './logarithm.ts';

const { f, i, add, sub, mul, div, neg, abs, sqrt, select, polynomial } = scalar;

/** The error function. */
export function erf(x: Expr): Expr {
  // Beyond this, erf rounds to ±1.
  const limit = 3.832506856900711;
  const inside = scalar.atLeast(scalar.atMost(x, limit), -limit);
  const square = mul(inside, inside);
  const top = polynomial(
    square,
    [
      0.00022905065861350646, 0.0034082910107109507, 0.05095569506238086, 0.18520832239976145,
      1.128379143519084,
    ],
  );
  const bottom = polynomial(
    square,
    [
      -1.1791602954361697e-7, 2.3547966471313183e-5, 0.0010179625278914884, 0.014070470171167667,
      0.11098505178285362, 0.49746925110067536, 1,
    ],
  );
  const value = div(mul(inside, top), bottom);
  return scalar.atLeast(scalar.atMost(value, 1), -1);
}

/** 1 − erf(x), exact in the tail. */
export function erfc(x: Expr): Expr {
  const size = abs(x);
  const inverse = div(f(1), size);
  const square = mul(inverse, inverse);
  // exp(−x²) with x split, since rounding x² would cost dozens of units in the last place.
  const high = scalar.fromBits(scalar.and(scalar.bits(size), i(0xfffff000)));
  const low = mul(sub(size, high), add(size, high));
  const bell = mul(exp(neg(mul(high, high))), exp(neg(low)));
  const middle = polynomial(
    square,
    [
      0.02326819970068386, -0.1387039388740657, 0.3687424674597105, -0.5824733027278666,
      0.6210004621745983, -0.4944515323274145, 0.3404879937665872, -0.2741127028184656,
      0.5638259427386472,
    ],
  );
  const far = polynomial(
    square,
    [
      -10.47766399936249, 12.97719955372516, -7.495518717768503, 2.921019019210786,
      -1.0152652792027, 0.4218463358204948, -0.2820767439740514, 0.5641895067754075,
    ],
  );
  const tail = mul(mul(bell, inverse), select(scalar.lt(size, f(2)), middle, far));
  const positive = select(scalar.gt(size, f(11)), f(0), tail);
  const outside = select(scalar.lt(x, f(0)), sub(f(2), positive), positive);
  const value = select(scalar.lt(size, f(1)), sub(f(1), erf(x)), outside);
  return select(scalar.isNotNumber(x), x, value);
}

/** The inverse error function; ±∞ at ±1, NaN beyond. */
export function erfInv(x: Expr): Expr {
  const w = minusLogOneMinusSquare(x);
  const isNear = scalar.lt(w, f(5));
  const t = select(isNear, sub(w, f(2.5)), sub(sqrt(w), f(3)));
  const near = [
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503,
    -0.00417768164, 0.246640727, 1.50140941,
  ];
  const far = [
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
    0.00943887047, 1.00167406, 2.83297682,
  ];
  const coefficient = (k: number): Expr => select(isNear, f(near[k] ?? 0), f(far[k] ?? 0));
  let sum = coefficient(0);
  for (let k = 1; k < near.length; k++) sum = scalar.mulAdd(sum, t, coefficient(k));
  const isEdge = scalar.eq(abs(x), f(1));
  return select(isEdge, mul(x, f(Infinity)), mul(sum, x));
}
