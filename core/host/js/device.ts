/** The reference device: JavaScript, one kernel per equation, in float32 or float64. */

import { sizeOf } from '../../base/aval.ts';
import { bytesOf, type DType, memoryView, type TypedArray } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Plan, Target } from '../../compile/plan.ts';
import type { Precision } from '../../emit/js/emit.ts';
import type { Storage } from '../../ir/value.ts';
import {
  type Device,
  type Executable,
  type HostCalls,
  type MemoryStats,
  noCalls,
  type PendingUpload,
} from '../device.ts';
import { JsProgram } from './program.ts';

/** How the reference device computes. */
export interface JsDeviceOptions {
  /** `float64` keeps every float in double precision: the oracle for finite differences. */
  readonly precision?: Precision;
  /** Fuse as other devices do, to test fusion by itself. */
  readonly fuse?: boolean;
}

/** Memory of one element type: float32 in the device's precision. */
function allocate(dtype: DType, length: number, precision: Precision): TypedArray {
  return dtype === 'float32' && precision === 'float64'
    ? new Float64Array(length)
    : memoryView(dtype, new ArrayBuffer(length * bytesOf(dtype)), 0, length);
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
      hasFastThreads: true,
      writesWords: false,
      writesHalves: true,
      minRows: 64,
      splitProducts: null,
      gathersProducts: false,
      concurrency: 64,
    };
  }

  upload(data: TypedArray, dtype: DType): Storage {
    const elements = allocate(dtype, data.length, this.#precision);
    elements.set(data);
    return new JsStorage(dtype, elements);
  }

  beginUpload(length: number, dtype: DType): PendingUpload {
    const elements = allocate(dtype, length, this.#precision);
    let done = 0;
    return {
      append: (next) => {
        elements.set(next, done);
        done += next.length;
      },
      finish: () => {
        invariant(done === length, `${done} of ${length} elements were handed over`);
        return new JsStorage(dtype, elements);
      },
      abandon: () => {
        // The collector takes the memory.
      },
    };
  }

  load(plan: Plan): Executable {
    const program = new JsProgram(plan, this.#precision);
    return {
      kernels: [...program.texts],
      arenaBytes: plan.arenaBytes,
      run: (inputs, _donated, calls = noCalls) => this.#run(plan, program, inputs, calls),
    };
  }

  #run(plan: Plan, program: JsProgram, inputs: readonly Storage[], calls: HostCalls): Storage[] {
    const given = inputs.map((storage) => {
      invariant(storage instanceof JsStorage, 'an array of another device');
      return storage.elements;
    });
    const outputs = plan.outputs.map(
      ({ dtype, shape }) => new JsStorage(dtype, allocate(dtype, sizeOf(shape), this.#precision)),
    );
    const scale = this.#precision === 'float64' ? 2 : 1;
    const arena = { buffer: new ArrayBuffer(plan.arenaBytes * scale), offset: 0 };
    program.run(
      given,
      outputs.map(({ elements }) => elements),
      arena,
      calls,
    );
    calls.finish();
    return outputs;
  }

  async settle(): Promise<void> {}

  memory(): MemoryStats {
    // Arrays are ordinary JavaScript objects here: the collector knows, we do not.
    return { liveBytes: 0, pooledBytes: 0, peakBytes: 0, liveArrays: 0 };
  }

  resetPeak(): void {}
}

/** A reference device. */
export const createJsDevice = (options: JsDeviceOptions = {}): Device => new JsDevice(options);
