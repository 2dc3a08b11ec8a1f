/** A value read from what a kernel writes holds until the next store there, and no longer. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buffersOf } from '../../core/compile/buffers.ts';
import type { KernelStore, LoopKernel } from '../../core/compile/kernel.ts';
import { type Statement, structure } from '../../core/compile/structure.ts';
import { emitJs, instantiateJs } from '../../core/emit/js/emit.ts';
import {
  type Axis,
  axisIndex,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
  reduce,
  type Source,
} from '../../core/ir/expr.ts';
import { indexConstant } from '../../core/ir/index-algebra.ts';
import { runKernel } from '../wasm/run-kernel.ts';

const [a, b] = [makeSource('float32', 4), makeSource('float32', 4)];
const at = (source: Source, i: number): Expr => load(source, indexConstant(i));
const sum = (x: Expr, y: Expr): Expr => op('add', [x, y]);
const one = constant(1, 'float32');

const set = (
  target: Source,
  index: Expr | number,
  value: Expr,
  serial: readonly Axis[] = [],
): KernelStore => ({
  target,
  index: typeof index === 'number' ? indexConstant(index) : index,
  value,
  mode: 'set',
  guard: null,
  serial,
});

/** The elements of `a` and `b` after the stores, on js and on wasm; they begin as 1, 2, 3, 4 and zeros. */
function after(stores: readonly KernelStore[]): number[][] {
  const kernel: LoopKernel = {
    kind: 'loop',
    name: 'stores',
    buffers: buffersOf(stores),
    parallel: [],
    stores,
  };
  const first = new Map([
    [a, [1, 2, 3, 4]],
    [b, [0, 0, 0, 0]],
  ]);
  const own = kernel.buffers.map(({ source }) => Float32Array.from(first.get(source) ?? []));
  instantiateJs(emitJs(kernel, 'float32'), own.length)(...own);
  const js = new Map(kernel.buffers.map(({ source }, i) => [source, [...(own[i] ?? [])]]));
  return [js, runKernel(kernel, first)].map((found) => [
    ...(found.get(a) ?? []),
    ...(found.get(b) ?? []),
  ]);
}

const both = (expected: readonly number[]) => [expected, expected];

test('an element that a store changes is loaded again after it', () => {
  const [i, j] = [makeAxis(1), makeAxis(1)];
  // Three stores with loops of their own, which happen one after the other.
  const stores = [
    set(b, 0, op('mul', [at(a, 0), at(a, 0)]), [i]),
    set(a, 0, sum(at(a, 0), at(a, 0)), []),
    set(b, 1, op('mul', [at(a, 0), at(a, 0)]), [j]),
  ];
  assert.equal(after(stores), both([2, 2, 3, 4, 1, 4, 0, 0]));
});

test('what a loop writes is loaded again in every turn, although no axis says so', () => {
  const i = makeAxis(3);
  const stores = [set(a, 0, sum(at(a, 0), one), [i]), set(b, axisIndex(i), at(a, 0), [i])];
  // At once: the second store of a turn does not see the first.
  assert.equal(after(stores), both([4, 2, 3, 4, 1, 2, 3, 0]));
});

test('a store in an outer loop is seen in an inner one, and not shared across turns', () => {
  const [i, j] = [makeAxis(2), makeAxis(2)];
  const place = op('add', [op('mul', [axisIndex(i), indexConstant(2)]), axisIndex(j)]);
  const stores = [
    set(b, 0, at(a, 1), []),
    set(a, 1, sum(at(a, 1), at(a, 1)), [i]),
    set(b, place, sum(at(a, 1), op('convert', [axisIndex(j)], 'float32')), [i, j]),
  ];
  assert.equal(after(stores), both([1, 8, 3, 4, 4, 5, 8, 9]));
});

test('the name of a value from before a store does not stand for the one after it', () => {
  const [i, j] = [makeAxis(1), makeAxis(2)];
  const stores = [
    set(b, 0, op('mul', [at(a, 1), at(a, 1)]), [i]),
    set(a, 1, sum(at(a, 1), one), [i, j]),
    set(b, 1, sum(at(a, 1), one), [i]),
  ];
  assert.equal(after(stores), both([1, 4, 3, 4, 4, 5, 0, 0]));
});

test('a reduction over what was written since is computed again', () => {
  const i = makeAxis(3);
  const total = reduce('add', 4, (k) => load(a, k));
  const stores = [set(b, 3, total, []), set(a, 0, total, [i]), set(b, axisIndex(i), total, [i])];
  assert.equal(after(stores), both([28, 2, 3, 4, 10, 19, 28, 10]));
});

test('stores that happen at once exchange two elements', () => {
  const stores = [set(a, 0, at(a, 1)), set(a, 1, at(a, 0))];
  assert.equal(after(stores), both([2, 1, 3, 4]));
});

test('an index that was loaded is loaded again once it may have changed', () => {
  const [i, place] = [makeAxis(3), makeSource('int32', 1)];
  const counter = load(place, indexConstant(0));
  const turns = structure(
    [],
    [
      set(b, sum(counter, indexConstant(1)), one, [i]),
      set(place, 0, sum(counter, indexConstant(1)), []),
      set(b, counter, one, []),
    ],
  );
  const lets = (all: readonly Statement[]): number =>
    all.reduce((n, s) => n + (s.kind === 'let' ? 1 : s.kind === 'loop' ? lets(s.body) : 0), 0);
  assert.is(lets(turns), 2);
});

test('what nothing writes is still loaded once, before the loops', () => {
  const i = makeAxis(3);
  const [first, loop] = structure([], [set(b, axisIndex(i), sum(at(a, 0), at(a, 1)), [i])]);
  assert.is(first?.kind, 'let');
  assert.is(loop?.kind === 'loop' ? loop.body.length : 0, 1);
});

test.run();
