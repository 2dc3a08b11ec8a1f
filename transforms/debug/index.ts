/**
 * Looking into programs while they run: exported as the namespace `debug`.
 *
 * @see https://docs.jax.dev/en/latest/jax.debug.html
 */
export { flush } from '../../core/host/host-calls.ts';
export { callback } from './callback.ts';
export { print } from './print.ts';
