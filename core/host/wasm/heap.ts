/**
 * An allocator in WebAssembly memory: blocks in size classes, neighbours joined when freed, exact
 * accounts.
 *
 * @see Masmano et al.: TLSF, a new dynamic memory allocator for real-time systems, ECRTS 2004.
 */
import { type DType, memoryView, type TypedArray } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import { outOfMemory } from './errors.ts';

interface Block {
  readonly address: number;
  size: number;
  isFree: boolean;
  /** Neighbours in memory. */
  before: Block | null;
  after: Block | null;
  /** Neighbours among free blocks of the class. */
  previous: Block | null;
  next: Block | null;
}

/** Every address is a multiple of this: a cache line. */
const ALIGNMENT = 64;
const PAGE = 65536;
const MAX_PAGES = 65536;
/** Vector loads may touch a few bytes beyond the last element. */
const MARGIN = 64;

const CLASSES = 128;

/** Four classes for each power of two. */
function classOf(size: number): number {
  const units = size / ALIGNMENT;
  if (units < 4) return units;
  const log = 31 - Math.clz32(units);
  return 4 * (log - 1) + ((units >>> (log - 2)) & 3);
}

/** Memory and who holds which part of it. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #start: number;
  readonly #maxPages: number;
  readonly #free: (Block | null)[] = new Array<Block | null>(CLASSES).fill(null);
  readonly #used = new Map<number, Block>();
  #last: Block | null = null;
  /** End of the last block; everything above is untouched. */
  #top: number;
  #live = 0;
  #peak = 0;
  #outside = 0;
  #floats: Float32Array<ArrayBufferLike>;
  #ints: Int32Array<ArrayBufferLike>;
  #words: Uint32Array<ArrayBufferLike>;

  constructor(memory: WebAssembly.Memory, start: number, maxPages = MAX_PAGES) {
    this.memory = memory;
    this.#start = start;
    this.#top = start;
    this.#maxPages = maxPages;
    this.#floats = new Float32Array(memory.buffer);
    this.#ints = new Int32Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
  }

  /** Bytes in blocks that are held. */
  get liveBytes(): number {
    return this.#live;
  }

  /** Bytes in blocks that were freed and wait for reuse. */
  get pooledBytes(): number {
    return this.#top - this.#start - this.#live;
  }

  /** Bytes of arrays outside this memory. */
  get outsideBytes(): number {
    return this.#outside;
  }

  /** More bytes outside, or fewer. */
  countOutside(change: number): void {
    this.#outside += change;
    this.#notePeak();
  }

  /** Most bytes at once, inside and outside. */
  get peakBytes(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = 0;
    this.#notePeak();
  }

  /** All of memory as float32. Becomes stale when memory grows: ask each time. */
  get floats(): Float32Array<ArrayBufferLike> {
    return this.#floats;
  }

  /** All of memory as int32. */
  get ints(): Int32Array<ArrayBufferLike> {
    return this.#ints;
  }

  /** All of memory as uint32. */
  get words(): Uint32Array<ArrayBufferLike> {
    return this.#words;
  }

  /** A part of memory as elements of this type: 16-bit floats as bits, booleans as words. Becomes stale likewise. */
  view(dtype: DType, address: number, length: number): TypedArray {
    return memoryView(dtype, this.memory.buffer, address, length);
  }

  /**
   * The address of a new block; its contents are whatever was there.
   *
   * @throws {@link outOfMemory} if there is no room and memory cannot grow.
   */
  allocate(bytes: number): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const block = this.#take(size) ?? this.#extend(size);
    block.isFree = false;
    this.#used.set(block.address, block);
    this.#live += block.size;
    return block.address;
  }

  /** Gives a block back. */
  free(address: number): void {
    const block = this.#used.get(address);
    invariant(block !== undefined, `no block at ${address}`);
    this.#used.delete(address);
    this.#live -= block.size;
    block.isFree = true;
    const { before, after } = block;
    let joined = block;
    if (before?.isFree === true) {
      this.#unlink(before);
      joined = this.#join(before, block);
    }
    if (after?.isFree === true) {
      this.#unlink(after);
      joined = this.#join(joined, after);
    }
    if (joined.after === null) {
      // The last block: what is above it was never used, so the two become one.
      this.#top = joined.address;
      this.#last = joined.before;
      if (joined.before !== null) joined.before.after = null;
    } else {
      this.#link(joined);
    }
  }

  #join(first: Block, second: Block): Block {
    first.size += second.size;
    first.after = second.after;
    if (second.after === null) this.#last = first;
    else second.after.before = first;
    return first;
  }

  #link(block: Block): void {
    const k = classOf(block.size);
    const head = this.#free[k] ?? null;
    block.previous = null;
    block.next = head;
    if (head !== null) head.previous = block;
    this.#free[k] = block;
  }

  #unlink(block: Block): void {
    if (block.previous === null) this.#free[classOf(block.size)] = block.next;
    else block.previous.next = block.next;
    if (block.next !== null) block.next.previous = block.previous;
    block.previous = null;
    block.next = null;
  }

  /** A free block, cut to size. */
  #take(size: number): Block | null {
    const own = classOf(size);
    // Blocks of the size's own class may be smaller than asked; in the classes above all fit.
    for (let block = this.#free[own] ?? null; block !== null; block = block.next) {
      if (block.size >= size) return this.#cut(block, size);
    }
    for (let k = own + 1; k < CLASSES; k++) {
      const block = this.#free[k];
      if (block !== null && block !== undefined) return this.#cut(block, size);
    }
    return null;
  }

  #cut(block: Block, size: number): Block {
    this.#unlink(block);
    const rest = block.size - size;
    if (rest === 0) return block;
    const remainder: Block = {
      address: block.address + size,
      size: rest,
      isFree: true,
      before: block,
      after: block.after,
      previous: null,
      next: null,
    };
    if (block.after === null) this.#last = remainder;
    else block.after.before = remainder;
    block.after = remainder;
    block.size = size;
    this.#link(remainder);
    return block;
  }

  #extend(size: number): Block {
    const end = this.#top + size + MARGIN;
    if (end > this.memory.buffer.byteLength) this.#grow(end, size);
    const block: Block = {
      address: this.#top,
      size,
      isFree: false,
      before: this.#last,
      after: null,
      previous: null,
      next: null,
    };
    if (this.#last !== null) this.#last.after = block;
    this.#last = block;
    this.#top += size;
    this.#notePeak();
    return block;
  }

  #notePeak(): void {
    this.#peak = Math.max(this.#peak, this.#top - this.#start + this.#outside);
  }

  #grow(end: number, asked: number): void {
    const present = this.memory.buffer.byteLength / PAGE;
    const needed = Math.ceil(end / PAGE);
    const limit = this.#maxPages;
    if (needed > limit) throw outOfMemory(asked, this.#live, limit * PAGE);
    // Some in advance, since every growth makes new views.
    const wanted = Math.min(limit, Math.max(needed, Math.ceil(present * 1.25)));
    try {
      this.memory.grow(wanted - present);
    } catch (cause) {
      throw outOfMemory.at({ cause }, asked, this.#live, limit * PAGE);
    }
    this.#floats = new Float32Array(this.memory.buffer);
    this.#ints = new Int32Array(this.memory.buffer);
    this.#words = new Uint32Array(this.memory.buffer);
  }
}

/** A block that is made larger when asked for more; what it held is lost then. */
export class Workspace {
  readonly #heap: Heap;
  #address = 0;
  #bytes = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The address of at least this many bytes. */
  ensure(bytes: number): number {
    if (bytes > this.#bytes) {
      if (this.#bytes > 0) this.#heap.free(this.#address);
      this.#bytes = 0;
      this.#address = this.#heap.allocate(bytes);
      this.#bytes = bytes;
    }
    return this.#address;
  }

  /** Gives the memory back; the next use allocates again. */
  release(): void {
    if (this.#bytes > 0) this.#heap.free(this.#address);
    this.#bytes = 0;
    this.#address = 0;
  }
}
