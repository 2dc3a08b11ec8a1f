/**
 * Functions by the names of `jax.scipy`. Exported as the namespace `scipy`.
 *
 * @see https://docs.jax.dev/en/latest/jax.scipy.html
 */
export { linalg, stats } from '../../core/scipy/index.ts';
export * as optimize from './optimize.ts';
export * as special from './special.ts';
