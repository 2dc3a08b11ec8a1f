/** The activations of `jax.nn` that networks use less often, one-hot vectors and standardisation. */
import type { DType } from '../core/base/dtype.ts';
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { type Activation, sigmoid, softplus } from './activations.ts';
import { logsumexp } from './softmax.ts';

/** min(max(x, 0), 6); the derivative is 0 at both ends. */
export const relu6: Activation = (x) =>
  np.where(
    np.logicalAnd(np.greater(x, 0), np.less(x, 6)),
    x,
    np.where(np.greaterEqual(x, 6), 6, 0),
  );

/** relu6(x + 3) / 6. */
export const hardSigmoid: Activation = (x) => np.divide(relu6(np.add(x, 3)), 6);

/** x · hardSigmoid(x). */
export const hardSilu: Activation = (x) => np.multiply(x, hardSigmoid(x));

/** Another name of {@link hardSilu}. */
export const hardSwish = hardSilu;

/** x limited to [−1, 1]. */
export const hardTanh: Activation = (x) =>
  np.where(np.greater(x, 1), 1, np.where(np.less(x, -1), -1, x));

/** x / (1 + |x|). */
export const softSign: Activation = (x) => np.divide(x, np.add(np.abs(x), 1));

/** x where positive, else α(exp(x / α) − 1). @see Barron 2017, arXiv:1704.07483. */
export const celu = (x: Value, alpha: ValueLike = 1): Value => {
  const below = np.expm1(np.divide(np.where(np.greater(x, 0), 0, x), alpha));
  return np.add(np.maximum(x, 0), np.multiply(alpha, np.minimum(below, 0)));
};

/** λx where positive, else λα(exp(x) − 1). @see Klambauer et al. 2017, arXiv:1706.02515. */
export const selu: Activation = (x) => {
  const isPositive = np.greater(x, 0);
  const below = np.multiply(np.expm1(np.where(isPositive, 0, x)), 1.6732632423543772);
  return np.multiply(np.where(isPositive, x, below), 1.0507009873554805);
};

/** The first half of an axis times the sigmoid of the second. @see Dauphin et al. 2017, arXiv:1612.08083. */
export function glu(x: Value, axis = -1): Value {
  const [a, b] = np.split(x, 2, { axis }) as [Value, Value]; // As many as were asked for.
  return np.multiply(a, sigmoid(b));
}

/** x · tanh(softplus(x)). @see Misra 2019, arXiv:1908.08681. */
export const mish: Activation = (x) => np.multiply(x, np.tanh(softplus(x)));

/** ½(x + √(x² + b)). @see Barron 2021, arXiv:2112.11687. */
export const squareplus = (x: Value, b: ValueLike = 4): Value =>
  np.multiply(np.add(x, np.sqrt(np.add(np.square(x), b))), 0.5);

/** 0 up to −1, ¼(x + 1)² up to 1, x beyond. */
export const sparsePlus: Activation = (x) => {
  const inside = np.multiply(np.square(np.add(x, 1)), 0.25);
  return np.where(np.lessEqual(x, -1), 0, np.where(np.greaterEqual(x, 1), x, inside));
};

/** ½(x + 1) limited to [0, 1]. */
export const sparseSigmoid: Activation = (x) => np.multiply(np.clip(np.add(x, 1), 0, 2), 0.5);

/** log(1 − exp(−x)), exact for small and large x > 0. */
export const log1mexp: Activation = (x) =>
  np.where(
    np.less(x, Math.LN2),
    np.log(np.negative(np.expm1(np.negative(x)))),
    np.log1p(np.negative(np.exp(np.negative(x)))),
  );

/** x. */
export const identity: Activation = (x) => x;

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** Default float32. */
  readonly dtype?: DType;
  /** Where the new axis goes. Default: last. */
  readonly axis?: number;
}

/** 1 at the position that each element names on a new axis of size `classes`, 0 elsewhere and for others. */
export function oneHot(
  x: ValueLike,
  classes: number,
  { dtype = 'float32', axis = -1 }: OneHotOptions = {},
): Value {
  const labels = np.asarray(x);
  const place = axis < 0 ? axis + labels.ndim + 1 : axis;
  const shape = Array.from({ length: labels.ndim + 1 }, (_, a) => (a === place ? classes : 1));
  const positions = np.reshape(np.arange(classes, { dtype: labels.dtype }), shape);
  return np.astype(np.equal(np.expandDims(labels, place), positions), dtype);
}

/** Options of {@link standardize}. */
export interface StandardizeOptions {
  /** Default: the last. */
  readonly axis?: number | readonly number[];
  /** Default: of the elements that count. */
  readonly mean?: ValueLike;
  /** Default: of the elements that count. */
  readonly variance?: ValueLike;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** bool: which elements count. */
  readonly where?: Value;
  /** `fast` (default): the mean of squares less the squared mean; `stable`: the mean of squared distances. */
  readonly algorithm?: 'fast' | 'stable';
}

/** (x − mean) / √(variance + ε) along axes. */
export function standardize(
  x: Value,
  { axis = -1, mean, variance, epsilon = 1e-5, where, algorithm }: StandardizeOptions = {},
): Value {
  const options = { axis, keepdims: true, ...(where === undefined ? {} : { where }) };
  const centre = mean ?? np.mean(x, options);
  const measured = (): Value =>
    algorithm === 'stable'
      ? np.mean(np.square(np.subtract(x, centre)), options)
      : np.subtract(np.mean(np.square(x), options), np.square(centre));
  const spread = variance ?? measured();
  const scale = np.reciprocal(np.sqrt(np.add(spread, epsilon)));
  return np.multiply(np.subtract(x, centre), scale);
}

/** Options of {@link logmeanexp}. */
export interface LogmeanexpOptions {
  /** One axis, several, or all (default). */
  readonly axis?: np.Axes;
  /** Whether the reduced axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
  /** bool: which elements count. Default: all. */
  readonly where?: Value;
}

/** The logarithm of the mean of exp along axes, without overflow. */
export const logmeanexp = (
  x: Value,
  { axis = null, keepdims = false, where }: LogmeanexpOptions = {},
): Value => {
  const count = np.sum(where === undefined ? np.onesLike(x) : np.broadcastTo(where, x.shape), {
    axis,
    keepdims,
  });
  return np.subtract(logsumexp(x, { axis, keepdims, where }), np.log(count));
};
