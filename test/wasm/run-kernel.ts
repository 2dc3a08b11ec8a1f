/** Runs an emitted loop kernel on a memory of its own. */

import type { LoopKernel } from '../../core/compile/kernel.ts';
import { emitLoopKernel } from '../../core/emit/wasm/loop-kernel.ts';
import { hasRelaxedSimd } from '../../core/host/wasm/features.ts';
import type { Source } from '../../core/ir/expr.ts';
import { type Contents, coerce } from './interpreter.ts';

const encode = (
  values: readonly number[],
  source: Source,
  bytes: ArrayBuffer,
  at: number,
): void => {
  const view =
    source.dtype === 'float32'
      ? new Float32Array(bytes, at, values.length)
      : new Uint32Array(bytes, at, values.length);
  values.forEach((value, i) => {
    view[i] = value;
  });
};

const decode = (source: Source, bytes: ArrayBuffer, at: number): number[] => {
  const { dtype, length } = source;
  if (dtype === 'float32') return [...new Float32Array(bytes, at, length)];
  if (dtype === 'int32') return [...new Int32Array(bytes, at, length)];
  return [...new Uint32Array(bytes, at, length)];
};

/** Contents of all buffers after running the kernel on `contents`, in pieces of `grain` units. */
export function runKernel(
  kernel: LoopKernel,
  contents: Contents,
  options: { simd?: boolean; grain?: number } = {},
): Contents {
  const { bytes, units } = emitLoopKernel(kernel, {
    shared: false,
    simd: options.simd ?? true,
    relaxed: hasRelaxedSimd(),
  });
  const size = kernel.buffers.reduce((sum, { source }) => sum + source.length * 4 + 128, 65536);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) + 1 });
  const places = new Map<Source, number>();
  let next = 4096;
  const table = new Int32Array(memory.buffer, 1024, kernel.buffers.length);
  kernel.buffers.forEach(({ source }, i) => {
    places.set(source, next);
    table[i] = next;
    encode(
      (contents.get(source) ?? []).map((v) => coerce(v, source.dtype)),
      source,
      memory.buffer,
      next,
    );
    next += source.length * 4 + 64;
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const { run } = exports;
  if (typeof run !== 'function') throw new TypeError('no function `run`');
  const grain = options.grain ?? units;
  for (let start = 0; start < units; start += Math.max(1, grain)) {
    run(start, Math.min(units, start + grain), 0, 1024);
  }
  return new Map(
    kernel.buffers.map(({ source }) => [
      source,
      decode(source, memory.buffer, places.get(source) ?? 0),
    ]),
  );
}
