/** Errors of random numbers. */
import { type Aval, showAval } from '../../core/base/aval.ts';
import { defineError } from '../../core/base/errors.ts';

/** Weights of categories that have no axis of categories. */
export const noCategories = defineError({
  code: 'no-categories',
  what: (op: string, aval: Aval) =>
    `${op} needs one weight per category on the last axis, got ${showAval(aval)}`,
  fix: 'pass an array of weights: random.dirichlet(key, np.ones([3]))',
  example: {
    fails: 'random.dirichlet(random.key(0), 1)',
    works: 'random.dirichlet(random.key(0), np.ones([3]))',
  },
});
