/** Matrix products in fragments: emulated ones, and real ones where the adapter has them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DType } from '../../core/base/dtype.ts';
import { type FragmentParameters, fragmentsFor } from '../../core/emit/wgsl/fragment-choice.ts';
import type {
  FragmentShape,
  FragmentStaging,
  FragmentTile,
} from '../../core/emit/wgsl/fragments.ts';
import { type KernelParameters, parametersOf } from '../../core/emit/wgsl/parameters.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
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

const cube = (component: 'f16' | 'f32', rows: number, columns: number, depth: number) => ({
  component,
  rows,
  columns,
  depth,
});

/** All products in fragments of this shape, as a device with it would make them, but emulated. */
function emulated(
  shape: FragmentShape,
  subgroupSizes: readonly [number, number],
  { padding = 8, staging = { width: 4, unit: 4 } as FragmentStaging, isLarge = false } = {},
): KernelParameters {
  const room = { maxWorkgroupBytes: 1 << 16, maxWorkgroupLanes: 1024 };
  const chosen = fragmentsFor({ shapes: [shape], subgroupSizes, ...room }, padding);
  const change = (tile: FragmentTile): FragmentTile => ({
    ...tile,
    staging,
    operations: emulatedFragments,
  });
  const changed = (tiles: FragmentParameters['f16']): FragmentParameters['f16'] =>
    tiles && { small: change(tiles.small), large: change(tiles.large) };
  assert.ok(chosen);
  const fragments = {
    f16: changed(chosen.f16),
    f32: changed(chosen.f32),
    leastSide: 1,
    manyOutputs: isLarge ? 1 : Infinity,
  };
  const { generic } = parametersOf;
  return { ...generic, matmul: { ...generic.matmul, fragments } };
}

/** Runs products on the processor and on a device with these parameters. */
async function compare(
  parameters: KernelParameters,
  dtype: DType,
  names: readonly string[],
): Promise<void> {
  const device = await makeDevice({ emit: { parameters } });
  for (const name of names) {
    const t0 = performance.now();
    const product = products[name] ?? odd;
    await setDefaultDevice('wasm');
    const [expected] = await run(product, dtype);
    await setDefaultDevice(device);
    const [actual, text] = await run(product, dtype);
    assert.match(text, /var<workgroup> sums/);
    console.log(name, dtype, performance.now() - t0);
    assert.equal(actual, expected, name);
  }
  await setDefaultDevice('wasm');
  device.destroy();
}

if (hasWebGpu('fragments.test.ts')) {
  test('fragments of 16 × 16 × 16 halves give the products of the processor', async () => {
    const parameters = emulated(cube('f16', 16, 16, 16), [32, 32]);
    await compare(parameters, 'float16', Object.keys(products));
  });

  test('so do large tiles of them', async () => {
    const parameters = emulated(cube('f16', 16, 16, 16), [32, 32], { isLarge: true });
    await compare(parameters, 'float16', ['of odd sizes', 'of eights']);
  });

  test('so do fragments that are not square, of subgroups that may be of several sizes', async () => {
    const staging = { width: 1, unit: 1 } as const;
    const parameters = emulated(cube('f16', 8, 16, 16), [8, 16], { staging });
    await compare(parameters, 'float16', ['of odd sizes', 'of eights, both operands turned']);
  });

  test('fragments of 8 × 8 × 8 float32 serve all floats', async () => {
    const staging = { width: 4, unit: 1 } as const;
    const parameters = emulated(cube('f32', 8, 8, 8), [32, 32], { staging, padding: 0 });
    await compare(parameters, 'float32', ['of odd sizes', 'of fours, the left one turned']);
    await compare(parameters, 'bfloat16', ['of eights']);
  });
}

test.run();
