/**
 * Measures, when a kernel of an unknown class is met, in which of its possible forms it runs fastest here.
 *
 * Until that is known, launches of the kernel wait, with the work that was asked for after them. Whatever goes
 * wrong, the form that the generator chose by itself is used, and nobody is told.
 */
import type { CallSite } from '../../../base/call-site.ts';
import { invariant } from '../../../base/errors.ts';
import type { Kernel } from '../../../compile/kernel.ts';
import { type Candidate, defaultCandidate } from '../../../emit/wgsl/candidates.ts';
import { emitWgsl, type WgslKernel, type WgslOptions } from '../../../emit/wgsl/emit.ts';
import { kernelClass } from '../../../emit/wgsl/kernel-class.ts';
import type { BindingPlan } from '../../../emit/wgsl/module-writer.ts';
import { Failures } from '../failures.ts';
import { type Accounts, arrayUsage, BufferPool, stagingUsage } from '../memory.ts';
import { keyOf, type Pipeline, type Pipelines } from '../pipelines.ts';
import { Scratch, type ScratchArray } from './scratch.ts';
import { Stopwatch } from './stopwatch.ts';
import { type Contender, findFastest, type Winner } from './trial.ts';
import type { Tuning } from './tuning.ts';

/** A kernel that has been written and is to be launched. */
export interface TuneTask {
  readonly kernel: Kernel;
  readonly bindings: BindingPlan;
  /** As the generator writes it by itself. */
  readonly shader: WgslKernel;
  readonly name: string;
  readonly site: CallSite | null;
}

/** A kernel in the form that is known to be fastest so far, and the pipeline of the one that turns out to be. */
export interface Tuned {
  readonly shader: WgslKernel;
  readonly pipeline: Pipeline;
}

/** What a tuner needs from its device. */
export interface TunerOptions {
  readonly device: GPUDevice;
  readonly pipelines: Pipelines;
  readonly emit: WgslOptions;
  readonly accounts: Accounts;
  /** Kernels whose arrays together take more than this are not measured. */
  readonly maxBytes: number;
}

/** Chooses among the forms of kernels. */
export class Tuner {
  readonly #options: TunerOptions;
  readonly #tuning: Tuning;
  /** Failures of what is only tried concern nobody. */
  readonly #failures = new Failures();
  readonly #arrays: BufferPool;
  readonly #staging: BufferPool;
  /** The names of the best candidates, by class, found or being looked for. */
  readonly #searches = new Map<string, Promise<string>>();
  readonly #tuned = new Map<string, Tuned>();
  #last: Promise<unknown> = Promise.resolve();
  #measurements = 0;

  constructor(options: TunerOptions, tuning: Tuning) {
    const { device, accounts, maxBytes: budgetBytes } = options;
    this.#options = options;
    this.#tuning = tuning;
    const isWaiting = (): boolean => false;
    // What is tried is submitted at once: nothing waits for a flush.
    const flush = (): void => undefined;
    const shared = { device, failures: this.#failures, accounts, budgetBytes, isWaiting, flush };
    this.#arrays = new BufferPool({ ...shared, usage: arrayUsage });
    this.#staging = new BufferPool({ ...shared, usage: stagingUsage });
  }

  /** Classes of kernels that have been measured. */
  get measurements(): number {
    return this.#measurements;
  }

  /** Bytes that are held while kernels are measured. */
  get heldBytes(): number {
    const pools = [this.#arrays, this.#staging];
    return pools.reduce((sum, { liveBytes, pooledBytes }) => sum + liveBytes + pooledBytes, 0);
  }

  /** Resolves when all findings so far are kept. */
  saved(): Promise<void> {
    return this.#tuning.notebook.saved();
  }

  /** The kernel in its fastest form; null: the generator's own is to be used. */
  tune(task: TuneTask): Tuned | null {
    const name = kernelClass(task.kernel);
    if (name === null) return null;
    const key = keyOf(task.shader);
    const made = this.#tuned.get(key) ?? this.#choose(name, task);
    if (made !== null) this.#tuned.set(key, made);
    return made;
  }

  #choose(name: string, task: TuneTask): Tuned | null {
    const finding = this.#tuning.notebook.get(name);
    const known = finding && this.#candidates(task).find((one) => one.name === finding.choice);
    if (known?.name === defaultCandidate.name) return null;
    if (known !== undefined) {
      const shader = this.#write(task, known);
      return shader === null ? null : this.#promise(task, shader, Promise.resolve(shader));
    }
    const bytes = task.shader.bindings.reduce((sum, binding) => sum + binding.bytes, 0);
    if (bytes > this.#options.maxBytes) return null;
    return this.#promise(task, task.shader, this.#search(name, task));
  }

  #candidates({ kernel }: TuneTask): readonly Candidate[] {
    const { emit, device } = this.#options;
    return this.#tuning.candidates(kernel, emit, device.limits);
  }

  /** The kernel in this form; null if it has none. */
  #write({ kernel, bindings, shader }: TuneTask, { name, options }: Candidate): WgslKernel | null {
    if (name === defaultCandidate.name) return shader;
    try {
      return emitWgsl(kernel, { ...this.#options.emit, ...options, bindings });
    } catch {
      return null;
    }
  }

  /** @param shader - What is shown until it is known what is wanted. */
  #promise(task: TuneTask, shader: WgslKernel, wanted: Promise<WgslKernel>): Tuned {
    const pipeline = this.#options.pipelines.awaited(shader);
    pipeline.pending = this.#compile(task, wanted, pipeline).finally(() => {
      pipeline.pending = null;
    });
    return { shader, pipeline };
  }

  /** Puts the compiled form that is wanted into `pipeline`, and if that is refused the generator's own. */
  async #compile(task: TuneTask, wanted: Promise<WgslKernel>, pipeline: Pipeline): Promise<void> {
    const { pipelines } = this.#options;
    const shader = await wanted.catch(() => task.shader);
    const isOwn = shader === task.shader;
    const compiled = isOwn ? null : await pipelines.attempt(shader, task.name).catch(() => null);
    if (compiled !== null) {
      pipeline.grid = shader.grid;
      pipeline.pipeline = compiled;
      return;
    }
    const own = pipelines.get(task.shader, task.name, task.site);
    await own.pending;
    pipeline.grid = own.grid;
    pipeline.pipeline = own.pipeline;
    pipeline.refusal = own.refusal;
  }

  /** The best form of a kernel of a class of which nothing is known yet. */
  async #search(name: string, task: TuneTask): Promise<WgslKernel> {
    const begun = this.#searches.get(name) ?? this.#begin(name, task);
    this.#searches.set(name, begun);
    const choice = await begun;
    const chosen = this.#candidates(task).find((one) => one.name === choice);
    return (chosen && this.#write(task, chosen)) ?? task.shader;
  }

  /** One class after the other: they would disturb each other. */
  #begin(name: string, task: TuneTask): Promise<string> {
    const search = this.#last
      .then(() => this.#measure(task))
      .catch(() => null)
      .then((winner) => {
        if (winner === null) return defaultCandidate.name;
        const speedup = Math.round(winner.speedup * 100) / 100;
        this.#tuning.notebook.add(name, { choice: winner.name, speedup });
        return winner.name;
      });
    this.#last = search;
    return search;
  }

  /** The fastest form of this kernel; null if that could not be found out. */
  async #measure(task: TuneTask): Promise<Winner | null> {
    const { device, pipelines } = this.#options;
    const forms = this.#forms(task);
    if (forms.length < 2) return { name: defaultCandidate.name, speedup: 1 };
    this.#measurements++;
    const contenders = await Promise.all(forms.map((form) => this.#contender(task, form)));
    if (contenders[0] === null) return null;
    const scratch = new Scratch(
      { device, arrays: this.#arrays, staging: this.#staging },
      arraysOf(task),
    );
    const stopwatch = new Stopwatch(device);
    try {
      await this.#failures.known();
      this.#failures.raise();
      // What the GPU is still busy with would be measured, too.
      await device.queue.onSubmittedWorkDone();
      const group = scratch.bind(pipelines.awaited(task.shader).layout.layout);
      const { budgetMs } = this.#tuning;
      const valid = contenders.filter((contender) => contender !== null);
      return await findFastest(valid, { device, scratch, group, stopwatch, budgetMs });
    } finally {
      stopwatch.destroy();
      scratch.destroy();
    }
  }

  /** The kernel in every form that differs from those before it. */
  #forms(task: TuneTask): readonly Form[] {
    const seen = new Set<string>();
    const forms: Form[] = [];
    for (const candidate of this.#candidates(task)) {
      const shader = this.#write(task, candidate);
      if (shader === null) continue;
      const key = keyOf(shader);
      if (!seen.has(key)) forms.push({ name: candidate.name, shader });
      seen.add(key);
    }
    return forms;
  }

  async #contender({ name: label }: TuneTask, { name, shader }: Form): Promise<Contender | null> {
    const pipeline = await this.#options.pipelines.attempt(shader, label);
    return pipeline === null ? null : { name, pipeline, grid: shader.grid };
  }
}

/** A kernel written in one way. */
interface Form {
  readonly name: string;
  readonly shader: WgslKernel;
}

/** The arrays behind a kernel's bindings, as what it writes there, or else reads. */
function arraysOf({ kernel, bindings, shader }: TuneTask): readonly ScratchArray[] {
  return shader.bindings.map(({ bytes }, binding) => {
    const held = kernel.buffers.filter((_, i) => bindings.bindingOf[i] === binding);
    const written = held.find(({ access }) => access !== 'read');
    const shown = written ?? held[0];
    invariant(shown !== undefined, 'a binding of no array');
    return { bytes, dtype: shown.source.dtype, isWritten: written !== undefined };
  });
}
