/** Distributions and summaries by the names of `jax.scipy.stats`. Parameters come after x, location and scale last. */
export {
  bernoulli,
  betabinom,
  binom,
  geom,
  multinomial,
  nbinom,
  poisson,
} from './stats/counts.ts';
export { gumbelL, gumbelR } from './stats/gumbel.ts';
export {
  type BandwidthMethod,
  GaussianKde,
  type GaussianKdeOptions,
  gaussianKde,
} from './stats/kde.ts';
export { cauchy, expon, laplace, logistic, norm, uniform } from './stats/location-scale.ts';
export { dirichlet, multivariateNormal } from './stats/several.ts';
export {
  beta,
  chi2,
  gamma,
  gennorm,
  pareto,
  t,
  vonmises,
  wrapcauchy,
} from './stats/shaped.ts';
export {
  type ModeOptions,
  mode,
  type RankdataOptions,
  rankdata,
  type SemOptions,
  sem,
} from './stats/summaries.ts';
export { truncnorm } from './stats/truncnorm.ts';
