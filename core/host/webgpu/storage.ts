/** An array in GPU memory. */
import type { DType, TypedArray } from '../../base/dtype.ts';
import { bytesOf, shortName } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { DeviceStorage } from '../device.ts';
import { readIsAsynchronous } from './errors.ts';
import type { Allocation } from './memory.ts';

/** What an array asks of the device that owns it. */
export interface StorageOwner {
  read(storage: WebGpuStorage): Promise<TypedArray>;
  /** Called once: the array does not need its memory any more. */
  freed(storage: WebGpuStorage, allocation: Allocation): void;
}

/** Elements that are kept on the host once they were there, for printing. */
const smallArray = 1000;

/** The memory of one array. */
export class WebGpuStorage implements DeviceStorage {
  readonly deviceName = 'webgpu';
  readonly dtype: DType;
  readonly length: number;
  readonly #owner: StorageOwner;
  #allocation: Allocation | null;
  #host: TypedArray | null = null;

  constructor(owner: StorageOwner, allocation: Allocation, dtype: DType, length: number) {
    this.#owner = owner;
    this.#allocation = allocation;
    this.dtype = dtype;
    this.length = length;
  }

  /** Size of the elements. */
  get bytes(): number {
    return this.length * bytesOf(this.dtype);
  }

  /** The buffer that holds the elements. */
  get allocation(): Allocation {
    invariant(this.#allocation !== null, 'an array without memory');
    return this.#allocation;
  }

  async read(): Promise<TypedArray> {
    if (this.#host !== null) return this.#host.slice();
    return this.#owner.read(this);
  }

  readSync(): TypedArray {
    throw readIsAsynchronous(`${shortName(this.dtype)} array of ${this.length} elements`);
  }

  peek(): TypedArray | null {
    return this.#host;
  }

  free(): void {
    if (this.#allocation === null) return;
    const allocation = this.#allocation;
    this.#allocation = null;
    this.#owner.freed(this, allocation);
  }

  /** Gives the buffer away; the array is gone. */
  giveUp(): Allocation {
    const { allocation } = this;
    this.#allocation = null;
    return allocation;
  }

  /** Keeps a copy of elements that are known to the host, if they are few. */
  remember(elements: TypedArray): void {
    if (elements.length <= smallArray) this.#host = elements.slice();
  }
}
