/**
 * Random numbers from keys. Exported as the namespace `random`.
 *
 * The generator is threefry-2x32 with one counter per element, bit for bit JAX's default.
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */

export type { CategoricalOptions, ChoiceOptions, PermutationOptions } from './choices.ts';
export { bernoulli, categorical, choice, permutation, rademacher } from './choices.ts';
export {
  exponential,
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
  maxwell,
  multivariateNormal,
  orthogonal,
  pareto,
  rayleigh,
  triangular,
  wald,
  weibullMin,
} from './derived.ts';
export { type RandintOptions, randint } from './integers.ts';
export { bits, foldIn, key, split, splitList } from './key.ts';
