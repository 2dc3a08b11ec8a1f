/**
 * The error function, its complement and its inverse.
 *
 * @see XLA's math library (openxla/xla, hlo/builder/lib/math.cc): the same approximations.
 * @see Giles: Approximating the erfinv function, GPU Computing Gems (2011).
 */
import type { Expr } from '../../ir/expr.ts';
import * as x_ from './build.ts';
import { exp } from './exponential.ts';
import { minusLogOneMinusSquare } from './logarithm.ts';

const { f, i, add, sub, mul, div, neg, abs, sqrt, select, polynomial } = x_;

export function erf(x: Expr): Expr {
  // Beyond this, erf rounds to ±1.
  const limit = 3.832506856900711;
  const inside = x_.atLeast(x_.atMost(x, limit), -limit);
  const square = mul(inside, inside);
  const top = polynomial(
    square,
    [
      0.00022905065861350646, 0.0034082910107109506, 0.050955695062380861, 0.18520832239976145,
      1.128379143519084,
    ],
  );
  const bottom = polynomial(
    square,
    [
      -1.1791602954361697e-7, 0.000023547966471313185, 0.0010179625278914885, 0.014070470171167667,
      0.11098505178285362, 0.49746925110067538, 1,
    ],
  );
  const value = div(mul(inside, top), bottom);
  return x_.atLeast(x_.atMost(value, 1), -1);
}

export function erfc(x: Expr): Expr {
  const size = abs(x);
  const inverse = div(f(1), size);
  const square = mul(inverse, inverse);
  // exp(−x²) with x split, since rounding x² would cost dozens of units in the last place.
  const high = x_.fromBits(x_.and(x_.bits(size), i(0xfffff000)));
  const low = mul(sub(size, high), add(size, high));
  const bell = mul(exp(neg(mul(high, high))), exp(neg(low)));
  const middle = polynomial(
    square,
    [
      2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
      6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
      5.638259427386472e-1,
    ],
  );
  const far = polynomial(
    square,
    [
      -1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786,
      -1.0152652792027, 4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1,
    ],
  );
  const tail = mul(mul(bell, inverse), select(x_.lt(size, f(2)), middle, far));
  const positive = select(x_.gt(size, f(11)), f(0), tail);
  const outside = select(x_.lt(x, f(0)), sub(f(2), positive), positive);
  const value = select(x_.lt(size, f(1)), sub(f(1), erf(x)), outside);
  return select(x_.isNaN(x), x, value);
}

export function erfInv(x: Expr): Expr {
  const w = minusLogOneMinusSquare(x);
  const isNear = x_.lt(w, f(5));
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
  for (let k = 1; k < near.length; k++) sum = add(mul(sum, t), coefficient(k));
  const isEdge = x_.eq(abs(x), f(1));
  return select(isEdge, mul(x, f(Infinity)), mul(sum, x));
}
