/** Tuning: kernels are measured in several forms, and the findings are kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TypedArray } from '../../core/base/dtype.ts';
import { EnerjaxError } from '../../core/base/errors.ts';
import type { Kernel } from '../../core/compile/kernel.ts';
import { type Candidate, defaultCandidate } from '../../core/emit/wgsl/candidates.ts';
import { emitWgsl } from '../../core/emit/wgsl/emit.ts';
import { kernelClass } from '../../core/emit/wgsl/kernel-class.ts';
import {
  type KernelParameters,
  type MatmulTile,
  parametersOf,
  softwareTile,
} from '../../core/emit/wgsl/parameters.ts';
import type { WebGpuDevice } from '../../core/host/webgpu/device.ts';
import { MemoryStore, type TuningStore } from '../../core/host/webgpu/tuner/store.ts';
import { jit, lax, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, makeDevice, nothing, planOf, reference, runOn, worst } from './kernels.ts';
import { productOf, rowSums, type Sample } from './samples.ts';

const { software } = parametersOf;
/** Many lanes that wait for each other in few workgroups: ten times as slow as need be. */
const absurd: MatmulTile = { memory: 'workgroup', threads: [32, 16], outputs: [2, 4], depth: 4 };
const slow: KernelParameters = {
  ...software,
  matmul: { ...software.matmul, small: absurd, large: absurd },
};
const emit = { parameters: slow };

const withTile = (name: string, matmul: MatmulTile): Candidate => ({ name, options: { matmul } });
/** Eight lanes, and many workgroups. */
const goodTile: MatmulTile = { ...softwareTile, outputs: [2, 4] };
const good = withTile('good', goodTile);
/** Lanes of the second row of threads compute what those of the first do: half of the rows stay as they are. */
const wrong = withTile('wrong', { ...softwareTile, threads: [2, 8], outputs: [4, 4] });
/** More lanes than any adapter has. */
const refused = withTile('refused', { ...softwareTile, threads: [1, 4096] });
/** Columns come in fours. */
const unwritable = withTile('unwritable', { ...softwareTile, outputs: [8, 6] });

const only =
  (...candidates: readonly Candidate[]) =>
  (): readonly Candidate[] => [defaultCandidate, ...candidates];
/** As long as it takes, also on a busy machine. */
const budgetMs = 60_000;

/** A store that says this of every adapter. */
function storeOf(choice: string, { kernel }: Sample<Kernel>): TuningStore {
  const found = { [kernelClass(kernel) ?? '']: { choice, speedup: 2 } };
  return { read: async () => found, add: async () => {} };
}

/** A store, and what it has been given. */
function spiedStore() {
  const added: string[] = [];
  const store: TuningStore = {
    read: async () => ({}),
    add: async (_, found) => {
      for (const { choice } of Object.values(found)) added.push(choice);
    },
  };
  return { store, added };
}

const small = productOf(72, 64, 68);

/** That the kernel's result on this device is the reference's. */
async function check(
  device: WebGpuDevice,
  { kernel, data }: Sample<Kernel> = small,
): Promise<void> {
  const [actual = nothing] = await runOn(device, kernel, data);
  const error = worst(actual, reference(kernel, data)[0] ?? nothing);
  assert.ok(error < 1e-6, `${error}`);
}

const folder = mkdtempSync(join(tmpdir(), 'enerjax-tuner-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof EnerjaxError) return error.code;
    throw error;
  }
  return 'no error';
}

/** What `act` gives, and the warnings that it causes. */
async function withWarnings<R>(act: () => Promise<R>) {
  const warnings: string[] = [];
  const listen = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', listen);
  const found = await act();
  // Warnings are told in a later task.
  await new Promise((resolve) => setTimeout(resolve, 0));
  process.off('warning', listen);
  return { found, warnings };
}

if (hasWebGpu('tuner.test.ts')) {
  test('a slow kernel gives way to a faster one, which a second device knows without measuring', async () => {
    const cache = join(folder, 'deep', 'findings.json');
    const tune = { cache, candidates: only(good), budgetMs };
    const first = await makeDevice({ emit, tune });
    await check(first);
    await first.settle();
    assert.is(first.measurements, 1);
    assert.match(readFileSync(cache, 'utf8'), /"choice": "good",\s*"speedup": [1-9]/);
    first.destroy();
    const second = await makeDevice({ emit, tune });
    await check(second);
    assert.is(second.measurements, 0);
    // What is known at the time of loading is what is shown.
    const tuned = second.load(planOf(small.kernel)).kernels;
    assert.equal(tuned, [emitWgsl(small.kernel, { ...emit, matmul: goodTile }).code]);
    second.destroy();
  });

  test('a candidate that is refused, computes something else or cannot be written is dropped, however fast', async () => {
    const { store, added } = spiedStore();
    const candidates = only(wrong, refused, unwritable);
    const device = await makeDevice({ emit, tune: { store, candidates, budgetMs } });
    await check(device);
    assert.is(device.measurements, 1);
    // The kernel at hand does compute what was planted, and fast.
    const forced = await makeDevice({ emit: { matmul: softwareTile, ...wrong.options } });
    const [actual = nothing] = await runOn(forced, small.kernel, small.data);
    const [expected = nothing] = reference(small.kernel, small.data);
    assert.ok(worst(actual, expected) > 0.1);
    await device.settle();
    assert.equal(added, []);
    device.destroy();
    forced.destroy();
  });

  test('a finding that the driver refuses, or that names nothing, does no harm', async () => {
    const store = storeOf('refused', small);
    const device = await makeDevice({ emit, tune: { store, candidates: only(refused) } });
    await check(device);
    assert.is(device.measurements, 0);
    device.destroy();
    const later = await makeDevice({
      emit,
      tune: { store: storeOf('of another version', small), candidates: only(good), budgetMs },
    });
    await check(later);
    assert.is(later.measurements, 1);
    later.destroy();
  });

  test('a damaged file is one warning, and is written anew', async () => {
    const cache = join(folder, 'damaged.json');
    writeFileSync(cache, '{"form": 1, "adapters": {"some');
    const tune = { cache, candidates: only(good), budgetMs };
    const { warnings, found: device } = await withWarnings(async () => {
      const made = await makeDevice({ emit, tune });
      await check(made);
      await made.settle();
      return made;
    });
    assert.is(warnings.length, 1);
    assert.match(warnings[0] ?? '', /measured again/);
    assert.match(readFileSync(cache, 'utf8'), /"choice": "good"/);
    assert.equal(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
    device.destroy();
  });

  test('what is queued meanwhile runs in order, loops and donated arrays too', async () => {
    const tune = { store: new MemoryStore(), candidates: only(good), budgetMs };
    const device = await makeDevice({ emit, tune });
    await setDefaultDevice(device);
    const found = await steps();
    assert.ok(device.measurements > 0);
    await setDefaultDevice('wasm');
    const expected = await steps();
    found.forEach((data, i) => {
      assert.ok(worst(data, expected[i] ?? nothing) < 1e-6);
    });
    device.destroy();
  });

  test('sums of rows are tuned among all that this adapter can do, and stay right', async () => {
    const { store, added } = spiedStore();
    const device = await makeDevice({ tune: { store, budgetMs: 3000 } });
    await check(device, rowSums(24, 1024));
    await device.settle();
    assert.is(device.measurements, 1);
    assert.is(added.length, 1);
    // A kernel of about the same size is of the same class.
    await check(device, rowSums(30, 1000));
    assert.is(device.measurements, 1);
    device.destroy();
  });

  test('scratch memory is counted, given back, and bounded', async () => {
    const tune = { store: new MemoryStore(), candidates: only(good), budgetMs };
    const device = await makeDevice({ emit, tune });
    const executable = device.load(planOf(small.kernel));
    const inputs = [...small.data.values()].map((data) => device.upload(data, 'float32'));
    const own = inputs.length;
    const [y] = executable.run(inputs, new Set());
    device.resetPeak();
    const before = device.memory().peakBytes;
    await y?.read();
    assert.ok(device.memory().peakBytes >= before + 2 * 72 * 64 * 4, 'scratch arrays were counted');
    assert.is(device.memory().liveArrays, own + 1);
    const { pooledBytes } = device.memory();
    assert.ok(
      pooledBytes < 2 * 72 * 68 * 4,
      `${pooledBytes} bytes besides what the result was read to`,
    );
    for (const storage of [...inputs, y]) storage?.free();
    assert.is(device.memory().liveBytes, 0);
    device.destroy();
    const unknown = { ...tune, store: new MemoryStore() };
    const tight = await makeDevice({ emit, tune: unknown, budgetBytes: 4096 });
    await check(tight);
    assert.is(tight.measurements, 0);
    tight.destroy();
  });

  test('without time nothing is changed or kept', async () => {
    const { store, added } = spiedStore();
    const device = await makeDevice({
      emit,
      tune: { store, candidates: only(good), budgetMs: 0 },
    });
    await check(device);
    await device.settle();
    assert.equal(added, []);
    device.destroy();
  });

  test('a device that is lost while it measures says so', async () => {
    const tune = { store: new MemoryStore(), candidates: only(good), budgetMs };
    const device = await makeDevice({ emit, tune });
    const inputs = [...small.data.values()].map((data) => device.upload(data, 'float32'));
    const [y] = device.load(planOf(small.kernel)).run(inputs, new Set());
    const reading = codeOf(() => y?.read());
    await new Promise((resolve) => setTimeout(resolve, 5));
    device.destroy();
    assert.is(await reading, 'device-lost');
  });

  test('the environment turns it on and names the file', async () => {
    const cache = join(folder, 'named.json');
    writeFileSync(cache, 'not even JSON');
    process.env.ENERJAX_TUNE = cache;
    const { warnings, found: device } = await withWarnings(() => makeDevice());
    delete process.env.ENERJAX_TUNE;
    await check(device, rowSums(16, 1024));
    assert.is(device.measurements, 1);
    assert.match(warnings.join(), /findings of the tuner could not be read/);
    device.destroy();
  });

  test('where it is off not a letter of any kernel changes', async () => {
    for (const tune of [undefined, false] as const) {
      const device = await makeDevice(tune === undefined ? { emit } : { emit, tune });
      assert.equal(device.load(planOf(small.kernel)).kernels, [emitWgsl(small.kernel, emit).code]);
      assert.is(device.measurements, 0);
      device.destroy();
    }
  });
}

/** Three steps, one by one and each in the memory of the one before it, and three more as a loop. */
async function steps(): Promise<readonly TypedArray[]> {
  const w = np.multiply(np.arange(32 * 32).reshape([32, 32]), 0.001);
  const body = (x: np.Array): np.Array => np.matmul(x, w).add(1);
  const step = jit(body, { donate: [0] });
  let x: np.Array = np.ones([32, 32]);
  for (let turn = 0; turn < 3; turn++) x = step(x);
  const reading = x.data();
  const looped = jit((y: np.Array) => lax.foriLoop(0, 3, (_, z: np.Array) => body(z), y))(x);
  return Promise.all([reading, looped.data()]);
}

test.run();
