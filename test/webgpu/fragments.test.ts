/** Matrix products in fragments: emulated ones, and real ones where the adapter has them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DType } from '../../core/base/dtype.ts';
import type { MatmulKernel, MatrixOperand } from '../../core/compile/kernel.ts';
import { emitWgsl } from '../../core/emit/wgsl/emit.ts';
import { type FragmentTiles, fragmentsFor } from '../../core/emit/wgsl/fragment-choice.ts';
import {
  type FragmentComponent,
  type FragmentOperations,
  type FragmentShape,
  type FragmentTile,
  subgroupMatrices,
} from '../../core/emit/wgsl/fragments.ts';
import {
  type KernelParameters,
  parametersFor,
  parametersOf,
} from '../../core/emit/wgsl/parameters.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { factsOf, findAdapter, requestDevice } from '../../core/host/webgpu/adapter.ts';
import {
  fragmentFactsOf,
  showFragments,
  withProvenFragments,
} from '../../core/host/webgpu/probe-fragments.ts';
import { accumulator, axisIndex, makeAxis, makeSource } from '../../core/ir/expr.ts';
import { addIndex, indexConstant, scaleIndex } from '../../core/ir/index-algebra.ts';
import type { Value } from '../../core/ir/value.ts';
import { jit, np } from '../../index.ts';
import { emulatedFragments } from './emulated-fragments.ts';
import { hasWebGpu, makeDevice } from './kernels.ts';

/** Small whole numbers, whose products and sums are exact in every type. */
function numbers(dtype: DType, shape: readonly number[], seed: number): Value {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const data = Float32Array.from({ length: size }, (_, i) => ((i * 7 + ((i * i) % 11)) % seed) - 3);
  return np.array(data, { dtype }).reshape(shape);
}

interface Product {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly isTurned?: readonly [lhs: boolean, rhs: boolean];
}

/** No size is a multiple of anything; of four; of eight, either way round. */
const odd = { batch: 2, rows: 70, columns: 77, depth: 45 };
const fours = { batch: 1, rows: 68, columns: 76, depth: 44 };
const eights = { batch: 2, rows: 72, columns: 136, depth: 40 };
const products: Record<string, Product> = {
  'of odd sizes': odd,
  'of odd sizes, both operands turned': { ...odd, isTurned: [true, true] },
  'of fours, the left one turned': { ...fours, isTurned: [true, false] },
  'of eights': eights,
  'of eights, both operands turned': { ...eights, isTurned: [true, true] },
};

const turnedIf = (isTurned: boolean, x: Value): Value => (isTurned ? np.swapaxes(x, 1, 2) : x);

/** max(x · y · s + b, 0), and the text of its kernels. */
async function run(product: Product, dtype: DType): Promise<[results: number[], text: string]> {
  const { batch, rows, columns, depth, isTurned = [false, false] } = product;
  const x = numbers(dtype, isTurned[0] ? [batch, depth, rows] : [batch, rows, depth], 7);
  const y = numbers(dtype, isTurned[1] ? [batch, columns, depth] : [batch, depth, columns], 5);
  const bias = numbers('float32', [columns], 9);
  const f = jit((a: Value, b: Value, c: Value) => {
    const sums = np.matmul(turnedIf(isTurned[0], a), turnedIf(isTurned[1], b));
    return np.maximum(np.add(np.multiply(sums, 0.5), c), 0);
  });
  const results = [...(await f(x, y, bias).data())];
  return [results, f.lower(x, y, bias).kernels.join('\n')];
}

const shapeOf = (component: FragmentComponent, rows: number, columns: number, depth: number) => ({
  component,
  rows,
  columns,
  depth,
});

/** All products in tiles like those that a device with such fragments would make, but emulated if not told otherwise. */
function forced(
  shape: FragmentShape,
  subgroupSizes: readonly [least: number, most: number],
  changes: Partial<FragmentTile> = {},
): KernelParameters {
  const room = { maxWorkgroupBytes: 1 << 16, maxWorkgroupLanes: 1024 };
  const chosen = fragmentsFor({ shapes: [shape], subgroupSizes, ...room }, 8);
  assert.ok(chosen);
  const changed = (tiles: FragmentTiles | null): FragmentTiles | null => {
    if (tiles === null) return null;
    const tile = { ...tiles.small, operations: emulatedFragments, ...changes };
    return { small: tile, large: tile };
  };
  const { f16, f32 } = chosen;
  const fragments = { f16: changed(f16), f32: changed(f32), leastSide: 1, manyOutputs: Infinity };
  const { generic } = parametersOf;
  return { ...generic, matmul: { ...generic.matmul, fragments } };
}

/** Runs products on the processor and on a device with these parameters. */
async function compare(
  parameters: KernelParameters,
  dtype: DType,
  names: readonly string[],
): Promise<void> {
  const device = await makeDevice({ emit: { parameters }, toggles: ['allow_unsafe_apis'] });
  for (const name of names) {
    const product = products[name] ?? odd;
    await setDefaultDevice('wasm');
    const [expected] = await run(product, dtype);
    await setDefaultDevice(device);
    const [actual, text] = await run(product, dtype);
    assert.match(text, /var<workgroup> sums/);
    if (dtype === 'float16') assert.is(/bits\.zw/.test(text), name.startsWith('of eights'));
    assert.equal(actual, expected, name);
  }
  await setDefaultDevice('wasm');
  device.destroy();
}

const nvidia = shapeOf('f16', 16, 16, 16);
const intel = shapeOf('f16', 8, 16, 16);
const apple = shapeOf('f32', 8, 8, 8);

/** A device of the adapter's, with all its features. */
async function makeGpuDevice(): Promise<GPUDevice> {
  return requestDevice(await findAdapter({ toggles: ['allow_unsafe_apis'] }));
}

if (hasWebGpu('fragments.test.ts')) {
  test('fragments of 16 × 16 × 16 halves give the products of the processor', async () => {
    await compare(forced(nvidia, [32, 32]), 'float16', Object.keys(products));
  });

  test('so do large tiles of them', async () => {
    // Without padding, so that they fit the memory of the workgroups here.
    const large = { subgroups: [2, 4], fragments: [4, 2], padding: 0 } as const;
    await compare(forced(nvidia, [32, 32], large), 'float16', ['of odd sizes']);
  });

  test('so do fragments that are not square, of subgroups that may be of several sizes', async () => {
    const changes = { staging: { width: 1, unit: 1 }, fragments: [2, 1] } as const;
    const names = ['of odd sizes', 'of eights, both operands turned'];
    await compare(forced(intel, [8, 16], changes), 'float16', names);
  });

  test('fragments of 8 × 8 × 8 float32 serve all floats', async () => {
    const staging = { width: 4, unit: 1 } as const;
    const parameters = forced(apple, [32, 32], { staging, fragments: [1, 2], padding: 0 });
    await compare(parameters, 'float32', ['of odd sizes', 'of fours, the left one turned']);
    await compare(parameters, 'bfloat16', ['of eights']);
  });

  test('a device uses the fragments that its products have proven, and no others', async () => {
    const device = await makeGpuDevice();
    const proven = async (operations: FragmentOperations): Promise<FragmentTile | undefined> => {
      const parameters = forced(apple, [32, 32], { operations, fragments: [1, 1] });
      const { matmul } = await withProvenFragments(device, parameters);
      return matmul.fragments?.f32?.small;
    };
    assert.is((await proven(emulatedFragments))?.staging.unit, 4);
    const forgetful: FragmentOperations = (module, tile) => ({
      ...emulatedFragments(module, tile),
      zeros: (name) => `var ${name} = array<f32, 2>(1f, 0f);`,
    });
    assert.is(await proven(forgetful), undefined);
    // No device has fragments of this size, so the driver refuses the text.
    const missing: FragmentOperations = (module, tile) =>
      subgroupMatrices(module, { ...tile, shape: shapeOf('f32', 8, 8, 4) });
    assert.is(await proven(missing), undefined);
    device.destroy();
  });

  const facts = fragmentFactsOf(await findAdapter({ toggles: ['allow_unsafe_apis'] }));
  const { shapes = [] } = facts ?? {};
  if (shapes.length === 0) {
    console.log('fragments.test.ts: this adapter has no fragments, real ones are left out');
  }
  for (const shape of shapes) {
    const { component, rows, columns, depth } = shape;
    test(`the adapter's own fragments of ${rows} × ${columns} × ${depth} ${component} do so too`, async () => {
      const adapter = await findAdapter({ toggles: ['allow_unsafe_apis'] });
      const { subgroupSizes = [1, 1] } = factsOf(adapter);
      const device = await requestDevice(adapter);
      const parameters = forced(shape, subgroupSizes, { operations: subgroupMatrices });
      const proven = await withProvenFragments(device, parameters);
      assert.ok(proven.matmul.fragments?.[component]);
      device.destroy();
      const dtype = component === 'f16' ? 'float16' : 'float32';
      await compare(proven, dtype, Object.keys(products));
    });
  }
}

test('fragments are chosen for products that they serve, as large as a workgroup has room for', () => {
  const subgroupSizes = [32, 32] as const;
  const shapes = [shapeOf('f16', 16, 8, 8), shapeOf('f16', 16, 16, 16)];
  const room = { shapes, subgroupSizes, maxWorkgroupLanes: 1024 };
  const roomy = fragmentsFor({ ...room, maxWorkgroupBytes: 49_152 }, 8);
  assert.equal(roomy?.f16?.large.shape, shapes[1]);
  assert.equal(roomy?.f16?.large.fragments, [4, 2]);
  assert.equal(roomy?.f16?.small.fragments, [2, 2]);
  const tight = fragmentsFor({ ...room, maxWorkgroupBytes: 32_768 }, 8);
  assert.is(tight?.f16?.large, tight?.f16?.small);
  assert.is(fragmentsFor({ ...room, maxWorkgroupBytes: 16_384 }, 8), null);
  assert.is(fragmentsFor({ ...room, shapes: [], maxWorkgroupBytes: 49_152 }, 8), null);
});

test('the parameters of a GPU have its fragments, those of a processor none', () => {
  const fragments = { shapes: [nvidia], maxWorkgroupBytes: 49_152, maxWorkgroupLanes: 1024 };
  const facts = { architecture: '', description: '', subgroupSizes: [32, 32], fragments } as const;
  const parameters = parametersFor({ ...facts, vendor: 'nvidia' });
  assert.ok(parameters.matmul.fragments?.f16);
  const told = ', products by f16 subgroup matrices of 16x16x16';
  assert.is(showFragments(parameters), told);
  const software = { ...facts, vendor: 'mesa', architecture: 'software' };
  assert.is(parametersFor(software).matmul.fragments, null);
  assert.is(showFragments(parametersFor(software)), '');
});

/** x · y of float16 matrices, as a new kernel each time. */
function halves(): MatmulKernel {
  const axes = { batch: makeAxis(1), rows: makeAxis(64), columns: makeAxis(96) };
  const operand = (height: number, width: number): MatrixOperand => ({
    source: makeSource('float16', height * width),
    base: indexConstant(0),
    rowStride: width,
    columnStride: 1,
  });
  const [lhs, rhs] = [operand(64, 32), operand(32, 96)];
  const target = makeSource('float32', 64 * 96);
  const index = addIndex(scaleIndex(axisIndex(axes.rows), 96), axisIndex(axes.columns));
  const value = accumulator('float32');
  return {
    kind: 'matmul',
    name: 'dot',
    ...axes,
    depth: 32,
    lhs,
    rhs,
    buffers: [lhs.source, rhs.source, target].map((source) => ({
      source,
      access: source === target ? 'write' : 'read',
    })),
    stores: [{ target, index, value, mode: 'set', guard: null, serial: [] }],
  };
}

test('equal products in fragments have equal text, which asks for what it needs first', () => {
  const parameters = forced(nvidia, [32, 32], { operations: subgroupMatrices });
  const { code, grid } = emitWgsl(halves(), { parameters });
  makeAxis(7);
  assert.is(emitWgsl(halves(), { parameters }).code, code);
  assert.equal(grid, [2, 1]);
  assert.equal(code.split('\n').slice(0, 4), [
    '// dot',
    'enable chromium_experimental_subgroup_matrix;',
    'enable f16;',
    'diagnostic(off, chromium.subgroup_matrix_uniformity);',
  ]);
  const load = 'let a_0 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>';
  assert.ok(code.includes(`${load}(&lhs_tile, u32(((part_row + 0i) * 40i + k) / 4i), 10u);`));
  assert.ok(code.includes('c1_1 = subgroupMatrixMultiplyAccumulate(a_1, b_1, c1_1);'));
});

test.run();
