/**
 * Waiting that leaves the processor to others. Dawn in Node asks the driver again in every turn of the event loop until
 * what is awaited has happened, which keeps one core busy; a software adapter computes on those cores.
 */

/** Milliseconds in which nothing is slept through, so that short waits stay short. */
const attentive = 0.5;
/** A nap is this part of the wait so far, so that a wait grows by no more than that. */
const part = 1 / 32;
/** Milliseconds of a nap at most: what else is due on this thread is late by no more. */
const longest = 1;

/** Waits for promises that are kept by turns of the event loop. */
export class Patience {
  readonly #isNeeded: boolean;
  readonly #never: Int32Array | null;
  #waits = 0;
  #since = 0;

  /** @param isSoftware - Whether the adapter computes on the processor. */
  constructor(isSoftware: boolean) {
    const host: { navigator?: { gpu?: GPU } } = globalThis as object;
    this.#isNeeded = isSoftware && host.navigator?.gpu === undefined;
    this.#never = this.#isNeeded ? new Int32Array(new SharedArrayBuffer(4)) : null;
  }

  /** The same promise. While it is pending, this thread takes naps between its other work. */
  for<T>(promise: Promise<T>): Promise<T> {
    if (!this.#isNeeded) return promise;
    if (this.#waits++ === 0) {
      this.#since = performance.now();
      this.#later();
    }
    return promise.finally(() => {
      this.#waits--;
    });
  }

  #later(): void {
    setImmediate(() => {
      if (this.#waits === 0 || this.#never === null) return;
      const waited = performance.now() - this.#since;
      if (waited > attentive) Atomics.wait(this.#never, 0, 0, Math.min(longest, waited * part));
      this.#later();
    });
  }
}
