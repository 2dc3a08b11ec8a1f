/** Errors of transforms. */
import { defineError } from '../core/base/errors.ts';

const at = (path: string): string => (path === '' ? '' : ` at '${path}'`);

/** A gradient was asked of something that is not one number. */
export const gradNeedsScalar = defineError({
  code: 'grad-needs-scalar',
  what: (label: string, got: string) => `${label}: the function returns ${got}, not a scalar`,
  fix: 'reduce the result to one number, as in np.sum(x) or np.mean(x); for all derivatives of an array use jacrev; for [loss, aux] pass { hasAux: true }',
  example: {
    fails: 'grad((x: np.Array) => x.mul(2))(np.ones([3]))',
    works: 'grad((x: np.Array) => np.sum(x.mul(2)))(np.ones([3]))',
  },
});

/** The result to differentiate is an integer or a boolean. */
export const gradOfIntegerResult = defineError({
  code: 'grad-of-integer-result',
  what: (label: string, got: string) =>
    `${label}: the function returns ${got}, which has no derivative`,
  fix: "return a float: y.astype('float32')",
  example: {
    fails: 'grad((x: np.Array) => np.argmax(x))(np.ones([3]))',
    works: 'grad((x: np.Array) => np.max(x))(np.ones([3]))',
  },
});

/** A derivative was asked with respect to an integer or a boolean. */
export const gradOfInteger = defineError({
  code: 'grad-of-integer',
  what: (label: string, argument: number, path: string, aval: string) =>
    `${label}: argument ${argument}${at(path)} is ${aval}; only floats have derivatives`,
  fix: "pass it as another argument than those in `argnums`, or make it a float: x.astype('float32')",
  example: {
    fails: "grad((x: np.Array) => np.sum(x))(np.ones([3], { dtype: 'int32' }))",
    works: 'grad((x: np.Array) => np.sum(x))(np.ones([3]))',
  },
});

/** `argnums`, `static` or `donate` names an argument that was not passed. */
export const argumentOutOfRange = defineError({
  code: 'argument-out-of-range',
  what: (label: string, option: string, index: number, count: number) =>
    `${label}: ${option} names argument ${index}, but the call has ${count === 1 ? 'one argument' : `${count} arguments`}`,
  fix: 'count arguments from 0, and pass every argument that is named',
  example: {
    fails: 'grad((x: np.Array) => np.sum(x), { argnums: 1 as never })(np.ones([3]))',
    works:
      'grad((x: np.Array, y: np.Array) => np.sum(x.mul(y)), { argnums: 1 })(np.ones([3]), np.ones([3]))',
  },
});

/** With `hasAux` the function must return a pair. */
export const needsAuxPair = defineError({
  code: 'aux-needs-pair',
  what: (label: string, got: string) =>
    `${label}: with hasAux the function must return [result, aux], got ${got}`,
  fix: 'return [result, aux], or leave hasAux out',
  example: {
    fails: 'grad(((x: np.Array) => np.sum(x)) as never, { hasAux: true })(np.ones([3]) as never)',
    works: 'grad((x: np.Array) => [np.sum(x), x.mul(2)], { hasAux: true })(np.ones([3]))',
  },
});

/** A tangent does not fit its primal, or a cotangent its result. */
export const tangentMismatch = defineError({
  code: 'tangent-mismatch',
  what: (label: string, path: string, primal: string, tangent: string) =>
    `${label}: ${path} is ${primal}, but its tangent is ${tangent}`,
  fix: 'give each float a tangent of its own shape and dtype (null stands for zero), and null to integers and booleans',
  example: {
    fails: 'jvp((x: np.Array) => np.sin(x), [np.ones([3])], [np.ones([2])])',
    works: 'jvp((x: np.Array) => np.sin(x), [np.ones([3])], [np.ones([3])])',
  },
});

/** Batched arguments disagree in the size of the batch. */
export const axisSizeMismatch = defineError({
  code: 'axis-size-mismatch',
  what: (label: string, a: string, sizeA: number, b: string, sizeB: number) =>
    `${label}: the batch axis has ${sizeA} elements in ${a} but ${sizeB} in ${b}`,
  fix: 'give all batched arguments the same size, or pass null in inAxes for those that are shared',
  example: {
    fails: 'vmap((x: np.Array, y: np.Array) => x.add(y))(np.ones([3]), np.ones([4]))',
    works:
      'vmap((x: np.Array, y: np.Array) => x.add(y), { inAxes: [0, null] })(np.ones([3]), np.ones([4]))',
  },
});

/** An axis in `inAxes` or `outAxes` does not exist, or the axes do not fit the arguments. */
export const badAxes = defineError({
  code: 'bad-in-axes',
  what: (label: string, option: string, why: string) => `${label}: ${option}: ${why}`,
  fix: 'pass one axis for all, or a list with an entry per argument: a number, null for no batch axis, or a tree that starts like the argument',
  example: {
    fails: 'vmap((x: np.Array) => x, { inAxes: [2] })(np.ones([3]))',
    works: 'vmap((x: np.Array) => x, { inAxes: [0] })(np.ones([3]))',
  },
});

/** No argument tells the size of the batch. */
export const noBatchAxis = defineError({
  code: 'no-batch-axis',
  what: (label: string) => `${label}: no argument has a batch axis`,
  fix: 'pass axisSize, or an axis for at least one argument in inAxes',
  example: {
    fails: 'vmap((x: np.Array) => x, { inAxes: null })(np.ones([3]))',
    works: 'vmap((x: np.Array) => x, { inAxes: null, axisSize: 4 })(np.ones([3]))',
  },
});

/** A result was declared shared by the whole batch but is not. */
export const resultIsBatched = defineError({
  code: 'result-is-batched',
  what: (label: string, path: string) =>
    `${label}: outAxes is null${at(path)}, but that result depends on the batch`,
  fix: 'pass the axis that the batch shall have in the result, as in { outAxes: 0 }',
  example: {
    fails: 'vmap((x: np.Array) => x, { outAxes: null })(np.ones([3]))',
    works: 'vmap((x: np.Array) => x, { outAxes: 0 })(np.ones([3]))',
  },
});

/** An array was donated in two places, or donated and used. */
export const donatedTwice = defineError({
  code: 'donated-twice',
  what: (label: string, a: string, b: string) =>
    `${label}: ${a} is donated, but ${b} is the same array`,
  fix: 'pass a copy in one of the places, or do not donate the argument',
  example: {
    fails:
      'const x = np.ones([3]); jit((a: np.Array, b: np.Array) => a.add(b), { donate: 0 })(x, x)',
    works: 'jit((a: np.Array, b: np.Array) => a.add(b), { donate: 0 })(np.ones([3]), np.ones([3]))',
  },
});

/** A static argument holds an array, whose elements cannot be compared. */
export const staticArray = defineError({
  code: 'static-array',
  what: (label: string, argument: number, path: string, aval: string) =>
    `${label}: argument ${argument} is static, but${path === '' ? ' it is' : ` its '${path}' is`} ${aval}`,
  fix: 'list only plain data (numbers, strings, configurations, functions) in `static`',
  example: {
    fails: 'jit((x: np.Array, y: np.Array) => x.add(y), { static: 1 })(np.ones([3]), np.ones([3]))',
    works: 'jit((x: np.Array, power: number) => x.pow(power), { static: 1 })(np.ones([3]), 2)',
  },
});

/** An argument is static and donated. */
export const staticAndDonated = defineError({
  code: 'static-and-donated',
  what: (label: string, argument: number) =>
    `${label}: argument ${argument} is listed in static and in donate`,
  fix: 'donate arrays only; static arguments are plain data',
  example: {
    fails: 'jit((x: np.Array) => x, { static: 0, donate: 0 })',
    works: 'jit((x: np.Array) => x, { donate: 0 })',
  },
});

/** An operation has no rule for what a transform asks of it. */
export const noRuleFor = defineError({
  code: 'no-derivative-rule',
  what: (primitive: string, rule: string, why: string) =>
    `${primitive} has no ${rule} rule: ${why}`,
  fix: 'stop the derivative there with stopGradient(x), or write the function with other operations',
  example: {
    noExample:
      'every operation that ships has its rules; a new one under construction may lack one',
  },
});

/** A function that is to be transposed is not linear. */
export const notLinearFunction = defineError({
  code: 'not-linear',
  what: (label: string, why: string) => `${label}: the function is not linear: ${why}`,
  fix: 'transpose linear functions only; for others use vjp, which linearizes first',
  example: {
    fails: 'linearTranspose((x: np.Array) => np.sin(x), np.ones([3]))(np.ones([3]))',
    works: 'linearTranspose((x: np.Array) => x.mul(2), np.ones([3]))(np.ones([3]))',
  },
});

/** A description of an array was passed where its elements are needed. */
export const needsElements = defineError({
  code: 'array-spec-has-no-elements',
  what: (label: string, path: string, spec: string) =>
    `${label}: ${path} is ${spec}, a description without elements`,
  fix: 'pass arrays; descriptions serve evalShape, makeProgram and jit(f).lower',
  example: {
    fails: 'jit((x: np.Array) => x)(arraySpec([3]) as never)',
    works: 'evalShape((x: np.Array) => x, arraySpec([3]))',
  },
});

/** A collective operation names an axis that no `vmap` around it has. */
export const unboundAxis = defineError({
  code: 'unbound-axis-name',
  what: (op: string, name: string, inScope: readonly string[]) =>
    `${op}: no axis is called '${name}' here; in scope: ${
      inScope.length === 0 ? 'none' : inScope.map((axis) => `'${axis}'`).join(', ')
    }`,
  fix: (_op: string, name: string) =>
    `call it inside a function that is batched with that name: vmap(f, { axisName: '${name}' })`,
  example: {
    fails: "vmap((x: np.Array) => lax.psum(x, 'rows'), { axisName: 'batch' })(np.ones([3]))",
    works: "vmap((x: np.Array) => lax.psum(x, 'batch'), { axisName: 'batch' })(np.ones([3]))",
  },
});

/** A collective operation's axes or sizes do not fit. */
export const badCollective = defineError({
  code: 'bad-collective',
  what: (op: string, why: string) => `${op}: ${why}`,
  fix: 'choose axes that the operand has, whose size the axis by name divides (equals, without tiled), and list every member once in a permutation',
  example: {
    fails: "vmap((x: np.Array) => lax.allToAll(x, 'i', 0, 0), { axisName: 'i' })(np.ones([3, 4]))",
    works: "vmap((x: np.Array) => lax.allToAll(x, 'i', 0, 0), { axisName: 'i' })(np.ones([3, 3]))",
  },
});

/** A choice by device that has nothing for the one in use. */
export const noFunctionFor = defineError({
  code: 'no-function-for-device',
  what: (device: string, given: readonly string[]) =>
    `lax.platformDependent has functions for ${given.join(', ') || 'no device'}, not for ${device}`,
  fix: 'add a function for all other devices: { default: f }',
  example: {
    fails: 'lax.platformDependent({}, np.ones([2]))',
    works: 'lax.platformDependent({ default: (x: np.Array) => x }, np.ones([2]))',
  },
});

/** A signature of array functions that cannot be read, or does not fit the arguments. */
export const badSignature = defineError({
  code: 'bad-signature',
  what: (op: string, why: string) => `${op}: ${why}`,
  fix: "write the axes of each argument and result in brackets: '(n,k),(k)->(n)'",
  example: {
    fails: "np.vectorize((x: np.Array) => x, { signature: 'n->n' })(np.ones([2]))",
    works: "np.vectorize((x: np.Array) => x, { signature: '(n)->(n)' })(np.ones([2]))",
  },
});
