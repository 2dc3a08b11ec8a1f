/**
 * Worker threads that share the device's memory. A launch is a range of units; every thread, the
 * calling one too, takes pieces of it until none is left.
 */
import { invariant } from '../../base/errors.ts';
import type { LoadedKernel } from './library.ts';
import { nodeModule, type Thread } from './node.ts';
import {
  controlWords as at,
  functionNames,
  openGate,
  SPINS,
  workerSource,
} from './worker-source.ts';

/** One range of units to compute. */
export interface Job {
  readonly kernel: LoadedKernel;
  readonly name: string;
  readonly units: number;
  readonly grain: number;
  readonly table: number;
  /** Private memory of the calling thread; those of the others follow. */
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** Threads besides the calling one; they start at the first job and help from when they are up. */
export class Threads {
  readonly #control: Int32Array<ArrayBufferLike>;
  readonly #memory: WebAssembly.Memory;
  readonly #gemmModule: WebAssembly.Module;
  readonly #count: number;
  readonly #sent = new WeakSet<LoadedKernel>();
  #threads: Thread[] | null = null;

  constructor(options: {
    memory: WebAssembly.Memory;
    gemmModule: WebAssembly.Module;
    helpers: number;
  }) {
    this.#memory = options.memory;
    this.#gemmModule = options.gemmModule;
    this.#count = options.helpers;
    this.#control = new Int32Array(options.memory.buffer, at.address, at.count);
  }

  /** Threads that are up, without the calling one. Starts them at the first call. */
  ready(): number {
    this.#threads ??= this.#start();
    return Atomics.load(this.#control, at.ready);
  }

  #start(): Thread[] {
    const node = nodeModule('node:worker_threads');
    if (node === null) return [];
    return Array.from({ length: this.#count }, () => {
      const thread = new node.Worker(workerSource, {
        eval: true,
        // Loaders and flags of the main thread would only slow the start.
        execArgv: [],
        workerData: { memory: this.#memory, gemm: this.#gemmModule },
      });
      thread.unref();
      return thread;
    });
  }

  /** Computes all units; returns when that is done. */
  run(job: Job): void {
    const control = this.#control;
    this.#send(job.kernel);
    control[at.end] = job.units;
    control[at.grain] = job.grain;
    control[at.kernel] = job.kernel.id;
    control[at.function] = functionNames.indexOf(job.name);
    control[at.table] = job.table;
    control[at.scratch] = job.scratch;
    control[at.scratchBytes] = job.scratchBytes;
    Atomics.store(control, at.next, 0);
    Atomics.store(control, at.gate, openGate);
    Atomics.add(control, at.generation, 1);
    Atomics.notify(control, at.generation);
    const call = job.kernel.functions[job.name];
    invariant(call !== undefined, `a kernel without '${job.name}'`);
    for (;;) {
      const start = Atomics.add(control, at.next, job.grain);
      if (start >= job.units) break;
      call(start, Math.min(job.units, start + job.grain), job.scratch, job.table);
    }
    this.#waitForOthers();
  }

  /** Closes the job, and waits for helpers that are still at it. */
  #waitForOthers(): void {
    const control = this.#control;
    Atomics.sub(control, at.gate, openGate);
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(control, at.gate) === 0) break;
    }
    for (let active = Atomics.load(control, at.gate); active !== 0; ) {
      Atomics.wait(control, at.gate, active, 1000);
      active = Atomics.load(control, at.gate);
    }
    invariant(Atomics.load(control, at.failed) === 0, 'a kernel failed in a worker thread');
  }

  #send(kernel: LoadedKernel): void {
    if (this.#sent.has(kernel)) return;
    this.#sent.add(kernel);
    const { id, module, program } = kernel;
    for (const thread of this.#threads ?? []) {
      thread.postMessage({ id, module, needsGemm: program.needsGemm });
    }
  }
}
