/** A compiled program on the WebAssembly device. */
import { sizeOf } from '../../base/aval.ts';
import { bytesOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Plan } from '../../compile/plan.ts';
import type { Storage } from '../../ir/value.ts';
import type { Executable } from '../device.ts';
import { Sequence, type Surroundings } from './sequence.ts';
import { WasmStorage } from './storage.ts';

/** A plan with the device's memory around it. */
export class WasmExecutable implements Executable {
  readonly kernels: readonly string[];
  readonly arenaBytes: number;
  readonly #plan: Plan;
  readonly #around: Surroundings;
  readonly #sequence: Sequence;

  constructor(plan: Plan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    this.arenaBytes = plan.arenaBytes;
    this.#sequence = new Sequence(plan, around);
    this.kernels = [...this.#sequence.texts];
  }

  run(inputs: readonly Storage[], donated: ReadonlySet<number>): readonly Storage[] {
    const { arena, scratch, panels, threadCount } = this.#around;
    const { scratchBytes, panelBytes } = this.#sequence;
    if (this.arenaBytes > 0) this.#sequence.placeArena(arena.ensure(this.arenaBytes));
    const rooms = {
      scratch: scratchBytes > 0 ? scratch.ensure(scratchBytes * threadCount) : 0,
      scratchBytes,
      panels: panelBytes > 0 ? panels.ensure(panelBytes) : 0,
    };
    this.#bindInputs(inputs);
    const addresses = this.#bindOutputs(inputs, donated);
    this.#sequence.run(rooms);
    return this.#finish(inputs, donated, addresses);
  }

  #bindInputs(inputs: readonly Storage[]): void {
    for (let k = 0; k < this.#plan.inputs.length; k++) {
      const storage = inputs[k];
      invariant(storage instanceof WasmStorage, 'an array of another device');
      this.#sequence.bindInput(k, storage.address);
    }
  }

  /** Addresses of the outputs: taken over from donated inputs, or new. */
  #bindOutputs(inputs: readonly Storage[], donated: ReadonlySet<number>): number[] {
    const { heap } = this.#around;
    const { outputs, aliases } = this.#plan;
    const addresses: number[] = [];
    for (let k = 0; k < outputs.length; k++) {
      const aval = outputs[k];
      invariant(aval !== undefined, 'an output without a type');
      const from = aliases.size > 0 ? aliases.get(k) : undefined;
      const given = from !== undefined && donated.has(from) ? inputs[from] : undefined;
      // An array that was passed twice is still read through its other position.
      const isOnlyUse = given !== undefined && inputs.indexOf(given) === inputs.lastIndexOf(given);
      const address =
        isOnlyUse && given instanceof WasmStorage
          ? given.take()
          : heap.allocate(sizeOf(aval.shape) * bytesOf(aval.dtype));
      addresses.push(address);
      this.#sequence.bindOutput(k, address);
    }
    return addresses;
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
