/** Errors of compilation. */
import { defineError } from '../base/errors.ts';

/** A loop of unknown length on a device whose host cannot look at the condition between turns. */
export const whileNeedsBound = defineError({
  code: 'while-needs-bound',
  what: () => 'whileLoop: on a GPU the host cannot wait for the condition between two turns',
  fix: 'pass { maxIterations } to run that many turns, of which those after the last change nothing; or use foriLoop with plain numbers, or another device',
  example: { noExample: 'it takes a GPU' },
});

/** A function of the host's whose results the program needs, on a device that cannot wait for it. */
export const callbackNeedsHost = defineError({
  code: 'callback-needs-host',
  what: () =>
    'pureCallback, ioCallback: a GPU runs the whole program at once and cannot wait for a function on the host',
  fix: "call the function between two programs (read with `await x.data()`, compute, np.array(…)), or run on the host: await setDefaultDevice('wasm'); debug.callback, which gives nothing back, works on GPUs",
  example: { noExample: 'it takes a GPU' },
});
