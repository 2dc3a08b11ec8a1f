/** Errors of pytrees. */
import { defineError } from './errors.ts';

/** Two trees that must look alike do not. */
export const treeStructureMismatch = defineError({
  code: 'tree-structure-mismatch',
  what: (op: string, path: string, expected: string, got: string) =>
    `${op}: the trees differ at ${path === '' ? 'their root' : `'${path}'`}: ${expected} in the first, ${got} in the other`,
  fix: 'give both trees the same keys, lengths and nesting; compare tree.structure(a) with tree.structure(b)',
  example: {
    fails: 'tree.map((x, y) => x + y, { a: 1, b: 2 }, { a: 1 } as never)',
    works: 'tree.map((x, y) => x + y, { a: 1, b: 2 }, { b: 3, a: 4 })',
  },
});

/** A structure was given more or fewer leaves than it has places for. */
export const leafCountMismatch = defineError({
  code: 'leaf-count-mismatch',
  what: (structure: string, places: number, given: number) =>
    `tree.unflatten: ${structure} has ${places} leaves, got ${given}`,
  fix: 'pass one leaf per place, in the order of tree.leaves',
  example: {
    fails: 'tree.unflatten(tree.structure([1, 2]), [1])',
    works: 'tree.unflatten(tree.structure([1, 2]), [3, 4])',
  },
});

/** A class was registered as a pytree twice. */
export const registeredTwice = defineError({
  code: 'pytree-registered-twice',
  what: (name: string) => `tree.register: class ${name} is registered already`,
  fix: 'register each class once, next to its definition',
  example: {
    fails:
      'class Pair { a = 1; } const rules = { flatten: (p: Pair) => ({ children: { a: p.a } }), unflatten: () => new Pair() }; tree.register(Pair, rules); tree.register(Pair, rules)',
    works:
      'class Pair { a = 1; } tree.register(Pair, { flatten: (p: Pair) => ({ children: { a: p.a } }), unflatten: () => new Pair() })',
  },
});
