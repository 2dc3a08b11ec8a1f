/** A compiled program on the WebAssembly device. */
import { sizeOf } from '../../base/aval.ts';
import { bytesOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Plan } from '../../compile/plan.ts';
import type { Storage } from '../../ir/value.ts';
import { type Executable, noCalls } from '../device.ts';
import type { Page, Place } from './outside.ts';
import { FIRST_ADDRESS, touchedInputs } from './paging.ts';
import { Sequence, type Surroundings } from './sequence.ts';
import { WasmStorage } from './storage.ts';

/** Memory of one output while the program runs. */
interface Result {
  readonly address: number;
  /** True if it was a donated input's. */
  readonly isTaken: boolean;
}

/** A plan with the device's memory around it. */
export class WasmExecutable implements Executable {
  readonly kernels: readonly string[];
  readonly arenaBytes: number;
  readonly #plan: Plan;
  readonly #around: Surroundings;
  readonly #sequence: Sequence;
  /** Inputs that must be in memory. */
  readonly #touched: ReadonlySet<number>;

  constructor(plan: Plan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    this.arenaBytes = plan.arenaBytes;
    this.#sequence = new Sequence(plan, around);
    this.#touched = touchedInputs(plan);
    this.kernels = [...this.#sequence.texts];
  }

  run(
    inputs: readonly Storage[],
    donated: ReadonlySet<number>,
    calls = noCalls,
  ): readonly Storage[] {
    const { arena, scratch, panels, threadCount, heap } = this.#around;
    const { scratchBytes, panelBytes } = this.#sequence;
    if (this.arenaBytes > 0) this.#sequence.placeArena(arena.ensure(this.arenaBytes));
    const pages: Page[] = [];
    const rooms = {
      scratch: scratchBytes > 0 ? scratch.ensure(scratchBytes * threadCount) : 0,
      scratchBytes,
      panels: panelBytes > 0 ? panels.ensure(panelBytes) : 0,
      pages,
      calls,
    };
    const blocks: number[] = [];
    const results: Result[] = [];
    try {
      this.#bindInputs(inputs, pages, blocks);
      this.#bindOutputs(inputs, donated, results);
      this.#sequence.run(rooms);
    } catch (error) {
      // There is no room, or a function on the host failed: there are no results to keep the memory for.
      for (const { address } of results) heap.free(address);
      throw error;
    } finally {
      for (const block of blocks) heap.free(block);
    }
    calls.finish();
    return this.#finish(inputs, donated, results);
  }

  /** Inputs outside memory are numbered for the loops that walk through them, or brought to `blocks`. */
  #bindInputs(inputs: readonly Storage[], pages: Page[], blocks: number[]): void {
    const { heap, owner } = this.#around;
    for (let k = 0; k < this.#plan.inputs.length; k++) {
      const storage = inputs[k];
      invariant(storage instanceof WasmStorage, 'an array of another device');
      const { place } = storage;
      if (typeof place === 'number') {
        this.#sequence.bindInput(k, place);
      } else if (!this.#touched.has(k) && pages.length < FIRST_ADDRESS - 1) {
        pages.push(place);
        this.#sequence.bindInput(k, pages.length);
      } else {
        const block = heap.allocate(place.byteLength);
        blocks.push(block);
        owner.outside.bringIn(place, block);
        this.#sequence.bindInput(k, block);
      }
    }
  }

  /** Memory of the outputs: taken over from donated inputs, or new. */
  #bindOutputs(inputs: readonly Storage[], donated: ReadonlySet<number>, results: Result[]): void {
    const { heap } = this.#around;
    const { outputs, aliases, changed } = this.#plan;
    for (let k = 0; k < outputs.length; k++) {
      const aval = outputs[k];
      invariant(aval !== undefined, 'an output without a type');
      const from = aliases.size > 0 ? aliases.get(k) : undefined;
      const given = from !== undefined && donated.has(from) ? inputs[from] : undefined;
      // An array that was passed twice is still read through its other position.
      const isOnlyUse = given !== undefined && inputs.indexOf(given) === inputs.lastIndexOf(given);
      const taken = isOnlyUse && given instanceof WasmStorage ? given.takeAddress() : null;
      const bytes = sizeOf(aval.shape) * bytesOf(aval.dtype);
      const address = taken ?? heap.allocate(bytes);
      results.push({ address, isTaken: taken !== null });
      if (taken === null && changed?.has(k) && from !== undefined) {
        this.#copyInput(inputs[from], address, bytes);
      }
      this.#sequence.bindOutput(k, address);
    }
  }

  /** An output of which only a part is written begins as the input whose memory it could not take over. */
  #copyInput(storage: Storage | undefined, address: number, bytes: number): void {
    invariant(storage instanceof WasmStorage, 'an array of another device');
    const { heap, owner } = this.#around;
    const { place } = storage;
    if (typeof place === 'number') {
      new Uint8Array(heap.memory.buffer).copyWithin(address, place, place + bytes);
    } else owner.outside.bringIn(place, address);
  }

  #finish(
    inputs: readonly Storage[],
    donated: ReadonlySet<number>,
    results: readonly Result[],
  ): Storage[] {
    // What was taken over is empty already.
    for (const index of donated) inputs[index]?.free();
    return this.#plan.outputs.map(({ dtype, shape }, k) => {
      const length = sizeOf(shape);
      const result = results[k];
      invariant(result !== undefined, 'an output without memory');
      const place = this.#settle(result, length * bytesOf(dtype));
      return new WasmStorage(this.#around.owner, place, dtype, length);
    });
  }

  /** Where a result stays: outside if it is one of those that would crowd memory. */
  #settle({ address, isTaken }: Result, bytes: number): Place {
    const { heap, owner } = this.#around;
    if (isTaken || !owner.outside.takes(bytes, heap.liveBytes)) return address;
    const page = owner.outside.takeOut(address, bytes);
    heap.free(address);
    return page;
  }
}
