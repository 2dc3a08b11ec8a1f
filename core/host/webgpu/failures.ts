/** WebGPU reports errors later than they happen; the next read raises them. */
import { EnerjaxError } from '../../base/errors.ts';
import { deviceLost, executionFailed } from './errors.ts';

/** Errors that have been reported and not yet raised. */
export class Failures {
  #first: EnerjaxError | null = null;
  #consequence: EnerjaxError | null = null;
  #lost: EnerjaxError | null = null;
  readonly #awaited = new Set<Promise<void>>();
  #lastRun = 'the first program';

  /** What is run now: it is named in errors of which the GPU does not say where they come from. */
  running(name: string): void {
    this.#lastRun = name;
  }

  /** Keeps an error for the next read; later ones are dropped, since they follow from it as a rule. */
  report(error: EnerjaxError): void {
    this.#first ??= error;
  }

  /** Keeps what delayed work has thrown. */
  reportThrown(error: unknown): void {
    if (error instanceof EnerjaxError) this.report(error);
    else this.report(this.#failed(error, error instanceof Error ? error.message : String(error)));
  }

  /** Keeps an error that is raised only if no cause of it is known. */
  reportConsequence(cause: unknown, message: string): void {
    this.#consequence ??= this.#failed(cause, message);
  }

  #failed(cause: unknown, message: string): EnerjaxError {
    return executionFailed.at({ site: null, cause }, this.#lastRun, message);
  }

  /** From now on everything fails. */
  lose(reason: string, cause: unknown): void {
    this.#lost ??= deviceLost.at({ site: null, cause }, reason);
  }

  /** Reports what an error scope caught, once that is known. */
  watch(scope: Promise<GPUError | null>, describe: (error: GPUError) => EnerjaxError): void {
    const done = scope
      .then((error) => {
        if (error !== null) this.report(describe(error));
      })
      .catch((cause: unknown) => this.lose('it stopped answering', cause))
      .finally(() => this.#awaited.delete(done));
    this.#awaited.add(done);
  }

  /** Makes reads wait for something that may report an error. */
  await(done: Promise<void>): void {
    const watched = done.finally(() => this.#awaited.delete(watched));
    this.#awaited.add(watched);
  }

  /** Waits for what is being watched. */
  async known(): Promise<void> {
    await Promise.all(this.#awaited);
  }

  /** @throws the first error that is not yet raised, or that of the loss. */
  raise(): void {
    const error = this.#lost ?? this.#first ?? this.#consequence;
    this.#first = null;
    this.#consequence = null;
    if (error !== null) throw error;
  }

  /** @throws if the device is gone. */
  raiseLoss(): void {
    if (this.#lost !== null) throw this.#lost;
  }
}
