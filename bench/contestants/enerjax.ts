/** enerjax, from this checkout or from another one. */
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Contestant } from './contestant.ts';
import { contestant, listOf } from './contestant.ts';
import type { Enerjax, EnerjaxArray } from './enerjax-types.ts';

/** Where enerjax runs: `wasm-1`, `wasm-2`, … on so many threads, or `webgpu`. */
export interface EnerjaxOptions {
  readonly device: string;
  /** The folder of another checkout. Default: this one. */
  readonly root?: string | undefined;
}

type WasmModule = typeof import('../../core/host/wasm/device.ts');

/** Loads a module of the checkout, which has the type that this checkout's has. */
async function load<T>(root: string | undefined, path: string): Promise<T> {
  const base = root === undefined ? new URL('../../', import.meta.url) : pathToFileURL(`${root}/`);
  return (await import(new URL(path, base).href)) as T;
}

/** enerjax on one device. */
export async function enerjax({ device, root }: EnerjaxOptions): Promise<Contestant> {
  const library: Enerjax = {
    ...(await load<Enerjax>(root, 'index.ts')),
    energy: await load<Enerjax['energy']>(root, 'models/energy/index.ts'),
  };
  if (device === 'webgpu') await library.setDefaultDevice('webgpu');
  else {
    const { createWasmDevice } = await load<WasmModule>(root, 'core/host/wasm/device.ts');
    const threads = Number(device.split('-')[1] ?? availableParallelism());
    await library.setDefaultDevice(createWasmDevice({ threads }));
  }
  const current = library.defaultDevice();
  return contestant<EnerjaxArray>({
    version: root === undefined ? 'enerjax' : `enerjax at ${root}`,
    device: current.description,
    program: (example) => example.enerjax?.(library),
    upload(data, { shape }) {
      const flat = library.np.array(data);
      const array = flat.reshape(shape);
      if (array !== flat) flat.dispose();
      return array;
    },
    compile(f) {
      const jitted = library.jit(f as (...xs: EnerjaxArray[]) => EnerjaxArray[]); // One array is a tree too.
      return (xs) => listOf<EnerjaxArray>(jitted(...xs));
    },
    wait: () => current.settle(),
    read: (result) => result.data(),
    release: (array) => array.dispose(),
  });
}
