/** Matrix products on a WebGPU device, by each kind of kernel, against the JavaScript reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  busyTile,
  largeSoftwareTile,
  largeTile,
  type MatmulTile,
  mediumTile,
  narrowTiles,
  parametersOf,
  softwareTile,
} from '../../core/emit/wgsl/parameters.ts';
import { jit, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, makeDevice, noise, nothing, reference, runOn, worst } from './kernels.ts';
import { product, wrapping } from './products.ts';

const available = hasWebGpu('matmul.test.ts');
/** As software adapters with subgroups get it. */
const subgroupTile: MatmulTile = {
  memory: 'subgroup',
  threads: [1, 8],
  outputs: [16, 4],
  depth: 1,
};

if (available) {
  const variants: Record<string, MatmulTile | 'loop'> = {
    loop: 'loop',
    medium: mediumTile,
    large: largeTile,
    software: softwareTile,
    'large software': largeSoftwareTile,
    busy: busyTile,
    'few-row': narrowTiles[0] ?? mediumTile,
    narrow: { memory: 'workgroup', threads: [4, 16], outputs: [2, 4], depth: 8 },
    subgroup: subgroupTile,
  };
  for (const [name, matmul] of Object.entries(variants)) {
    test(`the ${name} kernel agrees with the reference for odd sizes and either operand transposed`, async () => {
      const device = await makeDevice({ emit: { matmul } });
      for (const [transposeLhs, transposeRhs] of [
        [false, true],
        [true, false],
      ] as const) {
        const shape = { batch: 2, rows: 37, columns: 45, depth: 29, transposeLhs, transposeRhs };
        const { kernel, data } = product(shape);
        const [actual = nothing] = await runOn(device, kernel, data);
        const error = worst(actual, reference(kernel, data)[0] ?? nothing);
        assert.ok(error < 1e-6, `transposed ${transposeLhs} ${transposeRhs}: ${error}`);
      }
    });
  }

  test('a subgroup loads operands by fours along either of their axes', async () => {
    const device = await makeDevice({ emit: { matmul: subgroupTile } });
    const shape = { batch: 2, rows: 24, columns: 44, depth: 36 };
    for (const transposeRhs of [false, true]) {
      const { kernel, data } = product({ ...shape, transposeRhs });
      const [actual = nothing] = await runOn(device, kernel, data);
      const error = worst(actual, reference(kernel, data)[0] ?? nothing);
      assert.ok(error < 1e-6, `transposed ${transposeRhs}: ${error}`);
    }
    const integers = product({ ...shape, batch: 1 }, 'int32');
    const [actual = nothing] = await runOn(device, integers.kernel, integers.data);
    assert.equal([...actual], [...wrapping(integers)]);
  });

  test('whole tiles, int32, and a dear epilogue come out right', async () => {
    const device = await makeDevice({ emit: { matmul: mediumTile } });
    const whole = product({ batch: 1, rows: 64, columns: 32, depth: 48 });
    const integers = product({ batch: 3, rows: 33, columns: 9, depth: 17 }, 'int32');
    const dear = product({ batch: 1, rows: 20, columns: 40, depth: 16 }, 'float32', true);
    for (const { kernel, data } of [whole, dear]) {
      const [actual = nothing] = await runOn(device, kernel, data);
      assert.ok(worst(actual, reference(kernel, data)[0] ?? nothing) < 1e-6);
    }
    // int32 products wrap; the reference sums in doubles, which these do not exceed before wrapping.
    const [actual = nothing] = await runOn(device, integers.kernel, integers.data);
    assert.equal([...actual], [...wrapping(integers)]);
  });

  test('long sums of few results are cut into parts, and always added up in the same order', async () => {
    const split = { outputs: 1 << 16, terms: 32 };
    const { generic } = parametersOf;
    const parameters = { ...generic, matmul: { ...generic.matmul, split } };
    const emit = { parameters };
    await setDefaultDevice(await makeDevice({ emit }));
    const [a, b] = [noise(2 * 12 * 512, 1), noise(2 * 16 * 512, 2)];
    const x = np.array(a).reshape([2, 12, 512]);
    const y = np.array(b).reshape([2, 16, 512]);
    const g = jit((u: np.Array, v: np.Array) => np.matmul(u, np.swapaxes(v, 1, 2)).add(1));
    const text = g.lower(x, y).kernels.join('\n');
    assert.match(text, /array<(vec4<)?f32>?, 6144>|array<(vec4<)?f32>?, 1536>/);
    const first = await g(x, y).data();
    assert.equal(first, await g(x, y).data());
    const expected = Float32Array.from(first, (_, at) => {
      const [n, i, j] = [Math.floor(at / 192), Math.floor(at / 16) % 12, at % 16];
      let sum = 1;
      for (let k = 0; k < 512; k++) {
        sum += (a[(n * 12 + i) * 512 + k] ?? 0) * (b[(n * 16 + j) * 512 + k] ?? 0);
      }
      return sum;
    });
    assert.ok(worst(first, expected) < 1e-6);
  });

  test('products of few rows, of few columns and of many of both are right by default', async () => {
    const device = await makeDevice();
    for (const shape of [
      { batch: 1, rows: 1, columns: 200, depth: 300 },
      { batch: 1, rows: 200, columns: 2, depth: 300, transposeLhs: true },
      { batch: 5, rows: 70, columns: 64, depth: 64 },
    ]) {
      const { kernel, data } = product(shape);
      const [actual = nothing] = await runOn(device, kernel, data);
      assert.ok(worst(actual, reference(kernel, data)[0] ?? nothing) < 1e-6);
    }
  });
}

test.run();
