/** Arrays of float16 both ways: as WGSL's own f16, and as words of two. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval } from '../../core/base/aval.ts';
import { bytesOf, type DType } from '../../core/base/dtype.ts';
import type { LoopKernel } from '../../core/compile/kernel.ts';
import type { Plan, Slot, Step } from '../../core/compile/plan.ts';
import { type KernelParameters, parametersOf } from '../../core/emit/wgsl/parameters.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { createWebGpuDevice, type WebGpuDeviceOptions } from '../../core/host/webgpu/device.ts';
import {
  axisIndex,
  constant,
  load,
  makeAxis,
  makeSource,
  op,
  type Source,
} from '../../core/ir/expr.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { jit, lax, nn } from '../../index.ts';
import { hasWebGpu, noise } from './kernels.ts';

/** Kernels are as for real GPUs, and by fours although arrays are small. */
const parameters = (nativeHalves: boolean): KernelParameters => ({
  ...parametersOf.generic,
  loop: { ...parametersOf.generic.loop, minWideIterations: 1, minWideElements: 1 },
  nativeHalves,
});

async function on<R>(
  isNative: boolean,
  body: () => Promise<R>,
  options: WebGpuDeviceOptions = {},
): Promise<R> {
  const emit = { ...options.emit, parameters: parameters(isNative) };
  const device = await createWebGpuDevice({ ...options, emit });
  await setDefaultDevice(device);
  try {
    return await body();
  } finally {
    await setDefaultDevice('wasm');
    device.destroy();
  }
}

const raw = async (x: Value): Promise<number[]> => [...(await x.rawData())];
const halves = (shape: readonly number[], seed = 1): Value =>
  np
    .array(
      noise(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
    )
    .reshape(shape)
    .astype('float16');

/** Every value that 16 bits can be, there and back; numbers that lie between two; rounded ones. */
async function conversions(): Promise<number[][]> {
  const bitsOfAll = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const all = np.fromRaw(bitsOfAll, { dtype: 'float16' });
  const between = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) * 2 ** ((i % 37) - 24));
  const f = jit((x: Value, y: Value) => [x.astype('float32'), x.mul(1), y.astype('float16')]);
  const [wide, same, rounded] = f(all, np.array(between));
  assert.ok(wide && same && rounded);
  const bits = new Uint32Array(Float32Array.from(await wide.data()).buffer);
  const isNan = (i: number): boolean => (i & 0x7fff) > 0x7c00;
  return [
    [...bits].map((word, i) => (isNan(i) ? 1 : word)),
    (await raw(same)).map((half, i) => (isNan(i) && isNan(half) ? 1 : half)),
    await raw(rounded),
  ];
}

/** Softmax by rows, products with epilogues, odd lengths, gathers, loops, two results of one kernel. */
async function programs(): Promise<number[][]> {
  const wide = jit((x: Value) => nn.softmax(x.mul(3)))(halves([24, 64]));
  const odd = jit((x: Value) => [nn.softmax(x), x.add(1), np.sum(x, { axis: 0 })])(halves([7, 33]));
  const product = jit((a: Value, b: Value) => nn.relu(np.matmul(a, b).mul(0.5)).add(a.get(0, 0)));
  const [a, b] = [halves([40, 36], 2), halves([36, 52], 3)];
  const turned = jit((x: Value, y: Value) => np.matmul(np.transpose(x), np.transpose(y)));
  const gathered = jit((x: Value, i: Value) => np.take(x, i, { axis: 0 }).mul(2));
  const stacked = jit((x: Value) =>
    lax.scan((carry: Value, row: Value) => [carry.add(row), carry.mul(row)], x.get(0), x),
  );
  const [last, stack] = stacked(halves([6, 9], 4)) as [Value, Value];
  const results = [
    wide,
    ...odd,
    product(a, b),
    product(halves([9, 11], 5), halves([11, 13], 6)),
    turned(halves([12, 8]), halves([20, 12])),
    gathered(halves([5, 7]), np.array([4, 0, 4], { dtype: 'int32' })),
    last,
    stack,
  ];
  return Promise.all(results.map(raw));
}

/** input f32 → bfloat16 → float16 in its place → bfloat16 in its place → output f32: one more at each step. */
function overwriting(length: number): Plan {
  const arena = (dtype: DType): [Source, Slot] => [
    makeSource(dtype, length),
    { kind: 'arena', offset: 256, bytes: bytesOf(dtype) * length },
  ];
  const outside = (kind: 'input' | 'output'): [Source, Slot] => [
    makeSource('float32', length),
    { kind, index: 0, bytes: 4 * length },
  ];
  const places = [outside('input'), arena('bfloat16'), arena('float16'), arena('bfloat16')];
  const steps = [...places, outside('output')].flatMap(([to, toSlot], i, all): Step[] => {
    const [from, fromSlot] = all[i - 1] ?? [null, null];
    if (from === null) return [];
    const axis = makeAxis(length);
    const index = axisIndex(axis);
    const value = op('add', [load(from, index), constant(1, 'float32')]);
    const kernel: LoopKernel = {
      kind: 'loop',
      name: 'more',
      buffers: [
        { source: from, access: 'read' },
        { source: to, access: 'write' },
      ],
      parallel: [axis],
      stores: [{ target: to, index, value, mode: 'set', guard: null, serial: [] }],
    };
    return [{ kernel, slots: [fromSlot, toSlot], site: null }];
  });
  const aval = makeAval([length], 'float32');
  return {
    ...{ inputs: [aval], outputs: [aval], steps },
    ...{ arenaBytes: 256 + 4 * length, aliases: new Map() },
  };
}

/** The bits, read as numbers whose order is that of the floats. */
const ordered = (bits: number): number => (bits & 0x8000 ? 0x8000 - bits : bits);

/** Sums are taken in another order elsewhere, which may move a result to the neighbouring float. */
function assertClose(actual: number[][], expected: number[][]): void {
  assert.is(actual.length, expected.length);
  actual.forEach((bits, k) => {
    const other = expected[k] ?? [];
    assert.is(bits.length, other.length);
    bits.forEach((half, i) => {
      const distance = Math.abs(ordered(half) - ordered(other[i] ?? 0));
      assert.ok(distance <= 2, `result ${k}, element ${i}: ${half} for ${other[i]}`);
    });
  });
}

if (hasWebGpu('native-half.test.ts')) {
  await setDefaultDevice('wasm');
  const exact = await conversions();
  const expected = await programs();
  for (const isNative of [true, false]) {
    const how = isNative ? 'native' : 'packed';

    test(`every float16 is converted exactly where arrays are ${how}`, async () => {
      assert.equal(await on(isNative, conversions), exact);
    });

    test(`rows, products, gathers and loops agree with the processor where arrays are ${how}`, async () => {
      assertClose(await on(isNative, programs), expected);
    });
  }

  test('an array may be written over one of another narrow type, in the same binding', async () => {
    const emit = { parameters: parameters(true) };
    const device = await createWebGpuDevice({ emit });
    const executable = device.load(overwriting(23));
    const mixed = executable.kernels.filter((text) => /b0: array<f16, 24>/.test(text));
    assert.is(mixed.filter((text) => !/binding\(1\)/.test(text)).length, 2);
    const x = device.upload(
      Float32Array.from({ length: 23 }, (_, i) => i),
      'float32',
    );
    const [y] = executable.run([x], new Set());
    assert.equal(
      await y?.read(),
      Float32Array.from({ length: 23 }, (_, i) => i + 4),
    );
    device.destroy();
  });

  test('arrays that no binding can hold are computed in parts, also by rows', () =>
    on(
      true,
      async () => {
        const x = np.ones([64, 70], { dtype: 'float16' });
        const f = jit((a: Value) => nn.softmax(a.mul(2)).mul(70));
        assert.equal(new Set(await f(x).data()), new Set([1]));
      },
      { maxBindingBytes: 4096 },
    ));

  test('native kernels by rows and products write float16 themselves', () =>
    on(true, async () => {
      const x = np.ones([64, 64], { dtype: 'float16' });
      const f = jit((a: Value) => np.matmul(nn.softmax(a), a));
      const { kernels } = f.lower(x);
      assert.is(kernels.length, 3);
      assert.ok(kernels.every((text) => !/^\/\/ pack/.test(text)));
      assert.ok(kernels.every((text) => /enable f16;/.test(text) && /vec4<f16>, 1024/.test(text)));
      assert.ok(kernels.every((text) => !/array<u32/.test(text)));
    }));

  test('packed ones leave that to kernels that follow', () =>
    on(false, async () => {
      const x = np.ones([64, 64], { dtype: 'float16' });
      const { kernels } = jit((a: Value) => np.matmul(nn.softmax(a), a)).lower(x);
      assert.is(kernels.filter((text) => /^\/\/ pack/.test(text)).length, 1);
      assert.ok(kernels.every((text) => !/f16;/.test(text)));
    }));
}

test.run();
