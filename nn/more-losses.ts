/**
 * More losses of single examples, after optax.
 *
 * @see https://optax.readthedocs.io/en/latest/api/losses.html
 */
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { logSigmoid, sigmoid } from './activations.ts';
import { sigmoidBinaryCrossEntropy, squaredError } from './losses.ts';
import { logSoftmax } from './softmax.ts';

/** |predictions − targets|. */
export const absoluteError = (predictions: Value, targets: ValueLike = 0): Value =>
  np.abs(np.subtract(predictions, targets));

/** ½(predictions − targets)². */
export const l2Loss = (predictions: Value, targets: ValueLike = 0): Value =>
  np.multiply(squaredError(predictions, targets), 0.5);

/** log cosh(predictions − targets): squared near 0, absolute far away. */
export function logCosh(predictions: Value, targets: ValueLike = 0): Value {
  const error = np.subtract(predictions, targets);
  return np.subtract(np.logaddexp(error, np.negative(error)), Math.LN2);
}

/** max(0, 1 − predictions · targets) for targets of −1 and 1. */
export const hingeLoss = (predictions: Value, targets: ValueLike): Value =>
  np.maximum(np.subtract(1, np.multiply(predictions, targets)), 0);

/** max(0, −predictions · targets) for targets of −1 and 1. */
export const perceptronLoss = (predictions: Value, targets: ValueLike): Value =>
  np.maximum(np.negative(np.multiply(predictions, targets)), 0);

/** The cosine of the angle between vectors on the last axis: f32[…]. */
export function cosineSimilarity(predictions: Value, targets: Value, epsilon = 0): Value {
  const lengthOf = (x: Value): Value => {
    const square = np.sum(np.square(x), { axis: -1, keepdims: true });
    const isZero = np.equal(square, 0);
    return np.maximum(np.where(isZero, 0, np.sqrt(np.where(isZero, 1, square))), epsilon);
  };
  const units = [predictions, targets].map((x) => np.divide(x, lengthOf(x))) as [Value, Value];
  return np.sum(np.multiply(...units), { axis: -1 });
}

/** 1 − {@link cosineSimilarity}. */
export const cosineDistance = (predictions: Value, targets: Value, epsilon = 0): Value =>
  np.subtract(1, cosineSimilarity(predictions, targets, epsilon));

/** Σ targets · (log targets − logPredictions) on the last axis. */
export function klDivergence(logPredictions: Value, targets: Value): Value {
  const isZero = np.equal(targets, 0);
  const own = np.where(isZero, 0, np.log(np.where(isZero, 1, targets)));
  return np.sum(np.multiply(targets, np.subtract(own, logPredictions)), { axis: -1 });
}

/** {@link klDivergence} with the logarithms of the targets. */
export const klDivergenceWithLogTargets = (logPredictions: Value, logTargets: Value): Value =>
  np.sum(np.multiply(np.exp(logTargets), np.subtract(logTargets, logPredictions)), { axis: -1 });

/** predictions − targets · log predictions, for counts; of logs if `logInput`. */
export function poissonNllLoss(
  predictions: Value,
  targets: ValueLike,
  { logInput = true, eps = 1e-8 } = {},
): Value {
  return logInput
    ? np.subtract(np.exp(predictions), np.multiply(targets, predictions))
    : np.subtract(predictions, np.multiply(targets, np.log(np.add(predictions, eps))));
}

/** Options of {@link sigmoidFocalLoss}. */
export interface FocalOptions {
  /** How much positive examples count, from 0 to 1. Default: as much as others. */
  readonly alpha?: number;
  /** How much easy examples are played down. Default 2. */
  readonly gamma?: number;
}

/** Binary cross-entropy weighted towards hard examples. @see Lin et al. 2017, arXiv:1708.02002. */
export function sigmoidFocalLoss(
  logits: Value,
  labels: ValueLike,
  { alpha, gamma = 2 }: FocalOptions = {},
): Value {
  const p = sigmoid(logits);
  const others = np.subtract(1, labels);
  const right = np.add(np.multiply(p, labels), np.multiply(np.subtract(1, p), others));
  const loss = np.multiply(
    sigmoidBinaryCrossEntropy(logits, labels),
    np.power(np.subtract(1, right), gamma),
  );
  if (alpha === undefined) return loss;
  return np.multiply(np.add(np.multiply(labels, alpha), np.multiply(others, 1 - alpha)), loss);
}

/** Targets mixed with the uniform distribution over the last axis. */
export const smoothLabels = (labels: Value, alpha: number): Value =>
  np.add(np.multiply(labels, 1 - alpha), alpha / (labels.shape.at(-1) ?? 1));

/** max(0, margin + |anchors − positives|² … − |anchors − negatives|…) on the last axis. */
export function tripletMarginLoss(
  anchors: Value,
  positives: Value,
  negatives: Value,
  { margin = 1, eps = 1e-6 } = {},
): Value {
  const distance = (x: Value): Value =>
    np.sqrt(np.add(np.sum(np.square(np.subtract(anchors, x)), { axis: -1 }), eps));
  return np.maximum(np.add(np.subtract(distance(positives), distance(negatives)), margin), 0);
}

/** log(1 + exp(−labels · scores)) for labels of −1 and 1. */
export const marginLogisticLoss = (scores: Value, labels: ValueLike): Value =>
  np.negative(logSigmoid(np.multiply(scores, labels)));

/** Cross-entropy plus ε · (1 − probability of the label), for distributions on the last axis. @see Leng et al. 2022, arXiv:2204.12511. */
export function polyLossCrossEntropy(logits: Value, labels: Value, { epsilon = 2 } = {}): Value {
  const logs = logSoftmax(logits);
  const cross = np.negative(np.sum(np.multiply(labels, logs), { axis: -1 }));
  const rest = np.sum(np.multiply(labels, np.subtract(1, np.exp(logs))), { axis: -1 });
  return np.add(cross, np.multiply(rest, epsilon));
}
