/**
 * The operations themselves, loops and branches, and functions that need loops: exported as the namespace `lax`.
 *
 * @see https://docs.jax.dev/en/latest/jax.lax.html
 */
export * from '../core/lax/index.ts';
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
export { betainc } from './special/incomplete-beta.ts';
export { igamma, igammac, igammaGradA, randomGammaGrad } from './special/incomplete-gamma.ts';
