/**
 * The operations themselves, and loops and branches: exported as the namespace `lax`.
 *
 * @see https://docs.jax.dev/en/latest/jax.lax.html
 */
export * from '../core/lax/index.ts';
export { optimizationBarrier, platformDependent } from './barriers.ts';
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
export { stopGradient } from './stop-gradient.ts';
