/** Hand-built kernels for tests, run on a device and by the JavaScript reference. */
import { makeAval } from '../../core/base/aval.ts';
import type { DType, TypedArray } from '../../core/base/dtype.ts';
import type { Kernel, KernelBuffer } from '../../core/compile/kernel.ts';
import type { Plan, Slot, Step } from '../../core/compile/plan.ts';
import { emitJs, instantiateJs } from '../../core/emit/js/emit.ts';
import type { Device } from '../../core/host/device.ts';
import {
  createWebGpuDevice,
  type WebGpuDevice,
  type WebGpuDeviceOptions,
} from '../../core/host/webgpu/device.ts';
import type { Source } from '../../core/ir/expr.ts';

/** True if the runner found an adapter. Says so if not. */
export function hasWebGpu(file: string): boolean {
  if (process.env.ENERJAX_TEST_WEBGPU === '1') return true;
  const why = process.env.ENERJAX_TEST_WEBGPU_WHY ?? '';
  const reason = why === '' ? 'ENERJAX_TEST_WEBGPU=1 is not set' : why;
  console.log(`${file}: tests that need a WebGPU adapter are left out (${reason})`);
  return false;
}

/** One device for all tests of a file; further ones only where a test forces options. */
export const makeDevice = (options: WebGpuDeviceOptions = {}): Promise<WebGpuDevice> =>
  createWebGpuDevice(options);

/** A program of one kernel: buffers that are read are inputs, others outputs; updated ones are both. */
export function planOf(kernel: Kernel): Plan {
  const inputs: Source[] = [];
  const outputs: Source[] = [];
  const aliases = new Map<number, number>();
  const slots = kernel.buffers.map(({ source, access }): Slot => {
    const bytes = source.length * 4;
    if (access === 'read') return { kind: 'input', index: inputs.push(source) - 1, bytes };
    if (access === 'update') aliases.set(outputs.length, inputs.push(source) - 1);
    return { kind: 'output', index: outputs.push(source) - 1, bytes };
  });
  const step: Step = { kernel, slots, site: null };
  const avalOf = ({ dtype, length }: Source) => makeAval([length], dtype);
  return {
    inputs: inputs.map(avalOf),
    outputs: outputs.map(avalOf),
    steps: [step],
    arenaBytes: 0,
    aliases,
  };
}

const isInput = ({ access }: KernelBuffer): boolean => access !== 'write';
const isOutput = ({ access }: KernelBuffer): boolean => access !== 'read';

/** The kernel's results on a device, one per written buffer. */
export async function runOn(
  device: Device,
  kernel: Kernel,
  data: ReadonlyMap<Source, TypedArray>,
): Promise<TypedArray[]> {
  const inputs = kernel.buffers
    .filter(isInput)
    .map(({ source }) => device.upload(dataOf(data, source), source.dtype));
  const outputs = device.load(planOf(kernel)).run(inputs, new Set());
  const results = await Promise.all(outputs.map((output) => output.read()));
  for (const storage of [...inputs, ...outputs]) storage.free();
  return results;
}

function dataOf(data: ReadonlyMap<Source, TypedArray>, source: Source): TypedArray {
  const found = data.get(source);
  if (found === undefined) throw new Error('a test kernel without data');
  return found;
}

function words(dtype: DType, data: TypedArray | undefined, length: number): TypedArray {
  const from = data ?? new Float64Array(length);
  if (dtype === 'float32') return Float32Array.from(from);
  return dtype === 'int32' ? Int32Array.from(from) : Uint32Array.from(from);
}

/** What the results must be, by the JavaScript backend. */
export function reference(kernel: Kernel, data: ReadonlyMap<Source, TypedArray>): TypedArray[] {
  const buffers = kernel.buffers.map(({ source }) =>
    words(source.dtype, data.get(source), source.length),
  );
  instantiateJs(emitJs(kernel, 'float32'), buffers.length)(...buffers);
  return buffers.filter((_, i) => {
    const buffer = kernel.buffers[i];
    return buffer !== undefined && isOutput(buffer);
  });
}

/** Numbers that look random and are the same each time, between −1 and 1. */
export function noise(length: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** No elements: fails every comparison. */
export const nothing = new Float32Array(0);

/** The largest difference, relative to the largest expected value. */
export function worst(actual: TypedArray, expected: TypedArray): number {
  let difference = 0;
  let size = 1e-30;
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs((actual[i] ?? Number.NaN) - value) || 0);
    if (Number.isNaN(actual[i])) difference = Infinity;
    size = Math.max(size, Math.abs(value));
  });
  return difference / size;
}
