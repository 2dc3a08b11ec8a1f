/** Integration by the names of `jax.scipy.integrate`. */
export { type TrapezoidOptions, trapezoid } from '../../core/numpy/index.ts';
