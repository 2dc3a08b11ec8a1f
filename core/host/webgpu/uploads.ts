/** Elements of the host's, written to arrays on a GPU. */
import type { DType, TypedArray } from '../../base/dtype.ts';
import { bytesOf, shortName } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { PendingUpload } from '../device.ts';
import type { CommandBatch } from './command-batch.ts';
import type { GpuMemory } from './gpu-memory.ts';
import type { Allocation } from './memory.ts';
import { wholeWords } from './places.ts';
import type { WebGpuStorage } from './storage.ts';
import { deviceElements, toDeviceWords, WholeWords } from './transfer.ts';
import type { WorkOrder } from './work-order.ts';

/** Uploads are cut into pieces of this size, so that their host-side copies do not pile up. */
const uploadPiece = 64 * 2 ** 20;

/** What uploads need from their device. */
export interface UploadsOptions {
  readonly device: GPUDevice;
  readonly batch: CommandBatch;
  readonly memory: GpuMemory;
  readonly order: WorkOrder;
}

/** Writes arrays. */
export class Uploads {
  readonly #queue: GPUQueue;
  readonly #batch: CommandBatch;
  readonly #memory: GpuMemory;
  readonly #order: WorkOrder;

  constructor({ device, batch, memory, order }: UploadsOptions) {
    this.#queue = device.queue;
    this.#batch = batch;
    this.#memory = memory;
    this.#order = order;
  }

  /** An array of these elements. */
  whole(data: TypedArray, dtype: DType): WebGpuStorage {
    const words = toDeviceWords(data, dtype);
    const allocation = this.#reserve(words.byteLength, data.length, dtype);
    this.#writeInOrder(allocation, 0, words);
    const storage = this.#memory.adopt(allocation, dtype, data.length);
    storage.remember(fromHost(data, dtype));
    return storage;
  }

  /** An array whose elements are still to come. */
  begin(length: number, dtype: DType): PendingUpload {
    const bytes = wholeWords(length * bytesOf(dtype));
    const allocation = this.#reserve(bytes, length, dtype);
    let done = 0;
    const pieces = new WholeWords((words) => {
      this.#writeInOrder(allocation, done, words);
      done += words.byteLength;
    });
    return {
      append: (next) => pieces.append(deviceElements(next, dtype)),
      finish: () => {
        pieces.finish();
        invariant(done === bytes, `${done} of ${bytes} bytes were handed over`);
        return this.#memory.adopt(allocation, dtype, length);
      },
      abandon: () => this.#memory.arrays.release(allocation),
    };
  }

  #reserve(bytes: number, length: number, dtype: DType): Allocation {
    return this.#memory.arrays.acquire(bytes, () => `${shortName(dtype)}[${length}]`);
  }

  /** Writes elements after the work that was asked for before. */
  #writeInOrder(allocation: Allocation, offset: number, words: ArrayBufferView<ArrayBuffer>): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    // What waits must not see what the caller does to the elements meanwhile.
    const kept = this.#order.isWaiting ? bytes.slice() : bytes;
    this.#order.add([], () => this.#write(allocation, offset, kept));
  }

  #write({ buffer }: Allocation, offset: number, data: Uint8Array<ArrayBuffer>): void {
    const queue = this.#queue;
    // Elements are written when they are handed over, before commands that still wait.
    this.#batch.flush();
    for (let start = 0; start < data.byteLength; start += uploadPiece) {
      const bytes = Math.min(uploadPiece, data.byteLength - start);
      queue.writeBuffer(buffer, offset + start, data.buffer, data.byteOffset + start, bytes);
      if (bytes === uploadPiece) queue.submit([]);
    }
  }
}

/** Host elements as a read would return them. */
const fromHost = (data: TypedArray, dtype: DType): TypedArray =>
  dtype === 'float32' ? Float32Array.from(data) : data.slice();
