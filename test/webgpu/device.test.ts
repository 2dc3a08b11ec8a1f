/** The WebGPU device: memory, donation, order, and errors that come late. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval } from '../../core/base/aval.ts';
import { captureSite } from '../../core/base/call-site.ts';
import { EnerjaxError } from '../../core/base/errors.ts';
import type { LoopKernel } from '../../core/compile/kernel.ts';
import type { Plan, Slot } from '../../core/compile/plan.ts';
import { createWebGpuDevice } from '../../core/host/webgpu/device.ts';
import { axisIndex, constant, load, makeAxis, makeSource, op } from '../../core/ir/expr.ts';
import { hasWebGpu, makeDevice, nothing, planOf, reference, runOn, worst } from './kernels.ts';
import { productOf, rowSums } from './samples.ts';

/** to[i] = from[i] · factor + 1, reading and writing separate arrays or one and the same. */
function scale(length: number, factor = 2): LoopKernel {
  const [from, to] = [makeSource('float32', length), makeSource('float32', length)];
  const axis = makeAxis(length);
  const product = op('mul', [load(from, axisIndex(axis)), constant(factor, 'float32')]);
  const value = op('add', [product, constant(1, 'float32')]);
  return {
    kind: 'loop',
    name: 'scale',
    buffers: [
      { source: from, access: 'read' },
      { source: to, access: 'write' },
    ],
    parallel: [axis],
    stores: [{ target: to, index: axisIndex(axis), value, mode: 'set', guard: null, serial: [] }],
  };
}

const input = (index: number, bytes: number): Slot => ({ kind: 'input', index, bytes });
const output = (index: number, bytes: number): Slot => ({ kind: 'output', index, bytes });

/** input → arena → arena, in place → output. */
function chain(length: number): Plan {
  const bytes = length * 4;
  const arena: Slot = { kind: 'arena', offset: 512, bytes };
  const aval = makeAval([length], 'float32');
  const steps = [
    [input(0, bytes), arena],
    [arena, arena],
    [arena, output(0, bytes)],
  ].map((slots) => ({ kernel: scale(length), slots, site: null }));
  return { inputs: [aval], outputs: [aval], steps, arenaBytes: 512 + bytes, aliases: new Map() };
}

/** y = 2x + 1 in x's memory, and z = 3·other + 1. */
function donating(length: number): Plan {
  const bytes = length * 4;
  const aval = makeAval([length], 'float32');
  return {
    inputs: [aval, aval],
    outputs: [aval, aval],
    steps: [
      { kernel: scale(length), slots: [input(0, bytes), output(0, bytes)], site: null },
      { kernel: scale(length, 3), slots: [input(1, bytes), output(1, bytes)], site: null },
    ],
    arenaBytes: 0,
    aliases: new Map([[0, 0]]),
  };
}

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof EnerjaxError) return error.code;
    throw error;
  }
  return 'no error';
}

const none: ReadonlySet<number> = new Set();
const available = hasWebGpu('device.test.ts');

test('without a driver the error says how to get one, and nothing crashes', () => {
  const script = fileURLToPath(new URL('./no-adapter.ts', import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', script], {
    env: { ...process.env, VK_ICD_FILENAMES: '/nonexistent', VK_DRIVER_FILES: '/nonexistent' },
    encoding: 'utf8',
  });
  assert.is(status, 0);
  assert.match(stdout, /no-webgpu-adapter/);
  assert.match(stdout, /mesa-vulkan-drivers/);
  assert.match(stdout, /ENERJAX_DEVICE=wasm/);
  assert.match(stdout, /available: false/);
});

test("Dawn's null backend, which computes nothing, is refused", async () => {
  const code = await codeOf(() => createWebGpuDevice({ dawnOptions: ['backend=null'] }));
  assert.is(code, 'webgpu-null-backend');
});

if (available) {
  const device = await makeDevice();

  test('a device with switches of Dawn computes the same', async () => {
    const fast = await makeDevice({ toggles: ['skip_validation'] });
    const [y] = fast
      .load(planOf(scale(4)))
      .run([fast.upload(Float32Array.of(1, 2, 3, 4), 'float32')], none);
    assert.equal(await y?.read(), Float32Array.of(3, 5, 7, 9));
  });

  test('arrays of every type come back as they went in', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set([1, -0, Number.NaN]);
    const long = Float32Array.from({ length: 5000 }, (_, i) => i);
    for (const [data, dtype] of [
      [shared, 'float32'],
      [long, 'float32'],
      [long.subarray(7, 4000), 'float32'],
      [Int32Array.of(-5, 0x7fffffff), 'int32'],
      [Uint32Array.of(0xffffffff), 'uint32'],
      [Uint8Array.from({ length: 3000 }, (_, i) => i % 2), 'bool'],
      [new Float32Array(0), 'float32'],
    ] as const) {
      const storage = device.upload(data, dtype);
      assert.equal([...(await storage.read())], [...data]);
      assert.is(storage.peek() === null, data.length > 1000);
      storage.free();
    }
  });

  test('reading without waiting is an error that says so', async () => {
    const storage = device.upload(Float32Array.of(1), 'float32');
    assert.is(await codeOf(() => storage.readSync()), 'read-is-asynchronous');
    storage.free();
  });

  test('intermediates live in the arena, also where a kernel works in place', async () => {
    const executable = device.load(chain(300));
    // What is an input is bound read-only, what is in the arena is not: other text.
    assert.is(executable.kernels.length, 3);
    const x = device.upload(new Float32Array(300).fill(3), 'float32');
    const [y] = executable.run([x], none);
    assert.equal(await y?.read(), new Float32Array(300).fill(31));
    x.free();
    y?.free();
  });

  test('two thousand runs in a row need no waiting, little memory and few bind groups', async () => {
    const fresh = await makeDevice();
    const executable = fresh.load(planOf(scale(64, 1)));
    let x = fresh.upload(new Float32Array(64), 'float32');
    for (let i = 0; i < 2000; i++) {
      const [next] = executable.run([x], none);
      assert.ok(next);
      x.free();
      x = next;
    }
    assert.equal(await x.read(), new Float32Array(64).fill(2000));
    x.free();
    const { liveBytes, liveArrays, pooledBytes } = fresh.memory();
    assert.equal([liveBytes, liveArrays], [0, 0]);
    assert.ok(pooledBytes < 4096, `${pooledBytes} bytes pooled`);
    assert.ok(fresh.bindGroupCount < 40, `${fresh.bindGroupCount} bind groups`);
    fresh.destroy();
  });

  test('results that stay alive cannot make bind groups pile up without bound', async () => {
    const executable = device.load(planOf(scale(1)));
    const x = device.upload(Float32Array.of(1), 'float32');
    const kept = Array.from({ length: 6000 }, () => executable.run([x], none)[0]);
    assert.ok(device.bindGroupCount <= 4096);
    assert.equal(await kept[5999]?.read(), Float32Array.of(3));
    for (const storage of [x, ...kept]) storage?.free();
  });

  test('a donated array gives its memory to the result, unless it is needed elsewhere', async () => {
    const executable = device.load(donating(1000));
    const make = (value: number) => device.upload(new Float32Array(1000).fill(value), 'float32');
    const [x, other] = [make(5), make(7)];
    const before = device.memory().liveBytes;
    const [y, z] = executable.run([x, other], new Set([0]));
    assert.is(device.memory().liveBytes, before + 4096);
    assert.is((await y?.read())?.[999], 11);
    assert.is((await z?.read())?.[0], 22);
    // The same array twice, and one that is not given up: both must survive.
    const [fromTwice, also] = executable.run([other, other], new Set([0]));
    assert.is((await fromTwice?.read())?.[0], 15);
    assert.is((await also?.read())?.[0], 22);
    const kept = make(1);
    const [fromKept] = executable.run([kept, kept], none);
    assert.is((await fromKept?.read())?.[0], 3);
    assert.is((await kept.read())[0], 1);
  });

  test('a read sees the array as it was when it was asked for', async () => {
    const executable = device.load(planOf(scale(2000)));
    const x = device.upload(new Float32Array(2000).fill(1), 'float32');
    const [y] = executable.run([x], none);
    const reading = y?.read();
    y?.free();
    x.free();
    const [z] = executable.run([device.upload(new Float32Array(2000).fill(9), 'float32')], none);
    assert.is((await reading)?.[0], 3);
    assert.is((await z?.read())?.[0], 19);
  });

  test('accounts are exact, and an idle device gives memory back', async () => {
    const small = await makeDevice({ budgetBytes: 2 ** 20 });
    const arrays = Array.from({ length: 4 }, () =>
      small.upload(new Float32Array(2 ** 16), 'float32'),
    );
    assert.equal(small.memory(), {
      liveBytes: 2 ** 20,
      pooledBytes: 0,
      peakBytes: 2 ** 20,
      liveArrays: 4,
    });
    for (const array of arrays) array.free();
    assert.is(small.memory().pooledBytes, 2 ** 20);
    assert.is(small.memory().liveArrays, 0);
    await small.settle();
    assert.is(small.memory().pooledBytes, 2 ** 18);
    small.resetPeak();
    assert.is(small.memory().peakBytes, 2 ** 18);
    small.destroy();
  });

  test('arrays that nobody can reach are found before they exceed the budget by much', async () => {
    const budgetBytes = 32 * 2 ** 20;
    const small = await makeDevice({ budgetBytes });
    const executable = small.load(planOf(scale(2 ** 18)));
    let x = small.upload(new Float32Array(2 ** 18), 'float32');
    for (let i = 0; i < 600; i++) {
      const [next] = executable.run([x], none);
      assert.ok(next);
      x = next;
      if (i % 10 === 9) await small.settle();
    }
    const { peakBytes } = small.memory();
    assert.ok(peakBytes < 2 * budgetBytes, `peak ${peakBytes}`);
    small.destroy();
  });

  test('an array that no binding can hold is computed in parts', async () => {
    const maxBindingBytes = 4096;
    const small = await makeDevice({ maxBindingBytes });
    const executable = small.load(planOf(scale(5000)));
    const values = Float32Array.from({ length: 5000 }, (_, i) => i);
    const [y] = executable.run([small.upload(values, 'float32')], none);
    assert.equal(
      (await y?.read())?.slice(0, 5000),
      values.map((v) => 2 * v + 1),
    );
    // Five parts of 960 elements and one of 200: the text of equal ones is the same.
    assert.is(executable.kernels.length, 2);
  });

  test('products and reductions over large arrays are cut along the axis that makes them fit', async () => {
    const small = await makeDevice({ maxBindingBytes: 8192 });
    const [rows, depth, columns] = [24, 160, 12];
    const { kernel, data } = productOf(rows, depth, columns);
    const [actual = nothing] = await runOn(small, kernel, data);
    assert.ok(worst(actual, reference(kernel, data)[0] ?? nothing) < 1e-6);
    assert.ok(small.load(planOf(kernel)).kernels.length > 1);
    const sums = rowSums(64, 100);
    const [totals = nothing] = await runOn(small, sums.kernel, sums.data);
    assert.ok(worst(totals, reference(sums.kernel, sums.data)[0] ?? nothing) < 1e-6);
  });

  test('an array that no part of would do is refused by name, with both sizes', async () => {
    const [table, places, out] = [
      makeSource('float32', 4000),
      makeSource('int32', 16),
      makeSource('float32', 16),
    ];
    const axis = makeAxis(16);
    const value = load(table, load(places, axisIndex(axis)));
    const kernel: LoopKernel = {
      kind: 'loop',
      name: 'gather',
      buffers: [
        { source: table, access: 'read' },
        { source: places, access: 'read' },
        { source: out, access: 'write' },
      ],
      parallel: [axis],
      stores: [
        { target: out, index: axisIndex(axis), value, mode: 'set', guard: null, serial: [] },
      ],
    };
    const small = await makeDevice({ maxBindingBytes: 8192 });
    try {
      small.load(planOf(kernel));
      assert.unreachable();
    } catch (error) {
      assert.instance(error, EnerjaxError);
      assert.match(String(error), /input 0 f32\[4000\] of kernel 'gather' takes 16000 bytes/);
      assert.match(String(error), /8192 bytes \(maxStorageBufferBindingSize\)/);
    }
    assert.is(
      await codeOf(() => device.load({ ...chain(4), arenaBytes: 2 ** 33 })),
      'array-too-large',
    );
  });

  test('a kernel that the driver refuses is named at the next read, with the user’s line', async () => {
    const wide = await makeDevice({
      emit: { matmul: { memory: 'workgroup', threads: [64, 64], outputs: [1, 4], depth: 8 } },
    });
    const operand = (length: number) => {
      const source = makeSource('float32', length);
      return { source, base: constant(0, 'int32'), rowStride: 16, columnStride: 1 };
    };
    const [lhs, rhs, out] = [operand(256), operand(256), makeSource('float32', 256)];
    const rows = makeAxis(16);
    const plan = planOf({
      kind: 'matmul',
      name: 'dot of the test',
      batch: makeAxis(1),
      rows,
      columns: makeAxis(16),
      depth: 16,
      lhs,
      rhs,
      buffers: [
        { source: lhs.source, access: 'read' },
        { source: rhs.source, access: 'read' },
        { source: out, access: 'write' },
      ],
      stores: [
        {
          target: out,
          index: axisIndex(rows),
          value: constant(1, 'float32'),
          mode: 'set',
          guard: null,
          serial: [],
        },
      ],
    });
    const steps = plan.steps.map((step) => ({ ...step, site: captureSite() }));
    const executable = wide.load({ ...plan, steps });
    const x = wide.upload(new Float32Array(256), 'float32');
    const [y] = executable.run([x, x], none);
    let message = '';
    try {
      await y?.read();
    } catch (error) {
      message = String(error);
    }
    assert.match(message, /kernel-refused/);
    assert.match(message, /dot of the test/);
    assert.match(message, /device\.test\.ts/);
    // From then on it is known.
    assert.is(await codeOf(() => executable.run([x, x], none)), 'kernel-refused');
    // Other programs still run.
    const [z] = wide.load(planOf(scale(256))).run([x], none);
    assert.is((await z?.read())?.[0], 1);
  });

  test('a lost device says so, and what the host has seen is still there', async () => {
    const doomed = await makeDevice();
    const seen = doomed.upload(Float32Array.of(1, 2), 'float32');
    const [unseen] = doomed.load(planOf(scale(2))).run([seen], none);
    doomed.destroy();
    assert.is(await codeOf(() => unseen?.read()), 'device-lost');
    assert.is(await codeOf(() => doomed.upload(Float32Array.of(1), 'float32')), 'device-lost');
    assert.equal(await seen.read(), Float32Array.of(1, 2));
  });
}

test.run();
