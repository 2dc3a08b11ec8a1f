/** Softmax and its relatives: shifted by the maximum so that nothing overflows. */
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { stopGradient } from '../core/primitives/index.ts';

/** Options of {@link softmax} and {@link logSoftmax}. */
export interface SoftmaxOptions {
  /** The axis, or axes together, that are normalised. Default: the last. */
  readonly axis?: number | readonly number[];
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
function shiftOf(counted: Value, axis: number | readonly number[]): Value {
  const peak = np.max(counted, { axis, keepdims: true });
  return stopGradient(np.where(np.isfinite(peak), peak, 0));
}

/** Options of {@link logsumexp}. */
export interface LogsumexpOptions {
  /** One axis, several, or null (default) for all. */
  readonly axis?: np.Axes;
  /** bool, broadcastable to x: only elements where it holds count. Default: all. */
  readonly where?: Value | undefined;
  /** Factors of the exponentials, broadcastable to x. Default 1. */
  readonly b?: ValueLike;
  /** Whether the reduced axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
  /** Whether to give [log |Σ|, sign of Σ]. Default false: NaN where the sum is negative. */
  readonly returnSign?: boolean;
}

/** log Σ b · exp(x) along axes; −∞ where no element counts. */
export function logsumexp(
  x: Value,
  options: LogsumexpOptions & { readonly returnSign: true },
): [Value, Value];
/** log Σ b · exp(x) along axes; −∞ where no element counts. */
export function logsumexp(
  x: Value,
  options?: LogsumexpOptions & { readonly returnSign?: false },
): Value;
export function logsumexp(
  x: Value,
  { axis = null, where, b, keepdims = false, returnSign = false }: LogsumexpOptions = {},
): Value | [Value, Value] {
  const counted = where === undefined ? x : np.where(where, x, -Infinity);
  const kept = b === undefined ? counted : np.where(np.notEqual(b, 0), counted, -Infinity);
  const peak = np.max(kept, { axis, keepdims: true });
  const shift = stopGradient(np.where(np.isfinite(peak), peak, 0));
  const raised = np.exp(np.subtract(kept, shift));
  const total = np.sum(b === undefined ? raised : np.multiply(raised, b), { axis, keepdims: true });
  const squeezed = (v: Value): Value => (keepdims ? v : np.squeeze(v, { axis }));
  const size = b === undefined ? total : np.abs(total);
  const result = squeezed(np.add(np.log(size), shift));
  const sign = squeezed(np.sign(total));
  if (returnSign) return [result, sign];
  return b === undefined ? result : np.where(np.less(sign, 0), Number.NaN, result);
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
