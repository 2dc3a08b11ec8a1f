/** Programs meet devices: the default device, the cache of compiled programs, and evaluation. */
import type { Shape } from '../base/aval.ts';
import { makeAval, sizeOf } from '../base/aval.ts';
import type { DType, TypedArray } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import { toRaw } from '../base/half.ts';
import type { CallNumbers } from '../compile/build-control.ts';
import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { callsOf, withoutEffects } from '../ir/effects.ts';
import type { HostData, HostFunction } from '../ir/host-function.ts';
import type { Opaque, Program } from '../ir/program.ts';
import { show } from '../ir/show.ts';
import { concrete, evaluate, isTracing, setEvaluator, trace } from '../ir/trace.ts';
import { ConcreteArray, type Storage, type Value } from '../ir/value.ts';
import { checksNow } from './checks.ts';
import { type Device, type Executable, noCalls } from './device.ts';
import { programInsideCallback, unknownDevice, wrongDevice } from './errors.ts';
import { firstBad, sourceError } from './find-source.ts';
import { hostArray } from './host-array.ts';
import { isInsideCall, pendingWork, queue, RunCalls } from './host-calls.ts';
import { createJsDevice } from './js/device.ts';
import { createWasmDevice } from './wasm/device.ts';
import { createWebGpuDevice } from './webgpu/device.ts';

/** The name of a kind of device. */
export type DeviceName = Device['name'];

/** A program that is ready to run on one device. */
export interface Compiled {
  /**
   * Runs the program.
   *
   * @param donated - Inputs that are given up: using them afterwards is an error.
   */
  run(inputs: readonly ConcreteArray[], donated?: ReadonlySet<number>): ConcreteArray[];
  /** Text of every distinct kernel. */
  readonly kernels: readonly string[];
  readonly plan: Plan;
}

const owners = new WeakMap<Storage, Device>();
const caches = new WeakMap<Device, Map<string, Loaded>>();
/** Executables kept; the one unused for longest goes first. */
const maxCached = 4096;

let current: Device | null = null;

/** The device that programs run on: WebAssembly unless {@link setDefaultDevice} chose another. */
export function defaultDevice(): Device {
  current ??= createWasmDevice();
  return current;
}

const created = new Map<DeviceName, Promise<Device>>();

/** The device of this name, made at its first use. */
export function getDevice(name: DeviceName): Promise<Device> {
  const known = created.get(name);
  if (known !== undefined) return known;
  const device = makeDevice(name);
  created.set(name, device);
  // A failure is not kept: an adapter may be there the next time.
  device.catch(() => created.delete(name));
  return device;
}

async function makeDevice(name: DeviceName): Promise<Device> {
  switch (name) {
    case 'js':
      return createJsDevice();
    case 'wasm':
      return current?.name === 'wasm' ? current : createWasmDevice();
    case 'webgpu':
      return createWebGpuDevice();
    default:
      throw unknownDevice(String(name));
  }
}

/** Makes programs run on this device from now on, and returns it. */
export async function setDefaultDevice(device: DeviceName | Device): Promise<Device> {
  const chosen = typeof device === 'string' ? await getDevice(device) : device;
  current = chosen;
  return chosen;
}

/** The program compiled for the default device; the same program is compiled once. */
export function compiled(program: Program, donated: ReadonlySet<number> = new Set()): Compiled {
  const device = defaultDevice();
  const { functions, numbers, order } = numberCalls(program);
  const entry = cached(device, `${[...donated].join()} ${order}${show(program)}`, () =>
    load(program, donated, device, numbers),
  );
  return {
    plan: entry.plan,
    kernels: entry.kernels,
    run: (inputs, given = none) => {
      const { nans, infs } = checksNow();
      return nans || infs
        ? runChecked(entry, device, inputs, given, functions, program)
        : run(entry, device, inputs, given, functions);
    },
  };
}

/** The functions of the host's in a program. The cached program knows them by number only. */
function numberCalls(program: Program) {
  const calls = callsOf(program);
  if (calls.length === 0) return callsNothing;
  const distinct = [...new Set(calls)];
  const numbers = new Map(distinct.map((call, i) => [call, i]));
  // Which calls are of the same function is no part of the program's text.
  const order = `${calls.map((call) => numbers.get(call)).join()} `;
  return { functions: distinct.map(({ content }) => content), numbers, order };
}

const callsNothing = { functions: [], numbers: new Map<Opaque<HostFunction>, number>(), order: '' };

/** A program in the cache of a device. */
interface Loaded {
  readonly plan: Plan;
  readonly kernels: readonly string[];
  readonly executable: Executable;
}

/** What the cache has under this key, made if it is not there. */
function cached(device: Device, key: string, make: () => Loaded): Loaded {
  const cache = caches.get(device) ?? new Map<string, Loaded>();
  caches.set(device, cache);
  const known = cache.get(key);
  const entry = known ?? make();
  // Reinsertion keeps the map in order of use.
  if (known !== undefined) cache.delete(key);
  cache.set(key, entry);
  if (cache.size > maxCached) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  return entry;
}

function load(
  program: Program,
  donated: ReadonlySet<number>,
  device: Device,
  numbers: CallNumbers,
): Loaded {
  const plan = compile(program, device.target, donated, numbers);
  const executable = device.load(plan);
  return { plan, kernels: executable.kernels, executable };
}

const none: ReadonlySet<number> = new Set();

function run(
  { executable, plan }: Loaded,
  device: Device,
  inputs: readonly ConcreteArray[],
  donated: ReadonlySet<number>,
  functions: readonly HostFunction[],
): ConcreteArray[] {
  refuseInsideCall();
  const storages = inputs.map((input) => storageOn(device, input));
  for (const index of donated) inputs[index]?.donate();
  const calls = functions.length === 0 ? null : new RunCalls(functions);
  const results = executable.run(storages, donated, calls ?? noCalls);
  const ready = (calls === null ? null : deliver(calls)) ?? pendingWork();
  return results.map((storage, i) => {
    const aval = plan.outputs[i];
    invariant(aval !== undefined, 'a device returned too many results');
    owners.set(storage, device);
    return new ConcreteArray(aval, storage, ready);
  });
}

/**
 * As {@link run}, and fails if a result has a value that is checked for: at once, or on a GPU when a result
 * is read. Until then nothing is overwritten, so that the program can run again.
 */
function runChecked(
  entry: Loaded,
  device: Device,
  inputs: readonly ConcreteArray[],
  donated: ReadonlySet<number>,
  functions: readonly HostFunction[],
  program: Program,
): ConcreteArray[] {
  const checks = checksNow();
  const results = run(entry, device, inputs, none, functions);
  const kept = inputs.map(({ aval, storage }) => ({ aval, storage }));
  const given = [...donated].map((index) => inputs[index]?.donate());
  const isBad = ({ aval }: ConcreteArray, data: TypedArray): boolean =>
    firstBad(checks, aval, data) !== -1;
  const fail = (data: readonly TypedArray[]): never => {
    const held = kept.map(({ aval }, i) => ({ aval, data: data[i] ?? new Float32Array() }));
    const on = device.name === 'webgpu' ? hostDevice() : device;
    throw sourceError(withoutEffects(program), held, checks, (part, values) =>
      runOnHost(on, part, values),
    );
  };
  const release = (): void => {
    for (const storage of given) storage?.free();
  };
  if (device.name !== 'webgpu') {
    try {
      const found = results.some((result) => isBad(result, result.dataSync()));
      if (found) fail(kept.map(({ storage }) => storage.readSync()));
    } finally {
      release();
    }
    return results;
  }
  const ready = queue(async () => {
    try {
      const data = await Promise.all(results.map((result) => result.storage.read()));
      if (!results.some((result, i) => isBad(result, data[i] ?? new Float32Array()))) return;
      fail(await Promise.all(kept.map(({ storage }) => storage.read())));
    } finally {
      release();
    }
  });
  return results.map((result) => new ConcreteArray(result.aval, result.storage, ready));
}

let host: Device | null = null;

/** A device whose memory the host sees. */
function hostDevice(): Device {
  host ??= createWasmDevice({ threads: 1 });
  return host;
}

/** Runs a program on elements on the host, without checks. */
function runOnHost(
  device: Device,
  program: Program,
  inputs: readonly HostData[],
): readonly HostData[] {
  const { functions, numbers, order } = numberCalls(program);
  const entry = cached(device, `${order}${show(program)}`, () =>
    load(program, none, device, numbers),
  );
  const results = run(entry, device, inputs.map(hostArray), none, functions);
  return results.map((result) => {
    const data = result.dataSync();
    result.dispose();
    return { aval: result.aval, data };
  });
}

/** What the program calls is called now, or when the GPU has run it: then it returns what to wait for. */
function deliver(calls: RunCalls): Promise<void> | null {
  if (!calls.isFinished) return queue(() => calls.finished().then(() => calls.deliver()));
  calls.deliver();
  return null;
}

/** @throws `program-inside-callback` */
function refuseInsideCall(): void {
  if (isInsideCall()) throw programInsideCallback();
}

/** The array's memory on this device. Moves it if both devices' memory can be seen from the host. */
function storageOn(device: Device, array: ConcreteArray): Storage {
  const { storage } = array;
  const owner = owners.get(storage);
  if (owner === device) return storage;
  if (owner?.name === 'webgpu') throw wrongDevice(owner.name, device.name);
  const moved = device.upload(storage.readSync(), array.dtype);
  owners.set(moved, device);
  return moved;
}

/** An array on the default device with these elements, rounded to `dtype`. Booleans are bytes 0 and 1. */
export const upload = (data: TypedArray, shape: Shape, dtype: DType): ConcreteArray =>
  uploadRaw(toRaw(data, dtype), shape, dtype);

/** An array on the default device with these elements as they are in memory: 16-bit floats as bits. */
export function uploadRaw(data: TypedArray, shape: Shape, dtype: DType): ConcreteArray {
  invariant(data.length === sizeOf(shape), `${data.length} elements for shape [${shape}]`);
  refuseInsideCall();
  const device = defaultDevice();
  const storage = device.upload(data, dtype);
  owners.set(storage, device);
  return new ConcreteArray(makeAval(shape, dtype), storage);
}

/** An array that is being handed to a device, see {@link beginUpload}. */
export interface ArrayUpload {
  /** The next elements in row-major order, as they are in memory: 16-bit floats as bits. They are copied. */
  append(elements: TypedArray): void;
  /** The array, once it has all its elements. */
  finish(): ConcreteArray;
  /** Gives the memory back instead. */
  abandon(): void;
}

/**
 * An array on the default device whose elements come one run after the other, so that the host never has all of
 * them.
 */
export function beginUpload(shape: Shape, dtype: DType): ArrayUpload {
  refuseInsideCall();
  const device = defaultDevice();
  const pending = device.beginUpload(sizeOf(shape), dtype);
  return {
    append: (elements) => pending.append(elements),
    finish: () => {
      const storage = pending.finish();
      owners.set(storage, device);
      return new ConcreteArray(makeAval(shape, dtype), storage);
    },
    abandon: () => pending.abandon(),
  };
}

/** A copy of the array on a device; by default on the one that programs run on. */
export async function devicePut(
  array: Value,
  device: Device = defaultDevice(),
): Promise<ConcreteArray> {
  const data = await array.rawData();
  const storage = device.upload(data, array.dtype);
  owners.set(storage, device);
  return new ConcreteArray(array.aval, storage);
}

/**
 * The results of `body` on arrays, computed as one program: written into the program being traced, or
 * else compiled and run as a whole instead of one operation at a time.
 */
export function staged(
  name: string,
  inputs: readonly Value[],
  body: (inputs: readonly Value[]) => readonly Value[],
): Value[] {
  if (isTracing()) return [...body(inputs)];
  const arrays = concrete(inputs);
  const { program, captures } = trace(
    body,
    arrays.map((array) => array.aval),
    name,
  );
  return evaluate(program, [...arrays, ...concrete(captures)]);
}

setEvaluator((program, inputs) => compiled(program).run(inputs));
