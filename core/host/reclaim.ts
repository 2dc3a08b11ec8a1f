/**
 * The pressure valve: makes the collector run when arrays that nobody can reach hold too much memory.
 *
 * A JavaScript engine sees an array on a device as a few bytes and leaves it for ever. A finalization
 * registry frees it, but only after a full collection and in a later task. So above a budget the collection
 * is brought about, at a point where the library waits anyway. A loop that never awaits cannot be helped.
 */

/** Where memory is watched. */
export interface ReclaimOptions {
  /** Below this nothing is done. */
  readonly budgetBytes: number;
  /** Bytes that are held now. */
  readonly liveBytes: () => number;
}

/** Brings about collections. */
export interface Reclaimer {
  /** To be awaited wherever the device waits: frees unreachable arrays, or is null if there is no need. */
  reclaimIfNeeded(): Promise<void> | null;
}

/** Rounds of collection at most. */
const maxRounds = 4;
/** Tasks in which a registry's callbacks may run; in Node 20 it is the second at times. */
const tasksPerRound = 3;
/** How much more than what survived the last collection may be live before the next. */
const growth = 1.5;
const ballastBytes = 256 * 2 ** 20;

const task = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 0);
  });

let collector: Promise<(() => void) | null> | null = null;

/** A function that collects garbage at once, or null where the host offers none. */
export function loadCollector(): Promise<(() => void) | null> {
  collector ??= findCollector();
  return collector;
}

async function findCollector(): Promise<(() => void) | null> {
  const host: { gc?: () => void; process?: { versions?: { node?: string } } } =
    globalThis as object;
  if (typeof host.gc === 'function') return host.gc;
  if (host.process?.versions?.node === undefined) return null;
  try {
    const [v8, vm] = await Promise.all([import('node:v8'), import('node:vm')]);
    v8.setFlagsFromString('--expose-gc');
    const found: unknown = vm.runInNewContext('gc');
    return typeof found === 'function' ? () => void found() : null;
  } catch {
    // Other hosts claim to be Node and lack these modules: the ballast serves them.
    return null;
  }
}

/** Memory that the engine does count, dropped at once: allocating it makes a full collection due. */
function dropBallast(): void {
  try {
    new ArrayBuffer(ballastBytes);
  } catch {
    // No room for it: the engine has collected all it could before it gave up.
  }
}

/** A valve for one device's memory. */
export function createReclaimer({ budgetBytes, liveBytes }: ReclaimOptions): Reclaimer {
  let threshold = budgetBytes;
  let underWay: Promise<void> | null = null;

  const reclaim = async (): Promise<void> => {
    const collect = await loadCollector();
    for (let round = 0; round < maxRounds && liveBytes() > budgetBytes; round++) {
      const before = liveBytes();
      (collect ?? dropBallast)();
      for (let n = 0; n < tasksPerRound && liveBytes() === before; n++) await task();
      // A real collection that frees nothing has nothing to free; ballast may need several tries.
      if (collect !== null && liveBytes() === before) break;
    }
    threshold = Math.max(budgetBytes, growth * liveBytes());
  };

  return {
    reclaimIfNeeded() {
      if (underWay === null && liveBytes() <= threshold) return null;
      underWay ??= reclaim().finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}
