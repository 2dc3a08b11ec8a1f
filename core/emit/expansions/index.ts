/**
 * Scalar operations that hardware lacks, written with those that it has: functions from operand
 * expressions to one expression.
 */
import type { Expr } from '../../ir/expr.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
import { abs, div, f, gt, lt, select, sqrt } from './build.ts';
import { erf, erfc, erfInv } from './error-function.ts';
import { cosh, exp, expm1, logistic, sinh, tanh } from './exponential.ts';
import { acosh, asinh, atanh, log, log1p } from './logarithm.ts';
import { integerPow, pow } from './power.ts';
import { roundBfloat16, roundFloat16 } from './rounding.ts';
import { acos, asin, atan, atan2, cos, sin, tan } from './trigonometry.ts';

/** The sign of a float32: −1, 1, or the operand itself if it is ±0 or NaN. */
const sign = (x: Expr): Expr => select(gt(x, f(0)), f(1), select(lt(x, f(0)), f(-1), x));

/** Expansions for float32 operands, by operation. Their results use basic arithmetic only. */
export const floatExpansions = {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  erf,
  erfInv,
  erfc,
  exp,
  expm1,
  isFinite: (x: Expr): Expr => lt(abs(x), f(Infinity)),
  log,
  log1p,
  logistic,
  pow,
  roundBfloat16,
  roundFloat16,
  rsqrt: (x: Expr): Expr => div(f(1), sqrt(x)),
  sign,
  sin,
  sinh,
  tan,
  tanh,
} as const satisfies Partial<Record<ScalarOp, (x: Expr, y: Expr) => Expr>>;

export { integerPow };
