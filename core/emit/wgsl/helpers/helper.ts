/** A WGSL function that generated kernels may call. */
export interface Helper {
  readonly text: string;
  /** Names of the functions that it calls. */
  readonly needs: readonly string[];
}

/** A function and what it calls. */
export const helper = (text: string, ...needs: readonly string[]): Helper => ({ text, needs });

/** c₀·xⁿ + … + cₙ by Horner's rule, as WGSL. */
export const polynomial = (x: string, coefficients: readonly number[]): string =>
  coefficients.map((c) => `${c}`).reduce((sum, c) => `fma(${sum}, ${x}, ${c})`);
