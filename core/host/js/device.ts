/** The reference device: JavaScript, one kernel per equation, in float32 or float64. */

import { sizeOf } from '../../base/aval.ts';
import type { DType, TypedArray } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Plan, Slot, Target } from '../../compile/plan.ts';
import { emitJs, instantiateJs, type JsKernel, type Precision } from '../../emit/js/emit.ts';
import type { Storage } from '../../ir/value.ts';
import type { Device, Executable, MemoryStats } from '../device.ts';

/** How the reference device computes. */
export interface JsDeviceOptions {
  /** `float64` keeps every float in double precision: the oracle for finite differences. */
  readonly precision?: Precision;
  /** Fuse as other devices do, to test fusion by itself. */
  readonly fuse?: boolean;
}

/** Memory of one element type: floats in the device's precision, booleans as 32-bit words. */
function allocate(dtype: DType, length: number, precision: Precision): TypedArray {
  if (dtype === 'float32') {
    return precision === 'float64' ? new Float64Array(length) : new Float32Array(length);
  }
  return dtype === 'int32' ? new Int32Array(length) : new Uint32Array(length);
}

class JsStorage implements Storage {
  readonly deviceName = 'js';
  readonly dtype: DType;
  readonly elements: TypedArray;

  constructor(dtype: DType, elements: TypedArray) {
    this.dtype = dtype;
    this.elements = elements;
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }

  readSync(): TypedArray {
    return this.dtype === 'bool' ? Uint8Array.from(this.elements) : this.elements.slice();
  }

  peek(): TypedArray {
    return this.readSync();
  }

  free(): void {
    // The collector takes the memory once nothing refers to it.
  }
}

class JsDevice implements Device {
  readonly name = 'js';
  readonly description: string;
  readonly target: Target;
  readonly #precision: Precision;

  constructor({ precision = 'float32', fuse = false }: JsDeviceOptions) {
    this.#precision = precision;
    this.description = `JavaScript reference, ${precision}${fuse ? ', fused' : ''}`;
    this.target = {
      device: 'js',
      fuse,
      maxBuffers: 1024,
      alignment: 8,
      hasSerialRows: true,
      concurrency: 64,
    };
  }

  upload(data: TypedArray, dtype: DType): Storage {
    const elements = allocate(dtype, data.length, this.#precision);
    elements.set(data);
    return new JsStorage(dtype, elements);
  }

  load(plan: Plan): Executable {
    const texts = plan.steps.map(({ kernel }) => emitJs(kernel, this.#precision));
    const kernels = texts.map((text, i): JsKernel => {
      return instantiateJs(text, plan.steps[i]?.kernel.buffers.length ?? 0);
    });
    return {
      kernels: [...new Set(texts)],
      arenaBytes: plan.arenaBytes,
      run: (inputs) => this.#run(plan, kernels, inputs),
    };
  }

  #run(plan: Plan, kernels: readonly JsKernel[], inputs: readonly Storage[]): Storage[] {
    const outputs = plan.outputs.map(
      ({ dtype, shape }) => new JsStorage(dtype, allocate(dtype, sizeOf(shape), this.#precision)),
    );
    const scale = this.#precision === 'float64' ? 2 : 1;
    const arena = new ArrayBuffer(plan.arenaBytes * scale);
    const view = (slot: Slot, dtype: DType, length: number): TypedArray => {
      if (slot.kind === 'arena')
        return viewOf(arena, slot.offset * scale, dtype, length, this.#precision);
      const storage = (slot.kind === 'input' ? inputs : outputs)[slot.index];
      invariant(storage instanceof JsStorage, 'an array of another device');
      return storage.elements;
    };
    plan.steps.forEach(({ kernel, slots }, i) => {
      const buffers = kernel.buffers.map(({ source }, b) => {
        const slot = slots[b];
        invariant(slot !== undefined, 'a buffer without a slot');
        return view(slot, source.dtype, source.length);
      });
      kernels[i]?.(...buffers);
    });
    return outputs;
  }

  async settle(): Promise<void> {}

  memory(): MemoryStats {
    // Arrays are ordinary JavaScript objects here: the collector knows, we do not.
    return { liveBytes: 0, pooledBytes: 0, peakBytes: 0, liveArrays: 0 };
  }

  resetPeak(): void {}
}

function viewOf(
  arena: ArrayBuffer,
  offset: number,
  dtype: DType,
  length: number,
  precision: Precision,
): TypedArray {
  if (dtype === 'float32') {
    return precision === 'float64'
      ? new Float64Array(arena, offset, length)
      : new Float32Array(arena, offset, length);
  }
  return dtype === 'int32'
    ? new Int32Array(arena, offset, length)
    : new Uint32Array(arena, offset, length);
}

/** A reference device. */
export const createJsDevice = (options: JsDeviceOptions = {}): Device => new JsDevice(options);
