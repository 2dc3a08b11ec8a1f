/** Clustering by the names of `jax.scipy.cluster`. */
export * as vq from './cluster/vq.ts';
