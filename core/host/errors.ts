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
