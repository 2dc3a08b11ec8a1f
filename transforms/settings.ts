/** Settings, for all programs or for what runs inside a call. */
import { checksNow, setChecks, withChecks } from '../core/host/checks.ts';
import { isJitDisabled, setJitDisabled } from './eager.ts';

/**
 * Settings for all programs.
 *
 * @see https://docs.jax.dev/en/latest/config_options.html
 * @example
 * settings.debugNans = true;
 * settings.debugNans = false;
 */
export const settings = {
  /**
   * Whether a program whose result has a NaN fails: it runs again, equation by equation, and the error names
   * the first that made it, with the line, the turn of a loop and the branch. On a GPU the read of a result
   * fails.
   */
  get debugNans(): boolean {
    return checksNow().nans;
  },
  set debugNans(value: boolean) {
    setChecks({ nans: value });
  },
  /** As `debugNans`, for infinities. */
  get debugInfs(): boolean {
    return checksNow().infs;
  },
  set debugInfs(value: boolean) {
    setChecks({ infs: value });
  },
  /** Whether jitted functions run operation by operation, so that a debugger can step through them. */
  get disableJit(): boolean {
    return isJitDisabled();
  },
  set disableJit(value: boolean) {
    setJitDisabled(value);
  },
};

/**
 * What `body` returns; programs that run meanwhile fail if their results have a NaN, see {@link settings}.
 *
 * @throws `bad-value`, `bad-value-in-result`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.debug_nans.html
 * @example
 * const y = withDebugNans(() => np.log(np.array([1, 2])));
 */
export const withDebugNans = <R>(body: () => R): R => withChecks({ nans: true }, body);

/**
 * As {@link withDebugNans}, for infinities.
 *
 * @throws `bad-value`, `bad-value-in-result`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.debug_infs.html
 */
export const withDebugInfs = <R>(body: () => R): R => withChecks({ infs: true }, body);
