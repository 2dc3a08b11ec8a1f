/**
 * Losses of single examples; the mean over a batch is the caller's.
 *
 * @see https://optax.readthedocs.io/en/latest/api/losses.html
 */
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { logSigmoid } from './activations.ts';
import { layerDType } from './errors.ts';
import { logSoftmax, logsumexp } from './softmax.ts';

/**
 * −Σ labels · log softmax(logits).
 *
 * @param logits - f32[…, classes].
 * @param labels - f32[…, classes], one-hot or any distribution.
 * @returns f32[…].
 */
export const softmaxCrossEntropy = (logits: Value, labels: Value): Value =>
  np.negative(np.sum(np.multiply(labels, logSoftmax(logits)), { axis: -1 }));

/**
 * −log softmax(logits)[label].
 *
 * @param logits - f32[…, classes].
 * @param labels - int32[…], from 0 to classes − 1.
 * @returns f32[…].
 * @throws `layer-dtype` if labels are not integers.
 */
export function softmaxCrossEntropyWithIntegerLabels(logits: Value, labels: Value): Value {
  if (labels.dtype !== 'int32' && labels.dtype !== 'uint32') {
    throw layerDType('nn.softmaxCrossEntropyWithIntegerLabels', 'labels', 'int32', labels.aval);
  }
  const classes = np.arange(logits.shape.at(-1) ?? 0, { dtype: labels.dtype });
  // A comparison fuses into the sum, where a gather would write its result to memory.
  const isLabel = np.equal(np.expandDims(labels, -1), classes);
  const chosen = np.sum(np.where(isLabel, logits, 0), { axis: -1 });
  return np.subtract(logsumexp(logits, { axis: -1 }), chosen);
}

/**
 * −labels · log σ(logits) − (1 − labels) · log(1 − σ(logits)), element by element.
 *
 * @param logits - f32[…].
 * @param labels - f32[…], from 0 to 1.
 */
export function sigmoidBinaryCrossEntropy(logits: Value, labels: ValueLike): Value {
  const whenTrue = np.multiply(labels, logSigmoid(logits));
  const whenFalse = np.multiply(np.subtract(1, labels), logSigmoid(np.negative(logits)));
  return np.negative(np.add(whenTrue, whenFalse));
}

/** (predictions − targets)², element by element. */
export const squaredError = (predictions: Value, targets: ValueLike = 0): Value =>
  np.square(np.subtract(predictions, targets));

/** The mean of (predictions − targets)² over all elements. */
export const mse = (predictions: Value, targets: ValueLike = 0): Value =>
  np.mean(squaredError(predictions, targets));

/** Options of {@link huberLoss}. */
export interface HuberOptions {
  /** Where the square turns into a line. Default 1. */
  readonly delta?: number;
}

/** ½ error² up to `delta`, a line beyond it, element by element. @see Huber 1964. */
export function huberLoss(
  predictions: Value,
  targets: ValueLike = 0,
  { delta = 1 }: HuberOptions = {},
): Value {
  const distance = np.abs(np.subtract(predictions, targets));
  const quadratic = np.minimum(distance, delta);
  const linear = np.subtract(distance, quadratic);
  return np.add(np.multiply(np.square(quadratic), 0.5), np.multiply(linear, delta));
}
