/** Reductions down columns, taken by rows, against plain loops here and the reference device. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval } from '../../core/base/aval.ts';
import { compile } from '../../core/compile/compile.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import { trace } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { grad, jit, nn, np, setDefaultDevice, vmap } from '../../index.ts';

const noise = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.3);

const wasm = await createWasmDevice({ threads: 1 });

/** The kernels of a function of one f32[rows, columns]. */
function kernelsOf(f: (x: Value) => Value, shape: readonly number[]) {
  const { program } = trace(([x]) => (x === undefined ? [] : [f(x)]), [makeAval(shape, 'float32')]);
  return compile(program, wasm.target).steps.map(({ kernel }) => kernel);
}

const functions: Record<string, (x: np.Array) => np.Array> = {
  sum: (x) => np.sum(x, { axis: 0 }),
  'sum of products': (x) => np.sum(np.multiply(x, np.cos(x)), { axis: 0 }),
  max: (x) => np.max(x, { axis: 0 }),
  variance: (x) => np.var(x, { axis: 0 }),
  argmax: (x) => np.argmax(np.floor(np.multiply(x, 9)), { axis: 0 }),
  'integer sum': (x) => np.sum(np.floor(np.multiply(x, 50)).astype('int32'), { axis: 0 }),
  any: (x) => np.any(np.greater(x, 0.69), { axis: 0 }),
  softmax: (x) => nn.softmax(x, { axis: 0 }),
  'sum and what becomes of it': (x) =>
    np.add(np.multiply(np.sum(x, { axis: 0 }), 2), np.mean(np.square(x), { axis: 0 })),
  'with weights of rows': (x) =>
    np.matmul(np.reshape(np.arange(x.shape[0] ?? 0), [1, -1]), x).reshape([-1]),
};
const shapes = [
  [16, 64],
  [17, 100],
  [45, 509],
  [300, 1000],
  [1100, 260],
  [33, 2053],
  [40, 4096],
] as const;

for (const [name, f] of Object.entries(functions)) {
  test(`${name} down the columns`, async () => {
    for (const shape of shapes) {
      const results = [];
      for (const device of ['js', 'wasm'] as const) {
        await setDefaultDevice(device);
        results.push(await jit(f)(np.array(noise(shape[0] * shape[1])).reshape(shape)).data());
      }
      const [expected, found] = results;
      assert.is(found?.length, expected?.length);
      let [scale, worst] = [0, 0];
      expected?.forEach((value, i) => {
        scale = Math.max(scale, Math.abs(Number(value)));
        worst = Math.max(worst, Math.abs(Number(value) - Number(found?.[i])));
      });
      assert.ok(worst <= 2e-6 * scale, `[${shape}]: off by ${worst} of ${scale}`);
    }
  });
}

test('columns that lie together are taken by rows', () => {
  const [kernel, ...more] = kernelsOf((x) => np.sum(np.array(x), { axis: 0 }), [512, 2048]);
  assert.is(more.length, 0);
  assert.ok(kernel?.kind === 'loop' && (kernel.locals?.length ?? 0) > 0);
});

test('rows, short columns and few of them are left as they are', () => {
  const isPlain = (f: (x: Value) => Value, shape: readonly number[]): boolean =>
    kernelsOf(f, shape).every((kernel) => kernel.kind === 'loop' && !kernel.locals?.length);
  assert.ok(isPlain((x) => np.sum(np.array(x), { axis: 1 }), [512, 512]));
  assert.ok(isPlain((x) => np.sum(np.array(x), { axis: 0 }), [8, 512]));
  assert.ok(isPlain((x) => np.sum(np.array(x), { axis: 0 }), [512, 16]));
});

test('the sum over a batch and a sequence is one reduction', async () => {
  await setDefaultDevice('wasm');
  const shape = [6, 50, 128];
  const data = noise(6 * 50 * 128);
  const [kernel, ...more] = kernelsOf((x) => np.sum(np.array(x), { axis: [0, 1] }), shape);
  assert.is(more.length, 0);
  assert.ok(kernel?.kind === 'loop' && (kernel.locals?.length ?? 0) > 0);
  const found = await jit((x: np.Array) => np.sum(x, { axis: [0, 1] }))(
    np.array(data).reshape(shape),
  ).data();
  const expected = new Float64Array(128);
  data.forEach((value, i) => {
    expected[i % 128] = (expected[i % 128] ?? 0) + value;
  });
  found.forEach((value, i) => {
    assert.ok(Math.abs(Number(value) - (expected[i] ?? 0)) < 1e-4);
  });
});

test('long sums keep their digits', async () => {
  await setDefaultDevice('wasm');
  const [rows, columns] = [80_000, 64];
  // 0.1 is no float: one after the other the roundings would add up to 1e-4 and more.
  const x = np.array(new Float32Array(rows * columns).fill(0.1)).reshape([rows, columns]);
  const read = await jit((y: np.Array) => np.sum(y, { axis: 0 }))(x).data();
  const expected = rows * Math.fround(0.1);
  for (const value of read) {
    assert.ok(Math.abs(Number(value) / expected - 1) < 6e-7, `${value} for ${expected}`);
  }
});

test('a result may lie where an operand of the same columns was', async () => {
  await setDefaultDevice('wasm');
  const x = np.array(noise(100 * 640)).reshape([100, 640]);
  const momentum = np.array(noise(640));
  const step = (m: np.Array, y: np.Array): np.Array =>
    np.add(np.multiply(m, 0.9), np.sum(np.multiply(np.subtract(y, m), y), { axis: 0 }));
  const expected = await jit(step)(momentum, x).data();
  const found = await jit(step, { donate: [0] })(np.add(momentum, 0), x).data();
  assert.equal(found, expected);
});

test('derivatives and batches of them', async () => {
  const f = (w: np.Array, x: np.Array): np.Array => np.sum(np.tanh(np.matmul(x, w)));
  const results = [];
  for (const device of ['js', 'wasm'] as const) {
    await setDefaultDevice(device);
    const w = np.array(noise(3 * 64)).reshape([3, 64]);
    const x = np.array(noise(4 * 32 * 3)).reshape([4, 32, 3]);
    results.push(await jit(vmap(grad(f), { inAxes: [null, 0] }))(w, x).data());
  }
  const [expected, found] = results;
  found?.forEach((value, i) => {
    assert.ok(Math.abs(Number(value) - Number(expected?.[i])) < 1e-5);
  });
});

test.run();
