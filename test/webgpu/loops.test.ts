/** Loop kernels on a WebGPU device against the JavaScript reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KernelStore, LoopKernel } from '../../core/compile/kernel.ts';
import { emitWgsl } from '../../core/emit/wgsl/emit.ts';
import type { LoopStyle } from '../../core/emit/wgsl/loop.ts';
import { type LoopParameters, parametersOf } from '../../core/emit/wgsl/parameters.ts';
import {
  type Axis,
  axisIndex,
  constant,
  cumulate,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
  reduce,
  type Source,
} from '../../core/ir/expr.ts';
import { addIndex, scaleIndex } from '../../core/ir/index-algebra.ts';
import { hasWebGpu, makeDevice, noise, nothing, reference, runOn, worst } from './kernels.ts';

const read = (source: Source) => ({ source, access: 'read' }) as const;
const write = (source: Source) => ({ source, access: 'write' }) as const;
const update = (source: Source) => ({ source, access: 'update' }) as const;

const loop = (
  name: string,
  parallel: readonly Axis[],
  buffers: LoopKernel['buffers'],
  stores: readonly KernelStore[],
): LoopKernel => ({ kind: 'loop', name, parallel, buffers, stores });

const store = (target: Source, index: Expr, value: Expr, more: Partial<KernelStore> = {}) => ({
  target,
  index,
  value,
  mode: 'set' as const,
  guard: null,
  serial: [],
  ...more,
});

const row = (i: Expr, width: number, j: Expr): Expr => addIndex(scaleIndex(i, width), j);

/** Softmax denominators and numerators of each row, its least element, and how many are positive. */
function rowKernel(rows: number, width: number) {
  const x = makeSource('float32', rows * width);
  const sums = makeSource('float32', rows * 3);
  const counts = makeSource('int32', rows);
  const any = makeSource('bool', rows);
  const i = makeAxis(rows);
  const at = (j: Expr): Expr => load(x, row(axisIndex(i), width, j));
  const greatest = reduce('max', width, at);
  const total = reduce('add', width, (j) => op('exp', [op('sub', [at(j), greatest])]));
  const isPositive = (j: Expr): Expr => op('gt', [at(j), constant(0, 'float32')]);
  const count = reduce('add', width, (j) => op('convert', [isPositive(j)], 'int32'));
  const place = (k: number): Expr => scaleIndex(axisIndex(i), 3, k);
  return {
    x,
    kernel: loop(
      'rows',
      [i],
      [read(x), write(sums), write(counts), write(any)],
      [
        store(sums, place(0), greatest),
        store(sums, place(1), total),
        store(sums, place(2), reduce('min', width, at)),
        store(counts, axisIndex(i), count),
        store(any, axisIndex(i), reduce('or', width, isPositive)),
      ],
    ),
  };
}

const available = hasWebGpu('loops.test.ts');

if (available) {
  const device = await makeDevice();

  const { loop: generic } = parametersOf.generic;
  /** Every way of running loops, the ones meant for other devices included. */
  const ways: Record<string, [LoopStyle, Partial<LoopParameters>]> = {
    'an invocation each': ['invocation', {}],
    'an invocation each, by fours': ['invocation', { minWideIterations: 1, minWideElements: 1 }],
    'an invocation each, in few workgroups': ['invocation', { lanes: 8, maxWorkgroups: 2 }],
    'a workgroup each, by a tree': ['workgroup', { sharing: 'tree', sharedLanes: 32 }],
    'a workgroup each, element by element': ['workgroup', { maxWideNodes: 0 }],
    'a subgroup each': ['workgroup', { sharing: 'subgroup', sharedLanes: 8, subgroupSize: 8 }],
    'several subgroups each': [
      'workgroup',
      { sharing: 'subgroups', sharedLanes: 64, subgroupSize: 8, maxWorkgroups: 3 },
    ],
  };
  for (const [name, [loopStyle, changes]] of Object.entries(ways)) {
    test(`row reductions by ${name} agree with the reference`, async () => {
      const parameters = { ...parametersOf.generic, loop: { ...generic, ...changes } };
      const forced = await makeDevice({ emit: { loopStyle, parameters } });
      const { x, kernel } = rowKernel(37, 332);
      const data = new Map([[x, noise(37 * 332)]]);
      const actual = await runOn(forced, kernel, data);
      reference(kernel, data).forEach((expected, k) => {
        assert.ok(worst(actual[k] ?? nothing, expected) < 1e-6, `output ${k}`);
      });
      assert.ok(actual[2]?.every((any) => any === 1));
    });
  }

  test('a row is written by all lanes of its workgroup, and only where each turn has a place of its own', async () => {
    const [rows, length] = [5, 64];
    const x = makeSource('float32', rows * length);
    const out = makeSource('float32', rows * length);
    const last = makeSource('float32', rows);
    const [i, j] = [makeAxis(rows), makeAxis(length)];
    const at = (k: Expr): Expr => load(x, row(axisIndex(i), length, k));
    const centred = op('sub', [at(axisIndex(j)), reduce('max', length, at)]);
    const place = row(axisIndex(i), length, axisIndex(j));
    const spread = loop(
      'spread',
      [i],
      [read(x), write(out)],
      [store(out, place, centred, { serial: [j] })],
    );
    const data = new Map([[x, noise(rows * length)]]);
    const emit = { loopStyle: 'workgroup' } as const;
    const forced = await makeDevice({ emit });
    const [actual = nothing] = await runOn(forced, spread, data);
    assert.ok(worst(actual, reference(spread, data)[0] ?? nothing) < 1e-6);
    const text = emitWgsl(spread, { ...emit, parameters: parametersOf.generic }).code;
    assert.match(text, /= i32\(lane\); .* < 16i/);
    // All turns write to the same place: the last one counts, so one invocation runs them in order.
    const same = loop(
      'same',
      [i],
      [read(x), write(last)],
      [store(last, axisIndex(i), centred, { serial: [j] })],
    );
    const [kept = nothing] = await runOn(forced, same, data);
    assert.ok(worst(kept, reference(same, data)[0] ?? nothing) < 1e-6);
  });

  test('what is loaded by fours is shifted, broadcast, transposed and of every type', async () => {
    const [rows, columns] = [32, 64];
    const x = makeSource('float32', rows * columns);
    const turned = makeSource('int32', rows * columns);
    const mask = makeSource('bool', rows * columns);
    const scale = makeSource('float32', columns);
    const out = makeSource('float32', rows * columns);
    const odd = makeSource('bool', rows * columns);
    const [i, j] = [makeAxis(rows), makeAxis(columns)];
    const place = row(axisIndex(i), columns, axisIndex(j));
    const isInside = op('ge', [axisIndex(j), constant(3, 'int32')]);
    const shifted = op('select', [
      isInside,
      load(x, addIndex(place, constant(-3, 'int32'))),
      constant(7, 'float32'),
    ]);
    const crosswise = load(turned, row(axisIndex(j), rows, axisIndex(i)));
    const sum = op('add', [shifted, op('convert', [crosswise], 'float32')]);
    const scaled = op('mul', [sum, load(scale, axisIndex(j))]);
    const kernel = loop(
      'fours',
      [i, j],
      [read(x), read(turned), read(mask), read(scale), write(out), write(odd)],
      [
        store(out, place, op('select', [load(mask, place), scaled, sum])),
        store(odd, place, op('and', [load(mask, place), isInside])),
      ],
    );
    const data = new Map<Source, Float32Array | Int32Array | Uint8Array>([
      [x, noise(rows * columns)],
      [turned, Int32Array.from({ length: rows * columns }, (_, k) => (k * 37) % 101)],
      [mask, Uint8Array.from({ length: rows * columns }, (_, k) => (k % 3 === 0 ? 1 : 0))],
      [scale, noise(columns, 5)],
    ]);
    const few = { minWideIterations: 1, minWideElements: 1 };
    const loopParameters = { ...generic, ...few, maxWideNodes: 2000 };
    const parameters = { ...parametersOf.generic, loop: loopParameters };
    const forced = await makeDevice({ emit: { parameters } });
    const text = emitWgsl(kernel, { parameters }).code;
    assert.match(text, /b1: array<vec4<i32>/);
    assert.match(text, /b4: array<vec4<f32>/);
    const actual = await runOn(forced, kernel, data);
    reference(kernel, data).forEach((expected, k) => {
      assert.ok(worst(actual[k] ?? nothing, expected) < 1e-6, `output ${k}`);
    });
  });

  test('reductions propagate NaN and infinities', async () => {
    const { x, kernel } = rowKernel(2, 40);
    const values = noise(80);
    values[7] = Number.NaN;
    values[50] = Infinity;
    const [sums = nothing] = await runOn(device, kernel, new Map([[x, values]]));
    assert.equal([...sums].slice(0, 4), [Number.NaN, Number.NaN, Number.NaN, Infinity]);
  });

  test('a long sum in one invocation keeps its digits', async () => {
    const length = 1_000_000;
    const x = makeSource('float32', length);
    const out = makeSource('float32', 1);
    const sum = reduce('add', length, (j) => load(x, j));
    const kernel = loop('sum', [], [read(x), write(out)], [store(out, constant(0, 'int32'), sum)]);
    const data = new Map([[x, noise(length).map((v) => 0.1 + v * 1e-3)]]);
    const [actual = nothing] = await runOn(device, kernel, data);
    const [expected = nothing] = reference(kernel, data);
    assert.ok(worst(actual, expected) < 2e-6, `${actual[0]} against ${expected[0]}`);
  });

  test('nested reductions run inside each other', async () => {
    const x = makeSource('float32', 5 * 6 * 7);
    const out = makeSource('float32', 5);
    const i = makeAxis(5);
    const value = reduce('max', 6, (j) =>
      reduce('add', 7, (k) => load(x, addIndex(scaleIndex(axisIndex(i), 42), row(j, 7, k)))),
    );
    const kernel = loop('nested', [i], [read(x), write(out)], [store(out, axisIndex(i), value)]);
    const data = new Map([[x, noise(210)]]);
    const [actual = nothing] = await runOn(device, kernel, data);
    assert.ok(worst(actual, reference(kernel, data)[0] ?? nothing) < 1e-6);
  });

  test('running totals, guarded and serial updates happen in order', async () => {
    const [rows, length] = [3, 50];
    const x = makeSource('float32', rows * length);
    const indices = makeSource('int32', length);
    const totals = makeSource('float32', rows * length);
    const counts = makeSource('int32', rows * 8);
    const last = makeSource('int32', rows * 8);
    const i = makeAxis(rows);
    const j = makeAxis(length);
    const place = row(axisIndex(i), length, axisIndex(j));
    const target = load(indices, axisIndex(j));
    const inRange = op('and', [
      op('ge', [target, constant(0, 'int32')]),
      op('lt', [target, constant(8, 'int32')]),
    ]);
    const into = addIndex(scaleIndex(axisIndex(i), 8), target);
    const kernel = loop(
      'serial',
      [i],
      [read(x), read(indices), write(totals), update(counts), write(last)],
      [
        store(totals, place, cumulate('add', j, load(x, place)), { serial: [j] }),
        store(counts, into, axisIndex(j), { serial: [j], guard: inRange, mode: 'add' }),
        store(last, into, axisIndex(j), { serial: [j], guard: inRange }),
      ],
    );
    const data = new Map<Source, Float32Array | Int32Array>([
      [x, noise(rows * length)],
      [indices, Int32Array.from({ length }, (_, k) => ((k * 7) % 12) - 2)],
      [counts, Int32Array.from({ length: rows * 8 }, (_, k) => 1000 * k)],
    ]);
    const actual = await runOn(device, kernel, data);
    const expected = reference(kernel, data);
    assert.ok(worst(actual[0] ?? nothing, expected[0] ?? nothing) < 1e-6);
    assert.equal([...(actual[1] ?? [])], [...(expected[1] ?? [])]);
    // What the guard never let through is not defined.
    expected[2]?.forEach((value, k) => {
      if (value !== 0) assert.is(actual[2]?.[k], value);
    });
  });

  test('parallel axes may hold more iterations than one dimension of the grid', async () => {
    const [a, b, c] = [3, 1001, 1500];
    const out = makeSource('int32', a * b * c);
    const axes = [makeAxis(a), makeAxis(b), makeAxis(c)];
    const [i, j, k] = axes.map(axisIndex);
    assert.ok(i && j && k);
    // Written in another order than it is walked, so that each axis must be right.
    const index = addIndex(scaleIndex(k, a * b), addIndex(scaleIndex(j, a), i));
    const value = addIndex(scaleIndex(i, 10_000_000), addIndex(scaleIndex(j, 2000), k));
    const kernel = loop('grid', axes, [write(out)], [store(out, index, value)]);
    assert.ok(a * b * c > 65_535 * 64);
    const [actual = nothing] = await runOn(device, kernel, new Map());
    const wrong = actual.findIndex((got, at) => {
      const [x, y, z] = [at % a, Math.floor(at / a) % b, Math.floor(at / (a * b))];
      return got !== x * 10_000_000 + y * 2000 + z;
    });
    assert.is(wrong, -1);
  });

  test('deeply nested expressions are cut into pieces that shader compilers accept', async () => {
    const x = makeSource('float32', 4);
    const out = makeSource('float32', 4);
    const i = makeAxis(4);
    let value: Expr = load(x, axisIndex(i));
    for (let n = 0; n < 400; n++) value = op(n % 2 === 0 ? 'abs' : 'neg', [op('floor', [value])]);
    const kernel = loop('deep', [i], [read(x), write(out)], [store(out, axisIndex(i), value)]);
    const data = new Map([[x, Float32Array.of(1.5, -2.5, 3, 0)]]);
    const [actual = nothing] = await runOn(device, kernel, data);
    assert.equal([...actual], [-1, -3, -3, -0]);
  });

  test('an empty result needs no kernel', async () => {
    const out = makeSource('float32', 0);
    const i = makeAxis(0);
    const kernel = loop(
      'empty',
      [i],
      [write(out)],
      [store(out, axisIndex(i), constant(1, 'float32'))],
    );
    const [actual] = await runOn(device, kernel, new Map());
    assert.is(actual?.length, 0);
  });
}

test.run();
