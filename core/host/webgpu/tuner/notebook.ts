/** What a tuner has found, and the store that keeps it. Trouble with the store is told once and stops nothing. */
import { DatabaseStore, defaultDatabase } from './database-store.ts';
import { defaultFile, FileStore } from './file-store.ts';
import { type Finding, MemoryStore, type TuningStore } from './store.ts';
import { warn } from './warn.ts';

const isNode = (): boolean => {
  const host: { process?: { versions?: { node?: string } } } = globalThis as object;
  return host.process?.versions?.node !== undefined;
};

/** The store of this name: a file in Node, a database in a browser. */
export async function openStore(name?: string): Promise<TuningStore> {
  if (isNode()) return new FileStore(name ?? (await defaultFile()));
  const host: { indexedDB?: IDBFactory } = globalThis;
  return host.indexedDB === undefined
    ? new MemoryStore()
    : new DatabaseStore(name ?? defaultDatabase, host.indexedDB);
}

/** Findings for one adapter. */
export class Notebook {
  readonly #store: TuningStore;
  readonly #adapter: string;
  readonly #found: Map<string, Finding>;
  #saved: Promise<void> = Promise.resolve();
  #isWarned = false;

  private constructor(store: TuningStore, adapter: string) {
    this.#store = store;
    this.#adapter = adapter;
    this.#found = new Map();
  }

  /** The findings that a store has for this adapter. */
  static async open(store: TuningStore, adapter: string): Promise<Notebook> {
    const book = new Notebook(store, adapter);
    try {
      const kept = await store.read(adapter);
      for (const [name, finding] of Object.entries(kept)) book.#found.set(name, finding);
    } catch (cause) {
      book.#warn('read', cause);
    }
    return book;
  }

  get(name: string): Finding | undefined {
    return this.#found.get(name);
  }

  /** Adds a finding, and keeps it. */
  add(name: string, finding: Finding): void {
    this.#found.set(name, finding);
    this.#saved = this.#saved
      .then(() => this.#store.add(this.#adapter, { [name]: finding }))
      .catch((cause: unknown) => this.#warn('written', cause));
  }

  /** Resolves when all findings so far are kept. */
  saved(): Promise<void> {
    return this.#saved;
  }

  #warn(what: 'read' | 'written', cause: unknown): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const why = cause instanceof Error ? cause.message : String(cause);
    warn(`findings of the tuner could not be ${what}, so kernels will be measured again: ${why}`);
  }
}
