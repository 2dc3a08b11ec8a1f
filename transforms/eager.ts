/** Whether jitted functions are compiled as a whole. */

let isDisabled = false;

/** True if jitted functions run operation by operation. */
export const isJitDisabled = (): boolean => isDisabled;

/** Turns compilation of whole functions off, or on again. */
export function setJitDisabled(value: boolean): void {
  isDisabled = value;
}

/**
 * What `body` returns; functions that are jitted run operation by operation meanwhile, so that a debugger can
 * step through them and their intermediate arrays can be printed. Loops and branches stay programs.
 *
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.disable_jit.html
 * @example
 * disableJit(() => jit((x: np.Array) => { console.log(x.toString()); return x.mul(2); })(np.ones([2])));
 */
export function disableJit<R>(body: () => R): R {
  const saved = isDisabled;
  isDisabled = true;
  try {
    return body();
  } finally {
    isDisabled = saved;
  }
}
