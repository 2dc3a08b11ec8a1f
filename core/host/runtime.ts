/** Programs meet devices: the default device, the cache of compiled programs, and evaluation. */
import type { Shape } from '../base/aval.ts';
import { makeAval, sizeOf } from '../base/aval.ts';
import type { DType, TypedArray } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import type { Program } from '../ir/program.ts';
import { show } from '../ir/show.ts';
import { concrete, evaluate, isTracing, setEvaluator, trace } from '../ir/trace.ts';
import { ConcreteArray, type Storage, type Value } from '../ir/value.ts';
import type { Device, Executable, MemoryStats } from './device.ts';
import { unknownDevice, wrongDevice } from './errors.ts';
import { createJsDevice } from './js/device.ts';
import { type ChromeTrace, record } from './profile.ts';
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
const caches = new WeakMap<Device, Map<string, Compiled>>();
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

/**
 * Runs `body` and all that it queues on the default device, and returns its result with a Chrome trace: a slice per
 * kernel, with the user's line, bytes, operations and achieved rates. Times are the GPU's own on `webgpu`, where each
 * kernel is a pass by itself meanwhile; on `wasm` they are the host's. The device `js` records nothing.
 *
 * @throws `already-profiling`, `no-timestamps`
 * @example
 * const { trace } = await profile(() => step(params, batch));
 * writeFileSync('trace.json', JSON.stringify(trace)); // for chrome://tracing or ui.perfetto.dev
 */
export const profile = <R>(
  body: () => R | Promise<R>,
): Promise<{ readonly result: R; readonly trace: ChromeTrace }> => record(defaultDevice(), body);

/** The exact bytes that a device holds, in arrays and for reuse. */
export const memoryStats = (device: Device = defaultDevice()): MemoryStats => device.memory();

/** The program compiled for the default device; the same program is compiled once. */
export function compiled(program: Program, donated: ReadonlySet<number> = new Set()): Compiled {
  const device = defaultDevice();
  const cache = caches.get(device) ?? new Map<string, Compiled>();
  caches.set(device, cache);
  const key = `${[...donated].join()} ${show(program)}`;
  const known = cache.get(key);
  const entry = known ?? load(program, donated, device);
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

function load(program: Program, donated: ReadonlySet<number>, device: Device): Compiled {
  const plan = compile(program, device.target, donated);
  const executable = device.load(plan);
  return {
    plan,
    kernels: executable.kernels,
    run: (inputs, given = none) => run(executable, plan, device, inputs, given),
  };
}

const none: ReadonlySet<number> = new Set();

function run(
  executable: Executable,
  plan: Plan,
  device: Device,
  inputs: readonly ConcreteArray[],
  donated: ReadonlySet<number>,
): ConcreteArray[] {
  const storages = inputs.map((input) => storageOn(device, input));
  for (const index of donated) inputs[index]?.donate();
  const results = executable.run(storages, donated);
  return results.map((storage, i) => {
    const aval = plan.outputs[i];
    invariant(aval !== undefined, 'a device returned too many results');
    owners.set(storage, device);
    return new ConcreteArray(aval, storage);
  });
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

/** An array on the default device with these elements. Booleans are bytes 0 and 1. */
export function upload(data: TypedArray, shape: Shape, dtype: DType): ConcreteArray {
  invariant(data.length === sizeOf(shape), `${data.length} elements for shape [${shape}]`);
  const device = defaultDevice();
  const storage = device.upload(data, dtype);
  owners.set(storage, device);
  return new ConcreteArray(makeAval(shape, dtype), storage);
}

/** A copy of the array on a device; by default on the one that programs run on. */
export async function devicePut(
  array: Value,
  device: Device = defaultDevice(),
): Promise<ConcreteArray> {
  const data = await array.data();
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
