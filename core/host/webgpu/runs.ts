/** Runs of prepared plans on a GPU: memory for their results, the commands, and the calls on the host. */
import { invariant } from '../../base/errors.ts';
import type { Plan } from '../../compile/plan.ts';
import type { Storage } from '../../ir/value.ts';
import type { HostCalls } from '../device.ts';
import { noTimestamps } from '../errors.ts';
import { activeRecorder } from '../profile.ts';
import type { BindGroups } from './bind-groups.ts';
import type { CommandBatch } from './command-batch.ts';
import { callAll, type LogBuffer, RunEncoder } from './encode-run.ts';
import type { Prepared } from './executable.ts';
import type { Failures } from './failures.ts';
import type { Copy, GpuMemory } from './gpu-memory.ts';
import { type Places, wholeOf } from './places.ts';
import type { Reads } from './reads.ts';
import { WebGpuStorage } from './storage.ts';
import { Timestamps } from './timestamps.ts';
import type { WorkOrder } from './work-order.ts';

/** What runs need from their device. */
export interface RunsOptions {
  readonly device: GPUDevice;
  readonly batch: CommandBatch;
  readonly failures: Failures;
  readonly bindGroups: BindGroups;
  readonly memory: GpuMemory;
  readonly order: WorkOrder;
  readonly reads: Reads;
}

/** One run of a program. */
export interface RunRequest {
  readonly plan: Plan;
  readonly prepared: Prepared;
  readonly inputs: readonly Storage[];
  /** Which inputs are given up. */
  readonly donated: ReadonlySet<number>;
  readonly calls: HostCalls;
}

/** Runs programs. */
export class Runs {
  readonly #parts: RunsOptions;

  constructor(parts: RunsOptions) {
    this.#parts = parts;
  }

  /** The results, whose memory is there at once; their elements follow in the order of the queue. */
  run({ plan, prepared, inputs, donated, calls }: RunRequest): Storage[] {
    const { failures, memory, order } = this.#parts;
    failures.raiseLoss();
    refuse(prepared);
    failures.running(prepared.name);
    const arrays = inputs.map((input) => {
      invariant(input instanceof WebGpuStorage, 'an array of another device');
      return input;
    });
    const sources = arrays.map(({ allocation }) => wholeOf(allocation));
    const { results, copies } = memory.allocateOutputs(plan, arrays, donated);
    const arena = plan.arenaBytes === 0 ? null : memory.growArena(plan.arenaBytes);
    const log = prepared.logBytes === 0 ? null : this.#openLog(prepared.logBytes);
    const outputs = results.map(wholeOf);
    const places = { inputs: sources, outputs, arena: arena === null ? null : wholeOf(arena) };
    const needs = prepared.pipelines.flatMap(({ pending }) => pending ?? []);
    try {
      order.add(needs, () => this.#submit(prepared, places, copies, log));
    } catch (error) {
      for (const allocation of results) memory.arrays.release(allocation);
      if (log !== null) memory.staging.release(log.staging);
      throw error;
    }
    if (log === null) calls.finish();
    else this.#deliver(log, calls).finally(() => calls.finish());
    for (const index of donated) arrays[index]?.free();
    return memory.adoptOutputs(plan, results);
  }

  #openLog(bytes: number): LogBuffer {
    const staging = this.#parts.memory.staging.acquire(bytes, () => 'what is printed');
    return { staging, entries: [], bytes: 0 };
  }

  /** Makes the calls of a run, once the GPU has come so far. */
  async #deliver(log: LogBuffer, calls: HostCalls): Promise<void> {
    const { order, reads } = this.#parts;
    await order.handedOver();
    const bytes = Math.max(4, log.bytes);
    const memory = await reads.fetch(log.staging, 'uint8', bytes, bytes);
    if (memory !== null) callAll(log, Uint8Array.from(memory), calls);
  }

  #submit(
    prepared: Prepared,
    places: Places,
    copies: readonly Copy[],
    log: LogBuffer | null,
  ): void {
    refuse(prepared);
    const { device, bindGroups, failures, batch } = this.#parts;
    const recorder = activeRecorder();
    if (recorder !== null && !device.features.has('timestamp-query')) throw noTimestamps();
    const timestamps = recorder === null ? null : new Timestamps(device, recorder);
    if (timestamps !== null) batch.flush();
    for (const { from, to, bytes } of copies) batch.copy({ ...wholeOf(from), bytes }, to.buffer);
    new RunEncoder({ batch, bindGroups, log, timestamps }).write(prepared, places);
    const read = timestamps?.resolve(batch.commands);
    // The buffer of a log is about to be mapped, and a submit may not use it then.
    if (timestamps !== null || log !== null) batch.flush();
    else batch.flushIfMuch();
    read?.(failures);
  }
}

/** @throws `kernel-refused` if the driver did not want a kernel. */
function refuse({ pipelines }: Prepared): void {
  for (const { refusal } of pipelines) if (refusal) throw refusal;
}
