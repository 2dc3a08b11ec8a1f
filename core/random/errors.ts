/** Errors of random numbers. */
import { type Aval, type Shape, showAval } from '../base/aval.ts';
import { defineError } from '../base/errors.ts';

/** Something that is no key was passed as one. */
export const notAKey = defineError({
  code: 'not-a-key',
  what: (op: string, aval: Aval) => `${op} needs one key, uint32[2], got ${showAval(aval)}`,
  fix: 'make a key with random.key(seed); of a batch of keys take one, keys.get(0), or use vmap',
  example: {
    fails: 'random.normal(random.split(random.key(0)), [3])',
    works: 'random.normal(random.split(random.key(0)).get(0), [3])',
  },
});

/** A seed that is no whole number. */
export const badSeed = defineError({
  code: 'bad-seed',
  what: (op: string, shown: string) => `${op}: ${shown} is no seed`,
  fix: 'pass a whole number up to 2⁵³ in size, or an integer array without axes',
  example: { fails: 'random.key(0.5)', works: 'random.key(5)' },
});

/** Parameters of a distribution that do not broadcast to the shape asked for. */
export const shapeOfParameters = defineError({
  code: 'parameters-exceed-shape',
  what: (op: string, parameters: Shape, shape: Shape) =>
    `${op}: parameters of shape [${parameters.join(', ')}] do not fit samples of shape [${shape.join(', ')}]`,
  fix: 'let the shape end in the axes of the parameters',
  example: {
    fails: 'random.bernoulli(random.key(0), np.array([[0.1], [0.2]]), [2])',
    works: 'random.bernoulli(random.key(0), np.array([[0.1], [0.2]]), [2, 1])',
  },
});

/** More samples without replacement than there are elements. */
export const tooFewToChoose = defineError({
  code: 'too-few-to-choose',
  what: (op: string, wanted: number, available: number) =>
    `${op}: ${wanted} samples without replacement were asked of ${available} elements`,
  fix: 'ask for fewer, or draw with { replace: true }',
  example: {
    fails: 'random.choice(random.key(0), 3, [4], { replace: false })',
    works: 'random.choice(random.key(0), 3, [4])',
  },
});

/** Something that cannot be put in random order. */
export const notToPermute = defineError({
  code: 'not-to-permute',
  what: (shown: string) => `random.permutation: ${shown} cannot be put in random order`,
  fix: 'pass an array, or a whole number n for the numbers from 0 to n − 1',
  example: {
    fails: 'random.permutation(random.key(0), 2.5)',
    works: 'random.permutation(random.key(0), 5)',
  },
});
