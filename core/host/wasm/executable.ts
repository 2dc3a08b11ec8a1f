/** A compiled program on the WebAssembly device. */
import { sizeOf } from '../../base/aval.ts';
import { invariant } from '../../base/errors.ts';
import type { Plan } from '../../compile/plan.ts';
import { EXTRA_WORDS } from '../../emit/wasm/program.ts';
import type { Storage } from '../../ir/value.ts';
import type { Executable } from '../device.ts';
import type { Heap, Workspace } from './heap.ts';
import type { KernelFunction, Library, LoadedKernel } from './library.ts';
import { type StorageOwner, WasmStorage } from './storage.ts';
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
const WORTH_THREADS = 100_000;

/** Words of memory that hold an address of this array. */
interface Bound {
  readonly words: number[];
  last: number;
}

/** Tables of addresses, and calls in order; everything that does not change between runs is prepared. */
export class WasmExecutable implements Executable {
  readonly kernels: readonly string[];
  readonly arenaBytes: number;
  readonly #plan: Plan;
  readonly #around: Surroundings;
  readonly #launches: readonly PreparedLaunch[];
  readonly #inputs: readonly Bound[];
  readonly #outputs: readonly Bound[];
  readonly #arenaWords: readonly { readonly word: number; readonly offset: number }[];
  readonly #scratchBytes: number;
  readonly #panelBytes: number;
  #arenaAddress = 0;

  constructor(plan: Plan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    this.arenaBytes = plan.arenaBytes;
    const kernels = plan.steps.map((step) => around.library.load(step.kernel));
    this.kernels = [...new Set(kernels.map((kernel) => kernel.program.text))];
    this.#scratchBytes = Math.max(0, ...kernels.map((k) => k.program.scratchBytes));
    this.#panelBytes = Math.max(0, ...kernels.map((k) => k.program.sharedBytes));
    const sizes = plan.steps.map((step) => step.slots.length + EXTRA_WORDS);
    const table = around.heap.allocate(4 * sizes.reduce((sum, size) => sum + size, 0));
    around.tables.register(this, table);
    const offsets = sizes.map((_, k) =>
      sizes.slice(0, k).reduce((sum, size) => sum + size, table / 4),
    );
    const bound = (): Bound => ({ words: [], last: 0 });
    this.#inputs = plan.inputs.map(bound);
    this.#outputs = plan.outputs.map(bound);
    const arenaWords: { word: number; offset: number }[] = [];
    plan.steps.forEach(({ slots }, k) => {
      slots.forEach((slot, position) => {
        const word = (offsets[k] ?? 0) + position;
        if (slot.kind === 'arena') arenaWords.push({ word, offset: slot.offset });
        else (slot.kind === 'input' ? this.#inputs : this.#outputs)[slot.index]?.words.push(word);
      });
    });
    this.#arenaWords = arenaWords;
    this.#launches = kernels.flatMap((kernel, k) =>
      prepare(kernel, offsets[k] ?? 0, plan.steps[k]?.slots.length ?? 0, around.threadCount),
    );
  }

  run(inputs: readonly Storage[], donated: ReadonlySet<number>): readonly Storage[] {
    const { arena, scratch, panels, threadCount } = this.#around;
    if (this.arenaBytes > 0) this.#placeArena(arena.ensure(this.arenaBytes));
    const scratchAddress =
      this.#scratchBytes > 0 ? scratch.ensure(this.#scratchBytes * threadCount) : 0;
    const panelAddress = this.#panelBytes > 0 ? panels.ensure(this.#panelBytes) : 0;
    this.#bindInputs(inputs);
    const addresses = this.#bindOutputs(inputs, donated);
    for (const launch of this.#launches) this.#launch(launch, scratchAddress, panelAddress);
    return this.#finish(inputs, donated, addresses);
  }

  #placeArena(address: number): void {
    if (address === this.#arenaAddress) return;
    this.#arenaAddress = address;
    const { ints } = this.#around.heap;
    for (const { word, offset } of this.#arenaWords) ints[word] = address + offset;
  }

  #bindInputs(inputs: readonly Storage[]): void {
    const { ints } = this.#around.heap;
    for (let k = 0; k < this.#inputs.length; k++) {
      const storage = inputs[k];
      const bound = this.#inputs[k];
      invariant(
        storage instanceof WasmStorage && bound !== undefined,
        'an array of another device',
      );
      const { address } = storage;
      if (address !== bound.last) bind(ints, bound, address);
    }
  }

  /** Addresses of the outputs: taken over from donated inputs, or new. */
  #bindOutputs(inputs: readonly Storage[], donated: ReadonlySet<number>): number[] {
    const { heap } = this.#around;
    const { outputs, aliases } = this.#plan;
    const addresses: number[] = [];
    for (let k = 0; k < outputs.length; k++) {
      const aval = outputs[k];
      const bound = this.#outputs[k];
      invariant(aval !== undefined && bound !== undefined, 'an output without a type');
      const from = aliases.size > 0 ? aliases.get(k) : undefined;
      const given = from !== undefined && donated.has(from) ? inputs[from] : undefined;
      // An array that was passed twice is still read through its other position.
      const isOnlyUse = given !== undefined && inputs.indexOf(given) === inputs.lastIndexOf(given);
      const address =
        isOnlyUse && given instanceof WasmStorage
          ? given.take()
          : heap.allocate(sizeOf(aval.shape) * 4);
      addresses.push(address);
      if (address !== bound.last) bind(heap.ints, bound, address);
    }
    return addresses;
  }

  #launch(launch: PreparedLaunch, scratch: number, panels: number): void {
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
      threads.run({ kernel, name, units, grain, table, scratch, scratchBytes: this.#scratchBytes });
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

  #finish(
    inputs: readonly Storage[],
    donated: ReadonlySet<number>,
    addresses: readonly number[],
  ): Storage[] {
    const { owner } = this.#around;
    const { outputs, aliases } = this.#plan;
    if (donated.size > 0) {
      const taken = new Set<Storage>();
      for (const index of aliases.values()) {
        const storage = inputs[index];
        if (storage !== undefined && inputs.indexOf(storage) === inputs.lastIndexOf(storage))
          taken.add(storage);
      }
      for (const index of donated) {
        const storage = inputs[index];
        if (storage !== undefined && !taken.has(storage)) storage.free();
      }
    }
    return outputs.map(
      ({ dtype, shape }, k) => new WasmStorage(owner, addresses[k] ?? 0, dtype, sizeOf(shape)),
    );
  }
}

function bind(ints: Int32Array<ArrayBufferLike>, bound: Bound, address: number): void {
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
