/**
 * Random programs, the same everywhere: fused and not, on each device, under each transform.
 *
 *   npm run fuzz -- --seconds 60 --seed 1      the suite runs four seconds of each property
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../core/host/device.ts';
import { createJsDevice } from '../../core/host/js/device.ts';
import { getDevice, setDefaultDevice } from '../../core/host/runtime.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { jit, jvp, vjp, vmap } from '../../transforms/index.ts';
import { hasWebGpu, isFull } from '../support/devices.ts';
import { describe, type Instruction, programs, rough, run, smooth } from './random-program.ts';

const everything = { ...smooth, ...rough };
const shapes = [[4, 3], [5], [2, 3, 2]] as const;
/** The number after an option on the command line. */
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
/** For each property. */
const seconds = option('seconds', isFull ? 60 : 4);
const seed = option('seed', 20261122);

/** Programs that once failed. */
const permanent: readonly Instruction[][] = [
  // Emitters used a name from an earlier loop, where it was out of scope.
  [
    [0, 0, 0, 0],
    [250, 26, 10, 0],
    [158, 29, 0, 0],
    [126, 8, 13, 2],
    [96, 26, 16, 10],
    [94, 24, 6, 25],
    [213, 16, 31, 9],
    [0, 13, 20, 4],
    [142, 3, 26, 11],
    [101, 10, 19, 9],
  ],
];

const exact = createJsDevice({ precision: 'float64' });
const fused = createJsDevice({ precision: 'float64', fuse: true });

function inputs(offset = 0): Value[] {
  return shapes.map((shape, k) => {
    const size = shape.reduce((a: number, b) => a * b, 1);
    const data = Float64Array.from(
      { length: size },
      (_, i) => Math.sin(i * 1.7 + k + offset) * 0.9,
    );
    return np.array(Array.from(data)).reshape(shape);
  });
}

const flat = async (values: readonly Value[]): Promise<number[]> =>
  (await Promise.all(values.map((value) => value.data()))).flatMap((data) => Array.from(data));

/** Runs `body` with a device as the default one. */
async function on<R>(device: Device, body: () => Promise<R>): Promise<R> {
  await setDefaultDevice(device);
  return body();
}

function close(
  found: readonly number[],
  wanted: readonly number[],
  tolerance: number,
  what: string,
): void {
  assert.is(found.length, wanted.length, what);
  wanted.forEach((value, i) => {
    const error = Math.abs((found[i] ?? Number.NaN) - value);
    assert.ok(
      error <= tolerance * (1 + Math.abs(value)),
      `${what}: [${i}] is ${found[i]}, not ${value}`,
    );
  });
}

/** A function of the inputs; the same one at every call. */
const functionOf =
  (program: readonly Instruction[], operations: typeof everything | typeof smooth) =>
  (...xs: Value[]): Value[] =>
    run(program, xs, Object.values(operations));

async function check(
  name: string,
  maxLength: number,
  operations: Readonly<Record<string, (typeof smooth)[string]>>,
  property: (program: Instruction[]) => Promise<void>,
): Promise<void> {
  const names = Object.keys(operations);
  for (const program of permanent) await property(program);
  await fc.assert(
    fc.asyncProperty(programs(maxLength), async (program) => {
      try {
        await property(program);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`${name}: ${describe(program, names)}\n${JSON.stringify(program)}\n${why}`);
      }
    }),
    {
      seed,
      numRuns: 100_000,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    },
  );
}

const wanted = (program: readonly Instruction[], offset = 0): Promise<number[]> =>
  on(exact, () => flat(jit(functionOf(program, everything))(...inputs(offset))));

test('fusion changes nothing', () =>
  check('fused', 16, everything, async (program) => {
    const found = await on(fused, () => flat(jit(functionOf(program, everything))(...inputs())));
    close(found, await wanted(program), 1e-11, 'fused');
  }));

test('one operation at a time gives what the compiled program gives', () =>
  check('eager', 8, everything, async (program) => {
    const found = await on(exact, () => flat(functionOf(program, everything)(...inputs())));
    close(found, await wanted(program), 1e-12, 'eager');
  }));

test('WebAssembly agrees with the reference', async () => {
  const wasm = createWasmDevice({ threads: 1 });
  await check('wasm', 16, everything, async (program) => {
    const found = await on(wasm, () => flat(jit(functionOf(program, everything))(...inputs())));
    close(found, await wanted(program), 2e-4, 'wasm');
  });
});

(hasWebGpu ? test : test.skip)('WebGPU agrees with the reference', async () => {
  const webgpu = await getDevice('webgpu');
  await check('webgpu', 10, everything, async (program) => {
    const found = await on(webgpu, () => flat(jit(functionOf(program, everything))(...inputs())));
    close(found, await wanted(program), 2e-4, 'webgpu');
  });
});

test('vmap equals a loop', () =>
  check('vmap', 10, everything, async (program) => {
    const f = functionOf(program, everything);
    const rows = await Promise.all([0, 1, 2].map((offset) => wanted(program, offset)));
    const found = await on(fused, async () => {
      const batches = [0, 1, 2].map(inputs);
      const stacked = shapes.map((_, k) => np.stack(batches.flatMap((batch) => batch[k] ?? [])));
      const results = jit(vmap(f))(...stacked);
      return Promise.all([0, 1, 2].map((row) => flat(results.map((result) => result.get(row)))));
    });
    for (const [i, row] of rows.entries()) close(found[i] ?? [], row, 1e-11, `row ${i}`);
  }));

/** A direction to differentiate along. */
const direction = (): Value[] => inputs(5);

test('jvp agrees with finite differences', () =>
  check('jvp', 8, smooth, async (program) => {
    const f = functionOf(program, smooth);
    await on(fused, async () => {
      const [, tangents] = jvp(f, inputs(), direction());
      const h = 1e-5;
      const moved = (sign: number): Value[] =>
        f(...inputs().map((x, k) => x.add((direction()[k] ?? x).mul(sign * h))));
      const [plus, minus] = [await flat(moved(1)), await flat(moved(-1))];
      const differences = plus.map((p, i) => (p - (minus[i] ?? 0)) / (2 * h));
      close(await flat(tangents), differences, 1e-5, 'jvp');
    });
  }));

test('vjp is the transpose of jvp', () =>
  check('vjp', 10, everything, async (program) => {
    const f = functionOf(program, everything);
    await on(fused, async () => {
      const [outputs, tangents] = jvp(f, inputs(), direction());
      const cotangents = outputs.map((y, k) => np.cos(y.add(k)));
      const [, back] = vjp(f, ...inputs());
      const dot = async (a: readonly Value[], b: readonly Value[]): Promise<number> => {
        const [x, y] = [await flat(a), await flat(b)];
        return x.reduce((sum, value, i) => sum + value * (y[i] ?? Number.NaN), 0);
      };
      const forward = await dot(tangents, cotangents);
      const backward = await dot(direction(), back(cotangents));
      close([backward], [forward], 1e-9, 'inner products');
    });
  }));

test.run();
