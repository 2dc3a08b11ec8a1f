/** Sums of exponentials by the names of `jax.scipy.special`. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { asOneProgram, eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { type Axes, broadcastTogether, toInexact } from '../../core/numpy/operands.ts';
import { stopGradient } from '../../core/primitives/index.ts';

/** Options of {@link logsumexp}. */
export interface LogsumexpOptions {
  /** Which axes are summed over. Default: all. */
  readonly axis?: Axes;
  /** Whether they stay, with size 1. Default false. */
  readonly keepdims?: boolean;
  /** What each exponential is multiplied with. Default 1. */
  readonly b?: ValueLike;
  /** Which elements count. Default: all. */
  readonly where?: ValueLike;
}

/** [log |Σ b exp(x)|, its sign]. */
function signedLog(x: ValueLike, options: LogsumexpOptions): [Value, Value] {
  const op = 'scipy.special.logsumexp';
  const { axis = null, keepdims = false, b, where } = options;
  const scores = toInexact(op, x);
  const [all = scores, weights] =
    b === undefined ? [scores] : broadcastTogether(op, [scores, toInexact(op, b)]);
  const counted = where === undefined ? all : np.where(where, all, -Infinity);
  const kept = weights === undefined ? counted : np.where(weights.notEqual(0), counted, -Infinity);
  const most = stopGradient(np.max(kept, { axis, keepdims: true, initial: -Infinity }));
  const shift = np.where(np.isfinite(most), most, 0);
  const exponentials = np.exp(kept.sub(shift));
  const terms = weights === undefined ? exponentials : exponentials.mul(weights);
  const sum = np.sum(terms, { axis, keepdims });
  const back = keepdims ? shift : np.squeeze(shift, axis === null ? {} : { axis });
  return [np.log(np.abs(sum)).add(back), np.sign(sum)];
}

/** log Σ b exp(x), without overflow; NaN where the sum is negative. */
export const logsumexp = eagerly(
  'scipy.special.logsumexp',
  (x: ValueLike, options: LogsumexpOptions = {}): Value => {
    const [log, sign] = signedLog(x, options);
    return options.b === undefined ? log : np.where(sign.less(0), Number.NaN, log);
  },
);

/** [log |Σ b exp(x)|, the sign of the sum]: `logsumexp` with `return_sign`. */
export const logsumexpWithSign = (x: ValueLike, options: LogsumexpOptions = {}): Value[] =>
  asOneProgram('scipy.special.logsumexpWithSign', () => signedLog(x, options));

/** Options of {@link softmax}. */
export interface SoftmaxOptions {
  /** Which axes the shares add up to 1 over. Default: all. */
  readonly axis?: Axes;
}

/** exp(x) / Σ exp(x). */
export const softmax = eagerly(
  'scipy.special.softmax',
  (x: ValueLike, { axis = null }: SoftmaxOptions = {}): Value => {
    const scores = toInexact('scipy.special.softmax', x);
    const most = stopGradient(np.max(scores, { axis, keepdims: true }));
    const parts = np.exp(scores.sub(most));
    return parts.div(np.sum(parts, { axis, keepdims: true }));
  },
);

/** log of {@link softmax}. */
export const logSoftmax = eagerly(
  'scipy.special.logSoftmax',
  (x: ValueLike, { axis = null }: SoftmaxOptions = {}): Value => {
    const scores = toInexact('scipy.special.logSoftmax', x);
    return scores.sub(logsumexp(scores, { axis, keepdims: true }));
  },
);
