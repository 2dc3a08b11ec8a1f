/** Loops, branches and custom rules give JAX's numbers, through all transforms, on every device. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten } from '../../core/base/pytree.ts';
import type { Device } from '../../core/host/device.ts';
import { createJsDevice } from '../../core/host/js/device.ts';
import { getDevice, setDefaultDevice } from '../../core/host/runtime.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { grad, jit, jvp, vmap } from '../../transforms/index.ts';
import { h, type Program, programs, variants, w, xs } from './programs.ts';

interface Golden {
  readonly programs: Readonly<Record<string, Readonly<Record<string, readonly number[][]>>>>;
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../golden/control.json', import.meta.url), 'utf8'),
);

/** What is computed of a program, by the names that control.json has. */
const quantities = (f: Program): Record<string, () => unknown> => {
  const [W, H, XS] = [np.array(w), np.array(h), np.array(xs)];
  const all = [0, 1, 2] as const;
  const gradient = grad((hh: np.Array) =>
    np.sum(np.square(grad((k: np.Array) => f(W, k, XS))(hh))),
  );
  return {
    value: () => jit(f)(W, H, XS),
    grad: () => jit(grad(f, { argnums: all }))(W, H, XS),
    batchedGrad: () =>
      jit(vmap(grad(f, { argnums: [0, 1] }), { inAxes: [null, 0, null] }))(
        W,
        np.stack([H, H.mul(2), H.sub(0.4)]),
        XS,
      ),
    second: () => jit(gradient)(H),
    jvp: () => jvp(jit(f), [W, H, XS], [W.mul(0.5), H.add(1), np.cos(XS)])[1],
    batched: () =>
      jit(vmap(f, { inAxes: [null, null, 0] }))(W, H, np.stack([XS, XS.mul(0.5), XS.add(0.3)])),
  };
};

async function check(f: Program, name: string, only?: readonly string[]): Promise<void> {
  const expected = golden.programs[name];
  assert.ok(expected !== undefined, name);
  for (const [quantity, compute] of Object.entries(quantities(f))) {
    const numbers = expected[quantity];
    if (numbers === undefined || (only !== undefined && !only.includes(quantity))) continue;
    const { leaves } = flatten(compute());
    assert.is(leaves.length, numbers.length);
    for (const [i, leaf] of leaves.entries()) {
      assert.instance(leaf, Value);
      if (leaf instanceof Value)
        compare(`${name}, ${quantity}`, [...(await leaf.data())], numbers[i] ?? []);
    }
  }
}

function compare(what: string, found: readonly number[], expected: readonly number[]): void {
  assert.is(found.length, expected.length, what);
  const scale = Math.max(1e-3, ...expected.map(Math.abs));
  found.forEach((value, i) => {
    const wrong = Math.abs(value - (expected[i] ?? Number.NaN)) / scale;
    assert.ok(wrong < 2e-4, `${what}: ${value} at ${i}, JAX has ${expected[i]}`);
  });
}

const devices: Record<string, () => Device | Promise<Device>> = {
  'the reference': () => createJsDevice(),
  'the reference, fused': () => createJsDevice({ fuse: true }),
  wasm: () => createWasmDevice({ threads: 1 }),
};

for (const [device, make] of Object.entries(devices)) {
  test(`all programs give JAX's numbers on ${device}`, async () => {
    await setDefaultDevice(await make());
    for (const [name, f] of Object.entries(programs)) await check(f, name);
    for (const { of, run } of Object.values(variants)) await check(run, of);
  });
}

if (process.env.ENERJAX_TEST_WEBGPU === '1') {
  test("some programs give JAX's numbers on webgpu", async () => {
    await setDefaultDevice(await getDevice('webgpu'));
    for (const name of ['rnn', 'rnnReversed', 'nested', 'scannedCond']) {
      const f = programs[name];
      if (f !== undefined) await check(f, name, ['value', 'grad']);
    }
    const { loops } = programs;
    if (loops !== undefined) await check(loops, 'loops', ['value', 'batched']);
  });
}

test.run();
