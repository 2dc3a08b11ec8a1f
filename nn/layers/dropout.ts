/** Random zeros, against over-fitting. */
import type { Shape } from '../../core/base/aval.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import { missingKey, rateOutOfRange } from '../errors.ts';

/** Options of {@link dropout}. */
export interface DropoutOptions {
  /** Decides which elements are dropped; needed when `train` and `rate` > 0. */
  readonly key?: Value | undefined;
  /** The share of elements dropped, from 0 to 1. */
  readonly rate: number;
  /** Whether anything is dropped at all. Default false. */
  readonly train?: boolean | undefined;
  /** The shape of the mask and of the result, which x broadcasts to. Default: that of x. */
  readonly shape?: Shape | undefined;
}

/**
 * x with each element zeroed with probability `rate`, the others scaled by 1 / (1 − rate); x itself unless
 * `train`.
 *
 * @param x - f32[…].
 * @throws `missing-key` without a key, `rate-out-of-range`.
 * @see Srivastava et al. 2014, "Dropout", §10 (scaled while training).
 */
export function dropout(
  x: Value,
  { key, rate, train = false, shape = x.shape }: DropoutOptions,
): Value {
  if (!(rate >= 0 && rate <= 1)) throw rateOutOfRange('nn.dropout', rate);
  if (!train || rate === 0) return np.broadcastTo(x, shape);
  if (rate === 1) return np.zeros(shape);
  if (key === undefined) throw missingKey('nn.dropout', rate);
  const isKept = random.bernoulli(key, 1 - rate, shape);
  return np.where(isKept, np.divide(x, 1 - rate), 0);
}
