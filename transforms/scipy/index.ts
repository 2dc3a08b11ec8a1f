/**
 * Functions by the names of `jax.scipy`. Exported as the namespace `scipy`.
 *
 * @see https://docs.jax.dev/en/latest/jax.scipy.html
 */
export { linalg } from '../../core/scipy/index.ts';
export * as cluster from './cluster.ts';
export * as fft from './fft.ts';
export * as integrate from './integrate.ts';
export * as interpolate from './interpolate.ts';
export * as ndimage from './ndimage.ts';
export * as optimize from './optimize.ts';
export * as signal from './signal.ts';
export * as special from './special.ts';
export * as stats from './stats.ts';
