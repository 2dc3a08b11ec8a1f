/** jax-js on its WebAssembly or WebGPU device. */
import { installNavigator, installNewerJavaScript } from './browser.ts';
import { type Contestant, contestant, listOf } from './contestant.ts';
import type { JaxArray, JaxJs } from './jax-js-types.ts';
import { importPackage, versionOf } from './packages.ts';

/** jax-js. */
export async function jaxJs(device: 'wasm' | 'webgpu'): Promise<Contestant> {
  installNewerJavaScript();
  installNavigator(device === 'webgpu');
  const library = await importPackage<JaxJs>('@jax-js/jax', 'dist/index.js');
  await library.init(device);
  library.defaultDevice(device);
  return contestant<JaxArray>({
    version: versionOf('@jax-js/jax'),
    device: device === 'wasm' ? 'WebAssembly, SIMD, 1 thread' : 'WebGPU',
    program: (example) => example.jaxJs?.(library),
    upload: (data, { shape }) =>
      library.numpy
        .array(data, { dtype: data instanceof Int32Array ? 'int32' : 'float32' })
        .reshape(shape),
    compile(f) {
      const jitted = library.jit(f);
      return (xs) => listOf<JaxArray>(jitted(...xs.map((x) => x.ref)));
    },
    async wait(results) {
      await library.blockUntilReady([...results]);
    },
    read: (result) => result.ref.data(),
    release: (array) => array.dispose(),
  });
}
