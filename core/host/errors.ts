/** Errors of devices and of moving arrays to and from them. */
import { defineError } from '../base/errors.ts';

/** A device that does not exist was asked for. */
export const unknownDevice = defineError({
  code: 'unknown-device',
  what: (name: string) => `there is no device '${name}'`,
  fix: "choose 'wasm', 'webgpu' or 'js'",
  example: {
    fails: "await setDefaultDevice('gpu' as never)",
    works: "await setDefaultDevice('wasm')",
  },
});

/** A program got an array of another device than it runs on. */
export const wrongDevice = defineError({
  code: 'wrong-device',
  what: (has: string, runs: string) =>
    `an array lives on '${has}' but the program runs on '${runs}'`,
  fix: 'move it with `await devicePut(x)`, or make it after setDefaultDevice',
  example: { noExample: 'needs two devices, one of them a GPU' },
});

/** A profile was started while another one is taken. */
export const alreadyProfiling = defineError({
  code: 'already-profiling',
  what: () => 'profile: another profile is being taken, and kernels are recorded once',
  fix: 'await the other one first, or put both bodies into one: `await profile(async () => { … })`',
  example: {
    fails: 'await profile(() => profile(() => 1))',
    works: 'await profile(() => 1)',
  },
});

/** The GPU cannot tell how long its kernels took. */
export const noTimestamps = defineError({
  code: 'no-timestamps',
  what: () =>
    "profile: this GPU's driver or browser offers no timestamps (feature 'timestamp-query')",
  fix: 'profile in Node, in a browser that offers them, or on the processor: ENERJAX_DEVICE=wasm',
  example: { noExample: 'needs a GPU without timestamps' },
});
