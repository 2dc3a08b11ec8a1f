/** What tsc must accept and refuse of tree functions. Nothing here runs. */
import type { Structure } from '../../core/base/pytree.ts';
import type { Value } from '../../core/ir/value.ts';
import * as tree from '../../core/tree.ts';
import { type Equal, expectType } from './expect-type.ts';

interface Params {
  readonly w: Value;
  readonly layers: readonly { readonly b: Value; readonly c?: Value }[];
  readonly none: null;
}

declare const params: Params;
declare const x: Value;

export function mapped(): void {
  const sizes = tree.map((leaf) => leaf.size, params);
  expectType<
    Equal<
      typeof sizes,
      {
        readonly w: number;
        readonly layers: readonly { readonly b: number; readonly c?: number }[];
        readonly none: null;
      }
    >
  >();
  const updated: Params = tree.map((p, g) => (p.size > g.size ? p : g), params, params);
  const pair = tree.map((leaf, other) => `${leaf}${other.length}`, [1, true] as const, ['a', 'b']);
  expectType<Equal<typeof pair, readonly [string, string]>>();
  tree.mapWithPath((path, leaf) => [path, leaf.dtype], updated);
  // @ts-expect-error numbers have no dtype
  tree.map((leaf) => leaf.dtype, { a: 1 });
}

/** Code that is generic in the parameters keeps their type. */
export function decay<P>(p: P): P {
  return tree.mapArrays((leaf, other) => (leaf.size > 1 ? leaf : other), p, p);
}

export function others(): void {
  const [leaves, structure] = tree.flatten(params);
  expectType<Equal<typeof leaves, Value[]>>();
  expectType<Equal<typeof structure, Structure<Params>>>();
  const numbers = tree.unflatten(structure, [1, 2]);
  expectType<Equal<typeof numbers.w, number>>();
  const total: number = tree.reduce((sum: number, leaf) => sum + leaf.size, params, 0);
  expectType<Equal<typeof total, number>>();
  const outer = tree.structure([x, x] as const);
  const swapped = tree.transpose(outer, tree.structure({ a: x }), [{ a: x }, { a: x }]);
  expectType<Equal<typeof swapped, { a: readonly [Value, Value] }>>();
  // @ts-expect-error the trees have other keys
  tree.mapArrays((leaf) => leaf, { a: x }, { b: x });
}
