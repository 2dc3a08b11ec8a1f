/** What a GPU device holds and hands over, counted at WebGPU's own functions. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dawnOptionsOf } from '../../core/host/webgpu/adapter.ts';
import { createWebGpuDevice } from '../../core/host/webgpu/device.ts';
import { IdleWatch } from '../../core/host/webgpu/idle.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { jit, setDefaultDevice } from '../../index.ts';
import { hasWebGpu } from './kernels.ts';

/** A clock that stands still until it is told that time has passed. */
function manualClock() {
  let due: (() => void)[] = [];
  return {
    later: (act: () => void): void => {
      due.push(act);
    },
    pass: (): void => {
      const now = due;
      due = [];
      for (const act of now) act();
    },
  };
}

test('switches of Dawn are off unless asked for, and each is named once', () => {
  assert.equal(dawnOptionsOf({}), []);
  assert.equal(dawnOptionsOf({ allowF16OnNvidia: false, dawnOptions: ['backend=vulkan'] }), [
    'backend=vulkan',
  ]);
  assert.equal(
    dawnOptionsOf({
      allowF16OnNvidia: true,
      allowUnsafeApis: true,
      toggles: ['skip_validation', 'allow_unsafe_apis'],
    }),
    ['enable-dawn-features=skip_validation,allow_unsafe_apis,vulkan_enable_f16_on_nvidia'],
  );
});

test('idleness is told once, after a period without use', () => {
  const clock = manualClock();
  let times = 0;
  const watch = new IdleWatch(() => times++, clock.later);
  watch.touch();
  watch.touch();
  clock.pass();
  assert.is(times, 0);
  clock.pass();
  assert.is(times, 1);
  clock.pass();
  assert.is(times, 1);
  watch.touch();
  clock.pass();
  clock.pass();
  assert.is(times, 2);
});

if (hasWebGpu('memory.test.ts')) {
  /** Counts what exists of GPU buffers, and submits, until `restore` is called. */
  const spy = async () => {
    const { globals } = await import('webgpu');
    const prototypeOf = <K extends 'GPUDevice' | 'GPUBuffer' | 'GPUQueue'>(name: K) =>
      // The package's table of classes has no type of its own.
      (globals as unknown as Record<K, { prototype: InstanceType<(typeof globalThis)[K]> }>)[name]
        .prototype;
    const [device, buffer, queue] = [
      prototypeOf('GPUDevice'),
      prototypeOf('GPUBuffer'),
      prototypeOf('GPUQueue'),
    ];
    const { createBuffer } = device;
    const { destroy } = buffer;
    const { submit } = queue;
    const sizes = new Map<GPUBuffer, number>();
    const seen = {
      submits: 0,
      peak: 0,
      bytes: () => [...sizes.values()].reduce((a, b) => a + b, 0),
    };
    device.createBuffer = function (this: GPUDevice, descriptor) {
      const made = createBuffer.call(this, descriptor);
      sizes.set(made, descriptor.size);
      seen.peak = Math.max(seen.peak, seen.bytes());
      return made;
    };
    buffer.destroy = function (this: GPUBuffer) {
      sizes.delete(this);
      return destroy.call(this);
    };
    queue.submit = function (this: GPUQueue, commands) {
      const all = [...commands];
      if (all.length > 0) seen.submits++;
      return submit.call(this, all);
    };
    const restore = (): void => {
      device.createBuffer = createBuffer;
      buffer.destroy = destroy;
      queue.submit = submit;
    };
    return { seen, restore };
  };

  test('what the device says it holds is what exists of GPU buffers, at every moment', async () => {
    const { seen, restore } = await spy();
    const clock = manualClock();
    const device = await createWebGpuDevice({ budgetBytes: 2 ** 18, later: clock.later });
    await setDefaultDevice(device);
    const check = (moment: string): void => {
      const { liveBytes, pooledBytes, peakBytes } = device.memory();
      assert.is(liveBytes + pooledBytes, seen.bytes(), moment);
      assert.is(peakBytes, seen.peak, moment);
    };
    try {
      const f = jit((x: Value) => np.sum(np.tanh(np.cumsum(x.mul(2)))));
      const x = np.ones([10_000]);
      check('an array');
      const y = f(x);
      check('a run with intermediates');
      const reading = Promise.all([y.data(), x.data()]);
      check('two reads under way');
      await reading;
      check('after them');
      x.dispose();
      const kept = [1, 2, 3, 4].map((i) => np.full([5000 * i], i));
      check('more arrays');
      await Promise.all(kept.map((array) => array.get(0).item()));
      for (const array of kept) array.dispose();
      check('arrays freed');
      const held = device.memory().pooledBytes;
      assert.ok(held > 2 ** 17, `${held} bytes for reuse`);
      clock.pass();
      check('idle for too short a time');
      const before = device.memory().pooledBytes;
      clock.pass();
      check('idle');
      const { liveBytes, pooledBytes } = device.memory();
      assert.ok(pooledBytes < before, `${pooledBytes} after ${before}`);
      assert.ok(pooledBytes <= 2 ** 16 + 2 ** 14, `${pooledBytes} bytes kept while idle`);
      assert.is(liveBytes, 5 * 256, 'the results that are left; the arena is gone');
      assert.equal([...(await f(np.ones([10_000])).data())], [...(await y.data())]);
      check('in use again');
    } finally {
      restore();
      device.destroy();
    }
  });

  test('a small program and the read after it are one submit, and so are many small programs', async () => {
    const device = await createWebGpuDevice();
    await setDefaultDevice(device);
    const step = jit((x: Value) => x.add(1));
    let x = np.zeros([4]);
    await step(x).data();
    const { seen, restore } = await spy();
    try {
      for (let i = 0; i < 10; i++) await step(x).data();
      assert.is(seen.submits, 10);
      seen.submits = 0;
      for (let i = 0; i < 640; i++) x = step(x);
      assert.is(seen.submits, 10);
      assert.equal([...(await x.data())], [640, 640, 640, 640]);
      assert.is(seen.submits, 11);
      // Without a read the end of the task hands over what is left.
      step(x);
      assert.is(seen.submits, 11);
      await Promise.resolve();
      assert.is(seen.submits, 12);
      // An upload happens where it was asked for.
      const sum = step(x);
      const late = np.array([5, 6, 7, 8]);
      assert.is(seen.submits, 13);
      assert.equal([...(await sum.add(late).data())], [646, 647, 648, 649]);
    } finally {
      restore();
      device.destroy();
    }
  });

  test('work that takes a GPU a while begins at once', async () => {
    const device = await createWebGpuDevice();
    await setDefaultDevice(device);
    const x = np.ones([1024, 1024]);
    const step = jit((a: Value) => a.add(1));
    await step(x).data();
    const { seen, restore } = await spy();
    try {
      const y = step(x);
      assert.is(seen.submits, 1);
      y.dispose();
    } finally {
      restore();
      device.destroy();
    }
  });
}

test.run();
