/**
 * Work for the GPU in the order in which it was asked for, also while pipelines are still being compiled: then
 * it waits on the host, and everything asked for later waits behind it.
 */

interface Waiting {
  readonly needs: readonly Promise<void>[];
  readonly work: () => void;
}

/** Hands work to the GPU's queue in order. */
export class WorkOrder {
  readonly #waiting: Waiting[] = [];
  readonly #onError: (error: unknown) => void;
  #draining: Promise<void> | null = null;

  /** @param onError - Told what delayed work throws; what is done at once throws to its caller. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** True while work waits: buffers that it uses must not be destroyed. */
  get isWaiting(): boolean {
    return this.#draining !== null;
  }

  /** Does `work` at once, or when all that it needs is there and all before it is done. */
  add(needs: readonly Promise<void>[], work: () => void): void {
    if (this.#draining === null && needs.length === 0) {
      work();
      return;
    }
    this.#waiting.push({ needs, work });
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything asked for so far has been handed over; null if it has. */
  handedOver(): Promise<void> | null {
    return this.#draining;
  }

  /** Forgets what waits. */
  drop(): void {
    this.#waiting.length = 0;
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // Refusals are told with the pipeline that was refused.
      await Promise.allSettled(next.needs);
      try {
        next.work();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#draining = null;
  }
}
