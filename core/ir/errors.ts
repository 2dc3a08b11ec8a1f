/** Errors of tracing and of values. */
import { defineError } from '../base/errors.ts';

const noExample = (why: string) => ({ noExample: why });

/** A traced value was read while its program is being built. */
export const readUnderTrace = defineError({
  code: 'read-under-trace',
  what: (value: string, trace: string) => `${value} has no elements yet: ${trace} is being traced`,
  fix: 'return the value from the function and read it outside, or use np.where for a choice by value',
  example: {
    fails: 'jit((x: np.Array) => { x.dataSync(); return x; })(np.ones([2]))',
    works: 'await jit((x: np.Array) => x.mul(2))(np.ones([2])).data()',
  },
});

/** A tracer was used after its trace had ended. */
export const escapedTracer = defineError({
  code: 'escaped-tracer',
  what: (value: string, trace: string, made: string) =>
    `${value} belongs to ${trace}, which has ended${made === '' ? '' : ` (the value was made at ${made})`}`,
  fix: 'return the value from the traced function instead of storing it outside',
  example: {
    fails:
      'let kept = np.zeros([1]); jit((x: np.Array) => { kept = x; return x; })(np.ones([2])); np.add(kept, 1)',
    works: 'const kept = jit((x: np.Array) => x)(np.ones([2])); np.add(kept, 1)',
  },
});

/** JavaScript tried to turn an array into a number, a string, JSON or a sequence. */
export const notPlainData = defineError({
  code: 'array-as-plain-data',
  what: (value: string, how: string) => `${value} was used in ${how}`,
  fix: (value, how) => {
    const isTraced = value.startsWith('traced');
    const outside = 'or return the value from the traced function and read it outside';
    if (how.startsWith('plain arithmetic')) {
      const read = isTraced ? outside : 'or read it first: await x.item()';
      return `use array operations: x.add(1), x.less(y), np.maximum(x, y), np.where(x.less(y), x, y); ${read}`;
    }
    if (how.startsWith('iteration')) {
      const read = isTraced ? outside : 'or read it first: for (const row of await x.js())';
      return `take a row with x.get(i), where i is below x.shape[0], or apply a function to every row with vmap; ${read}`;
    }
    return isTraced
      ? 'show its type with x.toString(), or return the value from the traced function and read it outside'
      : 'read it first: await x.js(), or await x.item() for a single element; x.toString() shows it for reading';
  },
  example: {
    fails: 'const x = np.ones([2]); String(Number(x) + 1)',
    works: 'np.ones([2]).add(1)',
  },
});

/** An array was used after its memory had been given up. */
export const usedAfterDisposal = defineError({
  code: 'array-is-gone',
  what: (aval: string, how: string, site: string) =>
    `this ${aval} was ${how}${site === '' ? '' : ` at ${site}`}`,
  fix: (_aval, how) =>
    how === 'donated'
      ? 'use the result of the call that took it, or do not list the argument in `donate`'
      : 'dispose of an array after its last use; arrays that are not disposed of are freed by the collector',
  example: {
    fails: 'const x = np.ones([2]); x.dispose(); np.add(x, 1)',
    works: 'const x = np.ones([2]); const y = np.add(x, 1); x.dispose(); await y.data()',
  },
});

/** A traced function returned a promise. */
export const asyncUnderTrace = defineError({
  code: 'async-function',
  what: (trace: string) => `${trace} returned a promise`,
  fix: 'pass a synchronous function; await and read values outside of it',
  example: {
    fails: 'jit((async (x: np.Array) => x) as never)(np.ones([2]) as never)',
    works: 'jit((x: np.Array) => x)(np.ones([2]))',
  },
});

/** Something that is no array was passed as one. */
export const notAnArray = defineError({
  code: 'not-an-array',
  what: (op: string, shown: string) => `${op} needs an array, a number or a boolean, got ${shown}`,
  fix: (_op, shown) => {
    if (shown.startsWith('undefined')) {
      return 'look where the value comes from: a misspelled key or a missing argument is undefined';
    }
    return shown.includes(' as argument')
      ? 'pass arrays and numbers only; let the function close over other data, or list it in `static` of jit'
      : 'make an array of it: np.array([1, 2, 3])';
  },
  example: { fails: "np.add('2' as never, 1)", works: 'np.add(np.array([2]), 1)' },
});

/** A program broke its own rules after a pass. */
export const brokenProgram = defineError({
  code: 'broken-program',
  what: (why: string, shown: string) => `a pass produced a wrong program: ${why}\n${shown}`,
  fix: 'report this with the program above: enerjax is at fault',
  example: noExample('only a faulty primitive or pass raises it'),
});
