/** Errors of the language model. */
import { defineError } from '../../core/base/errors.ts';

/** Experts that cannot share their attention. */
export const unlikeExperts = defineError({
  code: 'unlike-experts',
  what: (field: string, first: number, expert: number, value: number) =>
    `gemma: experts attend together, but ${field} is ${first} in expert 0 and ${value} in expert ${expert}`,
  fix: (field) => `give all experts the same ${field}; width and mlpDim may differ`,
  example: {
    fails: "pi0Config({ paligemmaVariant: 'gemma_2b', actionExpertVariant: 'dummy' })",
    works: "pi0Config({ paligemmaVariant: 'gemma_2b', actionExpertVariant: 'gemma_300m' })",
  },
});
