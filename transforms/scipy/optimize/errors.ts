/** Errors of minimization. */
import { type Aval, showAval } from '../../../core/base/aval.ts';
import { defineError } from '../../../core/base/errors.ts';

/** The place to begin is no vector. */
export const badStart = defineError({
  code: 'bad-start',
  what: (label: string, start: Aval) =>
    `${label}: x0 must have one axis, the variables, but it is ${showAval(start)}`,
  fix: 'put the variables on one axis, x0.reshape(-1); a tree goes in and out by flattenUtil.ravelPytree(tree)',
  example: {
    fails:
      "scipy.optimize.minimize((x: np.Array) => np.sum(x.mul(x)), np.ones([2, 2]), { method: 'BFGS' })",
    works:
      "scipy.optimize.minimize((x: np.Array) => np.sum(x.mul(x)), np.ones([4]), { method: 'BFGS' })",
  },
});

/** A method that does not exist. */
export const unknownMethod = defineError({
  code: 'unknown-method',
  what: (op: string, method: string) => `${op} knows no method '${method}'`,
  fix: "pass { method: 'BFGS' }",
  example: {
    fails:
      "scipy.optimize.minimize((x: np.Array) => np.sum(x.mul(x)), np.ones([4]), { method: 'CG' as 'BFGS' })",
    works:
      "scipy.optimize.minimize((x: np.Array) => np.sum(x.mul(x)), np.ones([4]), { method: 'BFGS' })",
  },
});
