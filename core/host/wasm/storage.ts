/** Arrays in WebAssembly memory, or outside it. */
import { bytesOf, type DType, memoryView, type TypedArray } from '../../base/dtype.ts';
import type { DeviceStorage } from '../device.ts';
import { freedStorage } from './errors.ts';
import type { Heap } from './heap.ts';
import type { Outside, Place } from './outside.ts';

/** A copy of elements in memory; booleans come as bytes 0 and 1. */
export function elementsAt(heap: Heap, place: Place, dtype: DType, length: number): TypedArray {
  const view = viewOf(heap, place, dtype, length);
  return dtype === 'bool' ? new Uint8Array(view) : view.slice();
}

/** The elements of an array, wherever it is. Becomes stale when memory grows. */
const viewOf = (heap: Heap, place: Place, dtype: DType, length: number): TypedArray =>
  typeof place === 'number'
    ? heap.view(dtype, place, length)
    : memoryView(dtype, place.buffer, place.byteOffset, length);

/** Copies elements to memory; booleans are bytes 0 and 1. */
export function setElementsAt(heap: Heap, place: Place, dtype: DType, elements: TypedArray): void {
  viewOf(heap, place, dtype, elements.length).set(elements);
}

/** What outlives a storage that nobody freed. */
interface Holding {
  /** Null once it is given up. */
  place: Place | null;
}

/** Where storages live, and who frees the forgotten ones. */
export class StorageOwner {
  readonly heap: Heap;
  readonly outside: Outside;
  readonly #registry: FinalizationRegistry<Holding>;
  /** Called when an array is about to be read with waiting allowed. */
  readonly beforeRead: () => Promise<void> | null;
  #count = 0;

  constructor(heap: Heap, outside: Outside, beforeRead: () => Promise<void> | null) {
    this.heap = heap;
    this.outside = outside;
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
      holding.place = null;
    } else {
      this.#drop(holding);
    }
  }

  #drop(holding: Holding): void {
    const { place } = holding;
    if (place === null) return;
    this.#count--;
    if (typeof place === 'number') this.heap.free(place);
    else this.outside.free(place);
    holding.place = null;
  }
}

/** One array; frees its memory when asked to or when it becomes unreachable. */
export class WasmStorage implements DeviceStorage {
  readonly deviceName = 'wasm';
  readonly dtype: DType;
  readonly length: number;
  readonly #holding: Holding;
  readonly #owner: StorageOwner;

  constructor(owner: StorageOwner, place: Place, dtype: DType, length: number) {
    this.#owner = owner;
    this.#holding = { place };
    this.dtype = dtype;
    this.length = length;
    owner.adopt(this, this.#holding);
  }

  get bytes(): number {
    return this.length * bytesOf(this.dtype);
  }

  /** Byte address of the first element, or the buffer outside. */
  get place(): Place {
    const { place } = this.#holding;
    if (place === null) throw freedStorage();
    return place;
  }

  async read(): Promise<TypedArray> {
    const data = this.readSync();
    await this.#owner.beforeRead();
    return data;
  }

  readSync(): TypedArray {
    return elementsAt(this.#owner.heap, this.place, this.dtype, this.length);
  }

  peek(): TypedArray {
    return this.readSync();
  }

  free(): void {
    if (this.#holding.place !== null) this.#owner.release(this, this.#holding, false);
  }

  /** Gives the memory to a new owner; null if it is outside, where nobody can take it over. */
  takeAddress(): number | null {
    const { place } = this;
    if (typeof place !== 'number') return null;
    this.#owner.release(this, this.#holding, true);
    return place;
  }
}
