/** Types that the transforms share. */

import type { Value } from '../core/ir/value.ts';
import type { Atom, MapLeaves } from '../core/tree.ts';
import type { ArraySpec } from './array-spec.ts';

/** What a traced function may return: a pytree of arrays, numbers and booleans, and no promise. */
export type Output =
  | number
  | boolean
  | null
  | undefined
  | { readonly then?: never; toString(): string };

/** A tangent for each argument; null stands for zero. */
export type TangentsOf<A extends readonly unknown[]> = { [K in keyof A]: A[K] | null };

/** The positions of a list of arguments: `0 | 1` for two. */
export type IndexOf<A extends readonly unknown[]> = number extends A['length']
  ? number
  : Extract<keyof A, `${number}`> extends `${infer N extends number}`
    ? N
    : never;

/** One position or several. */
export type Argnums<A extends readonly unknown[]> = IndexOf<A> | readonly IndexOf<A>[];

/** One of the arguments, or several as a list. */
export type Picked<A extends readonly unknown[], N> = N extends number
  ? A[N]
  : N extends readonly number[]
    ? { -readonly [K in keyof N]: N[K] extends number ? A[N[K]] : never }
    : never;

/** The tree with descriptions in place of arrays. */
export type SpecsOf<T> = MapLeaves<T, ArraySpec>;

/** Arguments that may be descriptions of arrays. */
export type Described<A extends readonly unknown[]> = { [K in keyof A]: A[K] | SpecsOf<A[K]> };

/** For every array of `R`, a tree like `X` of derivatives. */
export type Jacobian<R, X> = MapLeaves<R, MapLeaves<X, Value>>;

/** A batch axis for everything in a tree, null for none, or a tree that starts like it with these. */
export type AxesOf<T> =
  | number
  | null
  | (T extends Atom | null | undefined
      ? never
      : T extends object
        ? { readonly [K in keyof T]: AxesOf<T[K]> }
        : never);
