/** Errors of loops, branches and custom derivative rules. */
import { defineError } from '../../core/base/errors.ts';

/** What a loop carries from one turn to the next changes its type or its structure. */
export const carryMismatch = defineError({
  code: 'carry-mismatch',
  what: (label: string, path: string, given: string, returned: string) =>
    `${label}: the carry${path === '' ? '' : ` at '${path}'`} goes in as ${given} and comes back as ${returned}`,
  fix: 'return a carry of the same structure, shapes and dtypes as the initial one; convert the initial value or the result with x.astype(…)',
  example: {
    fails:
      'lax.scan((c: np.Array, x: np.Array) => [np.concatenate([c, x.reshape([1])]), x], np.zeros([1]), np.ones([3]))',
    works: 'lax.scan((c: np.Array, x: np.Array) => [c.add(x), x], np.zeros([1]), np.ones([3]))',
  },
});

/** The body of a scan does not return a pair. */
export const needsCarryPair = defineError({
  code: 'scan-needs-pair',
  what: (label: string, got: string) =>
    `${label}: the function must return [carry, output], got ${got}`,
  fix: 'return [carry, output]; return [carry, null] if there is nothing to stack',
  example: {
    fails:
      'lax.scan(((c: np.Array, x: np.Array) => c.add(x)) as never, np.zeros([]), np.ones([3]))',
    works: 'lax.scan((c: np.Array, x: np.Array) => [c.add(x), null], np.zeros([]), np.ones([3]))',
  },
});

/** The arrays that a loop runs over differ in length, or none tells it. */
export const scanLength = defineError({
  code: 'scan-length',
  what: (label: string, why: string) => `${label}: ${why}`,
  fix: 'pass arrays whose axis 0 has the same length, or the option `length` if there are none',
  example: {
    fails:
      'lax.scan((c: np.Array, [x, y]: np.Array[]) => [c.add(x!).add(y!), null], np.zeros([]), [np.ones([3]), np.ones([4])])',
    works:
      'lax.scan((c: np.Array, [x, y]: np.Array[]) => [c.add(x!).add(y!), null], np.zeros([]), [np.ones([3]), np.ones([3])])',
  },
});

/** The branches of a choice return different things. */
export const branchMismatch = defineError({
  code: 'branch-mismatch',
  what: (label: string, branch: string, path: string, first: string, other: string) =>
    `${label}: one branch returns ${first}${path === '' ? '' : ` at '${path}'`}, but ${branch} returns ${other}`,
  fix: 'return the same structure, shapes and dtypes from every branch; convert with x.astype(…)',
  example: {
    fails: 'lax.cond(true, (x: np.Array) => x, (x: np.Array) => np.sum(x), np.ones([3]))',
    works: 'lax.cond(true, (x: np.Array) => x, (x: np.Array) => x.mul(2), np.ones([3]))',
  },
});

/** A condition or an index is no scalar of the right kind. */
export const badPredicate = defineError({
  code: 'bad-predicate',
  what: (label: string, what: string, got: string) =>
    `${label}: ${what} must be a scalar, got ${got}`,
  fix: 'reduce it to one element: np.all(x) or np.any(x) for a condition, an int32 scalar for an index',
  example: {
    fails: 'lax.cond(np.ones([2]).greater(0) as never, () => 1, () => 2)',
    works: 'lax.cond(np.all(np.ones([2]).greater(0)), () => 1, () => 2)',
  },
});

/** The gradient of a loop of unknown length. */
export const reverseThroughWhile = defineError({
  code: 'reverse-through-while',
  what: () => 'whileLoop has no gradient: how many turns it takes is not known beforehand',
  fix: 'use foriLoop with plain numbers as bounds, or scan with a length; jvp and jacfwd work with whileLoop',
  example: {
    fails:
      'grad((x: np.Array) => lax.whileLoop((c: np.Array) => c.less(10), (c: np.Array) => c.mul(2), x))(np.array(1.5))',
    works:
      'grad((x: np.Array) => lax.foriLoop(0, 3, (_i: np.Array, c: np.Array) => c.mul(2), x))(np.array(1.5))',
  },
});

/** A function with a custom reverse rule was differentiated in forward mode. */
export const forwardThroughCustomVjp = defineError({
  code: 'forward-through-custom-vjp',
  what: (label: string) =>
    `${label} has a rule for reverse mode only; jvp and jacfwd cannot use it`,
  fix: 'use customJvp, whose rule serves both modes, or grad, vjp and jacrev',
  example: {
    fails:
      'const f = customVjp((x: np.Array) => np.sin(x), (x: np.Array) => [np.sin(x), np.cos(x)] as const, (c: np.Array, ct: np.Array) => [ct.mul(c)]); jvp(f, [np.ones([2])], [np.ones([2])])',
    works:
      'const f = customVjp((x: np.Array) => np.sin(x), (x: np.Array) => [np.sin(x), np.cos(x)] as const, (c: np.Array, ct: np.Array) => [ct.mul(c)]); vjp(f, np.ones([2]))[1](np.ones([2]))',
  },
});

/** A custom derivative rule returned something of another structure or type. */
export const badRuleResult = defineError({
  code: 'bad-rule-result',
  what: (label: string, why: string) => `${label}: ${why}`,
  fix: 'return what the rule documents: [result, tangent] from jvp, [result, residuals] from forward, one cotangent per argument (null for zero) from backward',
  example: {
    fails:
      'const f = customJvp((x: np.Array) => np.sin(x), ([x], [t]) => [np.sum(x), t]); jvp(f, [np.ones([2])], [np.ones([2])])',
    works:
      'const f = customJvp((x: np.Array) => np.sin(x), ([x], [t]) => [np.sin(x), np.cos(x).mul(t!)]); jvp(f, [np.ones([2])], [np.ones([2])])',
  },
});

/** A function with a custom rule closes over a value that is differentiated. */
export const ruleClosure = defineError({
  code: 'custom-rule-closure',
  what: (label: string, aval: string) =>
    `${label} closes over a value of type ${aval} that is being differentiated, which its rule knows nothing of`,
  fix: 'pass the value as an argument, so that the rule can give its derivative; or stop it with stopGradient(x)',
  example: {
    fails:
      'grad((y: np.Array) => np.sum(customJvp((x: np.Array) => x.mul(y), ([x], [t]) => [x, t!])(np.ones([2]))))(np.ones([2]))',
    works:
      'grad((y: np.Array) => np.sum(customJvp((x: np.Array, z: np.Array) => x.mul(z), ([x, z], [dx, dz]) => [x.mul(z), dx!.mul(z).add(x.mul(dz!))])(np.ones([2]), y)))(np.ones([2]))',
  },
});
