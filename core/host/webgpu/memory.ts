/** GPU buffers: size classes, reuse, and exact accounts. */
import { arrayTooLarge, outOfDeviceMemory } from './errors.ts';
import type { Failures } from './failures.ts';

/** A buffer in use. `id` never repeats. */
export interface Allocation {
  readonly id: number;
  readonly buffer: GPUBuffer;
  /** Size of the buffer: at least what was asked for. */
  readonly bytes: number;
}

// The constants of GPUBufferUsage, which Node does not define globally.
const usage = { mapRead: 0x1, copySource: 0x4, copyDestination: 0x8, storage: 0x80 } as const;
/** What arrays are used as. */
export const arrayUsage = usage.storage | usage.copySource | usage.copyDestination;
/** What read results are copied to. */
export const stagingUsage = usage.mapRead | usage.copyDestination;

const smallest = 256;

/** The size class of a request: powers of two and three steps between, so that at most a fifth is wasted. */
export function sizeClass(bytes: number): number {
  if (bytes <= smallest) return smallest;
  const power = 2 ** Math.floor(Math.log2(bytes));
  const step = power / 4;
  return Math.ceil(bytes / step) * step;
}

/** Bytes of all buffers that exist, in use or kept. */
export class Accounts {
  #held = 0;
  #peak = 0;

  /** The most that existed at once since {@link resetPeak}. */
  get peak(): number {
    return this.#peak;
  }

  change(bytes: number): void {
    this.#held += bytes;
    this.#peak = Math.max(this.#peak, this.#held);
  }

  resetPeak(): void {
    this.#peak = this.#held;
  }
}

/** What a pool needs from its device. */
export interface PoolOptions {
  readonly device: GPUDevice;
  readonly usage: number;
  readonly failures: Failures;
  readonly accounts: Accounts;
  /** Held by arrays and kept for reuse together, above which kept buffers are given back. */
  readonly budgetBytes: number;
  /** True while buffers may be in use by work that the queue has not been given. */
  readonly isWaiting: () => boolean;
  /** Gives the queue what can be given to it. */
  readonly flush: () => void;
  /** Told whenever a buffer becomes free. */
  readonly onFree?: () => void;
  /** Told of each buffer that is destroyed. */
  readonly onDestroy?: (id: number) => void;
}

let nextId = 1;

/** Buffers of one usage. A freed buffer may be reused at once: the queue keeps the order of its uses. */
export class BufferPool {
  readonly #options: PoolOptions;
  /** Free buffers by size, the one freed last at the end. */
  readonly #free = new Map<number, Allocation[]>();
  #liveBytes = 0;
  #pooledBytes = 0;
  #count = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  get pooledBytes(): number {
    return this.#pooledBytes;
  }

  /** Allocations in use. */
  get count(): number {
    return this.#count;
  }

  /** A buffer of at least this size, with anything in it. @throws `array-too-large` */
  acquire(bytes: number, name: () => string): Allocation {
    const limit = this.#options.device.limits.maxBufferSize;
    if (bytes > limit) throw arrayTooLarge(name(), bytes, limit, 'maxBufferSize');
    const wanted = Math.min(sizeClass(bytes), Math.floor(limit / 4) * 4);
    const found = this.#free.get(wanted)?.pop();
    if (found !== undefined) this.#pooledBytes -= wanted;
    const allocation = found ?? this.#create(wanted);
    this.#liveBytes += wanted;
    this.#count++;
    return allocation;
  }

  /** Takes a buffer back for reuse. */
  release(allocation: Allocation): void {
    const { bytes } = allocation;
    this.#liveBytes -= bytes;
    this.#pooledBytes += bytes;
    this.#count--;
    const free = this.#free.get(bytes);
    if (free === undefined) this.#free.set(bytes, [allocation]);
    else free.push(allocation);
    this.#options.onFree?.();
  }

  /** Takes a buffer back that cannot be used again. */
  discard(allocation: Allocation): void {
    this.#liveBytes -= allocation.bytes;
    this.#count--;
    this.#destroy(allocation);
  }

  /** Destroys free buffers, of the least recently used sizes first, until no more than `keep` bytes are left. */
  trim(keep: number): void {
    if (this.#pooledBytes <= keep || this.#options.isWaiting()) return;
    this.#options.flush();
    for (const [bytes, free] of this.#free) {
      while (free.length > 0 && this.#pooledBytes > keep) {
        const oldest = free.shift();
        if (oldest === undefined) break;
        this.#pooledBytes -= bytes;
        this.#destroy(oldest);
      }
      if (free.length === 0) this.#free.delete(bytes);
      if (this.#pooledBytes <= keep) break;
    }
    // Dawn gives destroyed memory back with the next submit only.
    this.#options.device.queue.submit([]);
  }

  #destroy({ id, buffer, bytes }: Allocation): void {
    buffer.destroy();
    this.#options.accounts.change(-bytes);
    this.#options.onDestroy?.(id);
  }

  #create(bytes: number): Allocation {
    const { device, failures, budgetBytes } = this.#options;
    if (this.#liveBytes + this.#pooledBytes + bytes > budgetBytes) {
      this.trim(Math.max(0, budgetBytes - this.#liveBytes - bytes));
    }
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ size: bytes, usage: this.#options.usage });
    this.#options.accounts.change(bytes);
    const { liveBytes, count } = this;
    failures.watch(device.popErrorScope(), (cause) =>
      outOfDeviceMemory.at({ site: null, cause }, bytes, liveBytes, count),
    );
    return { id: nextId++, buffer, bytes };
  }
}
