/** Arrays to try kernels on: as large as a program's own, with numbers that look random. */
import { bytesOf, type DType, type TypedArray } from '../../../base/dtype.ts';
import { invariant } from '../../../base/errors.ts';
import { toRaw } from '../../../base/half.ts';
import type { Allocation, BufferPool } from '../memory.ts';
import { fromDeviceWords, toDeviceWords } from '../transfer.ts';

/** An array that kernels to be compared read or write. */
export interface ScratchArray {
  readonly bytes: number;
  readonly dtype: DType;
  readonly isWritten: boolean;
}

/** Elements of a result, from some of its places. */
export interface Sample {
  readonly dtype: DType;
  readonly elements: TypedArray;
}

/** Where scratch arrays are made. */
export interface ScratchMemory {
  readonly device: GPUDevice;
  readonly arrays: BufferPool;
  readonly staging: BufferPool;
}

interface Window {
  readonly array: ScratchArray;
  readonly buffer: GPUBuffer;
  readonly start: number;
  readonly bytes: number;
}

const mapRead = 0x1;
/** Results up to this size are looked at as a whole. */
const fullyRead = 2 ** 20;
/** Of larger ones, so many parts of this size, the first and the last among them. */
const windowCount = 16;
const windowBytes = 2 ** 16;
/** A prime number of words, so that no two rows of a matrix are the same. */
const patternWords = 65_521;

const patterns = new Map<DType, Uint8Array<ArrayBuffer>>();

/** Words of elements: floats between −1 and 1, and integers that are valid indices, 0 and 1. */
function patternOf(dtype: DType): Uint8Array<ArrayBuffer> {
  const known = patterns.get(dtype);
  if (known !== undefined) return known;
  let state = 1;
  const isFloat = dtype.includes('float');
  const values = Float32Array.from({ length: (patternWords * 4) / bytesOf(dtype) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return isFloat ? state / 2 ** 31 - 1 : state >>> 31;
  });
  const words = toDeviceWords(toRaw(values, dtype), dtype);
  const made = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  patterns.set(dtype, made);
  return made;
}

/** The arrays that one comparison needs. */
export class Scratch {
  readonly #memory: ScratchMemory;
  readonly #arrays: readonly ScratchArray[];
  readonly #allocations: readonly Allocation[];
  readonly #windows: readonly Window[];

  constructor(memory: ScratchMemory, arrays: readonly ScratchArray[]) {
    this.#memory = memory;
    this.#arrays = arrays;
    this.#allocations = arrays.map(({ bytes }) => memory.arrays.acquire(bytes, () => 'scratch'));
    this.#windows = arrays.flatMap((array, i) => windowsOf(array, this.#buffer(i)));
    arrays.forEach((_, i) => {
      this.#fill(i);
    });
  }

  #buffer(i: number): GPUBuffer {
    const allocation = this.#allocations[i];
    invariant(allocation !== undefined, 'an array without memory');
    return allocation.buffer;
  }

  /** The arrays as a kernel's bindings. */
  bind(layout: GPUBindGroupLayout): GPUBindGroup {
    const entries = this.#arrays.map(({ bytes }, binding) => ({
      binding,
      resource: { buffer: this.#buffer(binding), size: bytes },
    }));
    return this.#memory.device.createBindGroup({ layout, entries });
  }

  /** Puts all that kernels write back to what it was. */
  reset(): void {
    this.#arrays.forEach(({ isWritten }, i) => {
      if (isWritten) this.#fill(i);
    });
  }

  #fill(i: number): void {
    const array = this.#arrays[i];
    invariant(array !== undefined, 'an array that is there');
    const pattern = patternOf(array.dtype);
    const { queue } = this.#memory.device;
    for (let start = 0; start < array.bytes; start += pattern.byteLength) {
      const bytes = Math.min(pattern.byteLength, array.bytes - start);
      queue.writeBuffer(this.#buffer(i), start, pattern, 0, bytes);
    }
    queue.submit([]);
  }

  /** What is in the arrays that kernels write. */
  async read(): Promise<readonly Sample[]> {
    const { device, staging: pool } = this.#memory;
    const total = this.#windows.reduce((sum, { bytes }) => sum + bytes, 0);
    const staging = pool.acquire(total, () => 'samples');
    const encoder = device.createCommandEncoder();
    let at = 0;
    for (const { buffer, start, bytes } of this.#windows) {
      encoder.copyBufferToBuffer(buffer, start, staging.buffer, at, bytes);
      at += bytes;
    }
    device.queue.submit([encoder.finish()]);
    try {
      await staging.buffer.mapAsync(mapRead, 0, total);
    } catch (cause) {
      pool.discard(staging);
      throw cause;
    }
    const memory = new Uint8Array(staging.buffer.getMappedRange(0, total)).slice();
    staging.buffer.unmap();
    pool.release(staging);
    at = 0;
    return this.#windows.map(({ array: { dtype }, bytes }) => {
      const own = memory.slice(at, at + bytes).buffer;
      at += bytes;
      return { dtype, elements: fromDeviceWords(own, dtype, bytes / bytesOf(dtype)) };
    });
  }

  /** Gives the memory back. */
  destroy(): void {
    const { arrays, staging } = this.#memory;
    for (const allocation of this.#allocations) arrays.release(allocation);
    for (const pool of [arrays, staging]) pool.trim(0);
  }
}

function windowsOf(array: ScratchArray, buffer: GPUBuffer): readonly Window[] {
  const { bytes, isWritten } = array;
  if (!isWritten) return [];
  if (bytes <= fullyRead) return [{ array, buffer, start: 0, bytes }];
  const last = bytes - windowBytes;
  return Array.from({ length: windowCount }, (_, i) => {
    const start = Math.floor((last * i) / (windowCount - 1) / 4) * 4;
    return { array, buffer, start, bytes: windowBytes };
  });
}
