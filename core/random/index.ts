/**
 * Random numbers from keys. Exported as the namespace `random`.
 *
 * The generator is threefry-2x32 with one counter per element, bit for bit JAX's default.
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */

export type {
  BernoulliOptions,
  CategoricalOptions,
  ChoiceOptions,
  PermutationOptions,
} from './choices.ts';
export { bernoulli, categorical, choice, permutation, rademacher } from './choices.ts';
export {
  exponential,
  type GumbelMode,
  type GumbelOptions,
  gumbel,
  laplace,
  logistic,
  normal,
  truncatedNormal,
  type UniformOptions,
  uniform,
} from './continuous.ts';
export {
  cauchy,
  doubleSidedMaxwell,
  geometric,
  lognormal,
  type MultivariateNormalOptions,
  maxwell,
  multivariateNormal,
  type OrthogonalOptions,
  orthogonal,
  pareto,
  rayleigh,
  triangular,
  wald,
  weibullMin,
} from './derived.ts';
export { type RandintOptions, randint } from './integers.ts';
export {
  bits,
  clone,
  foldIn,
  key,
  keyData,
  keyImpl,
  split,
  splitList,
  wrapKeyData,
} from './key.ts';
