/** The WebGPU device: in a browser, or in Node through Dawn. */
import { showAval, sizeOf } from '../../base/aval.ts';
import type { DType, TypedArray } from '../../base/dtype.ts';
import { bytesOf, shortName } from '../../base/dtype.ts';
import { EnerjaxError, invariant } from '../../base/errors.ts';
import type { Plan, Target } from '../../compile/plan.ts';
import type { WgslOptions } from '../../emit/wgsl/emit.ts';
import { parametersFor } from '../../emit/wgsl/parameters.ts';
import type { Storage } from '../../ir/value.ts';
import {
  type Device,
  type Executable,
  type HostCalls,
  type MemoryStats,
  noCalls,
  type PendingUpload,
} from '../device.ts';
import { noTimestamps } from '../errors.ts';
import { activeRecorder } from '../profile.ts';
import { createReclaimer, loadCollector, type Reclaimer } from '../reclaim.ts';
import {
  type AdapterOptions,
  adapterAvailability,
  factsOf,
  findAdapter,
  isSoftwareAdapter,
  requestDevice,
} from './adapter.ts';
import { BindGroups } from './bind-groups.ts';
import { callAll, type LogBuffer, RunEncoder } from './encode-run.ts';
import { executionFailed } from './errors.ts';
import {
  type Limits,
  offsetAlignment,
  outputBytes,
  type Prepared,
  preparePlan,
} from './executable.ts';
import { Failures } from './failures.ts';
import { Accounts, type Allocation, arrayUsage, BufferPool, stagingUsage } from './memory.ts';
import { Patience } from './patience.ts';
import { Pipelines } from './pipelines.ts';
import { type Places, wholeOf, wholeWords } from './places.ts';
import { type StorageOwner, WebGpuStorage } from './storage.ts';
import { Timestamps } from './timestamps.ts';
import { deviceElements, fromDeviceWords, toDeviceWords, WholeWords } from './transfer.ts';
import { WorkOrder } from './work-order.ts';

export { adapterAvailability };

/** How the device is made. */
export interface WebGpuDeviceOptions extends AdapterOptions {
  /** Bytes of arrays above which unreachable ones are looked for. Default: 512 MB. */
  readonly budgetBytes?: number;
  /** Bytes of an array that a kernel sees at once, at most. Default: what the GPU allows. */
  readonly maxBindingBytes?: number;
  /** Overrides choices of the code generator, to test kernels meant for other GPUs. */
  readonly emit?: Pick<WgslOptions, 'loopStyle' | 'matmul' | 'parameters'>;
}

/** A GPU. */
export interface WebGpuDevice extends Device {
  /** True if the adapter computes on the processor, slower than the `wasm` device does. */
  readonly isSoftware: boolean;
  /** Bind groups kept for reuse. */
  readonly bindGroupCount: number;
  /** Gives the GPU back. Arrays on it are lost. */
  destroy(): void;
}

const defaultBudget = 512 * 2 ** 20;
/** Fusion stops at this many buffers even where a GPU allows more, so that programs are the same everywhere. */
const maxBuffers = 8;
/** Uploads are cut into pieces of this size, so that their host-side copies do not pile up. */
const uploadPiece = 64 * 2 ** 20;

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
  return new Gpu(device, collect, {
    name: `WebGPU: ${name}`,
    isSoftware,
    budgetBytes: options.budgetBytes ?? defaultBudget,
    emit: { parameters: parametersFor(factsOf(adapter)), ...options.emit },
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
  readonly emit: WgslOptions;
  readonly limits: Limits;
}

class Gpu implements WebGpuDevice, StorageOwner {
  readonly name = 'webgpu';
  readonly description: string;
  readonly isSoftware: boolean;
  readonly target: Target;
  readonly #device: GPUDevice;
  readonly #facts: GpuFacts;
  readonly #failures = new Failures();
  readonly #accounts = new Accounts();
  readonly #arrays: BufferPool;
  readonly #staging: BufferPool;
  readonly #bindGroups: BindGroups;
  readonly #pipelines: Pipelines;
  readonly #reclaimer: Reclaimer;
  readonly #order: WorkOrder;
  readonly #patience: Patience;
  readonly #unreachable: FinalizationRegistry<Allocation>;
  #arena: Allocation | null = null;
  #isArenaUsed = false;
  #lastRun = 'the first program';

  constructor(device: GPUDevice, collect: (() => void) | null, facts: GpuFacts) {
    const { budgetBytes, isSoftware } = facts;
    this.#device = device;
    this.#facts = facts;
    this.description = facts.name;
    this.isSoftware = isSoftware;
    this.target = {
      device: 'webgpu',
      fuse: true,
      maxBuffers: Math.min(maxBuffers, device.limits.maxStorageBuffersPerShaderStage),
      alignment: offsetAlignment,
      hasSerialRows: true,
      hasFastThreads: false,
      minRows: isSoftware ? 32 : 128,
      splitProducts: facts.emit.parameters?.matmul.split ?? null,
      writesWords: true,
      concurrency: isSoftware ? 256 : 8192,
    };
    const failures = this.#failures;
    this.#bindGroups = new BindGroups(device, collect);
    this.#pipelines = new Pipelines(device, failures);
    this.#order = new WorkOrder((error) => this.#reportDelayed(error));
    this.#patience = new Patience(isSoftware);
    const onDestroy = (id: number): void => this.#bindGroups.forget(id);
    const isWaiting = (): boolean => this.#order.isWaiting;
    const shared = { device, failures, budgetBytes, accounts: this.#accounts, isWaiting };
    this.#arrays = new BufferPool({ ...shared, usage: arrayUsage, onDestroy });
    this.#staging = new BufferPool({ ...shared, usage: stagingUsage });
    this.#reclaimer = createReclaimer({ budgetBytes, liveBytes: () => this.#arrays.liveBytes });
    this.#unreachable = new FinalizationRegistry((allocation) => this.#arrays.release(allocation));
    this.#listen();
  }

  #listen(): void {
    this.#device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      const { error } = event;
      this.#failures.reportConsequence(
        executionFailed.at({ site: null, cause: error }, this.#lastRun, error.message.trim()),
      );
    });
    this.#device.lost.then((info) => this.#failures.lose(info.message || info.reason, info));
  }

  upload(data: TypedArray, dtype: DType): Storage {
    this.#failures.raiseLoss();
    const words = toDeviceWords(data, dtype);
    const allocation = this.#reserve(words.byteLength, data.length, dtype);
    this.#writeInOrder(allocation, 0, words);
    const storage = this.#adopt(allocation, dtype, data.length);
    storage.remember(fromHost(data, dtype));
    return storage;
  }

  beginUpload(length: number, dtype: DType): PendingUpload {
    this.#failures.raiseLoss();
    const bytes = wholeWords(length * bytesOf(dtype));
    const allocation = this.#reserve(bytes, length, dtype);
    let done = 0;
    const pieces = new WholeWords((words) => {
      this.#writeInOrder(allocation, done, words);
      done += words.byteLength;
    });
    return {
      append: (next) => pieces.append(deviceElements(next, dtype)),
      finish: () => {
        pieces.finish();
        invariant(done === bytes, `${done} of ${bytes} bytes were handed over`);
        return this.#adopt(allocation, dtype, length);
      },
      abandon: () => this.#arrays.release(allocation),
    };
  }

  #reserve(bytes: number, length: number, dtype: DType): Allocation {
    return this.#arrays.acquire(bytes, () => `${shortName(dtype)}[${length}]`);
  }

  /** Writes elements after the work that was asked for before. */
  #writeInOrder(allocation: Allocation, offset: number, words: ArrayBufferView<ArrayBuffer>): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    // What waits must not see what the caller does to the elements meanwhile.
    const kept = this.#order.isWaiting ? bytes.slice() : bytes;
    this.#order.add([], () => this.#write(allocation, offset, kept));
  }

  #write({ buffer }: Allocation, offset: number, data: Uint8Array<ArrayBuffer>): void {
    const { queue } = this.#device;
    for (let start = 0; start < data.byteLength; start += uploadPiece) {
      const bytes = Math.min(uploadPiece, data.byteLength - start);
      queue.writeBuffer(buffer, offset + start, data.buffer, data.byteOffset + start, bytes);
      if (bytes === uploadPiece) queue.submit([]);
    }
  }

  #reportDelayed(error: unknown): void {
    const known = error instanceof EnerjaxError ? error : null;
    const message = error instanceof Error ? error.message : String(error);
    this.#failures.report(
      known ?? executionFailed.at({ site: null, cause: error }, this.#lastRun, message),
    );
  }

  /** An array that owns this buffer until it is freed or cannot be reached. */
  #adopt(allocation: Allocation, dtype: DType, length: number): WebGpuStorage {
    const storage = new WebGpuStorage(this, allocation, dtype, length);
    this.#unreachable.register(storage, allocation, storage);
    return storage;
  }

  freed(storage: WebGpuStorage, allocation: Allocation): void {
    this.#unreachable.unregister(storage);
    this.#arrays.release(allocation);
  }

  load(plan: Plan): Executable {
    this.#failures.raiseLoss();
    const prepared = preparePlan(plan, {
      pipelines: this.#pipelines,
      limits: this.#facts.limits,
      emit: this.#facts.emit,
    });
    return {
      kernels: prepared.kernels,
      arenaBytes: plan.arenaBytes,
      run: (inputs, donated, calls = noCalls) => this.#run(plan, prepared, inputs, donated, calls),
    };
  }

  #run(
    plan: Plan,
    prepared: Prepared,
    inputs: readonly Storage[],
    donated: ReadonlySet<number>,
    calls: HostCalls,
  ): Storage[] {
    this.#failures.raiseLoss();
    for (const { refusal } of prepared.pipelines) if (refusal) throw refusal;
    this.#lastRun = prepared.name;
    const arrays = inputs.map((input) => {
      invariant(input instanceof WebGpuStorage, 'an array of another device');
      return input;
    });
    const sources = arrays.map(({ allocation }) => wholeOf(allocation));
    const copies: Copy[] = [];
    const results = this.#allocateOutputs(plan, arrays, donated, copies);
    const arena = plan.arenaBytes === 0 ? null : this.#growArena(plan.arenaBytes);
    const log = prepared.logBytes === 0 ? null : this.#openLog(prepared.logBytes);
    const outputs = results.map(wholeOf);
    const places = { inputs: sources, outputs, arena: arena === null ? null : wholeOf(arena) };
    const needs = prepared.pipelines.flatMap(({ pending }) => pending ?? []);
    try {
      this.#order.add(needs, () => this.#submit(prepared, places, copies, log));
    } catch (error) {
      for (const allocation of results) this.#arrays.release(allocation);
      if (log !== null) this.#staging.release(log.staging);
      throw error;
    }
    if (log === null) calls.finish();
    else this.#deliver(log, calls).finally(() => calls.finish());
    for (const index of donated) arrays[index]?.free();
    return plan.outputs.map(({ dtype, shape }, i) => {
      const allocation = results[i];
      invariant(allocation !== undefined, 'a result without memory');
      return this.#adopt(allocation, dtype, sizeOf(shape));
    });
  }

  /**
   * A buffer for each output. One that takes over an input's memory gets its buffer if that is given
   * up and bound nowhere else, and otherwise a copy.
   */
  #allocateOutputs(
    plan: Plan,
    arrays: readonly WebGpuStorage[],
    donated: ReadonlySet<number>,
    copies: Copy[],
  ): Allocation[] {
    return plan.outputs.map((aval, index) => {
      const bytes = outputBytes(plan, index);
      const input = plan.aliases.get(index);
      const array = input === undefined ? undefined : arrays[input];
      if (input === undefined || array === undefined) {
        return this.#arrays.acquire(bytes, () => `result ${showAval(aval)}`);
      }
      if (donated.has(input) && arrays.indexOf(array) === arrays.lastIndexOf(array)) {
        this.#unreachable.unregister(array);
        return array.giveUp();
      }
      const copy = this.#arrays.acquire(bytes, () => `result ${showAval(aval)}`);
      if (bytes > 0) copies.push({ from: array.allocation, to: copy, bytes });
      return copy;
    });
  }

  #openLog(bytes: number): LogBuffer {
    const staging = this.#staging.acquire(bytes, () => 'what is printed');
    return { staging, entries: [], bytes: 0 };
  }

  /** Makes the calls of a run, once the GPU has come so far. */
  async #deliver(log: LogBuffer, calls: HostCalls): Promise<void> {
    await this.#order.handedOver();
    const bytes = Math.max(4, log.bytes);
    const memory = await this.#fetch(log.staging, 'uint8', bytes, bytes);
    if (memory !== null) callAll(log, Uint8Array.from(memory), calls);
  }

  #submit(
    prepared: Prepared,
    places: Places,
    copies: readonly Copy[],
    log: LogBuffer | null,
  ): void {
    for (const { refusal } of prepared.pipelines) if (refusal) throw refusal;
    const encoder = this.#device.createCommandEncoder();
    for (const { from, to, bytes } of copies) {
      encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, bytes);
    }
    const recorder = activeRecorder();
    if (recorder !== null && !this.#device.features.has('timestamp-query')) throw noTimestamps();
    const timestamps = recorder === null ? null : new Timestamps(this.#device, recorder);
    const bindGroups = this.#bindGroups;
    new RunEncoder({ encoder, bindGroups, log, timestamps }).write(prepared, places);
    const read = timestamps?.resolve(encoder);
    this.#device.queue.submit([encoder.finish()]);
    read?.(this.#failures);
  }

  /** One buffer serves the intermediates of all programs: the queue runs them one after the other. */
  #growArena(bytes: number): Allocation {
    this.#isArenaUsed = true;
    if (this.#arena !== null && this.#arena.bytes >= bytes) return this.#arena;
    if (this.#arena !== null) this.#arrays.release(this.#arena);
    this.#arena = this.#arrays.acquire(bytes, () => 'the intermediate arrays together');
    return this.#arena;
  }

  read(storage: WebGpuStorage): Promise<TypedArray> {
    return this.#patience.for(this.#read(storage));
  }

  async #read(storage: WebGpuStorage): Promise<TypedArray> {
    this.#failures.raiseLoss();
    const { dtype, length, bytes } = storage;
    if (bytes === 0) return fromDeviceWords(new ArrayBuffer(0), dtype, 0);
    const words = wholeWords(bytes);
    const staging = this.#staging.acquire(words, () => `${shortName(dtype)}[${length}]`);
    const { buffer } = storage.allocation;
    this.#order.add([], () => {
      const encoder = this.#device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging.buffer, 0, words);
      this.#device.queue.submit([encoder.finish()]);
    });
    await this.#order.handedOver();
    const elements = await this.#fetch(staging, dtype, length, words);
    await this.#failures.known();
    this.#failures.raise();
    invariant(elements !== null, 'a read that failed without a reason');
    storage.remember(elements);
    await this.#reclaim();
    return elements;
  }

  /** The elements in a staging buffer; null if the GPU refused, which is reported elsewhere. */
  async #fetch(
    staging: Allocation,
    dtype: DType,
    length: number,
    bytes: number,
  ): Promise<TypedArray | null> {
    const { buffer } = staging;
    try {
      await buffer.mapAsync(mapRead, 0, bytes);
    } catch (cause) {
      // The reasons are told by events of their own, which may come a little later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#failures.reportConsequence(
        executionFailed.at({ site: null, cause }, this.#lastRun, 'a result could not be read'),
      );
      this.#staging.discard(staging);
      return null;
    }
    const elements = fromDeviceWords(buffer.getMappedRange(0, bytes), dtype, length);
    buffer.unmap();
    this.#staging.release(staging);
    return elements;
  }

  settle(): Promise<void> {
    return this.#patience.for(this.#settle());
  }

  async #settle(): Promise<void> {
    this.#failures.raiseLoss();
    await this.#order.handedOver();
    await this.#device.queue.onSubmittedWorkDone();
    await this.#failures.known();
    this.#failures.raise();
    await this.#reclaim();
    this.#trim();
  }

  /** Frees what nobody can reach, if there is much of it. */
  async #reclaim(): Promise<void> {
    await this.#reclaimer.reclaimIfNeeded();
    await this.#bindGroups.reclaimIfNeeded();
  }

  /** Gives back what an idle device need not keep. */
  #trim(): void {
    if (!this.#isArenaUsed && this.#arena !== null) {
      this.#arrays.release(this.#arena);
      this.#arena = null;
    }
    this.#isArenaUsed = false;
    this.#arrays.trim(this.#facts.budgetBytes / 4);
    this.#staging.trim(this.#facts.budgetBytes / 16);
  }

  memory(): MemoryStats {
    const arrays = this.#arrays;
    const arena = this.#arena === null ? 0 : 1;
    return {
      liveBytes: arrays.liveBytes,
      pooledBytes: arrays.pooledBytes + this.#staging.liveBytes + this.#staging.pooledBytes,
      peakBytes: this.#accounts.peak,
      liveArrays: arrays.count - arena,
    };
  }

  resetPeak(): void {
    this.#accounts.resetPeak();
  }

  get bindGroupCount(): number {
    return this.#bindGroups.size;
  }

  destroy(): void {
    this.#order.drop();
    this.#failures.lose('destroy() was called', null);
    this.#device.destroy();
  }
}

const mapRead = 1;

/** One array's elements to be copied to another. */
interface Copy {
  readonly from: Allocation;
  readonly to: Allocation;
  readonly bytes: number;
}

/** Host elements as a read would return them. */
const fromHost = (data: TypedArray, dtype: DType): TypedArray =>
  dtype === 'float32' ? Float32Array.from(data) : data.slice();
