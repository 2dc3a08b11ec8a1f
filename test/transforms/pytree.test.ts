import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten, registerPytree } from '../../core/base/pytree.ts';
import { add } from '../../core/primitives/index.ts';
import * as tree from '../../core/tree.ts';
import { codeOf, f32, numbers, whatOf } from './arrays.ts';

class Pair {
  readonly left: unknown;
  readonly right: unknown;
  readonly label: string;
  constructor(left: unknown, right: unknown, label: string) {
    this.left = left;
    this.right = right;
    this.label = label;
  }
}
registerPytree(Pair, {
  flatten: ({ left, right, label }) => ({ children: { left, right }, data: label }),
  unflatten: ({ left, right }, label: string) => new Pair(left, right, label),
});

test('leaves come in the order of sorted keys', () => {
  assert.equal(tree.leaves({ w: 1, b: [2, 3], a: { z: 4, y: 5 } }), [5, 4, 2, 3, 1]);
});

test('null and undefined are nodes without leaves and come back', () => {
  const [leaves, structure] = tree.flatten({ a: null, b: undefined, c: 1 });
  assert.equal(leaves, [1]);
  assert.equal(tree.unflatten(structure, [7]), { a: null, b: undefined, c: 7 });
});

test('instances of classes that are not registered are leaves', () => {
  const date = new Date(0);
  assert.equal(tree.leaves([date, 'text', true]), [date, 'text', true]);
});

test('registered classes are nodes whose data is part of the structure', () => {
  const doubled = tree.map((x) => Number(x) * 2, new Pair(1, [2], 'p') as unknown);
  assert.instance(doubled, Pair);
  assert.equal(doubled, new Pair(2, [4], 'p'));
  const p = tree.structure(new Pair(1, 2, 'p'));
  assert.ok(p.equals(tree.structure(new Pair(3, 4, 'p'))));
  assert.not(p.equals(tree.structure(new Pair(3, 4, 'q'))));
  assert.is(String(p), 'Pair{left: *, right: *}');
});

test('a class is registered once', () => {
  const rules = { flatten: () => ({ children: {} }), unflatten: () => new Pair(0, 0, '') };
  assert.is(
    codeOf(() => registerPytree(Pair, rules)),
    'pytree-registered-twice',
  );
});

test('a structure prints its nodes and knows its paths', () => {
  const params = { w: 1, b: [2, 3], encoder: [{ kernel: 4 }], none: null };
  assert.is(
    String(tree.structure(params)),
    '{b: [*, *], encoder: [{kernel: *}], none: null, w: *}',
  );
  assert.equal(tree.paths(params), ['b/0', 'b/1', 'encoder/0/kernel', 'w']);
  assert.equal(tree.paths(5), ['']);
});

test('structures are equal if their nodes are', () => {
  assert.ok(tree.structure({ a: 1, b: [2] }).equals(tree.structure({ b: [5], a: 6 })));
  assert.not(tree.structure({ a: 1 }).equals(tree.structure({ b: 1 })));
  assert.not(tree.structure([1]).equals(tree.structure([1, 2])));
  assert.not(tree.structure(1).equals(tree.structure([1])));
  assert.not(tree.structure(null).equals(tree.structure(undefined)));
});

test('map works leaf by leaf on trees whose keys are in another order', () => {
  const sums = tree.map(
    (x, y, z) => x + y * z,
    { a: 1, b: [2] },
    { b: [3], a: 4 },
    { a: 5, b: [6] },
  );
  assert.equal(sums, { a: 21, b: [20] });
});

test('map names the first path where trees differ', () => {
  const map = (other: unknown) => () => tree.map((x) => x, { a: 1, b: { c: [1, 2] } }, other);
  assert.is(codeOf(map({ a: 1 })), 'tree-structure-mismatch');
  assert.match(
    whatOf(map({ a: 1, b: { c: [1, 2, 3] } })),
    "differ at 'b/c/2': nothing in the first, something",
  );
  assert.match(
    whatOf(map({ a: 1, b: { c: 3 } })),
    "differ at 'b/c': [*, *] in the first, * in the other",
  );
  assert.match(whatOf(map({ b: { c: [1, 2] } })), "differ at 'a': something in the first, nothing");
});

test('mapWithPath passes the path', () => {
  const named = tree.mapWithPath((path, x, y) => `${path}=${x + y}`, { a: [1, 2] }, { a: [3, 4] });
  assert.equal(named, { a: ['a/0=4', 'a/1=6'] });
});

test('mapArrays keeps the type and refuses what is no array', () => {
  const params = { w: f32([1]), b: f32([2]) };
  const doubled: typeof params = tree.mapArrays((x, y) => add(x, y), params, params);
  assert.equal([numbers(doubled.w), numbers(doubled.b)], [[2], [4]]);
  assert.is(
    codeOf(() => tree.mapArrays((x) => x, { w: 1 })),
    'not-an-array',
  );
});

test('unflatten wants as many leaves as there are places', () => {
  assert.is(
    codeOf(() => tree.unflatten(tree.structure([1, 2]), [1])),
    'leaf-count-mismatch',
  );
});

test('all, reduce and transpose follow jax.tree', () => {
  assert.ok(tree.all({ a: true, b: [1] }));
  assert.not(tree.all({ a: true, b: [0] }));
  assert.ok(tree.all([1, 2], (x) => x > 0));
  assert.is(
    codeOf(() => tree.all([f32([1])])),
    'array-as-plain-data',
  );
  assert.is(
    tree.reduce((total: number, x) => total + x, { a: 1, b: [2, 3] }, 10),
    16,
  );
  const rows = tree.transpose(tree.structure([0, 0]), tree.structure({ a: 0, b: 0 }), [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ]);
  assert.equal(rows, { a: [1, 3], b: [2, 4] });
});

test('collect takes the leaves of a tree that looks like the structure, and of no other', () => {
  const { structure } = flatten([{ b: 1, a: [null, 2] }, new Pair(3, 4, 'p')]);
  const leaves: unknown[] = [];
  assert.ok(structure.collect([{ a: [null, 5], b: 6 }, new Pair(7, 8, 'p')], leaves));
  assert.equal(leaves, [5, 6, 7, 8]);
  for (const other of [
    [{ a: [null, 5], b: 6 }, new Pair(7, 8, 'q')],
    [{ a: [undefined, 5], b: 6 }, new Pair(7, 8, 'p')],
    [{ a: [null, 5], b: 6, c: 1 }, new Pair(7, 8, 'p')],
    [{ a: [null, 5], b: [6] }, new Pair(7, 8, 'p')],
    [{ a: [null, 5, 6], b: 6 }, new Pair(7, 8, 'p')],
    [{ a: [null, 5], b: 6 }],
  ]) {
    assert.not(structure.collect(other, []), JSON.stringify(other));
  }
});

test.run();
