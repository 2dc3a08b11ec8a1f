/** Findings in a browser's IndexedDB: a record per adapter. */
import { asFindings, type Findings, type TuningStore } from './store.ts';

const table = 'findings';
const version = 1;

/** The database's name unless the user gives another. */
export const defaultDatabase = 'enerjax-tuning';

/** The result of a request. */
const answered = <R>(request: IDBRequest<R>): Promise<R> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Resolves when all that a transaction did is kept. */
const finished = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });

/** A store in this database, which need not exist. */
export class DatabaseStore implements TuningStore {
  readonly #name: string;
  readonly #factory: IDBFactory;
  #opened: Promise<IDBDatabase> | null = null;

  constructor(name: string, factory: IDBFactory) {
    this.#name = name;
    this.#factory = factory;
  }

  async read(adapter: string): Promise<Findings> {
    const database = await this.#open();
    const kept = await answered(
      database.transaction(table, 'readonly').objectStore(table).get(adapter),
    );
    if (kept === undefined) return {};
    const found = asFindings(kept);
    if (found === undefined) throw new Error('it holds something else than findings');
    return found;
  }

  async add(adapter: string, found: Findings): Promise<void> {
    const database = await this.#open();
    // Reading and writing in one transaction: what another tab adds is not lost.
    const transaction = database.transaction(table, 'readwrite');
    const done = finished(transaction);
    const records = transaction.objectStore(table);
    const kept: unknown = await answered(records.get(adapter));
    records.put({ ...asFindings(kept), ...found }, adapter);
    await done;
  }

  #open(): Promise<IDBDatabase> {
    if (this.#opened !== null) return this.#opened;
    const request = this.#factory.open(this.#name, version);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(table);
    };
    this.#opened = answered(request);
    return this.#opened;
  }
}
