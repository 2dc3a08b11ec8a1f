/** Signal processing by the names of `jax.scipy.signal`. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { normalizeAxis, toInexact } from '../../core/numpy/operands.ts';

export { type ConvolveOptions, convolve, correlate } from '../../core/numpy/index.ts';

/** Options of {@link detrend}. */
export interface DetrendOptions {
  /** The axis to look along. Default −1. */
  readonly axis?: number;
  /** Takes away the straight line of least squares ('linear', the default) or the mean ('constant'). */
  readonly type?: 'linear' | 'constant';
}

/** The numbers without their trend along an axis. */
export const detrend = eagerly(
  'scipy.signal.detrend',
  (data: ValueLike, { axis = -1, type = 'linear' }: DetrendOptions = {}): Value => {
    const op = 'scipy.signal.detrend';
    const x = toInexact(op, data);
    const place = normalizeAxis(op, axis, x.ndim);
    const level = x.sub(np.mean(x, { axis: place, keepdims: true }));
    if (type === 'constant') return level;
    const n = x.shape[place] ?? 1;
    const places = np.arange(n, { dtype: 'float32' }).sub((n - 1) / 2);
    const line = places.reshape(x.shape.map((_, i) => (i === place ? n : 1)));
    const slope = np.sum(level.mul(line), { axis: place, keepdims: true });
    return level.sub(line.mul(slope.div(np.sum(np.square(places)))));
  },
);
