/** As much of IndexedDB as the store of findings needs, in memory; a database named `refused` cannot be opened. */

/** The factory, and a way past the store to what is in its databases. */
export type FakeDatabases = IDBFactory & {
  put(name: string, key: string, value: unknown): void;
};

/** A request that is answered in a later task. */
function request(answer: () => unknown): Record<string, unknown> {
  const made: Record<string, unknown> = { result: undefined, error: null };
  setTimeout(() => {
    try {
      made.result = answer();
    } catch (error) {
      made.error = error;
      call(made.onerror);
      return;
    }
    call(made.onsuccess);
  }, 0);
  return made;
}

const call = (listener: unknown): void => {
  if (typeof listener === 'function') listener();
};

/** Databases that are empty. */
export function fakeDatabases(): FakeDatabases {
  const databases = new Map<string, Map<string, unknown>>();
  const transaction = (records: Map<string, unknown>): Record<string, unknown> => {
    const made: Record<string, unknown> = {
      error: null,
      objectStore: () => ({
        get: (key: string) => request(() => records.get(key)),
        put: (value: unknown, key: string) =>
          request(() => {
            records.set(key, structuredClone(value));
            // What was asked for last completes the transaction.
            setTimeout(() => call(made.oncomplete), 0);
          }),
      }),
    };
    return made;
  };
  const open = (name: string): Record<string, unknown> => {
    const opening: Record<string, unknown> = request(() => {
      if (name === 'refused') throw new Error('no database of this name may be opened');
      const known = databases.get(name);
      const records = known ?? new Map<string, unknown>();
      databases.set(name, records);
      const database = { createObjectStore: () => {}, transaction: () => transaction(records) };
      opening.result = database;
      if (known === undefined) call(opening.onupgradeneeded);
      return database;
    });
    return opening;
  };
  const put = (name: string, key: string, value: unknown): void => {
    databases.get(name)?.set(key, value);
  };
  // It has those members of the interface that are used.
  return { open, put } as unknown as FakeDatabases;
}
