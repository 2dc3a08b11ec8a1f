/**
 * enerjax: JAX's programming model for TypeScript.
 *
 * @example
 * import { np, grad, jit } from 'enerjax';
 * const loss = (w: np.Array) => np.sum(np.square(w));
 * const step = jit((w: np.Array) => w.sub(grad(loss)(w).mul(0.1)));
 */
import { environment } from './core/host/environment.ts';
import { type DeviceName, setDefaultDevice } from './core/host/runtime.ts';
import { installSourceReader } from './core/host/source-text.ts';

export { EnerjaxError } from './core/base/errors.ts';
export type { Device, MemoryStats } from './core/host/device.ts';
export type { ChromeTrace, TraceEvent } from './core/host/profile.ts';
export {
  type DeviceName,
  defaultDevice,
  devicePut,
  getDevice,
  memoryStats,
  profile,
  setDefaultDevice,
} from './core/host/runtime.ts';
export { createWasmDevice, type WasmDeviceOptions } from './core/host/wasm/device.ts';
export type { DawnToggle } from './core/host/webgpu/adapter.ts';
export {
  createWebGpuDevice,
  type WebGpuDevice,
  type WebGpuDeviceOptions,
} from './core/host/webgpu/device.ts';
export type { Finding, Findings, TuningStore } from './core/host/webgpu/tuner/store.ts';
export type { TuneOptions } from './core/host/webgpu/tuner/tuning.ts';
export * as image from './core/image/index.ts';
export * as tree from './core/tree.ts';
export * as nn from './nn/index.ts';
export * as debug from './transforms/debug/index.ts';
export * as flattenUtil from './transforms/flatten-util.ts';
export * from './transforms/index.ts';
export * as lax from './transforms/lax.ts';
export * as np from './transforms/numpy.ts';
export * as numpy from './transforms/numpy.ts';
export * as random from './transforms/random.ts';
export * as scipy from './transforms/scipy/index.ts';

installSourceReader();

const wanted = environment('ENERJAX_DEVICE');
// A GPU has to be asked for asynchronously, so the choice is made before the importing module runs.
if (wanted !== undefined) await setDefaultDevice(wanted as DeviceName); // Unknown names are refused there.
