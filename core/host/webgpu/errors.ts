/** Errors of the WebGPU device. */
import { defineError } from '../../base/errors.ts';

const useWasm = 'or run on the processor: ENERJAX_DEVICE=wasm';

/** There is no WebGPU here. */
export const noAdapter = defineError({
  code: 'no-webgpu-adapter',
  what: (why: string) => `there is no WebGPU adapter: ${why}`,
  fix: `in Node, \`npm install webgpu\` and install a graphics driver with Vulkan (without a GPU: Mesa's lavapipe, package mesa-vulkan-drivers 23 or later); in a browser, choose one with WebGPU; ${useWasm}`,
  example: { noExample: 'needs a machine without a Vulkan driver' },
});

/** Dawn's null backend computes nothing. */
export const nullBackend = defineError({
  code: 'webgpu-null-backend',
  what: (option: string) => `the Dawn option '${option}' selects a backend that returns garbage`,
  fix: "leave the option out, or choose 'backend=vulkan', 'backend=metal' or 'backend=d3d12'",
  example: { noExample: 'needs the webgpu package' },
});

/** A result was asked for without waiting. */
export const readIsAsynchronous = defineError({
  code: 'read-is-asynchronous',
  what: (array: string) => `${array} is in GPU memory, which cannot be read without waiting`,
  fix: 'await it: `await x.data()`',
  example: { noExample: 'needs a GPU' },
});

const size = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${bytes} bytes`;

/** An array is larger than this GPU can bind or hold. */
export const arrayTooLarge = defineError({
  code: 'array-too-large',
  what: (array: string, bytes: number, limit: number, limitName: string) =>
    `${array} takes ${size(bytes)}; this GPU allows ${size(limit)} (${limitName})`,
  fix: `split the array along an axis and work on the parts, ${useWasm}`,
  example: { noExample: 'needs a GPU' },
});

/** The GPU's memory is full. */
export const outOfDeviceMemory = defineError({
  code: 'out-of-device-memory',
  what: (bytes: number, live: number, arrays: number) =>
    `the GPU has no room for ${size(bytes)} more; ${arrays} arrays hold ${size(live)}`,
  fix: 'free arrays with x.dispose() or `using x = …`, donate arguments to jit, and `await` something in long loops so that unreachable arrays can be collected',
  example: { noExample: 'needs a GPU and more memory than it has' },
});

/** The GPU is gone. */
export const deviceLost = defineError({
  code: 'device-lost',
  what: (reason: string) => `the GPU device was lost: ${reason}`,
  fix: 'make arrays anew after setDefaultDevice; make programs shorter if a watchdog ended them',
  example: { noExample: 'needs a GPU that fails' },
});

/** The driver did not accept a kernel that the library generated. */
export const kernelRefused = defineError({
  code: 'kernel-refused',
  what: (kernel: string, message: string) =>
    `the WebGPU driver refused kernel '${kernel}': ${message}`,
  fix: `please report this with jit(f).lower(…).kernels; until then run on the processor: ENERJAX_DEVICE=wasm`,
  example: { noExample: 'a fault of ours or of a driver' },
});

/** The GPU reported an error while programs ran. */
export const executionFailed = defineError({
  code: 'webgpu-execution-failed',
  what: (kernels: string, message: string) =>
    `WebGPU reported an error during or before ${kernels}: ${message}`,
  fix: `please report this with jit(f).lower(…).kernels; until then run on the processor: ENERJAX_DEVICE=wasm`,
  example: { noExample: 'a fault of ours or of a driver' },
});

/** A loop launched kernels without end and never let the host clean up. */
export const tooManyLaunches = defineError({
  code: 'too-many-launches',
  what: (count: number) =>
    `${count} kernels were launched on new arrays without an await in between, and the driver can hold no more`,
  fix: 'await something now and then: `await x.data()` every few hundred turns of the loop; or put the loop into jit, or dispose of arrays with `using x = …`',
  example: { noExample: 'needs a GPU and takes long' },
});
