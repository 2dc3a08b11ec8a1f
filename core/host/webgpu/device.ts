/** The WebGPU device: in a browser, or in Node through Dawn. */
import type { DType, TypedArray } from '../../base/dtype.ts';
import type { Plan, Target } from '../../compile/plan.ts';
import type { WgslOptions } from '../../emit/wgsl/emit.ts';
import { parametersFor } from '../../emit/wgsl/parameters.ts';
import type { Storage } from '../../ir/value.ts';
import {
  type Device,
  type Executable,
  type MemoryStats,
  noCalls,
  type PendingUpload,
} from '../device.ts';
import { loadCollector } from '../reclaim.ts';
import {
  type AdapterOptions,
  adapterAvailability,
  factsOf,
  findAdapter,
  isSoftwareAdapter,
  requestDevice,
} from './adapter.ts';
import { BindGroups } from './bind-groups.ts';
import { CommandBatch } from './command-batch.ts';
import { type Limits, offsetAlignment, preparePlan } from './executable.ts';
import { Failures } from './failures.ts';
import { GpuMemory } from './gpu-memory.ts';
import type { Later } from './idle.ts';
import { Patience } from './patience.ts';
import { Pipelines } from './pipelines.ts';
import { showFragments, withProvenFragments } from './probe-fragments.ts';
import { Reads } from './reads.ts';
import { Runs } from './runs.ts';
import { Tuner } from './tuner/tuner.ts';
import { openTuning, type TuneOptions, type Tuning } from './tuner/tuning.ts';
import { Uploads } from './uploads.ts';
import { WorkOrder } from './work-order.ts';

export { adapterAvailability };

/** How the device is made. */
export interface WebGpuDeviceOptions extends AdapterOptions {
  /** Bytes of arrays above which unreachable ones are looked for. Default: 512 MB. */
  readonly budgetBytes?: number;
  /** Bytes of an array that a kernel sees at once, at most. Default: what the GPU allows. */
  readonly maxBindingBytes?: number;
  /** Calls back after a time, to notice that the device is idle. Default: the host's timers. */
  readonly later?: Later;
  /**
   * Whether each kind of kernel is measured in several forms when it is met for the first time on this adapter, to use
   * the fastest from then on, and how. Default: what `ENERJAX_TUNE` says, or false.
   */
  readonly tune?: boolean | TuneOptions;
  /** Overrides choices of the code generator, to test kernels meant for other GPUs. */
  readonly emit?: Pick<WgslOptions, 'loopStyle' | 'matmul' | 'parameters'>;
}

/** A GPU. */
export interface WebGpuDevice extends Device {
  /** True if the adapter computes on the processor, slower than the `wasm` device does. */
  readonly isSoftware: boolean;
  /** Bind groups kept for reuse. */
  readonly bindGroupCount: number;
  /** Classes of kernels that have been measured on this device; 0 if it does not tune. */
  readonly measurements: number;
  /** Gives the GPU back. Arrays on it are lost. */
  destroy(): void;
}

const defaultBudget = 512 * 2 ** 20;
/** Fusion stops at this many buffers even where a GPU allows more, so that programs are the same everywhere. */
const maxBuffers = 8;

/**
 * A device that runs programs on a GPU.
 *
 * @throws `no-webgpu-adapter`
 */
export async function createWebGpuDevice(options: WebGpuDeviceOptions = {}): Promise<WebGpuDevice> {
  const adapter = await findAdapter(options);
  const isSoftware = isSoftwareAdapter(adapter);
  const { vendor, architecture, description } = adapter.info;
  const name = [vendor, architecture, description].filter((part) => part !== '').join(', ');
  const [device, collect] = await Promise.all([requestDevice(adapter), loadCollector()]);
  const parameters = await withProvenFragments(device, parametersFor(factsOf(adapter)));
  const emit = { parameters, ...options.emit };
  const { info } = adapter;
  return new Gpu(device, collect, {
    name: `WebGPU: ${name}${showFragments(emit.parameters)}`,
    isSoftware,
    budgetBytes: options.budgetBytes ?? defaultBudget,
    later: options.later,
    emit,
    tuning: await openTuning(options.tune, { info, emit, limits: device.limits }),
    limits: limitsOf(device.limits, options.maxBindingBytes),
  });
}

/** @param maxBindingBytes - Overrides what the GPU allows, downwards. */
function limitsOf(limits: GPUSupportedLimits, maxBindingBytes = Infinity): Limits {
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = limits;
  return {
    maxBufferSize,
    maxStorageBuffersPerShaderStage,
    maxStorageBufferBindingSize: Math.min(maxStorageBufferBindingSize, maxBindingBytes),
  };
}

interface GpuFacts {
  readonly name: string;
  readonly isSoftware: boolean;
  readonly budgetBytes: number;
  readonly later: Later | undefined;
  readonly emit: WgslOptions;
  readonly tuning: Tuning | null;
  readonly limits: Limits;
}

class Gpu implements WebGpuDevice {
  readonly name = 'webgpu';
  readonly description: string;
  readonly isSoftware: boolean;
  readonly target: Target;
  readonly #device: GPUDevice;
  readonly #facts: GpuFacts;
  readonly #failures = new Failures();
  readonly #order = new WorkOrder((error) => this.#failures.reportThrown(error));
  readonly #batch: CommandBatch;
  readonly #bindGroups: BindGroups;
  readonly #pipelines: Pipelines;
  readonly #tuner: Tuner | null;
  readonly #patience: Patience;
  readonly #memory: GpuMemory;
  readonly #uploads: Uploads;
  readonly #runs: Runs;

  constructor(device: GPUDevice, collect: (() => void) | null, facts: GpuFacts) {
    const { budgetBytes, isSoftware, later, emit, tuning } = facts;
    this.#device = device;
    this.#facts = facts;
    this.description = facts.name;
    this.isSoftware = isSoftware;
    this.target = targetOf(device.limits, facts);
    const failures = this.#failures;
    const order = this.#order;
    const batch = new CommandBatch(device);
    const patience = new Patience(isSoftware);
    const bindGroups = new BindGroups(device, collect);
    const memory: GpuMemory = new GpuMemory({
      ...{ device, failures, bindGroups, budgetBytes, later },
      isWaiting: () => order.isWaiting,
      flush: () => batch.flush(),
      read: (storage) => patience.for(reads.read(storage)),
    });
    const reads = new Reads({ batch, failures, memory, order });
    this.#batch = batch;
    this.#patience = patience;
    this.#bindGroups = bindGroups;
    this.#pipelines = new Pipelines(device, failures);
    this.#memory = memory;
    const { accounts } = memory;
    const pipelines = this.#pipelines;
    this.#tuner =
      tuning === null
        ? null
        : new Tuner({ device, pipelines, emit, accounts, maxBytes: budgetBytes }, tuning);
    this.#uploads = new Uploads({ device, batch, memory, order });
    this.#runs = new Runs({ device, batch, failures, bindGroups, memory, order, reads });
    this.#listen();
  }

  #listen(): void {
    this.#device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      const { error } = event;
      this.#failures.reportConsequence(error, error.message.trim());
    });
    this.#device.lost.then((info) => this.#failures.lose(info.message || info.reason, info));
  }

  upload(data: TypedArray, dtype: DType): Storage {
    this.#failures.raiseLoss();
    return this.#uploads.whole(data, dtype);
  }

  beginUpload(length: number, dtype: DType): PendingUpload {
    this.#failures.raiseLoss();
    return this.#uploads.begin(length, dtype);
  }

  load(plan: Plan): Executable {
    this.#failures.raiseLoss();
    // The GPU can work while the host makes a program ready.
    this.#batch.flush();
    const prepared = preparePlan(plan, {
      pipelines: this.#pipelines,
      limits: this.#facts.limits,
      emit: this.#facts.emit,
      tuner: this.#tuner,
    });
    return {
      kernels: prepared.kernels,
      arenaBytes: plan.arenaBytes,
      run: (inputs, donated, calls = noCalls) =>
        this.#runs.run({ plan, prepared, inputs, donated, calls }),
    };
  }

  settle(): Promise<void> {
    return this.#patience.for(this.#settle());
  }

  async #settle(): Promise<void> {
    this.#failures.raiseLoss();
    await this.#order.handedOver();
    this.#batch.flush();
    await this.#device.queue.onSubmittedWorkDone();
    await this.#failures.known();
    this.#failures.raise();
    await this.#tuner?.saved();
    await this.#memory.reclaim();
    this.#memory.trim();
  }

  memory(): MemoryStats {
    const { pooledBytes, ...rest } = this.#memory.stats;
    return { ...rest, pooledBytes: pooledBytes + (this.#tuner?.heldBytes ?? 0) };
  }

  resetPeak(): void {
    this.#memory.resetPeak();
  }

  get bindGroupCount(): number {
    return this.#bindGroups.size;
  }

  get measurements(): number {
    return this.#tuner?.measurements ?? 0;
  }

  destroy(): void {
    this.#order.drop();
    this.#batch.drop();
    this.#failures.lose('destroy() was called', null);
    this.#device.destroy();
  }
}

/** What programs for this GPU are compiled for. */
const targetOf = (
  { maxStorageBuffersPerShaderStage }: GPUSupportedLimits,
  { isSoftware, emit }: GpuFacts,
): Target => ({
  device: 'webgpu',
  fuse: true,
  maxBuffers: Math.min(maxBuffers, maxStorageBuffersPerShaderStage),
  alignment: offsetAlignment,
  hasSerialRows: true,
  hasFastThreads: false,
  minRows: isSoftware ? 32 : 128,
  splitProducts: emit.parameters?.matmul.split ?? null,
  gathersProducts: false,
  writesWords: true,
  writesHalves: emit.parameters?.nativeHalves === true,
  concurrency: isSoftware ? 256 : 8192,
});
