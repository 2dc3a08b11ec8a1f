/** Elements of arrays on a GPU, copied to the host. */
import type { DType, TypedArray } from '../../base/dtype.ts';
import { shortName } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { CommandBatch } from './command-batch.ts';
import type { Failures } from './failures.ts';
import type { GpuMemory } from './gpu-memory.ts';
import type { Allocation } from './memory.ts';
import { wholeOf, wholeWords } from './places.ts';
import type { WebGpuStorage } from './storage.ts';
import { fromDeviceWords } from './transfer.ts';
import type { WorkOrder } from './work-order.ts';

const mapRead = 1;

/** What reading needs from its device. */
export interface ReadsOptions {
  readonly batch: CommandBatch;
  readonly failures: Failures;
  readonly memory: GpuMemory;
  readonly order: WorkOrder;
}

/** Reads arrays. */
export class Reads {
  readonly #batch: CommandBatch;
  readonly #failures: Failures;
  readonly #memory: GpuMemory;
  readonly #order: WorkOrder;

  constructor({ batch, failures, memory, order }: ReadsOptions) {
    this.#batch = batch;
    this.#failures = failures;
    this.#memory = memory;
    this.#order = order;
  }

  /** The elements of an array, once all work that was asked for before is done. */
  async read(storage: WebGpuStorage): Promise<TypedArray> {
    this.#failures.raiseLoss();
    const { dtype, length, bytes } = storage;
    if (bytes === 0) return fromDeviceWords(new ArrayBuffer(0), dtype, 0);
    const words = wholeWords(bytes);
    const staging = this.#memory.staging.acquire(words, () => `${shortName(dtype)}[${length}]`);
    const source = { ...wholeOf(storage.allocation), bytes: words };
    this.#order.add([], () => {
      this.#batch.copy(source, staging.buffer);
      this.#batch.flush();
    });
    await this.#order.handedOver();
    const elements = await this.fetch(staging, dtype, length, words);
    await this.#failures.known();
    this.#failures.raise();
    invariant(elements !== null, 'a read that failed without a reason');
    storage.remember(elements);
    await this.#memory.reclaim();
    return elements;
  }

  /** The elements in a staging buffer, which is given back; null if the GPU refused, which is reported elsewhere. */
  async fetch(
    staging: Allocation,
    dtype: DType,
    length: number,
    bytes: number,
  ): Promise<TypedArray | null> {
    const { buffer } = staging;
    try {
      await buffer.mapAsync(mapRead, 0, bytes);
    } catch (cause) {
      // The reasons are told by events of their own, which may come a little later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#failures.reportConsequence(cause, 'a result could not be read');
      this.#memory.staging.discard(staging);
      return null;
    }
    const elements = fromDeviceWords(buffer.getMappedRange(0, bytes), dtype, length);
    buffer.unmap();
    this.#memory.staging.release(staging);
    return elements;
  }
}
