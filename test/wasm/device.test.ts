/** The WebAssembly device: memory, donation, threads, and what it does when nobody frees. */
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import { Heap } from '../../core/host/wasm/heap.ts';
import { constant, op } from '../../core/ir/expr.ts';
import { elementwise, planOf, plusOne, twoSteps } from './plans.ts';

const none: ReadonlySet<number> = new Set();

test('arrays of every type come back as they were uploaded', () => {
  const device = createWasmDevice({ threads: 1 });
  assert.equal(
    [...device.upload(Float32Array.of(1.5, -0, Number.NaN), 'float32').readSync()],
    [1.5, -0, Number.NaN],
  );
  assert.equal(device.upload(Int32Array.of(-1, 2), 'int32').readSync(), Int32Array.of(-1, 2));
  assert.equal(
    device.upload(Uint32Array.of(0xffffffff), 'uint32').readSync(),
    Uint32Array.of(0xffffffff),
  );
  assert.equal(device.upload(Uint8Array.of(0, 1, 1), 'bool').readSync(), Uint8Array.of(0, 1, 1));
});

test('memory is accounted to the byte and reused', () => {
  const device = createWasmDevice({ threads: 1 });
  const before = device.memory();
  const arrays = [100, 1000, 16].map((length) =>
    device.upload(new Float32Array(length), 'float32'),
  );
  assert.is(device.memory().liveBytes - before.liveBytes, 448 + 4032 + 64);
  assert.is(device.memory().liveArrays, 3);
  for (const array of arrays) array.free();
  assert.equal(device.memory().liveBytes, before.liveBytes);
  assert.is(device.memory().liveArrays, 0);
  arrays[0]?.free();
  assert.is(device.memory().liveArrays, 0);
  assert.throws(() => arrays[0]?.readSync(), /freed-storage/);
});

test('ten thousand runs leave nothing behind', () => {
  const device = createWasmDevice({ threads: 1 });
  const executable = device.load(twoSteps(300));
  const input = device.upload(new Float32Array(300).fill(1), 'float32');
  executable.run([input], none)[0]?.free();
  const before = device.memory();
  device.resetPeak();
  for (let k = 0; k < 10_000; k++) {
    const [result] = executable.run([input], none);
    if (k % 1000 === 0) assert.is(result?.readSync()[299], 3);
    result?.free();
  }
  assert.equal(device.memory().liveBytes, before.liveBytes);
  assert.is(device.memory().liveArrays, before.liveArrays);
  assert.ok(device.memory().peakBytes <= before.liveBytes + before.pooledBytes + 1280);
});

test('a donated input becomes the output, and is freed if nothing takes it over', () => {
  const device = createWasmDevice({ threads: 1 });
  const aliased = device.load(planOf(elementwise(1000, plusOne), new Map([[0, 0]])));
  const plain = device.load(planOf(elementwise(1000, plusOne)));
  let array = device.upload(new Float32Array(1000), 'float32');
  const { liveBytes } = device.memory();
  for (let k = 0; k < 10; k++) {
    const executable = k % 2 === 0 ? aliased : plain;
    const [next] = executable.run([array], new Set([0]));
    assert.throws(() => array.readSync(), /freed-storage/);
    assert.ok(next);
    array = next;
    assert.is(device.memory().liveBytes, liveBytes);
    assert.is(device.memory().liveArrays, 1);
  }
  assert.is(array.readSync()[999], 10);
  // Without donation the alias does not apply.
  const [copy] = aliased.run([array], none);
  assert.is(array.readSync()[0], 10);
  assert.is(copy?.readSync()[0], 11);
});

test('the arena grows with the largest program and programs share it', () => {
  const device = createWasmDevice({ threads: 1 });
  const [small, large] = [device.load(twoSteps(10)), device.load(twoSteps(5000))];
  const [few, many] = [10, 5000].map((n) => device.upload(new Float32Array(n), 'float32'));
  assert.ok(few && many);
  for (let k = 0; k < 3; k++) {
    assert.equal(small.run([few], none)[0]?.readSync(), new Float32Array(10).fill(2));
    assert.equal(large.run([many], none)[0]?.readSync(), new Float32Array(5000).fill(2));
  }
});

test('equal kernels are compiled once', () => {
  const device = createWasmDevice({ threads: 1 });
  assert.is(device.load(twoSteps(64)).kernels.length, 1);
});

test('threads compute what one thread computes', () => {
  const change = (x: ReturnType<typeof plusOne>) =>
    op('tanh', [op('mul', [x, constant(3, 'float32')])]);
  const length = 1_000_003;
  const data = Float32Array.from({ length }, (_, i) => Math.sin(i));
  const results = [1, 2, 3].map((threads) => {
    const device = createWasmDevice({ threads });
    const executable = device.load(planOf(elementwise(length, change)));
    const input = device.upload(data, 'float32');
    let last = new Float32Array();
    // Threads come up while the first runs go on without them.
    for (let k = 0; k < 40; k++) {
      // Zeros where the result will be, so that no earlier result passes for this one.
      device.upload(new Float32Array(length), 'float32').free();
      const [result] = executable.run([input], none);
      if (k % 10 === 9) last = Float32Array.from(result?.readSync() ?? []);
      result?.free();
    }
    return last;
  });
  const [one, ...others] = results;
  for (const other of others) assert.ok(one?.every((value, i) => Object.is(value, other[i])));
});

test('memory of unreachable arrays is reclaimed where the program waits', async () => {
  const budgetBytes = 32 * 2 ** 20;
  const device = createWasmDevice({ threads: 1, budgetBytes });
  const executable = device.load(planOf(elementwise(1 << 18, plusOne)));
  const input = device.upload(new Float32Array(1 << 18), 'float32');
  for (let k = 0; k < 200; k++) {
    const [result] = executable.run([input], none);
    if (k % 10 === 0) await result?.read();
  }
  assert.ok(
    device.memory().peakBytes < 3 * budgetBytes,
    `${device.memory().peakBytes} bytes at most`,
  );
});

test('an array that cannot fit is an error that says so', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  const heap = new Heap(memory, 1024, 4);
  const block = heap.allocate(100_000);
  assert.throws(
    () => heap.allocate(200_000),
    /does not fit: 101 kB of 263 kB are in use.*out-of-memory/s,
  );
  heap.free(block);
  heap.free(heap.allocate(200_000));
  assert.is(heap.liveBytes, 0);
  assert.is(heap.pooledBytes, 0);
});

test('blocks never overlap, and freeing all of them leaves one hole', () => {
  const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 4096 }), 1024);
  const blocks: { address: number; end: number }[] = [];
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let k = 0; k < 5000; k++) {
    if (random(100) < 55 || blocks.length === 0) {
      const bytes = random(20) === 0 ? random(100_000) : random(3000);
      const address = heap.allocate(bytes);
      assert.is(address % 64, 0);
      const end = address + Math.max(1, bytes);
      assert.not(blocks.some((other) => address < other.end && other.address < end));
      blocks.push({ address, end });
    } else {
      const [gone] = blocks.splice(random(blocks.length), 1);
      if (gone) heap.free(gone.address);
    }
  }
  for (const { address } of blocks) heap.free(address);
  assert.is(heap.liveBytes, 0);
  assert.is(heap.pooledBytes, 0);
});

test('worker threads do not keep the process alive', () => {
  const program = `
    import { createWasmDevice } from './core/host/wasm/device.ts';
    import { elementwise, planOf, plusOne } from './test/wasm/plans.ts';
    const device = createWasmDevice({ threads: 2 });
    const executable = device.load(planOf(elementwise(1 << 22, plusOne)));
    const input = device.upload(new Float32Array(1 << 22), 'float32');
    const end = Date.now() + 700;
    while (Date.now() < end) executable.run([input], new Set())[0].free();
    console.log(device.description);
  `;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { timeout: 30_000, encoding: 'utf8' },
  );
  assert.is(status, 0);
  assert.match(stdout, /2 threads/);
});

test.run();
