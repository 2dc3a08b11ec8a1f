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

/** An operation gives a value that is checked for, from operands without one. */
export const badValue = defineError({
  code: 'bad-value',
  what: (op: string, value: string, place: string, operands: string, where: string) =>
    `${op} gives ${value} in ${place}${operands === '' ? '' : `, from ${operands}`}${where}`,
  fix: 'keep its operands where it is defined, for the gradient too: np.log(np.where(x.greater(0), x, 1)); or leave the check out (settings.debugNans, settings.debugInfs)',
  example: {
    fails: 'withDebugNans(() => np.log(np.array([1, -1])))',
    works: 'withDebugNans(() => np.log(np.array([1, 2])))',
  },
});

/** A program gives a value that is checked for, but its equations one by one do not. */
export const badResult = defineError({
  code: 'bad-value-in-result',
  what: (kind: string) =>
    `${kind} is in the result of a program, but when its equations run one by one none of them makes it of operands without one`,
  fix: 'look for it among the arguments: they may have it already; where they have not, rounding decides, so check ranges with debug.print',
  example: {
    fails: 'withDebugNans(() => np.add(np.array([Number.NaN]), 1))',
    works: 'withDebugNans(() => np.add(np.array([2]), 1))',
  },
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
