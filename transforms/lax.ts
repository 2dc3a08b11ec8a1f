/**
 * The operations themselves, loops and branches, and functions that need loops: exported as the namespace `lax`.
 *
 * @see https://docs.jax.dev/en/latest/jax.lax.html
 */
export * from '../core/lax/index.ts';
export {
  digamma,
  gammaln as lgamma,
  i0e as besselI0e,
  i1e as besselI1e,
} from '../core/scipy/special.ts';
export { optimizationBarrier, platformDependent } from './barriers.ts';
export {
  allGather,
  allToAll,
  axisIndex,
  axisSize,
  pmax,
  pmean,
  pmin,
  ppermute,
  pshuffle,
  psum,
  psumScatter,
  pswapaxes,
} from './collectives/index.ts';
export {
  associativeScan,
  cond,
  customLinearSolve,
  customRoot,
  foriLoop,
  type LinearSolveOptions,
  map,
  scan,
  switchCase,
  switchCase as switch,
  whileLoop,
} from './control/index.ts';
export { betainc } from './special/incomplete-beta.ts';
export { igamma, igammac, igammaGradA, randomGammaGrad } from './special/incomplete-gamma.ts';
export { polygamma, zeta } from './special/zeta.ts';
export { stopGradient } from './stop-gradient.ts';
