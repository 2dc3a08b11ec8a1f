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

/**
 * exp(x) / Σ exp(x) along one axis. Elements that do not count get exactly 0; where none counts, all are 0,
 * and no NaN reaches the result or its derivatives.
 *
 * @param x - f32[…].
 * @returns f32[…], of the same shape.
 */
export function softmax(x: Value, { axis = -1, where }: SoftmaxOptions = {}): Value {
  const counted = where === undefined ? x : np.where(where, x, lowest);
  // The shift cancels, so that it has no derivative.
  const peak = stopGradient(np.max(counted, { axis, keepdims: true }));
  const raised = np.exp(np.subtract(counted, peak));
  if (where === undefined) return np.divide(raised, np.sum(raised, { axis, keepdims: true }));
  const weights = np.where(where, raised, 0);
  const total = np.sum(weights, { axis, keepdims: true });
  return np.divide(weights, np.where(np.equal(total, 0), 1, total));
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
