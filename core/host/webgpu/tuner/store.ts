/** Where a tuner's findings are kept from one process, or one visit of a page, to the next. */

/** What was found for a class of kernels. */
export interface Finding {
  /** The name of the way of emitting them that was fastest. */
  readonly choice: string;
  /** How many times as fast as the generator's own choice it was. */
  readonly speedup: number;
}

/** Findings by class of kernels. */
export type Findings = Readonly<Record<string, Finding>>;

/** Keeps findings. */
export interface TuningStore {
  /** The findings for an adapter; none if there are none. Rejects if what is kept cannot be read. */
  read(adapter: string): Promise<Findings>;
  /** Adds findings to those for an adapter. What cannot be read is replaced. */
  add(adapter: string, found: Findings): Promise<void>;
}

/** A store that is gone with the process. */
export class MemoryStore implements TuningStore {
  readonly #found = new Map<string, Findings>();

  async read(adapter: string): Promise<Findings> {
    return this.#found.get(adapter) ?? {};
  }

  async add(adapter: string, found: Findings): Promise<void> {
    this.#found.set(adapter, { ...this.#found.get(adapter), ...found });
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Findings that were read from outside, or undefined if they are something else. */
export function asFindings(value: unknown): Findings | undefined {
  if (!isRecord(value)) return undefined;
  const found: Record<string, Finding> = {};
  for (const [name, finding] of Object.entries(value)) {
    if (!isRecord(finding)) return undefined;
    const { choice, speedup } = finding;
    if (typeof choice !== 'string' || typeof speedup !== 'number') return undefined;
    found[name] = { choice, speedup };
  }
  return found;
}

/** Findings of all adapters that were read from outside, or undefined if they are something else. */
export function asFindingsByAdapter(
  value: unknown,
): Readonly<Record<string, Findings>> | undefined {
  if (!isRecord(value)) return undefined;
  const all: Record<string, Findings> = {};
  for (const [adapter, kept] of Object.entries(value)) {
    const found = asFindings(kept);
    if (found === undefined) return undefined;
    all[adapter] = found;
  }
  return all;
}
