/** Minimization by the names of `jax.scipy.optimize`. */
export {
  type BfgsOptions,
  type MinimizeOptions,
  minimize,
  type OptimizeResults,
} from './optimize/minimize.ts';
