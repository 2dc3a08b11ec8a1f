/** Arrays outside WebAssembly memory: every kind of program reads them as if they were inside. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import {
  arraySpec,
  grad,
  ioCallback,
  jit,
  lax,
  nn,
  np,
  random,
  setDefaultDevice,
  tree,
  vmap,
} from '../../index.ts';

/** Everything but the smallest arrays is outside. */
const crowded = { fromBytes: 65, insideBytes: 0 };

/** What the program gives with all arrays inside, and with all outside. */
async function both(program: () => unknown): Promise<[number[][], number[][]]> {
  const results: number[][][] = [];
  for (const outside of [{ fromBytes: Number.POSITIVE_INFINITY }, crowded]) {
    await setDefaultDevice(createWasmDevice({ threads: 1, outside }));
    const arrays = tree.leaves(program()) as np.Array[];
    results.push(await Promise.all(arrays.map(async (array) => Array.from(await array.data()))));
  }
  await setDefaultDevice(createWasmDevice());
  const [inside = [], out = []] = results;
  return [inside, out];
}

const stacks = () => ({
  w: random.normal(random.key(1), [5, 8, 8]),
  b: np.astype(random.normal(random.key(2), [5, 8, 3]), 'bfloat16'),
  x: random.normal(random.key(3), [4, 8]),
});
type Stacks = ReturnType<typeof stacks>;

/** A stack of layers, walked through from the first or from the last. */
const walk = ({ w, b, x }: Stacks, reverse: boolean): [np.Array, np.Array] =>
  lax.scan(
    (carry: np.Array, own: { w: np.Array; b: np.Array }): [np.Array, np.Array] => [
      np.tanh(np.matmul(carry, own.w)),
      np.matmul(carry, own.b),
    ],
    x,
    { w, b },
    { reverse },
  );

/** Loops around loops: what the inner one walks through is a constant of the outer one. */
const steps = (s: Stacks): np.Array =>
  lax.foriLoop(0, 3, (_: np.Array, x: np.Array) => walk({ ...s, x }, false)[0], s.x);

const programs: Record<string, (s: Stacks) => unknown> = {
  'a scan': (s) => walk(s, false),
  'a reverse scan': (s) => walk(s, true),
  'a scan in a loop': steps,
  'a scan in a while loop': ({ w, b, x }) =>
    lax.whileLoop(
      (c: np.Array) => np.less(np.sum(np.abs(c)), 40),
      (c: np.Array) => np.add(walk({ w, b, x: c }, false)[0], np.add(c, 1)),
      x,
    ),
  'a scan in a branch': (s) =>
    lax.cond(
      np.greater(np.sum(s.x), 0),
      (t: Stacks) => walk(t, false)[0],
      (t: Stacks) => walk(t, true)[0],
      s,
    ),
  'a scan over a scan': ({ w, x }) =>
    lax.scan(
      (outer: np.Array, layer: np.Array) => [
        lax.scan((c: np.Array, row: np.Array) => [np.add(c, row), null] as const, outer, layer)[0],
        np.sum(layer),
      ],
      np.sum(x, { axis: 0 }),
      w,
    ),
  'a stack that a loop walks through and a kernel reads': (s) => [walk(s, false)[0], np.sum(s.w)],
  'gradients of a scan': grad((s: Stacks) =>
    np.sum(np.square(walk({ ...s, b: np.astype(s.b, 'float32') }, false)[0])),
  ),
  'a scan of a batch': (s) =>
    vmap((x: np.Array) => walk({ ...s, x: x.reshape([1, 8]) }, true)[0])(s.x),
  'rows of a table': ({ w }) =>
    np.take(w.reshape([40, 8]), np.array([3, 39, 0], { dtype: 'int32' }), { axis: 0 }),
  'products and sorting': ({ w, b }) => [np.matmul(w, b), np.sort(w)],
};

for (const [name, program] of Object.entries(programs)) {
  test(`${name} gives the same outside as inside`, async () => {
    const [inside, outside] = await both(() => jit(program as (s: Stacks) => np.Array)(stacks()));
    assert.ok(inside.length > 0 && inside.every((values) => values.every(Number.isFinite)));
    assert.equal(outside, inside);
  });
}

test('bytes outside count, and are given back', async () => {
  const device = createWasmDevice({ threads: 1, outside: crowded });
  await setDefaultDevice(device);
  const double = jit((x: np.Array) => x.mul(2));
  const [a, small] = [np.array(new Float32Array(1000).fill(3)), np.array([1, 2])];
  double(a).dispose();
  const before = device.memory();
  device.resetPeak();
  const b = double(a);
  assert.is(device.memory().liveBytes - before.liveBytes, 4000);
  // While it ran, the operand and the result were inside as well.
  assert.ok(device.memory().peakBytes >= before.liveBytes + 8000);
  assert.is((await b.data())[999], 6);
  b.dispose();
  assert.is(device.memory().liveBytes, before.liveBytes);
  a.dispose();
  assert.is(device.memory().liveBytes, before.liveBytes - 4000);
  small.dispose();
  assert.throws(() => b.dataSync(), /array-is-gone/);
  await setDefaultDevice(createWasmDevice());
});

test('a loop holds one slice of a stack outside at a time', async () => {
  const device = createWasmDevice({ threads: 1, outside: crowded });
  await setDefaultDevice(device);
  const [layers, bytes] = [64, 4 * 32 * 32];
  const w = random.normal(random.key(0), [layers, 32, 32]);
  const run = jit(
    (x: np.Array, all: np.Array) =>
      lax.scan(
        (c: np.Array, own: np.Array) => [np.tanh(np.matmul(c, own)), null] as const,
        x,
        all,
      )[0],
  );
  const x = np.ones([4, 32]);
  run(x, w).dispose();
  const before = device.memory();
  device.resetPeak();
  run(x, w).dispose();
  const more = device.memory().peakBytes - before.liveBytes - before.pooledBytes;
  assert.ok(more < 3 * bytes, `${more} bytes`);
  assert.is(device.memory().liveBytes, before.liveBytes);
  await setDefaultDevice(createWasmDevice());
});

test('what a program does not use is not brought in', async () => {
  const device = createWasmDevice({ threads: 1, outside: crowded });
  await setDefaultDevice(device);
  const big = np.array(new Float32Array(100_000));
  const f = jit((x: np.Array, _unused: np.Array) => x.add(1));
  const x = np.ones([3]);
  f(x, big).dispose();
  const before = device.memory();
  device.resetPeak();
  f(x, big).dispose();
  assert.ok(device.memory().peakBytes < before.liveBytes + before.pooledBytes + 1000);
  big.dispose();
  await setDefaultDevice(createWasmDevice());
});

test('a donated array outside is freed, and its result is right', async () => {
  const device = createWasmDevice({ threads: 1, outside: crowded });
  await setDefaultDevice(device);
  const step = jit((x: np.Array) => x.add(1), { donate: 0 });
  let x: np.Array = np.zeros([500]);
  x = step(x);
  const { liveBytes, liveArrays } = device.memory();
  for (let k = 0; k < 5; k++) {
    const given = x;
    x = step(given);
    assert.throws(() => given.dataSync(), /array-is-gone/);
  }
  assert.is((await x.data())[499], 6);
  assert.is(device.memory().liveBytes, liveBytes);
  assert.is(device.memory().liveArrays, liveArrays);
  await setDefaultDevice(createWasmDevice());
});

test('arrays stay inside while there is room', async () => {
  const device = createWasmDevice({ threads: 1, outside: { fromBytes: 1000, insideBytes: 6000 } });
  const places = [500, 500, 500, 100].map((length) => {
    const before = device.memory().liveBytes;
    device.upload(new Float32Array(length), 'float32');
    // A block inside is a multiple of 64 bytes long.
    return device.memory().liveBytes - before;
  });
  assert.equal(places, [2048, 2048, 2000, 448]);
});

test('a function on the host that fails in the midst of a loop leaves nothing behind', async () => {
  const device = createWasmDevice({ threads: 1, outside: crowded });
  await setDefaultDevice(device);
  const w = random.normal(random.key(0), [4, 8, 8]);
  const x = np.ones([8]);
  const state = { fails: false };
  const look = (): number => {
    if (state.fails) throw new Error('no answer');
    return 1;
  };
  const f = jit((start: np.Array, all: np.Array) => {
    const turn = (c: np.Array, own: np.Array) =>
      [np.matmul(c, own).mul(ioCallback(look, arraySpec([]), [])), null] as const;
    return lax.scan(turn, start, all)[0];
  });
  await f(x, w).data();
  const run = async (): Promise<void> => {
    const result = f(x, w);
    await result.data();
    result.dispose();
  };
  await run();
  const { liveBytes } = device.memory();
  state.fails = true;
  await run().then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, 'no answer'),
  );
  assert.ok(device.memory().liveBytes <= liveBytes);
  state.fails = false;
  await run();
  await setDefaultDevice(createWasmDevice());
});

test('parameters in a narrow type are those in float32, rounded', async () => {
  const spec = { kernel: nn.param([30, 20], nn.lecunNormal()), bias: nn.param([20], nn.ones) };
  const narrow = nn.initParams(spec, random.key(5), { dtype: 'bfloat16' });
  const wide = nn.initParams(spec, random.key(5));
  assert.is(narrow.kernel.dtype, 'bfloat16');
  const rounded = np.astype(wide.kernel, 'bfloat16');
  assert.equal(await narrow.kernel.rawData(), await rounded.rawData());
  assert.equal(await narrow.bias.data(), await wide.bias.data());
});

test.run();
