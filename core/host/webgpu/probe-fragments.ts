/** Whether a GPU's fragments of matrices give right products, tried before any program relies on them. */
import type { MatmulKernel, MatrixOperand } from '../../compile/kernel.ts';
import { emitWgsl } from '../../emit/wgsl/emit.ts';
import type {
  FragmentFacts,
  FragmentParameters,
  FragmentTiles,
} from '../../emit/wgsl/fragment-choice.ts';
import {
  type FragmentShape,
  type FragmentStaging,
  type FragmentTile,
  sizeOf,
} from '../../emit/wgsl/fragments.ts';
import type { KernelParameters } from '../../emit/wgsl/parameters.ts';
import { accumulator, axisIndex, makeAxis, makeSource, withExprPool } from '../../ir/expr.ts';
import { addIndex, indexConstant, scaleIndex } from '../../ir/index-algebra.ts';

/** The feature that they are behind, in Dawn's name for it. */
export const fragmentFeature = 'chromium-experimental-subgroup-matrix';

/** One line of an adapter's list: left operands have M rows, right ones N columns, sums K terms. */
interface Config {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What an adapter with the feature says of its fragments; undefined if it has none that serve. */
export function fragmentFactsOf({
  info,
  features,
  limits,
}: GPUAdapter): Omit<FragmentFacts, 'subgroupSizes'> | undefined {
  const names: ReadonlySet<string> = features;
  if (!names.has(fragmentFeature)) return undefined;
  const { subgroupMatrixConfigs = [] }: { subgroupMatrixConfigs?: Iterable<Config> } =
    info as object;
  const shapes = [...subgroupMatrixConfigs].flatMap((config): FragmentShape[] => {
    const { componentType: component, resultComponentType, M, N, K } = config;
    const isHalf = component === 'f16' && names.has('shader-f16');
    if ((!isHalf && component !== 'f32') || resultComponentType !== 'f32') return [];
    return [{ component, rows: M, columns: N, depth: K }];
  });
  return {
    shapes,
    maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
    maxWorkgroupLanes: Math.min(
      limits.maxComputeInvocationsPerWorkgroup,
      limits.maxComputeWorkgroupSizeX,
    ),
  };
}

/** The ways to declare staging memory, best first: Dawn has counted in vectors, and in components. */
const stagings: readonly FragmentStaging[] = [
  { width: 4, unit: 4 },
  { width: 4, unit: 1 },
  { width: 1, unit: 1 },
];

/** The parameters with only those fragments that have given right products on this device. */
export async function withProvenFragments(
  device: GPUDevice,
  parameters: KernelParameters,
): Promise<KernelParameters> {
  const { matmul } = parameters;
  if (matmul.fragments === null) return parameters;
  const fragments = await provenOf(device, matmul.fragments);
  return { ...parameters, matmul: { ...matmul, fragments } };
}

async function provenOf(
  device: GPUDevice,
  fragments: FragmentParameters,
): Promise<FragmentParameters | null> {
  const f16 = await firstProven(device, fragments.f16);
  const f32 = await firstProven(device, fragments.f32);
  return f16 === null && f32 === null ? null : { ...fragments, f16, f32 };
}

async function firstProven(
  device: GPUDevice,
  tiles: FragmentTiles | null,
): Promise<FragmentTiles | null> {
  if (tiles === null) return null;
  for (const staging of stagings) {
    const small = { ...tiles.small, staging };
    if (!(await isRight(device, small))) continue;
    const large = { ...tiles.large, staging };
    const isLargeRight = tiles.large !== tiles.small && (await isRight(device, large));
    return { small, large: isLargeRight ? large : small };
  }
  return null;
}

/** What a device's description says of its fragments; empty where it has none. */
export function showFragments({ matmul }: KernelParameters): string {
  const { f16 = null, f32 = null } = matmul.fragments ?? {};
  return [f16, f32]
    .flatMap((tiles) => (tiles === null ? [] : [tiles.small.shape]))
    .map(
      ({ component, rows, columns, depth }) =>
        `, products by ${component} subgroup matrices of ${rows}x${columns}x${depth}`,
    )
    .join('');
}

/** True if products by this tile, over its edges and either way round, are exactly what they must be. */
async function isRight(device: GPUDevice, tile: FragmentTile): Promise<boolean> {
  for (const isTurned of [false, true]) {
    const probe = withExprPool(() => makeProbe(tile, isTurned));
    const sums = await runProbe(device, probe);
    if (sums === null || probe.expected.some((value, i) => value !== sums[i])) return false;
  }
  return true;
}

interface Probe {
  readonly code: string;
  readonly groups: readonly [x: number, y: number];
  readonly operands: readonly ArrayBuffer[];
  readonly expected: Float32Array;
}

/** Small whole numbers, whose sums are exact. */
const left = (row: number, term: number): number => ((row * 5 + term * 3) % 7) - 3;
const right = (term: number, column: number): number => ((term * 2 + column * 3) % 5) - 2;

/** A product of two tiles of rows and of columns; the last ones, and the last terms, are not whole. */
function makeProbe(tile: FragmentTile, isTurned: boolean): Probe {
  const [tileRows, tileColumns] = sizeOf(tile);
  const [rows, columns, depth] = [tileRows + 8, tileColumns + 8, tile.depth + 8];
  const dtype = tile.shape.component === 'f16' ? 'float16' : 'float32';
  const axes = { batch: makeAxis(1), rows: makeAxis(rows), columns: makeAxis(columns) };
  const operand = (height: number, width: number): MatrixOperand => ({
    source: makeSource(dtype, height * width),
    base: indexConstant(0),
    rowStride: isTurned ? 1 : width,
    columnStride: isTurned ? height : 1,
  });
  const [lhs, rhs] = [operand(rows, depth), operand(depth, columns)];
  const target = makeSource('float32', rows * columns);
  const index = addIndex(scaleIndex(axisIndex(axes.rows), columns), axisIndex(axes.columns));
  const kernel: MatmulKernel = {
    kind: 'matmul',
    name: 'probe of fragments',
    ...axes,
    depth,
    lhs,
    rhs,
    buffers: [
      { source: lhs.source, access: 'read' },
      { source: rhs.source, access: 'read' },
      { source: target, access: 'write' },
    ],
    stores: [
      { target, index, value: accumulator('float32'), mode: 'set', guard: null, serial: [] },
    ],
  };
  const { code, grid } = emitWgsl(kernel, { matmul: tile });
  const expected = Float32Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      sum += left(Math.floor(at / columns), k) * right(k, at % columns);
    }
    return sum;
  });
  const operands = [elements(lhs, depth, left, tile), elements(rhs, columns, right, tile)];
  return { code, groups: grid, operands, expected };
}

/** What an operand holds in memory. */
function elements(
  { source, rowStride, columnStride }: MatrixOperand,
  width: number,
  value: (row: number, column: number) => number,
  { shape }: FragmentTile,
): ArrayBuffer {
  const { length } = source;
  const data = shape.component === 'f16' ? new Uint16Array(length) : new Float32Array(length);
  for (let at = 0; at < length; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    const number = value(row, column);
    const stored = shape.component === 'f16' ? smallHalf(number) : number;
    data[row * rowStride + column * columnStride] = stored;
  }
  return data.buffer;
}

/** The bits of a whole number between −3 and 3 as a half. */
const smallHalf = (value: number): number =>
  (value < 0 ? 0x8000 : 0) | ([0, 0x3c00, 0x4000, 0x4200][Math.abs(value)] ?? 0);

const usage = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;

/** The sums that the device computes; null if it refuses. */
async function runProbe(device: GPUDevice, probe: Probe): Promise<Float32Array | null> {
  const { code, groups, operands, expected } = probe;
  const buffers: GPUBuffer[] = [];
  const buffer = (size: number, flags: number): GPUBuffer => {
    const made = device.createBuffer({ size, usage: flags });
    buffers.push(made);
    return made;
  };
  device.pushErrorScope('validation');
  try {
    const module = device.createShaderModule({ code });
    const compute = { module, entryPoint: 'main' };
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
    const inputs = operands.map((data) => {
      const made = buffer(data.byteLength, usage.storage | usage.copyTarget);
      device.queue.writeBuffer(made, 0, data);
      return made;
    });
    const sums = buffer(expected.byteLength, usage.storage | usage.copySource);
    const read = buffer(expected.byteLength, usage.mapRead | usage.copyTarget);
    const entries = [...inputs, sums].map((made, binding) => ({
      binding,
      resource: { buffer: made },
    }));
    const layout = pipeline.getBindGroupLayout(0);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...groups);
    pass.end();
    encoder.copyBufferToBuffer(sums, 0, read, 0, expected.byteLength);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(usage.mapRead);
    return new Float32Array(read.getMappedRange().slice(0));
  } catch {
    return null;
  } finally {
    // A device that is lost meanwhile says so elsewhere.
    await device.popErrorScope().catch(() => null);
    for (const made of buffers) made.destroy();
  }
}
