/** Matrix products of few rows on a WebGPU device, and which kernel a product gets. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { splitProduct } from '../../core/compile/split-product.ts';
import { chooseMatmul } from '../../core/emit/wgsl/emit.ts';
import {
  type DeviceClass,
  type FewRows,
  type MatmulParameters,
  parametersFor,
  parametersOf,
} from '../../core/emit/wgsl/parameters.ts';
import { jit, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, makeDevice, noise, nothing, reference, runOn, worst } from './kernels.ts';
import { product, type Shape, wrapping } from './products.ts';

const base: FewRows = {
  memory: 'lanes',
  rows: 4,
  lanes: 64,
  partsAlongSum: 32,
  partsAcrossSum: 8,
  subgroupSize: 1,
};

/** Odd ones, where elements are read one by one, and others that are read by fours. */
const odd = { batch: 2, rows: 2, columns: 45, depth: 29 };
const along = { batch: 3, rows: 1, columns: 36, depth: 68, transposeRhs: true };
const across = { batch: 1, rows: 4, columns: 64, depth: 40, transposeLhs: true };
const tall = { batch: 1, rows: 37, columns: 2, depth: 31, transposeLhs: true };

/** Lanes that combine in workgroup memory, in subgroups and then there, in a subgroup alone, and not at all. */
const variants: Record<string, readonly [FewRows, readonly Shape[]]> = {
  'in workgroup memory': [base, [odd, along]],
  // Subgroups as large as those of the adapter that this runs on.
  'in subgroups and across them': [{ ...base, subgroupSize: 8 }, [along, tall]],
  'in a subgroup': [{ ...base, lanes: 8, partsAlongSum: 4, subgroupSize: 8 }, [along]],
  'not at all': [{ ...base, lanes: 8, partsAlongSum: 1, partsAcrossSum: 1 }, [across, tall]],
};

if (hasWebGpu('few-rows.test.ts')) {
  for (const [name, [matmul, shapes]] of Object.entries(variants)) {
    test(`products of few rows whose lanes combine ${name} agree with the reference`, async () => {
      const device = await makeDevice({ emit: { matmul } });
      for (const shape of shapes) {
        const { kernel, data } = product(shape);
        const [actual = nothing] = await runOn(device, kernel, data);
        const error = worst(actual, reference(kernel, data)[0] ?? nothing);
        assert.ok(error < 1e-6, `${JSON.stringify(shape)}: ${error}`);
        assert.equal(actual, (await runOn(device, kernel, data))[0], 'the same every time');
      }
    });
  }

  test('long sums are taken in blocks, int32 wraps, and an epilogue may be dear', async () => {
    const [device, alone] = await Promise.all([
      makeDevice({ emit: { matmul: base } }),
      makeDevice({ emit: { matmul: { ...base, lanes: 8, partsAcrossSum: 1 } } }),
    ]);
    const long = product({ batch: 1, rows: 2, columns: 64, depth: 20_000 });
    const dear = product({ batch: 1, rows: 4, columns: 12, depth: 16 }, 'float32', true);
    for (const { kernel, data } of [long, dear]) {
      const [actual = nothing] = await runOn(alone, kernel, data);
      assert.ok(worst(actual, reference(kernel, data)[0] ?? nothing) < 1e-6);
    }
    const integers = product({ batch: 1, rows: 3, columns: 9, depth: 17 }, 'int32');
    const [actual = nothing] = await runOn(device, integers.kernel, integers.data);
    assert.equal([...actual], [...wrapping(integers)]);
  });

  test('a sum never meets what lies beyond its end, be it infinite', async () => {
    const device = await makeDevice({ emit: { matmul: base } });
    const { kernel, data } = product({ batch: 2, rows: 1, columns: 8, depth: 13 });
    assert.ok(data.get(kernel.rhs.source)?.fill(Infinity, 8 * 13));
    const [actual = nothing] = await runOn(device, kernel, data);
    assert.ok(actual.subarray(0, 8).every(Number.isFinite));
  });

  test('narrow arrays are read by words and widened in registers', async () => {
    const parameters = { ...parametersOf.software, nativeHalves: false };
    await setDefaultDevice(await makeDevice({ emit: { parameters } }));
    const [rows, depth, columns] = [2, 64, 40];
    const [x, w] = [noise(rows * depth, 1), noise(depth * columns, 2)];
    const dot = jit((u: np.Array, v: np.Array) => np.matmul(u, np.swapaxes(v, 0, 1)));
    for (const [dtype, tolerance] of [
      ['float16', 1e-3],
      ['bfloat16', 1e-2],
    ] as const) {
      const stored = (data: Float32Array, shape: number[]): np.Array =>
        np.astype(np.array(data).reshape(shape), dtype);
      const [a, b] = [stored(x, [rows, depth]), stored(w, [columns, depth])];
      assert.match(dot.lower(a, b).kernels.join(), /var c_1 = .*let a_0 = b\d_\w+_four\(/s);
      const [exactA, exactB] = [await a.data(), await b.data()];
      const actual = Float32Array.from(await dot(a, b).data());
      const expected = actual.map((_, at) => {
        const [i, j] = [Math.floor(at / columns), at % columns];
        let sum = 0;
        for (let k = 0; k < depth; k++) {
          sum += Number(exactA[i * depth + k]) * Number(exactB[j * depth + k]);
        }
        return sum;
      });
      assert.ok(worst(actual, expected) <= tolerance, `${dtype}: ${worst(actual, expected)}`);
    }
  });
}

const chosen = (name: DeviceClass, rows: number, columns: number, depth = 512): string => {
  const { matmul } = parametersOf[name];
  const { kernel } = product({ batch: 1, rows, columns, depth });
  const kernelOf = chooseMatmul(kernel, parametersOf[name]);
  if (kernelOf === 'loop') return 'loop';
  const known = Object.entries({
    ...matmul,
    narrow8: matmul.narrow[0],
    narrow16: matmul.narrow[1],
  });
  return known.find(([, value]) => value === kernelOf)?.[0] ?? 'another';
};

test('few rows or columns get a kernel of their own, somewhat more a narrow tile', () => {
  for (const name of ['generic', 'nvidia'] as const) {
    assert.is(chosen(name, 1, 4096), 'fewRows');
    assert.is(chosen(name, 4096, 4), 'fewRows');
    assert.is(chosen(name, 5, 4096), 'narrow8');
    assert.is(chosen(name, 4096, 16), 'narrow16');
    assert.is(chosen(name, 64, 4096), 'small');
    assert.is(chosen(name, 1024, 1024), 'large');
    assert.is(chosen(name, 3, 3), 'loop');
    assert.is(chosen(name, 100, 100, 2), 'loop');
  }
  const { small } = parametersOf.nvidia.matmul;
  assert.is(small.threads[0] * small.threads[1], 128);
});

const software = (subgroupSizes?: readonly [number, number]): MatmulParameters => {
  const facts = { vendor: 'mesa', architecture: 'software', description: 'llvmpipe' };
  return parametersFor(subgroupSizes === undefined ? facts : { ...facts, subgroupSizes }).matmul;
};

test('tiles of software adapters share operands in a subgroup where there are any', () => {
  assert.is(software().small.memory, 'registers');
  assert.is(software([4, 8]).large.memory, 'registers');
  const { small, large, narrow, fewRows } = software([8, 8]);
  assert.equal([small.memory, large.memory], ['subgroup', 'subgroup']);
  assert.equal(narrow, [small, large]);
  assert.is(fewRows.subgroupSize, 8);
});

test('sums of few rows are cut only where too few columns keep a GPU busy', () => {
  const { split } = parametersOf.generic.matmul;
  const partsOf = (rows: number, columns: number): number => {
    const { kernel } = product({ batch: 1, rows, columns, depth: 4096 });
    const [first] = splitProduct(kernel, split);
    return first?.kind === 'matmul' ? first.batch.extent : 0;
  };
  assert.equal([partsOf(1, 4096), partsOf(4096, 4), partsOf(1, 512)], [1, 1, 8]);
  assert.is(partsOf(16, 4096), 2);
});

test.run();
