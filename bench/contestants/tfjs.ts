/** TensorFlow.js on its WebAssembly or WebGPU backend. It has no compiler: operations run one by one. */
import { dirname } from 'node:path';
import { installNavigator } from './browser.ts';
import { type Contestant, contestant, listOf } from './contestant.ts';
import { locate, requirePackage, versionOf } from './packages.ts';
import type { Tensor, Tfjs } from './tfjs-types.ts';

interface WasmBackend {
  setWasmPaths(folder: string): void;
}

/** TensorFlow.js. */
export async function tfjs(device: 'wasm' | 'webgpu'): Promise<Contestant> {
  if (device === 'webgpu') installNavigator(true);
  const library = requirePackage<Tfjs>('@tensorflow/tfjs');
  const backend = `@tensorflow/tfjs-backend-${device}`;
  const module = requirePackage<WasmBackend>(backend);
  if (device === 'wasm') module.setWasmPaths(`${dirname(locate(backend) ?? '')}/`);
  if (!(await library.setBackend(device))) throw new Error(`TensorFlow.js has no ${device} here`);
  await library.ready();
  return contestant<Tensor>({
    version: versionOf('@tensorflow/tfjs'),
    device: device === 'wasm' ? 'WebAssembly, SIMD, 1 thread' : 'WebGPU',
    program: (example) => example.tfjs?.(library),
    upload: (data, { shape }) =>
      library.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32'),
    compile: (f) => (xs) => library.tidy(() => listOf<Tensor>(f(...xs))),
    async wait(results) {
      if (device === 'wasm') return; // It has run when the call returns.
      for (const result of results) {
        const first = library.tidy(() => library.slice(library.reshape(result, [-1]), 0, 1));
        await first.data();
        first.dispose();
      }
    },
    read: (result) => result.data(),
    release: (array) => array.dispose(),
  });
}
