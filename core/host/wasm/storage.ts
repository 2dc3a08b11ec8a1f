/** Arrays in WebAssembly memory. */
import { bytesOf, type DType, type TypedArray } from '../../base/dtype.ts';
import type { DeviceStorage } from '../device.ts';
import { freedStorage } from './errors.ts';
import type { Heap } from './heap.ts';

/** What outlives a storage that nobody freed. */
interface Holding {
  address: number;
}

/** Where storages live, and who frees the forgotten ones. */
export class StorageOwner {
  readonly heap: Heap;
  readonly #registry: FinalizationRegistry<Holding>;
  /** Called when an array is about to be read with waiting allowed. */
  readonly beforeRead: () => Promise<void> | null;
  #count = 0;

  constructor(heap: Heap, beforeRead: () => Promise<void> | null) {
    this.heap = heap;
    this.beforeRead = beforeRead;
    this.#registry = new FinalizationRegistry((holding) => this.#drop(holding));
  }

  get liveArrays(): number {
    return this.#count;
  }

  /** Counts a new array and watches over it. */
  adopt(storage: WasmStorage, holding: Holding): void {
    this.#count++;
    this.#registry.register(storage, holding, storage);
  }

  /** Stops watching over an array. With `keep`, its memory has a new owner. */
  release(storage: WasmStorage, holding: Holding, keep: boolean): void {
    this.#registry.unregister(storage);
    if (keep) {
      this.#count--;
      holding.address = 0;
    } else {
      this.#drop(holding);
    }
  }

  #drop(holding: Holding): void {
    if (holding.address === 0) return;
    this.#count--;
    this.heap.free(holding.address);
    holding.address = 0;
  }
}

/** One array; frees its memory when asked to or when it becomes unreachable. */
export class WasmStorage implements DeviceStorage {
  readonly deviceName = 'wasm';
  readonly dtype: DType;
  readonly length: number;
  readonly #holding: Holding;
  readonly #owner: StorageOwner;

  constructor(owner: StorageOwner, address: number, dtype: DType, length: number) {
    this.#owner = owner;
    this.#holding = { address };
    this.dtype = dtype;
    this.length = length;
    owner.adopt(this, this.#holding);
  }

  get bytes(): number {
    return this.length * bytesOf(this.dtype);
  }

  /** Byte address of the first element. */
  get address(): number {
    const { address } = this.#holding;
    if (address === 0) throw freedStorage();
    return address;
  }

  async read(): Promise<TypedArray> {
    const data = this.readSync();
    await this.#owner.beforeRead();
    return data;
  }

  readSync(): TypedArray {
    const view = this.#owner.heap.view(this.dtype, this.address, this.length);
    return this.dtype === 'bool' ? new Uint8Array(view) : view.slice();
  }

  peek(): TypedArray {
    return this.readSync();
  }

  free(): void {
    if (this.#holding.address !== 0) this.#owner.release(this, this.#holding, false);
  }

  /** Gives the memory to a new owner. */
  take(): number {
    const { address } = this;
    this.#owner.release(this, this.#holding, true);
    return address;
  }
}
