/** What a tuner is told: by the user, by the environment, and by what was found earlier. */
import { candidatesFor, type GroupLimits } from '../../../emit/wgsl/candidates.ts';
import type { WgslOptions } from '../../../emit/wgsl/emit.ts';
import { generatorFingerprint } from '../../../emit/wgsl/fingerprint.ts';
import { environment } from '../../environment.ts';
import { Notebook, openStore } from './notebook.ts';
import type { TuningStore } from './store.ts';

/** How kernels are tuned. */
export interface TuneOptions {
  /**
   * Where findings are kept: the path of a file in Node, the name of a database in a browser. Default:
   * `enerjax/tuning.json` in the user's folder for caches, or `enerjax-tuning`.
   */
  readonly cache?: string;
  /** Milliseconds that measuring one class of kernels may take, beside compiling them. Default: 1000. */
  readonly budgetMs?: number;
  /** Keeps findings in a way of your own, instead of in `cache`. */
  readonly store?: TuningStore;
  /** Overrides which forms of a kernel are measured, to test the tuner. */
  readonly candidates?: typeof candidatesFor;
}

/** All that a tuner is told. */
export interface Tuning {
  readonly notebook: Notebook;
  readonly budgetMs: number;
  readonly candidates: typeof candidatesFor;
}

/** What findings depend on. */
export interface TuningFacts {
  readonly info: GPUAdapterInfo;
  readonly emit: WgslOptions;
  readonly limits: GroupLimits;
}

const defaultBudgetMs = 1000;

/** What the environment says: `ENERJAX_TUNE` is 1, or the file to keep findings in; it is unset or 0 otherwise. */
function fromEnvironment(): TuneOptions | null {
  const wanted = environment('ENERJAX_TUNE');
  if (wanted === undefined || wanted === '0') return null;
  return wanted === '1' ? {} : { cache: wanted };
}

/** What the tuner of this adapter is told; null: there is to be none. */
export async function openTuning(
  wanted: TuneOptions | boolean | undefined,
  facts: TuningFacts,
): Promise<Tuning | null> {
  const options = wanted === true ? {} : wanted === undefined ? fromEnvironment() : wanted;
  if (options === null || options === false) return null;
  const { cache, budgetMs = defaultBudgetMs, candidates = candidatesFor } = options;
  const store = options.store ?? (await openStore(cache));
  const notebook = await Notebook.open(store, nameOf(facts));
  return { notebook, budgetMs, candidates };
}

/** The name that findings go under: the adapter's, its driver's as far as it tells, and the generator's. */
function nameOf({ info, emit, limits }: TuningFacts): string {
  const { vendor, architecture, device, description } = info;
  // No part of the standard, and there in some hosts.
  const { driver }: { readonly driver?: unknown } = info as object;
  const generator = `generator ${generatorFingerprint(emit, limits)}`;
  const parts = [vendor, architecture, device, description, driver, generator];
  return parts.filter((part) => typeof part === 'string' && part !== '').join(', ');
}
