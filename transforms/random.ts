/**
 * Random numbers from keys, those of all distributions. Exported as the namespace `random`.
 *
 * @see https://docs.jax.dev/en/latest/jax.random.html
 */
export * from '../core/random.ts';
export { beta, gamma, loggamma } from './random/gamma.ts';
