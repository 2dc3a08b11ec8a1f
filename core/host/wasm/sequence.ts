/** The steps of a plan, prepared: tables of addresses, and calls in order. */
import { invariant } from '../../base/errors.ts';
import type { Control } from '../../compile/control.ts';
import { costOfKernel } from '../../compile/kernel-cost.ts';
import { isKernel, type Plan } from '../../compile/plan.ts';
import { EXTRA_WORDS } from '../../emit/wasm/program.ts';
import type { HostCalls } from '../device.ts';
import { activeRecorder, type Recorder } from '../profile.ts';
import { branchAction, hostAction, repeatAction, whileAction } from './control.ts';
import type { Heap, Workspace } from './heap.ts';
import type { KernelFunction, Library, LoadedKernel } from './library.ts';
import type { Page } from './outside.ts';
import type { StorageOwner } from './storage.ts';
import type { Threads } from './threads.ts';

/** Parts of the device that executables share: runs follow one another, so one of each is enough. */
export interface Surroundings {
  readonly heap: Heap;
  readonly owner: StorageOwner;
  readonly library: Library;
  readonly threads: Threads | null;
  readonly threadCount: number;
  /** Intermediate arrays. */
  readonly arena: Workspace;
  /** Private memory of each thread. */
  readonly scratch: Workspace;
  /** Packed panels that threads share. */
  readonly panels: Workspace;
  /** Frees tables of executables that became unreachable. */
  readonly tables: FinalizationRegistry<number>;
}

/** Memory that kernels work in besides their arrays. */
export interface Rooms {
  /** Private memory of each thread. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Packed panels that threads share. */
  readonly panels: number;
  /** Arrays outside memory; tables hold their numbers from 1 in place of addresses. */
  readonly pages: readonly Page[];
  /** Takes what the program calls on the host. */
  readonly calls: HostCalls;
}

/** One thing to do. */
type Action = (rooms: Rooms) => void;

/** One call of a kernel's function, prepared. */
interface PreparedLaunch {
  readonly kernel: LoadedKernel;
  readonly call: KernelFunction;
  readonly name: string;
  readonly units: number;
  readonly grain: number;
  /** Units per piece when threads share the work; 0 if it is too little for that. */
  readonly threadGrain: number;
  readonly table: number;
  /** Index of the table's extra words in memory, for functions that work on a block. */
  readonly extraWord: number;
  readonly block: { readonly batch: number; readonly column: number } | null;
}

/** Nanoseconds of work in one call: short enough that V8 soon replaces its first, slow code. */
const PIECE = 50_000;
/** Nanoseconds of work from which on threads are worth waking. */
const WORTH_THREADS = 60_000;

/** Words of memory that hold an address of this array. */
interface Bound {
  readonly words: number[];
  last: number;
}

/** A plan whose arrays may be anywhere in memory: everything that does not change between runs is prepared. */
export class Sequence {
  readonly texts = new Set<string>();
  readonly plan: Plan;
  readonly #around: Surroundings;
  readonly #actions: readonly Action[];
  /** Per step, how many actions have been taken after it. */
  readonly #ends: number[] = [];
  readonly #inputs: readonly Bound[];
  readonly #outputs: readonly Bound[];
  readonly #arenaWords: readonly { readonly word: number; readonly offset: number }[];
  #scratchBytes = 0;
  #panelBytes = 0;
  #arenaAddress = 0;

  constructor(plan: Plan, around: Surroundings) {
    this.plan = plan;
    this.#around = around;
    const sizes = plan.steps.map((step) => step.slots.length + EXTRA_WORDS);
    const table = around.heap.allocate(4 * sizes.reduce((sum, size) => sum + size, 0));
    around.tables.register(this, table);
    const bound = (): Bound => ({ words: [], last: 0 });
    this.#inputs = plan.inputs.map(bound);
    this.#outputs = plan.outputs.map(bound);
    const arenaWords: { word: number; offset: number }[] = [];
    const actions: Action[] = [];
    let start = table / 4;
    plan.steps.forEach(({ kernel, slots }, k) => {
      slots.forEach((slot, position) => {
        const word = start + position;
        if (slot.kind === 'arena') arenaWords.push({ word, offset: slot.offset });
        else (slot.kind === 'input' ? this.#inputs : this.#outputs)[slot.index]?.words.push(word);
      });
      if (isKernel(kernel)) actions.push(...this.#launches(kernel, start, slots.length));
      else actions.push(this.#control(kernel, start));
      this.#ends.push(actions.length);
      start += sizes[k] ?? 0;
    });
    this.#arenaWords = arenaWords;
    this.#actions = actions;
  }

  /** Bytes of private memory per thread. */
  get scratchBytes(): number {
    return this.#scratchBytes;
  }

  /** Bytes for packed panels. */
  get panelBytes(): number {
    return this.#panelBytes;
  }

  placeArena(address: number): void {
    if (address === this.#arenaAddress) return;
    this.#arenaAddress = address;
    const { ints } = this.#around.heap;
    for (const { word, offset } of this.#arenaWords) ints[word] = address + offset;
  }

  bindInput(index: number, address: number): void {
    bind(this.#around.heap.ints, this.#inputs[index], address);
  }

  bindOutput(index: number, address: number): void {
    bind(this.#around.heap.ints, this.#outputs[index], address);
  }

  run(rooms: Rooms): void {
    const recorder = activeRecorder();
    if (recorder === null) for (const action of this.#actions) action(rooms);
    else this.#runTimed(rooms, recorder);
  }

  #runTimed(rooms: Rooms, recorder: Recorder): void {
    let next = 0;
    this.plan.steps.forEach(({ kernel, slots, site }, step) => {
      const start = recorder.now();
      for (const end = this.#ends[step] ?? 0; next < end; next++) this.#actions[next]?.(rooms);
      // The bodies of loops and branches tell of themselves.
      if (!isKernel(kernel)) return;
      const facts = { name: kernel.name, site, cost: costOfKernel(kernel, slots) };
      recorder.add('wasm', facts, start, recorder.now() - start);
    });
  }

  #launches(kernel: Parameters<Library['load']>[0], start: number, buffers: number): Action[] {
    const { library, threadCount } = this.#around;
    const loaded = library.load(kernel);
    const { program } = loaded;
    this.texts.add(program.text);
    this.#scratchBytes = Math.max(this.#scratchBytes, program.scratchBytes);
    this.#panelBytes = Math.max(this.#panelBytes, program.sharedBytes);
    return prepare(loaded, start, buffers, threadCount).map(
      (launch): Action =>
        (rooms) =>
          this.#launch(launch, rooms),
    );
  }

  #control(control: Control, start: number): Action {
    switch (control.kind) {
      case 'repeat':
        return repeatAction(control, start, this.#load(control.body), this.#around);
      case 'while':
        return whileAction(
          control,
          start,
          [this.#load(control.condition), this.#load(control.body)],
          this.#around.heap,
        );
      case 'branch': {
        const branches = control.branches.map((plan) => this.#load(plan));
        return branchAction(control, start, branches, this.#around.heap);
      }
      case 'host':
        return hostAction(control, start, this.#around.heap);
    }
  }

  #load(plan: Plan): Sequence {
    const sequence = new Sequence(plan, this.#around);
    for (const text of sequence.texts) this.texts.add(text);
    this.#scratchBytes = Math.max(this.#scratchBytes, sequence.scratchBytes);
    this.#panelBytes = Math.max(this.#panelBytes, sequence.panelBytes);
    return sequence;
  }

  #launch(launch: PreparedLaunch, { scratch, scratchBytes, panels }: Rooms): void {
    const { kernel, call, units, table, block } = launch;
    if (block !== null) {
      const { ints } = this.#around.heap;
      ints[launch.extraWord] = block.batch;
      ints[launch.extraWord + 1] = block.column;
      ints[launch.extraWord + 2] = panels;
    }
    const { threads } = this.#around;
    if (launch.threadGrain > 0 && threads !== null && threads.ready() > 0) {
      const { name, threadGrain: grain } = launch;
      threads.run({ kernel, name, units, grain, table, scratch, scratchBytes });
      return;
    }
    const { grain } = launch;
    if (units <= grain) {
      call(0, units, scratch, table);
      return;
    }
    for (let start = 0; start < units; start += grain) {
      call(start, Math.min(units, start + grain), scratch, table);
    }
  }
}

function bind(ints: Int32Array<ArrayBufferLike>, bound: Bound | undefined, address: number): void {
  invariant(bound !== undefined, 'an array that the plan does not have');
  if (bound.last === address) return;
  bound.last = address;
  for (const word of bound.words) ints[word] = address;
}

function prepare(
  kernel: LoadedKernel,
  tableWord: number,
  buffers: number,
  threadCount: number,
): PreparedLaunch[] {
  return kernel.program.launches.map(({ name, units, unitCost, block }) => {
    const call = kernel.functions[name];
    invariant(call !== undefined, `a kernel without '${name}'`);
    const grain = Math.max(1, Math.floor(PIECE / unitCost));
    const isLarge = threadCount > 1 && units > 1 && units * unitCost > WORTH_THREADS;
    const fair = Math.max(1, Math.floor(units / (4 * threadCount)));
    return {
      kernel,
      call,
      name,
      units,
      grain,
      threadGrain: isLarge ? Math.min(grain, fair) : 0,
      table: tableWord * 4,
      extraWord: tableWord + buffers,
      block,
    };
  });
}
