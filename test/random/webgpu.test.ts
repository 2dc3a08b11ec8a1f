/** Samplers by rejection and special functions by series give on WebGPU what they give on the reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, np, random, scipy } from '../../index.ts';
import { testDevices, use } from '../support/devices.ts';

type A = np.Array;

/** Both samplers and functions in one program, so that a GPU compiles few kernels. */
function draw(shapes: A, rates: A): Record<string, A> {
  const keys = random.split(random.key(5), 3);
  const { special } = scipy;
  return {
    gamma: random.gamma(keys.get(0), shapes),
    beta: random.beta(keys.get(1), shapes, rates),
    poisson: random.poisson(keys.get(2), rates),
    gammainc: special.gammainc(shapes, rates),
    zeta: special.zeta(shapes.add(1.1), rates),
  };
}

async function drawn(): Promise<Record<string, number[]>> {
  const found = jit(draw)(np.array([0.3, 1, 2.5, 40]), np.array([0.5, 3, 8, 30]));
  const names = Object.keys(found);
  const all = await Promise.all(names.map((name) => found[name]?.data()));
  return Object.fromEntries(names.map((name, i) => [name, [...(all[i] ?? [])].map(Number)]));
}

for (const device of testDevices(['wasm', 'webgpu'])) {
  test(`samplers and special functions in one program on ${device} equal the reference`, async () => {
    await use('js');
    const wanted = await drawn();
    await use(device);
    const found = await drawn();
    for (const [name, values] of Object.entries(wanted)) {
      for (const [i, aim] of values.entries()) {
        const value = found[name]?.[i] ?? Number.NaN;
        const allowed = name === 'poisson' ? 0 : 1e-4 * Math.abs(aim);
        assert.ok(Math.abs(value - aim) <= allowed, `${name}[${i}] is ${value}, not ${aim}`);
      }
    }
  });
}

test.run();
