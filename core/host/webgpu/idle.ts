/** Notices when something has not been used for a while. */

/** Calls `act` after some time, without keeping a process alive for it. */
export type Later = (act: () => void, milliseconds: number) => void;

/** Between looks at whether there was any use. */
const period = 1000;

const hostLater: Later = (act, milliseconds) => {
  const timer: unknown = setTimeout(act, milliseconds);
  // Node's timers are objects that keep the process alive unless told otherwise; a browser's are numbers.
  if (hasUnref(timer)) timer.unref();
};

const hasUnref = (timer: unknown): timer is { unref(): void } =>
  typeof timer === 'object' && timer !== null && 'unref' in timer;

/** Calls back once for each time that use ends: one to two seconds after the last. */
export class IdleWatch {
  readonly #onIdle: () => void;
  readonly #later: Later;
  #isUsed = false;
  #isWatching = false;

  constructor(onIdle: () => void, later: Later = hostLater) {
    this.#onIdle = onIdle;
    this.#later = later;
  }

  /** To be called at each use. */
  touch(): void {
    this.#isUsed = true;
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#look();
  }

  #look(): void {
    this.#isUsed = false;
    this.#later(() => {
      if (this.#isUsed) {
        this.#look();
        return;
      }
      this.#isWatching = false;
      this.#onIdle();
    }, period);
  }
}
