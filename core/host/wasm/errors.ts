/** Errors of the WebAssembly device. */
import { defineError } from '../../base/errors.ts';

/** `12.3 MB`. */
const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** An allocation that does not fit in the 4 GB that WebAssembly can address, or that the host refuses. */
export const outOfMemory = defineError({
  code: 'out-of-memory',
  what: (asked: number, live: number, limit: number) =>
    `an array of ${megabytes(asked)} does not fit: ${megabytes(live)} of ${megabytes(limit)} are in use`,
  fix: 'free arrays with `x.dispose()` or `using x = …`, or `await x.data()` inside the loop so that unreachable ones are reclaimed',
  example: { noExample: 'needs gigabytes of memory' },
});

/** Memory that was given back already. */
export const freedStorage = defineError({
  code: 'freed-storage',
  what: () => 'an array was used after its memory was freed or given to another array',
  fix: 'keep the array until its last use: call `x.dispose()` later, or do not list it in `donate`',
  example: { noExample: 'arrays report this themselves; only a device used directly gets here' },
});

/** A host without fixed-width SIMD. */
export const noSimd = defineError({
  code: 'no-wasm-simd',
  what: () => 'this host has WebAssembly without SIMD',
  fix: 'use Node 20.19 or newer, or a browser of 2023 or newer',
  example: { noExample: 'needs an outdated host' },
});
