/** Activation functions, element by element on arrays of any shape. */
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { erf, logistic } from '../core/primitives/index.ts';

/** A function of every element. */
export type Activation = (x: Value) => Value;

/** max(x, 0); the derivative at 0 is 0, as in JAX. */
export const relu: Activation = (x) => np.where(np.lessEqual(x, 0), 0, x);

/** x where it is positive, else `negativeSlope` · x. */
export const leakyRelu = (x: Value, negativeSlope = 0.01): Value =>
  np.where(np.greaterEqual(x, 0), x, np.multiply(x, negativeSlope));

/** x where it is positive, else `alpha` · (exp(x) − 1). */
export function elu(x: Value, alpha = 1): Value {
  const isPositive = np.greater(x, 0);
  // The branch not taken must stay finite, or its derivative times 0 is NaN.
  const below = np.multiply(np.expm1(np.where(isPositive, 0, x)), alpha);
  return np.where(isPositive, x, below);
}

/** 1 / (1 + exp(−x)). */
export const sigmoid: Activation = (x) => logistic(x);

/** x · sigmoid(x), also called swish. @see Elfwing et al. 2018, arXiv:1702.03118. */
export const silu: Activation = (x) => np.multiply(x, logistic(x));

/** Another name of {@link silu}. */
export const swish = silu;

/** log(1 + exp(x)), without overflow. */
export const softplus: Activation = (x) => np.logaddexp(x, 0);

/** log(sigmoid(x)), without underflow. */
export const logSigmoid: Activation = (x) => np.negative(softplus(np.negative(x)));

/** The hyperbolic tangent. */
export const tanh: Activation = (x) => np.tanh(x);

/** How {@link gelu} is computed. */
export interface GeluOptions {
  /** The tanh form of the paper's §2 (default), or x · Φ(x) itself. */
  readonly approximate?: boolean;
}

const tanhScale = Math.sqrt(2 / Math.PI);

/** x · Φ(x), Φ the normal distribution function. @see Hendrycks & Gimpel 2016, arXiv:1606.08415. */
export function gelu(x: Value, { approximate = true }: GeluOptions = {}): Value {
  if (!approximate) {
    return np.multiply(np.multiply(x, 0.5), np.add(erf(np.multiply(x, Math.SQRT1_2)), 1));
  }
  const cubic = np.multiply(np.multiply(np.square(x), x), 0.044715);
  const inner = np.multiply(np.add(x, cubic), tanhScale);
  return np.multiply(x, np.multiply(np.add(np.tanh(inner), 1), 0.5));
}
