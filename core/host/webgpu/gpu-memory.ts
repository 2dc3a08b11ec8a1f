/** The memory of a GPU: of arrays, of intermediates, and of what is being read. */
import { showAval, sizeOf } from '../../base/aval.ts';
import type { DType, TypedArray } from '../../base/dtype.ts';
import type { Plan } from '../../compile/plan.ts';
import type { MemoryStats } from '../device.ts';
import { createReclaimer, type Reclaimer } from '../reclaim.ts';
import type { BindGroups } from './bind-groups.ts';
import { outputBytes } from './executable.ts';
import type { Failures } from './failures.ts';
import { IdleWatch, type Later } from './idle.ts';
import { Accounts, type Allocation, arrayUsage, BufferPool, stagingUsage } from './memory.ts';
import { type StorageOwner, WebGpuStorage } from './storage.ts';

/** What memory needs from its device. */
export interface GpuMemoryOptions {
  readonly device: GPUDevice;
  readonly failures: Failures;
  readonly bindGroups: BindGroups;
  readonly budgetBytes: number;
  /** True while buffers may be in use by work that the queue has not been given. */
  readonly isWaiting: () => boolean;
  /** Gives the queue what can be given to it. */
  readonly flush: () => void;
  readonly read: (storage: WebGpuStorage) => Promise<TypedArray>;
  /** What tells when the device has been idle for a while. Default: the host's timers. */
  readonly later?: Later | undefined;
}

/** One array's elements to be copied to another. */
export interface Copy {
  readonly from: Allocation;
  readonly to: Allocation;
  readonly bytes: number;
}

/** Arrays, the arena, and buffers that the host can read. */
export class GpuMemory implements StorageOwner {
  readonly arrays: BufferPool;
  readonly staging: BufferPool;
  readonly accounts = new Accounts();
  readonly read: (storage: WebGpuStorage) => Promise<TypedArray>;
  readonly #bindGroups: BindGroups;
  readonly #budgetBytes: number;
  readonly #isWaiting: () => boolean;
  readonly #reclaimer: Reclaimer;
  readonly #unreachable: FinalizationRegistry<Allocation>;
  readonly #idle: IdleWatch;
  #arena: Allocation | null = null;
  #isArenaUsed = false;

  constructor({ bindGroups, read, later, ...options }: GpuMemoryOptions) {
    const { budgetBytes } = options;
    this.#idle = new IdleWatch(() => this.#onIdle(), later);
    const onFree = (): void => this.#idle.touch();
    const shared = { ...options, accounts: this.accounts, onFree };
    const onDestroy = (id: number): void => bindGroups.forget(id);
    this.read = read;
    this.arrays = new BufferPool({ ...shared, usage: arrayUsage, onDestroy });
    this.staging = new BufferPool({ ...shared, usage: stagingUsage });
    this.#bindGroups = bindGroups;
    this.#budgetBytes = budgetBytes;
    this.#isWaiting = options.isWaiting;
    this.#reclaimer = createReclaimer({ budgetBytes, liveBytes: () => this.arrays.liveBytes });
    this.#unreachable = new FinalizationRegistry((allocation) => this.arrays.release(allocation));
  }

  /** An array that owns this buffer until it is freed or cannot be reached. */
  adopt(allocation: Allocation, dtype: DType, length: number): WebGpuStorage {
    const storage = new WebGpuStorage(this, allocation, dtype, length);
    this.#unreachable.register(storage, allocation, storage);
    return storage;
  }

  freed(storage: WebGpuStorage, allocation: Allocation): void {
    this.#unreachable.unregister(storage);
    this.arrays.release(allocation);
  }

  /**
   * A buffer for each output. One that takes over an input's memory gets its buffer if that is given
   * up and bound nowhere else, and otherwise a copy.
   */
  allocateOutputs(
    plan: Plan,
    inputs: readonly WebGpuStorage[],
    donated: ReadonlySet<number>,
  ): { readonly results: Allocation[]; readonly copies: Copy[] } {
    const copies: Copy[] = [];
    const results = plan.outputs.map((aval, index) => {
      const bytes = outputBytes(plan, index);
      const input = plan.aliases.get(index);
      const array = input === undefined ? undefined : inputs[input];
      const isOwn = array !== undefined && inputs.indexOf(array) === inputs.lastIndexOf(array);
      if (input !== undefined && donated.has(input) && isOwn) {
        this.#unreachable.unregister(array);
        return array.giveUp();
      }
      const made = this.arrays.acquire(bytes, () => `result ${showAval(aval)}`);
      if (array !== undefined && bytes > 0)
        copies.push({ from: array.allocation, to: made, bytes });
      return made;
    });
    return { results, copies };
  }

  /** The arrays of a run's results, in their buffers. */
  adoptOutputs({ outputs }: Plan, results: readonly Allocation[]): WebGpuStorage[] {
    return results.flatMap((allocation, i) => {
      const aval = outputs[i];
      return aval === undefined ? [] : [this.adopt(allocation, aval.dtype, sizeOf(aval.shape))];
    });
  }

  /** One buffer serves the intermediates of all programs: the queue runs them one after the other. */
  growArena(bytes: number): Allocation {
    this.#isArenaUsed = true;
    this.#idle.touch();
    if (this.#arena !== null && this.#arena.bytes >= bytes) return this.#arena;
    if (this.#arena !== null) this.arrays.release(this.#arena);
    this.#arena = this.arrays.acquire(bytes, () => 'the intermediate arrays together');
    return this.#arena;
  }

  /** Frees what nobody can reach, if there is much of it. To be awaited wherever the device waits. */
  async reclaim(): Promise<void> {
    await this.#reclaimer.reclaimIfNeeded();
    await this.#bindGroups.reclaimIfNeeded();
  }

  #onIdle(): void {
    if (this.#isWaiting()) {
      this.#idle.touch();
      return;
    }
    this.#isArenaUsed = false;
    this.trim();
  }

  /** Gives back what an idle device need not keep. */
  trim(): void {
    if (!this.#isArenaUsed && this.#arena !== null) {
      this.arrays.release(this.#arena);
      this.#arena = null;
    }
    this.#isArenaUsed = false;
    this.arrays.trim(this.#budgetBytes / 4);
    this.staging.trim(this.#budgetBytes / 16);
  }

  get stats(): MemoryStats {
    const { arrays, staging } = this;
    const arena = this.#arena === null ? 0 : 1;
    return {
      liveBytes: arrays.liveBytes,
      pooledBytes: arrays.pooledBytes + staging.liveBytes + staging.pooledBytes,
      peakBytes: this.accounts.peak,
      liveArrays: arrays.count - arena,
    };
  }

  resetPeak(): void {
    this.accounts.resetPeak();
  }
}
