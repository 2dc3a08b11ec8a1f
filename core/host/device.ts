/** What the library asks of a device, and the registry of devices. */

import type { DType, TypedArray } from '../base/dtype.ts';
import type { HostCall } from '../compile/control.ts';
import type { Plan, Target } from '../compile/plan.ts';
import type { Storage } from '../ir/value.ts';

/** Memory of one array on one device. */
export interface DeviceStorage extends Storage {
  readonly bytes: number;
}

/** Takes what a program calls on the host. */
export interface HostCalls {
  /** One call. The elements are copies; booleans come as bytes 0 and 1. Returns those of the results. */
  call(step: HostCall, elements: readonly TypedArray[]): readonly TypedArray[];
  /** To be called once all calls of the run have been made, which may be after the run returns. */
  finish(): void;
}

/** For programs that call nothing. */
export const noCalls: HostCalls = {
  call: () => [],
  finish: () => {},
};

/** A compiled program, ready to run. */
export interface Executable {
  /**
   * Runs the program. Returns at once; reads of the results wait for it.
   *
   * @param inputs - One storage per input of the plan, all of this device.
   * @param donated - Which inputs are given up. Their storage is reused for an aliased output or freed.
   */
  run(
    inputs: readonly Storage[],
    donated: ReadonlySet<number>,
    calls?: HostCalls,
  ): readonly Storage[];
  /** The text of every distinct kernel (WGSL, a WebAssembly listing, JavaScript). */
  readonly kernels: readonly string[];
  /** Bytes of the arena that intermediate arrays share. */
  readonly arenaBytes: number;
}

/** Exact bytes, as the device accounts for them. */
export interface MemoryStats {
  /** Held by arrays that are alive, and by executables. */
  readonly liveBytes: number;
  /** Freed and kept for reuse. */
  readonly pooledBytes: number;
  /** Most that was held at once since {@link Device.resetPeak}, live and pooled. */
  readonly peakBytes: number;
  readonly liveArrays: number;
}

/** An array on the device whose elements come one run after the other, so that the host never has all of them. */
export interface PendingUpload {
  /** The next elements, as {@link Device.upload} takes them. They are copied. */
  append(elements: TypedArray): void;
  /** The array, once it has all its elements. */
  finish(): Storage;
  /** Gives the memory back instead. */
  abandon(): void;
}

/** A place where programs run. */
export interface Device {
  readonly name: 'js' | 'wasm' | 'webgpu';
  /** For people: adapter, threads, precision. */
  readonly description: string;
  readonly target: Target;
  /** Copies host elements (booleans: bytes 0 and 1; 16-bit floats: bits) to a new array on the device. */
  upload(data: TypedArray, dtype: DType): Storage;
  /** A new array of `length` elements that are still to come. */
  beginUpload(length: number, dtype: DType): PendingUpload;
  load(plan: Plan): Executable;
  /** Resolves when everything queued has run. Also the point at which unreachable arrays are reclaimed. */
  settle(): Promise<void>;
  memory(): MemoryStats;
  resetPeak(): void;
}
