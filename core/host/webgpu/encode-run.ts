/** The actions of a prepared plan, written as commands. */
import { sizeOf } from '../../base/aval.ts';
import { bytesOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import { type HostCall, movingCarries } from '../../compile/control.ts';
import type { HostCalls } from '../device.ts';
import type { BindGroups, Range } from './bind-groups.ts';
import type { CommandBatch } from './command-batch.ts';
import type { Launch, Log, Prepared, Turns } from './executable.ts';
import type { Allocation } from './memory.ts';
import { type Places, rangeOf, wholeWords } from './places.ts';
import type { Timestamps } from './timestamps.ts';
import { fromDeviceWords } from './transfer.ts';

/** What the host's calls of one run are given, in their order. */
export interface LogBuffer {
  readonly staging: Allocation;
  readonly entries: { readonly step: HostCall; readonly start: number }[];
  bytes: number;
}

/** What one run is written to. */
interface RunOptions {
  readonly batch: CommandBatch;
  readonly bindGroups: BindGroups;
  /** Null: the plan calls nothing on the host. */
  readonly log: LogBuffer | null;
  /** Times each kernel in a pass of its own; null: kernels share passes. */
  readonly timestamps: Timestamps | null;
}

/** Writes one run. */
export class RunEncoder {
  readonly #batch: CommandBatch;
  readonly #bindGroups: BindGroups;
  readonly #log: LogBuffer | null;
  readonly #timestamps: Timestamps | null;

  constructor({ batch, bindGroups, log, timestamps }: RunOptions) {
    this.#batch = batch;
    this.#bindGroups = bindGroups;
    this.#log = log;
    this.#timestamps = timestamps;
  }

  /** Writes all actions of a plan whose arrays are in these places. */
  write({ actions }: Prepared, places: Places): void {
    for (const action of actions) {
      if (action.kind === 'launch') this.#launch(action, places);
      else if (action.kind === 'turns') this.#turns(action, places);
      else this.#copyToLog(action, places);
    }
  }

  #launch(
    { pipeline: { pipeline, grid, layout }, slots, parts, facts }: Launch,
    places: Places,
  ): void {
    invariant(pipeline !== null, 'a launch before its pipeline');
    const ranges = slots.map((slot, i) => rangeOf(slot, places, parts?.[i]));
    const group = this.#bindGroups.get(layout, ranges);
    this.#batch.launch({ pipeline, group, grid, facts }, this.#timestamps);
  }

  /** All turns of a loop; carries that move alternate between two places and end where they belong. */
  #turns({ body, repeat, slots }: Turns, places: Places): void {
    const { count, consts, carries, writes } = repeat;
    const ranges = slots.map((slot) => rangeOf(slot, places));
    let next = 0;
    const take = (size: number): Range[] => {
      next += size;
      return ranges.slice(next - size, next);
    };
    const [constants, first, last, stacks] = [
      take(consts),
      take(carries),
      take(carries),
      take(writes),
    ];
    const moving = movingCarries(repeat.body, carries);
    const spares = take(count > 1 ? moving.length : 0);
    const spare = last.map((place, k) => spares[moving.indexOf(k)] ?? place);
    const arena = take(1)[0] ?? null;
    let present = first;
    for (let turn = 0; turn < count; turn++) {
      const target = (count - 1 - turn) % 2 === 0 ? last : spare;
      const inputs = [...constants, ...present];
      this.write(body, { inputs, outputs: [...target, ...stacks], arena });
      present = target;
    }
  }

  /** Copies what a call on the host is given. */
  #copyToLog({ step, slots }: Log, places: Places): void {
    const log = this.#log;
    invariant(log !== null, 'a call without a log');
    log.entries.push({ step, start: log.bytes });
    for (const slot of slots) {
      const bytes = wholeWords(slot.bytes);
      const range = { ...rangeOf(slot, places), bytes };
      if (bytes > 0) this.#batch.copy(range, log.staging.buffer, log.bytes);
      log.bytes += bytes;
    }
  }
}

/** Makes the calls of a run with what they were given. */
export function callAll(
  { entries }: LogBuffer,
  memory: Uint8Array<ArrayBuffer>,
  calls: HostCalls,
): void {
  for (const { step, start } of entries) {
    let next = start;
    const take = (bytes: number): Uint8Array<ArrayBuffer> => {
      next += wholeWords(bytes);
      return memory.slice(next - wholeWords(bytes), next);
    };
    const isCalled = !step.isGuarded || take(4).some((byte) => byte !== 0);
    const elements = step.operands.map(({ dtype, shape }) => {
      const size = sizeOf(shape);
      return fromDeviceWords(take(size * bytesOf(dtype)).buffer, dtype, size);
    });
    if (isCalled) calls.call(step, elements);
  }
}
