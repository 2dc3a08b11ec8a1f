/** Errors of debugging. */
import { defineError } from '../../core/base/errors.ts';

/** The text of debug.print and its values do not fit. */
export const badFormat = defineError({
  code: 'bad-debug-format',
  what: (text: string, why: string) => `debug.print('${text}'): ${why}`,
  fix: "write a place for every value: debug.print('{} {}', x, y) or debug.print('{x} {y:.3f}', { x, y })",
  example: {
    fails: "debug.print('{x} {y}', { x: np.ones([2]) })",
    works: "debug.print('{x}', { x: np.ones([2]) })",
  },
});

/** A function on the host returned something else than it was said to. */
export const badCallbackResult = defineError({
  code: 'bad-callback-result',
  what: (op: string, expected: string, got: string) =>
    `${op}: the function is to return the elements of ${expected}, but returns ${got}`,
  fix: 'return a typed array or a list with as many elements as the description has, a tree of them for several arrays',
  example: {
    fails: 'pureCallback((x: np.Array) => [1, 2], arraySpec([3]), [np.ones([3])])',
    works: 'pureCallback((x: np.Array) => [1, 2, 3], arraySpec([3]), [np.ones([3])])',
  },
});
