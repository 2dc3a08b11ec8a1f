/** Errors of compilation. */
import { defineError } from '../base/errors.ts';

/** A loop of unknown length on a device whose host cannot look at the condition between turns. */
export const whileNeedsBound = defineError({
  code: 'while-needs-bound',
  what: () => 'whileLoop: on a GPU the host cannot wait for the condition between two turns',
  fix: 'pass { maxIterations } to run that many turns, of which those after the last change nothing; or use foriLoop with plain numbers, or another device',
  example: { noExample: 'it takes a GPU' },
});
