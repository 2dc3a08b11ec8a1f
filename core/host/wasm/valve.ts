/**
 * Makes the garbage collector run in time. To V8 an array of ours is a tiny object, whatever it holds
 * on the device, so by itself it would let thousands of unreachable ones pile up.
 */
import { nodeModule } from './node.ts';

const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

let collect: (() => void) | null | undefined;

/** A function that collects all garbage at once; null where the host offers none. */
function collector(): (() => void) | null {
  if (collect !== undefined) return collect;
  collect = null;
  try {
    nodeModule('node:v8')?.setFlagsFromString('--expose-gc');
    const gc = nodeModule('node:vm')?.runInNewContext('gc');
    if (typeof gc === 'function') collect = () => void gc();
  } catch {
    // Without it, ballast does the same, more slowly.
  }
  return collect;
}

/** Bytes of JavaScript memory that make V8 collect. */
const BALLAST = 256 * 2 ** 20;

/** Opens when live bytes pass a limit: the budget, or 1.5 times what the last collection left. */
export class Valve {
  readonly #liveBytes: () => number;
  readonly #budget: number;
  #limit: number;
  #running: Promise<void> | null = null;

  constructor(liveBytes: () => number, budget: number) {
    this.#liveBytes = liveBytes;
    this.#budget = budget;
    this.#limit = budget;
  }

  /** True if unreachable arrays should be reclaimed at the next point where the caller waits. */
  get wantsToOpen(): boolean {
    return this.#liveBytes() > this.#limit;
  }

  /** Collects garbage and waits until the memory of unreachable arrays is free again. */
  open(): Promise<void> {
    this.#running ??= this.#reclaim().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #reclaim(): Promise<void> {
    const gc = collector();
    for (let round = 0; round < 4 && this.#liveBytes() > this.#budget; round++) {
      const before = this.#liveBytes();
      if (gc !== null) gc();
      else new ArrayBuffer(BALLAST);
      // Finalisers are tasks of their own, after the present one.
      await nextTask();
      await nextTask();
      if (gc !== null && this.#liveBytes() === before) break;
    }
    this.#limit = Math.max(this.#budget, 1.5 * this.#liveBytes());
  }
}
