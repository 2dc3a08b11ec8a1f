/** What programs call on the host: at once where they wait for results, else once they have run. */
import type { TypedArray } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import type { HostCall } from '../compile/control.ts';
import type { HostFunction } from '../ir/host-function.ts';
import type { HostCalls } from './device.ts';

/** The calls of one run. */
export class RunCalls implements HostCalls {
  readonly #functions: readonly HostFunction[];
  readonly #later: (() => void)[] = [];
  #finish: (() => void) | null = null;
  isFinished = false;

  constructor(functions: readonly HostFunction[]) {
    this.#functions = functions;
  }

  call(step: HostCall, elements: readonly TypedArray[]): readonly TypedArray[] {
    const called = this.#functions[step.call];
    invariant(called !== undefined, 'a call of nothing');
    const operands = step.operands.map((aval, i) => {
      const data = elements[i];
      invariant(data !== undefined, 'a call with too few operands');
      return { aval, data };
    });
    if (called.isAwaited) return insideCall(() => called.run(operands, step.results));
    this.#later.push(() => called.run(operands, step.results));
    return [];
  }

  finish(): void {
    this.isFinished = true;
    this.#finish?.();
  }

  /** Calls what was put off, in order. Throws what a function throws, after the others have run. */
  deliver(): void {
    const failures: unknown[] = [];
    for (const call of this.#later.splice(0)) {
      try {
        call();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Resolves when the program has run. */
  async finished(): Promise<void> {
    if (this.isFinished) return;
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
  }
}

let depth = 0;

/** True while a program waits for a function on the host. */
export const isInsideCall = (): boolean => depth > 0;

function insideCall<R>(body: () => R): R {
  depth++;
  try {
    return body();
  } finally {
    depth--;
  }
}

let pending: Promise<void> | null = null;
const failures: unknown[] = [];

/**
 * Queues work that follows everything queued before.
 *
 * @returns What resolves when it is done and fails if it does.
 */
export function queue(work: () => Promise<void>): Promise<void> {
  const done = (pending ?? Promise.resolve()).then(work);
  const settled = done
    .catch((error: unknown) => {
      // Told by the next flush, and to whoever reads what the same program computed.
      failures.push(error);
    })
    .then(() => {
      if (pending === settled) pending = null;
    });
  pending = settled;
  return done;
}

/** Resolves when what is queued now is done, however it ends; null if nothing is. */
export const pendingWork = (): Promise<void> | null => pending;

/**
 * Resolves when everything that programs print or call has been printed and called; on a GPU that may be
 * after the call that ran the program has returned.
 *
 * @throws What the functions threw.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.effects_barrier.html
 */
export async function flush(): Promise<void> {
  while (pending !== null) await pending;
  const [first] = failures.splice(0);
  if (first !== undefined) throw first;
}
