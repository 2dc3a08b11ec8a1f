/** Softmax and its relatives: shifted by the maximum so that nothing overflows. */
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { stopGradient } from '../core/primitives/index.ts';

/** Options of {@link softmax}, {@link logSoftmax} and {@link logsumexp}. */
export interface SoftmaxOptions {
  /** The axis that is normalised. Default: the last. */
  readonly axis?: number;
  /** bool, broadcastable to x: only elements where it holds count. Default: all. */
  readonly where?: Value | undefined;
}

// Below every float32 that a model makes, yet finite: −∞ − (−∞) would be NaN.
const lowest = -3e38;

/** A softmax before its division: `raised · inverse` is the softmax. */
export interface SoftmaxParts {
  /** f32[…]: exp of the distance to the largest element. */
  readonly raised: Value;
  /** f32[…, 1]: one over its sum along the axis; 0 where no element counts. */
  readonly inverse: Value;
}

/**
 * The parts of {@link softmax}. A product with `raised` can be scaled afterwards, when it is smaller, so that
 * neither the division nor its derivative makes another array of this size.
 */
export function softmaxParts(x: Value, { axis = -1, where }: SoftmaxOptions = {}): SoftmaxParts {
  const counted = where === undefined ? x : np.where(where, x, lowest);
  // The shift cancels, so that it has no derivative.
  const peak = stopGradient(np.max(counted, { axis, keepdims: true }));
  // Elements that do not count give 0, but for rows in which none does: there all give 1.
  const raised = np.exp(np.subtract(counted, peak));
  const inverse = np.reciprocal(np.sum(raised, { axis, keepdims: true }));
  if (where === undefined) return { raised, inverse };
  return { raised, inverse: np.where(np.any(where, { axis, keepdims: true }), inverse, 0) };
}

/**
 * exp(x) / Σ exp(x) along one axis. Elements that do not count get exactly 0; where none counts, all are 0,
 * and no NaN reaches the result or its derivatives.
 *
 * @param x - f32[…].
 * @param options.where - bool; its axes are those of x, each of the same size or 1, the reduced one of the same.
 * @returns f32[…], of the same shape.
 */
export function softmax(x: Value, options: SoftmaxOptions = {}): Value {
  const { raised, inverse } = softmaxParts(x, options);
  return np.multiply(raised, inverse);
}

/** The maximum along an axis that is subtracted before exp; 0 where it is infinite. */
function shiftOf(counted: Value, axis: number): Value {
  const peak = np.max(counted, { axis, keepdims: true });
  return stopGradient(np.where(np.isfinite(peak), peak, 0));
}

/** Options of {@link logsumexp}. */
export interface LogsumexpOptions extends SoftmaxOptions {
  /** Whether the reduced axis stays, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** log Σ exp(x) along one axis; −∞ where no element counts. */
export function logsumexp(
  x: Value,
  { axis = -1, where, keepdims = false }: LogsumexpOptions = {},
): Value {
  const counted = where === undefined ? x : np.where(where, x, -Infinity);
  const shift = shiftOf(counted, axis);
  const total = np.sum(np.exp(np.subtract(counted, shift)), { axis, keepdims: true });
  const result = np.add(np.log(total), shift);
  return keepdims ? result : np.squeeze(result, { axis });
}

/** log(softmax(x)) along one axis; −∞ for elements that do not count. */
export function logSoftmax(x: Value, { axis = -1, where }: SoftmaxOptions = {}): Value {
  const counted = where === undefined ? x : np.where(where, x, lowest);
  const shifted = np.subtract(counted, shiftOf(counted, axis));
  const raised = np.exp(shifted);
  const total = np.sum(where === undefined ? raised : np.where(where, raised, 0), {
    axis,
    keepdims: true,
  });
  if (where === undefined) return np.subtract(shifted, np.log(total));
  const logTotal = np.log(np.where(np.equal(total, 0), 1, total));
  return np.where(where, np.subtract(shifted, logTotal), -Infinity);
}
