/**
 * Functions over pytrees: nested plain objects, arrays and registered classes, with arrays (or anything
 * else) as leaves. Exported as the `tree` namespace.
 *
 * @see https://docs.jax.dev/en/latest/jax.tree.html
 */
import {
  flattenLike,
  flatten as flattenTree,
  registerPytree,
  Structure,
  subtreesAt,
} from './base/pytree.ts';
import { notAnArray, notPlainData } from './ir/errors.ts';
import { Value } from './ir/value.ts';

export { registerPytree as register, Structure };

/** What is a leaf in the eyes of the type system. */
export type Atom =
  | Value
  | number
  | string
  | boolean
  | bigint
  | symbol
  | ArrayBufferView
  | ((...args: never[]) => unknown);

/** Whether `T` is the type that has every property, into which no recursion could end. */
type IsUnchecked<T> = 0 extends 1 & T ? true : false;

/** The type of a tree's leaves. */
export type LeafOf<T> =
  IsUnchecked<T> extends true
    ? T
    : T extends null | undefined
      ? never
      : T extends Atom
        ? T
        : T extends readonly (infer Item)[]
          ? LeafOf<Item>
          : T extends object
            ? LeafOf<T[keyof T]>
            : T;

/** The type of a tree with every leaf replaced by an `R`. */
export type MapLeaves<T, R> =
  IsUnchecked<T> extends true
    ? T
    : T extends null | undefined
      ? T
      : T extends Atom
        ? R
        : T extends object
          ? { [K in keyof T]: MapLeaves<T[K], R> }
          : R;

/** The leaf types of several trees. */
type LeavesOf<Trees extends readonly unknown[]> = { [K in keyof Trees]: LeafOf<Trees[K]> };

/** The leaves of `T` were replaced one by one, which is what {@link MapLeaves} says. */
const rebuilt = <T, R>(structure: Structure<T>, leaves: readonly R[]): MapLeaves<T, R> =>
  structure.unflatten(leaves) as MapLeaves<T, R>;

/** `flattenTree` found exactly the leaves that {@link LeafOf} describes. */
const leavesOf = <T>(tree: T): LeafOf<T>[] => flattenTree(tree).leaves as LeafOf<T>[];

function zip(
  op: string,
  tree: unknown,
  rest: readonly unknown[],
): { structure: Structure; rows: unknown[][] } {
  const { leaves: first, structure } = flattenTree(tree);
  const others = rest.map((other) => flattenLike(op, structure, other));
  const rows = first.map((leaf, i) => [leaf, ...others.map((column) => column[i])]);
  return { structure, rows };
}

/**
 * The tree with each leaf replaced by `f` of it and of the leaves at the same place in the other trees.
 *
 * @throws `tree-structure-mismatch` if the trees differ in more than the order of keys.
 * @example
 * tree.map((p, g) => p.sub(g.mul(0.1)), params, gradients)
 */
export function map<T, R, Rest extends readonly unknown[]>(
  f: (leaf: NoInfer<LeafOf<T>>, ...others: LeavesOf<Rest>) => R,
  tree: T,
  ...rest: Rest
): MapLeaves<T, R> {
  const { structure, rows } = zip('tree.map', tree, rest);
  // The rows hold what LeavesOf says, column by column.
  const apply = f as (...row: unknown[]) => R;
  return rebuilt(
    structure as Structure<T>,
    rows.map((row) => apply(...row)),
  );
}

/**
 * As {@link map}, with the leaf's path (`encoder/0/kernel`) as first argument.
 *
 * @throws `tree-structure-mismatch`.
 */
export function mapWithPath<T, R, Rest extends readonly unknown[]>(
  f: (path: string, leaf: NoInfer<LeafOf<T>>, ...others: LeavesOf<Rest>) => R,
  tree: T,
  ...rest: Rest
): MapLeaves<T, R> {
  const { structure, rows } = zip('tree.mapWithPath', tree, rest);
  const paths = structure.paths();
  // The rows hold what LeavesOf says, column by column.
  const apply = f as (...row: unknown[]) => R;
  return rebuilt(
    structure as Structure<T>,
    rows.map((row, i) => apply(paths[i] ?? '', ...row)),
  );
}

/**
 * A tree of the same type: {@link map} for trees whose leaves are arrays before and after. Code that is
 * generic in the tree's type uses this.
 *
 * @throws `not-an-array` if a leaf of `tree` is no array.
 * @throws `tree-structure-mismatch`.
 * @example
 * const decay = <P>(params: P): P => tree.mapArrays((p) => p.mul(0.99), params);
 */
export function mapArrays<T>(
  f: (leaf: Value, ...others: Value[]) => Value,
  tree: T,
  ...rest: readonly NoInfer<T>[]
): T {
  const { structure, rows } = zip('tree.mapArrays', tree, rest);
  const leaves = rows.map((row) => {
    const [leaf, ...others] = row.map(requireArray);
    return f(requireArray(leaf), ...others);
  });
  return structure.unflatten(leaves) as T; // Arrays stand where arrays stood.
}

function requireArray(leaf: unknown): Value {
  if (leaf instanceof Value) return leaf;
  throw notAnArray('tree.mapArrays', String(leaf));
}

/** The leaves in order: keys sorted, lists from the front. */
export const leaves = <T>(tree: T): LeafOf<T>[] => leavesOf(tree);

/** The tree without its leaves. */
export const structure = <T>(tree: T): Structure<T> => flattenTree(tree).structure;

/** The leaves, and the structure that {@link unflatten} puts them back into. */
export function flatten<T>(tree: T): [leaves: LeafOf<T>[], structure: Structure<T>] {
  return [leavesOf(tree), structure(tree)];
}

/** The tree of this structure with these leaves. @throws `leaf-count-mismatch`. */
export const unflatten = <T, R>(structure: Structure<T>, leaves: readonly R[]): MapLeaves<T, R> =>
  rebuilt(structure, leaves);

/** The path of every leaf, such as `encoder/0/kernel`. */
export const paths = (tree: unknown): string[] => flattenTree(tree).structure.paths();

/**
 * True if every leaf is true, or satisfies `predicate`.
 *
 * @throws `array-as-plain-data` if a leaf is an array and there is no `predicate`.
 */
export function all<T>(tree: T, predicate?: (leaf: LeafOf<T>) => boolean): boolean {
  if (predicate !== undefined) return leavesOf(tree).every(predicate);
  return flattenTree(tree).leaves.every((leaf) => {
    if (leaf instanceof Value) throw notPlainData(leaf.toString(), 'tree.all');
    return Boolean(leaf);
  });
}

/** The leaves folded from the first to the last. */
export const reduce = <T, R>(f: (result: R, leaf: LeafOf<T>) => R, tree: T, initial: R): R =>
  leavesOf(tree).reduce(f, initial);

/**
 * A tree of structure `inner` whose leaves are trees of structure `outer`, from one with `outer` outside.
 *
 * @throws `tree-structure-mismatch`.
 * @example
 * tree.transpose(tree.structure([0, 0]), tree.structure({ a: 0 }), [{ a: 1 }, { a: 2 }]) // { a: [1, 2] }
 */
export function transpose<Outer, Inner>(
  outer: Structure<Outer>,
  inner: Structure<Inner>,
  tree: MapLeaves<Outer, Inner>,
): MapLeaves<Inner, Outer> {
  const innerTree = inner.unflatten(new Array(inner.size).fill(0));
  const nested = flattenTree(outer.unflatten(new Array(outer.size).fill(innerTree)));
  const leaves = flattenLike('tree.transpose', nested.structure, tree);
  const rows = Array.from({ length: inner.size }, (_, i) =>
    outer.unflatten(leaves.filter((_leaf, position) => position % inner.size === i)),
  );
  return inner.unflatten(rows) as MapLeaves<Inner, Outer>; // Each row looks like an Outer.
}

/** [path, leaf] of every leaf, the path such as `encoder/0/kernel`. */
export function leavesWithPath<T>(tree: T): [path: string, leaf: LeafOf<T>][] {
  const names = paths(tree);
  return leavesOf(tree).map((leaf, i) => [names[i] ?? '', leaf]);
}

/** {@link leavesWithPath}, and the structure that {@link unflatten} puts the leaves back into. */
export const flattenWithPath = <T>(
  tree: T,
): [leaves: [path: string, leaf: LeafOf<T>][], structure: Structure<T>] => [
  leavesWithPath(tree),
  structure(tree),
];

/**
 * A tree of the structure of `full`, where each leaf is that of `prefix` above it.
 *
 * @throws `tree-structure-mismatch` unless `full` starts like `prefix`.
 * @example
 * tree.broadcast({ a: 1, b: 2 }, { a: [0, 0], b: 0 }) // { a: [1, 1], b: 2 }
 */
export function broadcast<P, T>(prefix: P, full: T): MapLeaves<T, LeafOf<P>> {
  const start = flattenTree(prefix);
  const subtrees = subtreesAt('tree.broadcast', start.structure, full);
  // As flattenTree found them.
  const spread = subtrees.flatMap((subtree, i) =>
    flattenTree(subtree).leaves.map(() => start.leaves[i] as LeafOf<P>),
  );
  return rebuilt(structure(full), spread);
}

/** The leaves combined in pairs, and the results likewise; `initial` is what an empty tree gives. */
export function reduceAssociative<T>(
  f: (a: LeafOf<T>, b: LeafOf<T>) => LeafOf<T>,
  tree: T,
  initial?: LeafOf<T>,
): LeafOf<T> {
  const given = leavesOf(tree);
  let values = initial === undefined ? given : [initial, ...given];
  if (values.length === 0) throw notAnArray('tree.reduceAssociative', 'a tree without leaves');
  while (values.length > 1) {
    values = values.flatMap((value, i) => {
      const next = values[i + 1];
      if (i % 2 === 1) return [];
      return [next === undefined ? value : f(value, next)];
    });
  }
  return values[0] as LeafOf<T>; // There is at least one.
}
