/** The numbers that Optax and Flax gave, see test/golden/make-optax.py. */
import { readFileSync } from 'node:fs';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';

/** Nested lists of numbers. */
export type Numbers = number | readonly Numbers[];

/** A tree with nested lists as leaves. */
export interface NumberTree {
  readonly [name: string]: Numbers | NumberTree;
}

interface Layer {
  readonly params: NumberTree;
  readonly output: Numbers;
}

interface Golden {
  readonly params: NumberTree;
  readonly gradients: readonly NumberTree[];
  readonly optimizers: Readonly<Record<string, NumberTree>>;
  readonly counts: readonly number[];
  readonly schedules: Readonly<Record<string, readonly number[]>>;
  readonly lossInputs: Readonly<Record<string, Numbers>>;
  readonly losses: Readonly<Record<string, Numbers>>;
  readonly layerInputs: Readonly<Record<string, Numbers>>;
  readonly layers: Readonly<Record<string, Layer>>;
  readonly activations: Readonly<Record<string, Numbers>>;
  readonly normalised: Readonly<Record<string, Numbers>>;
}

/** All of them. */
export const golden = JSON.parse(
  readFileSync(new URL('../golden/optax.json', import.meta.url), 'utf8'),
) as Golden;

/** A tree of arrays. */
export interface Arrays {
  readonly [name: string]: Value | Arrays;
}

const isTree = (entry: Numbers | NumberTree): entry is NumberTree =>
  typeof entry === 'object' && !Array.isArray(entry);

/** The tree with lists as float32 arrays. Layers take it as their parameters: the names are theirs. */
export function toArrays<P = Arrays>(tree: NumberTree): P {
  const entries = Object.entries(tree).map(([name, entry]) => [
    name,
    isTree(entry) ? toArrays(entry) : np.array(entry),
  ]);
  return Object.fromEntries(entries) as P;
}

const flat = (numbers: Numbers): number[] =>
  typeof numbers === 'number' ? [numbers] : numbers.flatMap(flat);

/** The leaves of a tree, keys sorted. */
export const leavesOf = (tree: Numbers | NumberTree): number[] =>
  isTree(tree)
    ? Object.keys(tree)
        .sort()
        .flatMap((name) => leavesOf(tree[name] ?? []))
    : flat(tree);

/** The largest |got − expected| / max(1, |expected|); infinite if lengths differ. Equal infinities agree. */
export function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  return Array.from(expected).reduce((largest, b, i) => {
    const a = got[i] ?? NaN;
    const d = Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
    return Number.isNaN(d) ? Infinity : Math.max(largest, d);
  }, 0);
}
