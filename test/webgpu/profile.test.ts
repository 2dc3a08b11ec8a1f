/** Profiles: what kernels take, on every device that has a clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError, jit, memoryStats, np, profile, setDefaultDevice } from '../../index.ts';
import { hasWebGpu } from './kernels.ts';

const devices = hasWebGpu('profile.test.ts') ? (['wasm', 'webgpu'] as const) : (['wasm'] as const);

for (const name of devices) {
  test(`${name}: a profile has a slice per kernel, with the user's line, work and rates`, async () => {
    await setDefaultDevice(name);
    const x = np.ones([128, 64]);
    const f = jit((y: np.Array) => np.sum(np.matmul(y, np.transpose(y))));
    const before = await f(x).item();
    const { result, trace } = await profile(async () => f(x).item());
    assert.is(result, before);
    const { traceEvents } = JSON.parse(JSON.stringify(trace)) as typeof trace; // What it was made from.
    const product = traceEvents.find((event) => event.name.includes('dot'));
    assert.ok(product !== undefined);
    assert.is(product.args.flops, 2 * 128 * 128 * 64);
    assert.ok(product.args.bytes >= 4 * (128 * 64 + 128 * 128));
    assert.match(product.args.line, /profile\.test\.ts:\d+:\d+/);
    assert.ok(product.dur > 0 && product.args.gigaflopsPerSecond > 0);
    assert.ok(traceEvents.length >= 2);
    const starts = traceEvents.map(({ ts }) => ts);
    assert.equal(
      starts,
      starts.toSorted((a, b) => a - b),
    );
  });

  test(`${name}: nothing is recorded outside a profile, and one profile at a time`, async () => {
    await setDefaultDevice(name);
    const f = jit((y: np.Array) => y.add(1));
    const x = np.ones([4]);
    await f(x).data();
    const { trace } = await profile(() => 1);
    assert.is(trace.traceEvents.length, 0);
    try {
      await profile(() => profile(() => 1));
      assert.unreachable();
    } catch (error) {
      assert.instance(error, EnerjaxError);
      assert.match(String(error), /another profile/);
    }
    // The refused one has not spoilt the next.
    assert.is((await profile(() => f(x))).trace.traceEvents.length, 1);
  });

  test(`${name}: memory is accounted for exactly`, async () => {
    const device = await setDefaultDevice(name);
    // Programs hold memory, too: this one is there already when the second array is made.
    await np.zeros([1024]).data();
    const { liveBytes, liveArrays } = memoryStats();
    const x = np.zeros([1024]);
    await x.data();
    assert.is(memoryStats(device).liveArrays, liveArrays + 1);
    assert.is(memoryStats().liveBytes, liveBytes + 4096, 'live bytes');
    x.dispose();
    assert.is(memoryStats().liveArrays, liveArrays);
  });
}

test.run();
