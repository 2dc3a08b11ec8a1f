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

/** A function that a program waits for runs a program itself. */
export const programInsideCallback = defineError({
  code: 'program-inside-callback',
  what: () =>
    'an operation on arrays inside a function that a program waits for (pureCallback, ioCallback): the device is busy with that program',
  fix: 'compute with plain JavaScript there: read the arguments with x.dataSync() and return numbers or typed arrays',
  example: {
    fails: 'pureCallback((x: np.Array) => x.add(1).dataSync(), arraySpec([2]), [np.ones([2])])',
    works:
      'pureCallback((x: np.Array) => x.dataSync().map((v) => v + 1), arraySpec([2]), [np.ones([2])])',
  },
});
