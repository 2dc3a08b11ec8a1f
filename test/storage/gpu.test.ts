/** Packed arrays in kernels that are made for GPUs: tiled products, shared rows, pieces, logs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DType } from '../../core/base/dtype.ts';
import { mediumTile, parametersOf, softwareTile } from '../../core/emit/wgsl/parameters.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { createWebGpuDevice, type WebGpuDeviceOptions } from '../../core/host/webgpu/device.ts';
import type { Value } from '../../core/ir/value.ts';

const { debug, jit, lax, nn, np, prim } = {
  ...(await import('../../index.ts')),
  prim: await import('../../core/primitives/index.ts'),
};

async function on<R>(options: WebGpuDeviceOptions, body: () => Promise<R>): Promise<R> {
  const device = await createWebGpuDevice(options);
  await setDefaultDevice(device);
  try {
    return await body();
  } finally {
    await setDefaultDevice('wasm');
    device.destroy();
  }
}

/** Small whole numbers, whose products and sums are exact in every type. */
function matrix(dtype: DType, shape: readonly number[]): Value {
  const numbers = Float32Array.from({ length: 20 * 36 }, (_, i) => ((i * 7) % 5) - 2);
  return np.array(numbers, { dtype }).reshape(shape);
}

/** Results of products with packed operands, some of them turned. */
async function products(): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const dtype of ['bfloat16', 'int8'] as const) {
    for (const isTurned of [false, true]) {
      const dims = {
        lhsContract: [isTurned ? 0 : 1],
        rhsContract: [isTurned ? 1 : 0],
        lhsBatch: [],
        rhsBatch: [],
      };
      const x = matrix(dtype, isTurned ? [36, 20] : [20, 36]);
      const y = matrix(dtype, isTurned ? [20, 36] : [36, 20]);
      const product = jit((a: Value, b: Value) => prim.dotGeneral(a, b, dims).add(1));
      results.push(await product(x, y).data());
    }
  }
  return results;
}

if (process.env.ENERJAX_TEST_WEBGPU === '1') {
  for (const [name, matmul] of Object.entries({ mediumTile, softwareTile })) {
    test(`products of packed matrices are those of the processor with ${name}`, async () => {
      await setDefaultDevice('wasm');
      const expected = await products();
      assert.equal(await on({ emit: { matmul } }, products), expected);
    });
  }

  test('sums of few products are split, and packed results rounded once', () => {
    const parameters = {
      ...parametersOf.generic,
      matmul: { ...parametersOf.generic.matmul, split: { outputs: 8192, terms: 16 } },
    };
    return on({ emit: { parameters } }, async () => {
      const x = np.ones([16, 256], { dtype: 'bfloat16' });
      const f = jit((a: Value) => np.matmul(a, np.transpose(a)).add(1));
      assert.equal([...new Set(await f(x).data())], [256]); // 257 is between two.
    });
  });

  test('a softmax of packed rows is that of the processor, one step more or less', async () => {
    const f = jit((x: Value) => nn.softmax(x, { axis: -1 }));
    const input = Float32Array.from({ length: 48 * 130 }, (_, i) => Math.sin(i) * 3);
    const run = async (): Promise<Float32Array> =>
      Float32Array.from(await f(np.array(input, { dtype: 'bfloat16' }).reshape([48, 130])).data());
    await setDefaultDevice('wasm');
    const expected = await run();
    for (const loopStyle of ['workgroup', 'invocation'] as const) {
      const found = await on({ emit: { loopStyle } }, run);
      found.forEach((value, i) => {
        const wanted = expected[i] ?? 0;
        assert.ok(Math.abs(value - wanted) <= wanted / 128, `${i}: ${value} for ${wanted}`);
      });
    }
  });

  test('packed arrays that no binding can hold are computed in parts', () =>
    on({ maxBindingBytes: 4096 }, async () => {
      for (const dtype of ['int8', 'bfloat16'] as const) {
        const values = Float32Array.from({ length: 5001 }, (_, i) => i % 61);
        const x = np.array(values, { dtype });
        const f = jit((a: Value) => [a.mul(2), a.astype('float32').add(0.5)]);
        const [twice, more] = f(x);
        assert.equal([...((await twice?.data()) ?? [])], [...values.map((v) => 2 * v)]);
        assert.equal([...((await more?.data()) ?? [])], [...values.map((v) => v + 0.5)]);
      }
    }));

  test('packed arrays of odd length are printed in loops', () =>
    on({}, async () => {
      const lines: string[] = [];
      const { log } = console;
      console.log = (line: string) => lines.push(line);
      try {
        jit((x: Value) =>
          lax.foriLoop(
            0,
            2,
            (_: Value, carry: Value) => {
              debug.print('{} {}', carry, carry.astype('bfloat16').mul(0.5));
              return carry.add(1);
            },
            x,
          ),
        )(np.array([1, -2, 3], { dtype: 'int8' }));
        await debug.flush();
      } finally {
        console.log = log;
      }
      assert.equal(lines, ['[1, -2, 3] [0.5, -1, 1.5]', '[2, -1, 4] [1, -0.5, 2]']);
    }));
}

test.run();
