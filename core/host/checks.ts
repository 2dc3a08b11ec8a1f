/** Which values programs are checked for: settings for all of them, and for what runs inside a call. */

/** What results are checked for. */
export interface Checks {
  readonly nans: boolean;
  readonly infs: boolean;
}

let current: Checks = { nans: false, infs: false };

/** What results are checked for now. */
export const checksNow = (): Checks => current;

/** Changes what is checked from now on. */
export function setChecks(checks: Partial<Checks>): void {
  current = { ...current, ...checks };
}

/** Runs `body` with these checks, and those that are on already; also what an async function awaits. */
export function withChecks<R>(checks: Partial<Checks>, body: () => R): R {
  const saved = current;
  const restore = (): void => {
    current = saved;
  };
  current = { ...current, ...checks };
  let isLater = false;
  try {
    const result = body();
    if (result instanceof Promise) {
      isLater = true;
      result.then(restore, restore);
    }
    return result;
  } finally {
    if (!isLater) restore();
  }
}
