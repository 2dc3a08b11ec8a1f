/** The WebAssembly device: kernels in SIMD code, on as many threads as the host allows. */

import { bytesOf, type DType, type TypedArray } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Plan, Target } from '../../compile/plan.ts';
import type { Storage } from '../../ir/value.ts';
import type { Device, Executable, MemoryStats, PendingUpload } from '../device.ts';
import { environment } from '../environment.ts';
import { createReclaimer, type Reclaimer } from '../reclaim.ts';
import { noSimd } from './errors.ts';
import { WasmExecutable } from './executable.ts';
import { coreCount, hasRelaxedSimd, hasSimd } from './features.ts';
import { Heap, Workspace } from './heap.ts';
import { Library } from './library.ts';
import { nodeModule } from './node.ts';
import { Outside, type OutsideOptions } from './outside.ts';
import { FIRST_ADDRESS } from './paging.ts';
import type { Surroundings } from './sequence.ts';
import { StorageOwner, setElementsAt, WasmStorage } from './storage.ts';
import { Threads } from './threads.ts';

/** How the device works. */
export interface WasmDeviceOptions {
  /** Threads in all. Default: `ENERJAX_THREADS`, or as many as there are cores, 8 at most; 1 in browsers. */
  readonly threads?: number;
  /** Bytes that arrays may hold before unreachable ones are looked for. Default: 512 MB. */
  readonly budgetBytes?: number;
  /** Which arrays are kept outside the 4 GB that WebAssembly addresses. */
  readonly outside?: OutsideOptions;
}

const MAX_PAGES = 65536;
const DEFAULT_BUDGET = 512 * 2 ** 20;

/** Threads in all that this host can run and the user wants. */
function threadCountFor(wanted: number | undefined): number {
  // A browser's main thread may not wait for others.
  const canThread =
    typeof SharedArrayBuffer !== 'undefined' && nodeModule('node:worker_threads') !== null;
  const named = Number(environment('ENERJAX_THREADS') ?? Number.NaN);
  const fallback = Number.isInteger(named) && named >= 1 ? named : Math.min(coreCount(), 8);
  return canThread ? Math.max(1, wanted ?? fallback) : 1;
}

class WasmDevice implements Device {
  readonly name = 'wasm';
  readonly description: string;
  readonly target: Target;
  readonly #heap: Heap;
  readonly #outside: Outside;
  readonly #around: Surroundings;
  readonly #reclaimer: Reclaimer;

  constructor({ threads, budgetBytes = DEFAULT_BUDGET, outside = {} }: WasmDeviceOptions) {
    if (!hasSimd()) throw noSimd();
    const threadCount = threadCountFor(threads);
    const shared = threadCount > 1;
    const relaxed = hasRelaxedSimd();
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MAX_PAGES, shared });
    // Memory below the first address is for the words that threads talk through.
    const heap = new Heap(memory, FIRST_ADDRESS);
    const pages = new Outside(heap, outside);
    const library = new Library(memory, { shared, relaxed });
    this.#heap = heap;
    this.#outside = pages;
    this.#reclaimer = createReclaimer({
      budgetBytes,
      liveBytes: () => heap.liveBytes + heap.outsideBytes,
    });
    this.#around = {
      heap,
      library,
      threadCount,
      owner: new StorageOwner(heap, pages, () => this.#reclaimer.reclaimIfNeeded()),
      threads: shared
        ? new Threads({ memory, gemmModule: library.gemmModule, helpers: threadCount - 1 })
        : null,
      arena: new Workspace(heap),
      scratch: new Workspace(heap),
      panels: new Workspace(heap),
      tables: new FinalizationRegistry((address) => heap.free(address)),
    };
    this.description = `WebAssembly, SIMD${relaxed ? ' with fused multiply-add' : ''}, ${threadCount} thread${
      threadCount === 1 ? '' : 's'
    }, float32`;
    this.target = {
      device: 'wasm',
      fuse: true,
      maxBuffers: 64,
      alignment: 64,
      hasSerialRows: true,
      hasFastThreads: true,
      writesWords: false,
      writesHalves: true,
      minRows: 4 * threadCount,
      splitProducts: null,
      gathersProducts: true,
      concurrency: 4 * threadCount,
    };
  }

  upload(data: TypedArray, dtype: DType): Storage {
    const heap = this.#heap;
    const bytes = data.length * bytesOf(dtype);
    const isOutside = this.#outside.takes(bytes, heap.liveBytes + bytes);
    const place = isOutside ? this.#outside.allocate(bytes) : heap.allocate(bytes);
    setElementsAt(heap, place, dtype, data);
    return new WasmStorage(this.#around.owner, place, dtype, data.length);
  }

  beginUpload(length: number, dtype: DType): PendingUpload {
    const heap = this.#heap;
    const address = heap.allocate(length * bytesOf(dtype));
    let done = 0;
    return {
      append: (next) => {
        invariant(done + next.length <= length, `more than ${length} elements`);
        // Seen anew each time: memory may have grown in between.
        heap.view(dtype, address, length).set(next, done);
        done += next.length;
      },
      finish: () => {
        invariant(done === length, `${done} of ${length} elements were handed over`);
        return new WasmStorage(this.#around.owner, address, dtype, length);
      },
      abandon: () => heap.free(address),
    };
  }

  load(plan: Plan): Executable {
    return new WasmExecutable(plan, this.#around);
  }

  async settle(): Promise<void> {
    const reclaimed = this.#reclaimer.reclaimIfNeeded();
    if (reclaimed === null) return;
    const { arena, scratch, panels } = this.#around;
    // Nothing runs now, so what only runs need can go as well; the next one allocates it again.
    for (const workspace of [arena, scratch, panels]) workspace.release();
    await reclaimed;
  }

  memory(): MemoryStats {
    const { liveBytes, outsideBytes, pooledBytes, peakBytes } = this.#heap;
    return {
      liveBytes: liveBytes + outsideBytes,
      pooledBytes,
      peakBytes,
      liveArrays: this.#around.owner.liveArrays,
    };
  }

  resetPeak(): void {
    this.#heap.resetPeak();
  }
}

/** A WebAssembly device with memory of its own. */
export function createWasmDevice(options: WasmDeviceOptions = {}): Device {
  invariant(typeof WebAssembly === 'object', 'a host without WebAssembly');
  return new WasmDevice(options);
}
