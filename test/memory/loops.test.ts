/** Loops without a single `dispose` stay within bounded memory. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import { createWebGpuDevice } from '../../core/host/webgpu/device.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { grad, jit } from '../../transforms/index.ts';
import { testDevices, use } from '../support/devices.ts';

/** 10,000 with ENERJAX_LONG=1; the suite runs a shorter loop. */
const steps = process.env.ENERJAX_LONG === '1' ? 10_000 : 600;
const width = 128;
const bytes = width * width * 4;

for (const name of testDevices(['wasm', 'webgpu'])) {
  test(`${name}: a jitted training loop of ${steps} steps stays flat`, async () => {
    const device = await use(name);
    const loss = (w: Value, x: Value): Value => np.mean(np.square(np.tanh(np.matmul(x, w))));
    const step = jit((w: Value, x: Value) => np.subtract(w, np.multiply(grad(loss)(w, x), 0.1)), {
      donate: [0],
    });
    const x = np.ones([width, width]);
    let w = np.full([width, width], 0.01);
    let early = 0;
    for (let i = 0; i < steps; i++) {
      w = step(w, x);
      if (i % 50 === 49) await w.get(0, 0).item();
      if (i === Math.floor(steps / 4)) {
        device.resetPeak();
        early = device.memory().peakBytes;
      }
    }
    const { peakBytes } = device.memory();
    assert.ok(peakBytes <= early + 64 * bytes, `${peakBytes} bytes at the peak, ${early} early on`);
  });

  test(`${name}: an eager loop of ${steps} steps that drops every array stays within a budget`, async () => {
    const device = await use(name);
    device.resetPeak();
    const start = device.memory().liveBytes;
    // One megabyte per array: without collection the loop would hold as many megabytes as it has steps.
    const x = np.ones([512, 512]);
    let last = 0;
    for (let i = 0; i < steps; i++) {
      const y = np.add(np.multiply(x, i), 1);
      if (i % 20 === 19) last = Number(await y.get(0, 0).item());
    }
    assert.is(last, steps);
    const { peakBytes } = device.memory();
    const held = (peakBytes - start) / 2 ** 20;
    assert.ok(held <= 800, `${held.toFixed(0)} MB at the peak`);
  });

  test(`${name}: an eager loop with an await every 100 steps holds 1.5 × its budget at most`, async () => {
    const budgetBytes = 8 * 2 ** 20;
    const device = await setDefaultDevice(
      name === 'wasm'
        ? createWasmDevice({ budgetBytes })
        : await createWebGpuDevice({ budgetBytes }),
    );
    // 100 steps make 3.2 MB; all of them would hold twice the budget and more.
    let x = np.zeros([64, 64]);
    device.resetPeak();
    for (let i = 0; i < steps; i++) {
      x = np.add(np.multiply(x, 1), 1);
      if (i % 100 === 99) assert.is(await x.get(0, 0).item(), i + 1);
    }
    const { peakBytes } = device.memory();
    const held = peakBytes / budgetBytes;
    assert.ok(held <= 1.5, `${held.toFixed(2)} × the budget at the peak`);
    await use(name);
  });
}

test.run();
