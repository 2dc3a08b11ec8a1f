/** Matrix products on a WebGPU device, by each kind of kernel, against the JavaScript reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ScalarType } from '../../core/base/dtype.ts';
import type { MatmulKernel, MatrixOperand } from '../../core/compile/kernel.ts';
import {
  largeSoftwareTile,
  largeTile,
  type MatmulTile,
  mediumTile,
  parametersOf,
  softwareTile,
} from '../../core/emit/wgsl/parameters.ts';
import {
  accumulator,
  axisIndex,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
  type Source,
} from '../../core/ir/expr.ts';
import { addIndex, scaleIndex } from '../../core/ir/index-algebra.ts';
import { jit, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, makeDevice, noise, nothing, reference, runOn, worst } from './kernels.ts';

interface Shape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposeLhs?: boolean;
  readonly transposeRhs?: boolean;
}

interface Product {
  readonly kernel: MatmulKernel;
  readonly data: Map<Source, Float32Array | Int32Array>;
}

/** act(lhs · rhs + bias) for each batch; the epilogue is dear if `isDear`. */
function product(shape: Shape, dtype: ScalarType = 'float32', isDear = false): Product {
  const { batch, rows, columns, depth, transposeLhs = false, transposeRhs = false } = shape;
  const axes = { batch: makeAxis(batch), rows: makeAxis(rows), columns: makeAxis(columns) };
  const operand = (height: number, width: number, isTransposed: boolean): MatrixOperand => {
    const source = makeSource(dtype, batch * height * width);
    const base = scaleIndex(axisIndex(axes.batch), height * width);
    const [rowStride, columnStride] = isTransposed ? [1, height] : [width, 1];
    return { source, base, rowStride, columnStride };
  };
  const lhs = operand(rows, depth, transposeLhs);
  const rhs = operand(depth, columns, transposeRhs);
  const bias = makeSource(dtype, columns);
  const out = makeSource(dtype, batch * rows * columns);
  const place = addIndex(
    scaleIndex(axisIndex(axes.batch), rows * columns),
    addIndex(scaleIndex(axisIndex(axes.rows), columns), axisIndex(axes.columns)),
  );
  const sum = op('add', [accumulator(dtype), load(bias, axisIndex(axes.columns))]);
  const activated: Expr = isDear
    ? op('mul', [op('tanh', [sum]), op('logistic', [sum])])
    : op('max', [sum, constant(0, dtype)]);
  const numbers = (length: number, seed: number): Float32Array | Int32Array =>
    dtype === 'float32'
      ? noise(length, seed)
      : Int32Array.from(noise(length, seed), (v) => Math.round(v * 1e6));
  return {
    kernel: {
      kind: 'matmul',
      name: 'dot',
      ...axes,
      depth,
      lhs,
      rhs,
      buffers: [
        { source: lhs.source, access: 'read' },
        { source: rhs.source, access: 'read' },
        { source: bias, access: 'read' },
        { source: out, access: 'write' },
      ],
      stores: [
        { target: out, index: place, value: activated, mode: 'set', guard: null, serial: [] },
      ],
    },
    data: new Map([
      [lhs.source, numbers(lhs.source.length, 1)],
      [rhs.source, numbers(rhs.source.length, 2)],
      [bias, numbers(columns, 3)],
    ]),
  };
}

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

  test('by default skinny products are loops and others are tiled', async () => {
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

/** max(lhs · rhs + bias, 0) in wrapping int32. */
function wrapping({ kernel, data }: Product): Int32Array {
  const { batch, rows, columns, depth, lhs, rhs, buffers } = kernel;
  const [a, b] = [data.get(lhs.source) ?? [], data.get(rhs.source) ?? []];
  const biasSource = buffers[2]?.source;
  const bias = (biasSource && data.get(biasSource)) ?? [];
  const out = new Int32Array(batch.extent * rows.extent * columns.extent);
  for (let at = 0; at < out.length; at++) {
    const j = at % columns.extent;
    const i = Math.floor(at / columns.extent) % rows.extent;
    const n = Math.floor(at / (columns.extent * rows.extent));
    let sum = bias[j] ?? 0;
    for (let k = 0; k < depth; k++) {
      const left = a[(n * rows.extent + i) * depth + k] ?? 0;
      const right = b[(n * depth + k) * columns.extent + j] ?? 0;
      sum = (sum + Math.imul(left, right)) | 0;
    }
    out[at] = Math.max(0, sum);
  }
  return out;
}

test.run();
