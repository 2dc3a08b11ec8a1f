/**
 * Random numbers from keys, those of all distributions. Exported as the namespace `random`.
 *
 * @see https://docs.jax.dev/en/latest/jax.random.html
 */
export * from '../core/random.ts';
export {
  binomial,
  type MultinomialOptions,
  multinomial,
  poisson,
} from './random/counts.ts';
export {
  type BallOptions,
  ball,
  chisquare,
  dirichlet,
  f,
  generalizedNormal,
  t,
} from './random/from-gamma.ts';
export { beta, gamma, loggamma } from './random/gamma.ts';
