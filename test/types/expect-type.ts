/** Comparison of types, checked by tsc. */

/** True if both types are the same, not only assignable. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`: `expectType<Equal<A, B>>()`. */
export function expectType<_IsTrue extends true>(): void {
  // Nothing happens when it runs: the check is the compilation.
}
