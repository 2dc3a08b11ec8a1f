/** Whole programs with the parameters of every class of GPUs, against the WebAssembly device. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  classOf,
  type DeviceClass,
  type KernelParameters,
  parametersFor,
  parametersOf,
} from '../../core/emit/wgsl/parameters.ts';
import { grad, jit, nn, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, makeDevice, noise, worst } from './kernels.ts';

const length = 64;
const count = 2 * length * 32;
const [q, k, v] = [1, 2, 3].map((seed) => noise(count, seed));

/** Attention, a layer norm over its rows, and a mean down its columns: loss and gradient. */
function program(query: np.Array, key: np.Array, value: np.Array): np.Array {
  const scores = np.matmul(query, np.swapaxes(key, 1, 2)).mul(0.2);
  const mixed = np.matmul(nn.softmax(scores), value);
  const centred = mixed.sub(np.mean(mixed, { axis: -1, keepdims: true }));
  const scale = np.sqrt(np.mean(np.square(centred), { axis: -1, keepdims: true }).add(1e-3));
  return np.sum(np.square(np.mean(centred.div(scale), { axis: 1 })));
}

/** The gradient, whose kernels include the forward ones. */
async function run(): Promise<Float32Array> {
  const shape = [2, length, 32];
  const [x, y, z] = [q, k, v].map((data) => np.array(data ?? noise(count)).reshape(shape));
  assert.ok(x && y && z);
  return Float32Array.from(await jit(grad(program, { argnums: 1 }))(x, y, z).data());
}

/** What a GPU of this class gets, also in the parts that small arrays would not get. */
const eager = (parameters: KernelParameters): KernelParameters => ({
  ...parameters,
  loop: { ...parameters.loop, minWideIterations: 1, minWideElements: 1 },
});

const classes: Record<string, KernelParameters> = {
  'generic, eagerly': eager(parametersOf.generic),
  'nvidia, with subgroups': parametersFor({
    vendor: 'nvidia',
    architecture: 'hopper',
    description: 'NVIDIA H200',
    // As many as the adapter has that this runs on, or kernels would wait for lanes that are not there.
    subgroupSizes: [8, 8],
  }),
};

if (hasWebGpu('classes.test.ts')) {
  await setDefaultDevice('wasm');
  const expected = await run();
  for (const [name, parameters] of Object.entries(classes)) {
    test(`with the parameters of ${name} attention, norms and their gradients are right`, async () => {
      await setDefaultDevice(await makeDevice({ emit: { parameters } }));
      const error = worst(await run(), expected);
      assert.ok(error < 1e-4, `${error}`);
    });
  }
}

test('adapters are told apart by what they say of themselves', () => {
  const named = (vendor: string, description = '', architecture = ''): DeviceClass =>
    classOf({ vendor, architecture, description });
  assert.is(named('nvidia'), 'nvidia');
  assert.is(named('', 'NVIDIA GeForce RTX 4090'), 'nvidia');
  assert.is(named('apple', '', 'metal-3'), 'apple');
  assert.is(named('mesa', 'llvmpipe (LLVM 15)', 'software'), 'software');
  assert.is(named('somebody'), 'generic');
});

test('subgroups are used only where all are of one size', () => {
  const sharing = (subgroupSizes: readonly [number, number]): string =>
    parametersFor({ vendor: 'intel', architecture: '', description: '', subgroupSizes }).loop
      .sharing;
  assert.is(sharing([32, 32]), 'subgroups');
  assert.is(sharing([8, 32]), 'tree');
});

test.run();
