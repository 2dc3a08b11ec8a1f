/** Functions by the names of `jax.scipy`. Exported as the namespace `scipy`. */
export * as linalg from './linalg.ts';
export * as special from './special.ts';
