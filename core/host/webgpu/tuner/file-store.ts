/** Findings in a JSON file, in Node. The file is replaced as a whole, so that no reader ever sees a part of it. */
import { environment } from '../../environment.ts';
import { asFindingsByAdapter, type Findings, type TuningStore } from './store.ts';

// Loaded when first needed: a browser has none of these modules.
const files = () => import('node:fs/promises');
const paths = () => import('node:path');

/** What the file holds; the number changes with its form. */
const form = 1;

/** The file that findings are in unless the user names another. */
export async function defaultFile(): Promise<string> {
  const [{ homedir }, { join }] = await Promise.all([import('node:os'), paths()]);
  const folder =
    environment('XDG_CACHE_HOME') ?? environment('LOCALAPPDATA') ?? join(homedir(), '.cache');
  return join(folder, 'enerjax', 'tuning.json');
}

/** A store in this file, which need not exist. */
export class FileStore implements TuningStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(adapter: string): Promise<Findings> {
    return (await this.#all())[adapter] ?? {};
  }

  async add(adapter: string, found: Findings): Promise<void> {
    // What another process adds between this reading and the writing is lost, and measured again some day.
    const all = await this.#all().catch(() => ({}) as Readonly<Record<string, Findings>>);
    const adapters = { ...all, [adapter]: { ...all[adapter], ...found } };
    await this.#replace(`${JSON.stringify({ form, adapters }, null, 2)}\n`);
  }

  /** @throws if there is a file of another form. */
  async #all(): Promise<Readonly<Record<string, Findings>>> {
    const { readFile } = await files();
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
      throw error;
    }
    const kept: unknown = JSON.parse(text);
    const isKnown =
      typeof kept === 'object' && kept !== null && 'form' in kept && kept.form === form;
    const all = isKnown && 'adapters' in kept ? asFindingsByAdapter(kept.adapters) : undefined;
    if (all === undefined) throw new Error('it holds something else than findings');
    return all;
  }

  async #replace(text: string): Promise<void> {
    const [{ mkdir, rename, rm, writeFile }, { dirname }] = await Promise.all([files(), paths()]);
    await mkdir(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.${crypto.randomUUID()}.tmp`;
    try {
      await writeFile(temporary, text, { flag: 'wx' });
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}
