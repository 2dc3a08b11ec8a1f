/**
 * Memory beside WebAssembly's: buffers of the host's, for arrays that would crowd the 4 GB which kernels
 * can address. A program is given them piece by piece, or as a whole for the length of a run.
 */
import { outOfMemory } from './errors.ts';
import type { Heap } from './heap.ts';

/** The bytes of an array that is in no WebAssembly memory. */
export type Page = Uint8Array<ArrayBuffer>;

/** Where an array is: the address of a block that kernels can reach, or a buffer that they cannot. */
export type Place = number | Page;

/** Which arrays are kept outside WebAssembly memory. */
export interface OutsideOptions {
  /** Bytes from which on an array may be. Default: 64 MB. */
  readonly fromBytes?: number;
  /** Bytes inside that it takes no more of: what goes beyond is outside. Default: 1 GB. */
  readonly insideBytes?: number;
}

const DEFAULT_FROM = 64 * 2 ** 20;
const DEFAULT_INSIDE = 2 ** 30;

/** Buffers outside, and which arrays go there. The heap keeps the accounts of both. */
export class Outside {
  readonly #heap: Heap;
  readonly #fromBytes: number;
  readonly #insideBytes: number;

  constructor(heap: Heap, options: OutsideOptions = {}) {
    this.#heap = heap;
    this.#fromBytes = options.fromBytes ?? DEFAULT_FROM;
    this.#insideBytes = options.insideBytes ?? DEFAULT_INSIDE;
  }

  /** True if an array of this size belongs here when so much is inside with it. */
  takes(bytes: number, inside: number): boolean {
    return bytes >= this.#fromBytes && inside > this.#insideBytes;
  }

  /**
   * A new buffer, of zeros.
   *
   * @throws {@link outOfMemory} if the host refuses.
   */
  allocate(bytes: number): Page {
    try {
      const page = new Uint8Array(bytes);
      this.#heap.countOutside(bytes);
      return page;
    } catch (cause) {
      throw outOfMemory.at({ cause }, bytes, this.#heap.outsideBytes, this.#heap.outsideBytes);
    }
  }

  /** Counts a buffer no more; the host's collector takes it. */
  free(page: Page): void {
    this.#heap.countOutside(-page.byteLength);
  }

  /** Copies an array that is here into a block of linear memory. */
  bringIn(page: Page, address: number, start = 0, bytes = page.byteLength - start): void {
    new Uint8Array(this.#heap.memory.buffer, address, bytes).set(
      page.subarray(start, start + bytes),
    );
  }

  /** A copy of a block of linear memory out here. */
  takeOut(address: number, bytes: number): Page {
    const page = this.allocate(bytes);
    page.set(new Uint8Array(this.#heap.memory.buffer, address, bytes));
    return page;
  }
}
