/** Packed arrays as a user meets them: host data, raw bits, memory, training, whole words on every device. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isStorageType } from '../../core/base/dtype.ts';
import { bfloat16Bits, bfloat16Value, float16Bits, float16Value } from '../../core/base/half.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as prim from '../../core/primitives/index.ts';
import * as random from '../../core/random.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';

const devices =
  process.env.ENERJAX_TEST_WEBGPU === '1'
    ? (['js', 'wasm', 'webgpu'] as const)
    : (['js', 'wasm'] as const);
const narrow = ['float16', 'bfloat16', 'int16', 'uint16', 'int8', 'uint8'] as const;

test('every 16-bit pattern survives its value', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const [b, f] = [bfloat16Value(bits), float16Value(bits)];
    if (!Number.isNaN(b)) assert.is(bfloat16Bits(b), bits);
    if (!Number.isNaN(f)) assert.is(float16Bits(f), bits);
  }
});

for (const device of devices) {
  test(`every 16-bit pattern is read and written as it is on ${device}`, async () => {
    await setDefaultDevice(device);
    const patterns = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const x = np.fromRaw(patterns, { dtype });
      const moved = await prim.reverse(x, [0]).rawData();
      const changed = await jit((x: Value) => prim.neg(x))(x).data();
      const values = await x.data();
      for (let i = 0; i < patterns.length; i++) {
        const value = values[i] ?? 0;
        if (Number.isNaN(value)) continue;
        assert.is(moved[0xffff - i], i);
        assert.is(changed[i], -value);
      }
    }
  });

  test(`sums of neighbours round as the host does on ${device}`, async () => {
    await setDefaultDevice(device);
    for (const [dtype, round] of [
      ['float16', (x: number) => float16Value(float16Bits(x))],
      ['bfloat16', (x: number) => bfloat16Value(bfloat16Bits(x))],
    ] as const) {
      const wide = np.multiply(np.arange(20001).astype('float32').sub(10000), 7.3);
      const values = await wide.data();
      const found = await wide.astype(dtype).data();
      for (let i = 0; i < values.length; i++) assert.is(found[i], round(values[i] ?? 0));
    }
  });

  test(`odd lengths and odd rows leave their neighbours alone on ${device}`, async () => {
    await setDefaultDevice(device);
    for (const dtype of narrow) {
      for (const shape of [[1], [3], [5, 3], [3, 1, 7]]) {
        const size = shape.reduce((a, b) => a * b, 1);
        const x = np.reshape(np.arange(size).astype(dtype), shape);
        const both = jit((x: Value) => [x.add(1), np.transpose(x).astype('float32')])(x);
        const [next, turned] = both;
        assert.equal(
          [...((await next?.data()) ?? [])],
          Array.from({ length: size }, (_, i) => i + 1),
        );
        assert.is((await turned?.data())?.length, size);
      }
    }
  });
}

test('a packed array takes its own bytes and no more', async () => {
  const device = createWasmDevice({ threads: 1 });
  await setDefaultDevice(device);
  const before = device.memory().liveBytes;
  const arrays = [
    np.array(new Float32Array(4096), { dtype: 'bfloat16' }),
    np.array(new Int8Array(4096)),
  ];
  assert.is(device.memory().liveBytes - before, 4096 * 3);
  for (const x of arrays) x.dispose();
  await setDefaultDevice('wasm');
});

test('eager, jitted and fused operations agree bit for bit', async () => {
  const x = random.normal(random.key(3), [257], { dtype: 'bfloat16' });
  const f = (x: Value): Value =>
    np.divide(np.exp(np.multiply(x, 1.7)), np.add(np.square(np.tanh(x)), 0.3));
  assert.equal(await jit(f)(x).rawData(), await f(x).rawData());
});

test('a product of packed operands is that of the same operands in float32, bit for bit', async () => {
  await setDefaultDevice('wasm');
  const bits = Uint16Array.from({ length: 40 * 72 }, (_, i) => (i * 40503) & 0x8fff);
  for (const dtype of ['float16', 'bfloat16'] as const) {
    for (const [lhsAxis, rhsAxis] of [
      [1, 0],
      [0, 0],
      [1, 1],
      [0, 1],
    ] as const) {
      const x = np.fromRaw(bits, { dtype, shape: lhsAxis === 1 ? [40, 72] : [72, 40] });
      const y = np.fromRaw(bits, { dtype, shape: rhsAxis === 0 ? [72, 40] : [40, 72] });
      const dims = { lhsContract: [lhsAxis], rhsContract: [rhsAxis], lhsBatch: [], rhsBatch: [] };
      const packed = prim.dotGeneral(x, y, dims, { preferredElementType: 'float32' });
      const wide = prim.dotGeneral(x.astype('float32'), y.astype('float32'), dims);
      assert.equal(await packed.data(), await wide.data());
    }
  }
  const infinite = np.full([40, 72], Infinity, { dtype: 'float16' });
  const ones = np.ones([72, 40], { dtype: 'float16' });
  const dims = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
  const sums = prim.dotGeneral(infinite, ones, dims, { preferredElementType: 'float32' });
  assert.is((await sums.data())[7], Infinity);
});

test('raw data round-trips and is checked', async () => {
  const x = np.array([1, -2.5, 3e38], { dtype: 'bfloat16' });
  const raw = await x.rawData();
  assert.ok(raw instanceof Uint16Array);
  assert.ok((await x.data()) instanceof Float32Array);
  assert.equal(await np.fromRaw(raw, { dtype: 'bfloat16' }).data(), await x.data());
  assert.throws(() => np.fromRaw(new Float32Array(3), { dtype: 'bfloat16' }), /Uint16Array of 3/);
  assert.throws(() => np.fromRaw(raw, { dtype: 'bfloat16', shape: [4] }), /of 4/);
});

test('the bits of 16-bit floats are 16-bit integers', async () => {
  const x = np.array([1, -2.5], { dtype: 'bfloat16' });
  const bits = prim.bitcast(x, 'uint16');
  assert.equal([...(await bits.data())], [0x3f80, 0xc020]);
  assert.equal(await prim.bitcast(bits, 'bfloat16').data(), await x.data());
  assert.throws(() => prim.bitcast(x, 'float32'), /bitcast/);
});

test('parameters in bfloat16 train, with gradients of their own type', async () => {
  const data = random.normal(random.key(0), [64, 8]);
  const goal = np.tanh(np.matmul(data, random.normal(random.key(1), [8, 4])));
  const loss = (w: Value): Value =>
    np.mean(np.square(np.subtract(np.tanh(np.matmul(data.astype('bfloat16'), w)), goal)));
  const step = jit((w: Value) => np.subtract(w, grad(loss)(w).mul(0.5)));
  let w = np.zeros([8, 4], { dtype: 'bfloat16' });
  const first = await loss(w).item();
  assert.is(grad(loss)(w).dtype, 'bfloat16');
  for (let i = 0; i < 60; i++) w = step(w);
  assert.is(w.dtype, 'bfloat16');
  assert.ok(Number(await loss(w).item()) < 0.2 * Number(first));
});

test('the mean of many 16-bit numbers is not lost in their sum', async () => {
  const x = np.full([70000], 3, { dtype: 'float16' });
  assert.is(await np.mean(x).item(), 3);
  const y = np.ones([5000], { dtype: 'bfloat16' });
  assert.is(await np.sum(y).item(), 4992 + (bfloat16Value(bfloat16Bits(5000)) - 4992));
});

test('gradients pass through conversions in both directions', async () => {
  const f = (x: Value): Value => np.sum(x.astype('bfloat16').mul(3).astype('float32').mul(2));
  const gradient = grad(f)(np.ones([3]));
  assert.is(gradient.dtype, 'float32');
  assert.equal([...(await gradient.data())], [6, 6, 6]);
});

test('narrow types are told apart from those that kernels compute in', () => {
  assert.equal(
    narrow.map(isStorageType),
    narrow.map(() => true),
  );
  assert.is(isStorageType('bool'), false);
});

test.run();
