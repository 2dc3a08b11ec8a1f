/** Errors of special functions. */
import { defineError } from '../../core/base/errors.ts';

/** A derivative that no formula is known for, here or in JAX. */
export const noDerivative = defineError({
  code: 'constant-operand',
  what: (name: string, operand: string) => `${name} has no derivative with respect to ${operand}`,
  fix: 'keep it constant: stopGradient(x), or leave it out of argnums',
  example: {
    fails: 'grad((a: np.Array) => lax.betainc(a, np.array(2), np.array(0.5)))(np.array(1.5))',
    works: 'grad((x: np.Array) => lax.betainc(np.array(1.5), np.array(2), x))(np.array(0.5))',
  },
});
