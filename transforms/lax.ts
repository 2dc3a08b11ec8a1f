/**
 * The operations themselves, and loops and branches: exported as the namespace `lax`.
 *
 * @see https://docs.jax.dev/en/latest/jax.lax.html
 */
export * from '../core/lax/index.ts';
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
  foriLoop,
  map,
  scan,
  switchCase,
  switchCase as switch,
  whileLoop,
} from './control/index.ts';
