/** Operations over named axes against JAX's numbers. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import { testDevices, use } from '../support/devices.ts';
import { collectives, members, undifferentiated } from './programs.ts';

const {
  customJvp,
  customVjp,
  evalShape,
  grad,
  jit,
  jvp,
  lax,
  linearTranspose,
  np,
  vmap,
  arraySpec,
} = await import('../../index.ts');

interface Entry {
  readonly value: number[];
  readonly gradOfVmap?: number[];
  readonly vmapOfGrad?: number[];
}
const golden: Record<string, Entry> = JSON.parse(
  readFileSync(new URL('../golden/debug.json', import.meta.url), 'utf8'),
).collectives;

const close = async (got: Value, expected: readonly number[] | undefined): Promise<void> => {
  const data = await got.data();
  assert.is(data.length, expected?.length);
  const scale = Math.max(1, ...(expected ?? []).map(Math.abs));
  (expected ?? []).forEach((value, i) => {
    assert.ok(
      Math.abs((data[i] ?? Number.NaN) - value) <= 1e-5 * scale,
      `${i}: ${data[i]}, ${value}`,
    );
  });
};

const weighted = (y: Value): Value =>
  np.sum(y.mul(np.cos(np.arange(y.size).astype('float32')).reshape([...y.shape])));

/** On GPUs, where every kernel takes time to compile, a few. */
const chosen = ['psum', 'allGather', 'ppermute', 'allToAllTiled', 'scanned', 'inBranch'];

for (const device of testDevices()) {
  for (const [name, f] of Object.entries({ ...collectives, ...undifferentiated })) {
    if (device === 'webgpu' && !chosen.includes(name)) continue;
    test(`${name} is on ${device} what it is in JAX, and so are its gradients`, async () => {
      await use(device);
      const over = vmap(f, { axisName: 'i' });
      const entry = golden[name];
      await close(jit(over)(members()), entry?.value);
      if (entry?.gradOfVmap === undefined) return;
      await close(jit(grad((x: Value) => weighted(over(x))))(members()), entry.gradOfVmap);
      if (entry.vmapOfGrad === undefined) return; // JAX fails there.
      const inside = vmap(
        grad((x: Value) => weighted(f(x))),
        { axisName: 'i' },
      );
      await close(jit(inside)(members()), entry.vmapOfGrad);
    });
  }
}

test('every record of JAX is compared', () => {
  assert.equal(
    Object.keys(golden).sort(),
    [...Object.keys(collectives), ...Object.keys(undifferentiated)].sort(),
  );
});

test('without batched arguments the members still know which they are', async () => {
  await use('wasm');
  const f = vmap(() => lax.axisIndex('i').add(lax.psum(1, 'i')), { axisName: 'i', axisSize: 3 });
  assert.equal(Array.from(await f().data()), [3, 4, 5]);
});

test('a jitted function is traced again for an axis of another size', async () => {
  await use('wasm');
  const f = jit((x: Value) => x.mul(lax.axisSize('i')));
  const over = vmap(f, { axisName: 'i' });
  assert.equal(Array.from(await over(np.ones([2])).data()), [2, 2]);
  assert.equal(Array.from(await over(np.ones([3])).data()), [3, 3, 3]);
});

test('a custom rule knows the axes around the function that it is for', async () => {
  await use('wasm');
  const f = customJvp(
    (x: Value) => lax.psum(x, 'i'),
    ([x], [dx]) => [lax.psum(x, 'i'), lax.psum((dx ?? x).mul(10), 'i')],
  );
  const g = customVjp(
    (x: Value) => lax.psum(x, 'i'),
    (x: Value) => [lax.psum(x, 'i'), null] as const,
    (_: null, ct: Value) => [lax.psum(ct.mul(10), 'i')],
  );
  const x = np.array([1, 2, 3]);
  for (const h of [f, g]) {
    const over = vmap(h, { axisName: 'i' });
    const outside = grad((v: Value) => np.sum(over(v)))(x);
    const inside = vmap(grad(h), { axisName: 'i' })(x);
    assert.equal(Array.from(await outside.data()), [30, 30, 30]);
    assert.equal(Array.from(await inside.data()), [30, 30, 30]);
  }
});

test('a sum over members is its own transpose, in forward mode too', async () => {
  await use('wasm');
  const over = vmap((x: Value) => lax.psum(x, 'i'), { axisName: 'i' });
  const [transposed] = linearTranspose(over, arraySpec([2]))(np.array([1, 2]));
  assert.equal(Array.from((await transposed?.data()) ?? []), [3, 3]);
  const [, tangent] = jvp(over, [np.array([1, 2])], [np.array([5, 7])]);
  assert.equal(Array.from(await tangent.data()), [12, 12]);
});

test('gathering over two names counts the last one fastest', async () => {
  await use('wasm');
  const over = (f: (x: Value) => Value) =>
    vmap(vmap(f, { axisName: 'j' }), { axisName: 'i', outAxes: 0 });
  const x = np.array([
    [1, 2],
    [3, 4],
  ]);
  const gathered = over((v) => lax.allGather(v, ['i', 'j']))(x);
  assert.equal(gathered.shape, [2, 2, 4]);
  assert.equal(Array.from(await gathered.data()).slice(0, 4), [1, 2, 3, 4]);
});

test('members that are sent nothing get zeros', async () => {
  await use('wasm');
  const pairs = [
    [0, 2],
    [3, 1],
  ] as const;
  const f = vmap((x: Value) => lax.ppermute(x, 'i', pairs), { axisName: 'i' });
  assert.equal(Array.from(await f(np.array([1, 2, 3, 4])).data()), [0, 4, 1, 0]);
  const slope = grad((x: Value) => np.sum(f(x).mul(np.array([1, 10, 100, 1000]))));
  assert.equal(Array.from(await slope(np.ones([4])).data()), [100, 0, 0, 10]);
});

test('pmax has no derivative, as in JAX', async () => {
  await use('wasm');
  const f = vmap(
    grad((x: Value) => lax.pmax(x, 'i')),
    { axisName: 'i' },
  );
  assert.throws(() => f(np.ones([2])), /pmax has no jvp rule/);
});

test('a name that no vmap around has is refused with those that there are', async () => {
  await use('wasm');
  const f = (x: Value): Value => lax.psum(x, 'rows');
  assert.throws(() => f(np.ones([2])), /no axis is called 'rows' here; in scope: none/);
  const nested = vmap(vmap(f, { axisName: 'a' }), { axisName: 'b' });
  assert.throws(() => nested(np.ones([2, 2])), /in scope: 'b', 'a'/);
  assert.throws(() => evalShape(f, arraySpec([2])), /unbound-axis-name/);
});

test('sizes that do not fit are refused', async () => {
  await use('wasm');
  const over = (f: (x: Value) => Value) => () => vmap(f, { axisName: 'i' })(np.ones([3, 4]));
  assert.throws(
    over((x) => lax.allToAll(x, 'i', 0, 0)),
    /axis 0 of f32\[4\] is not 3, the size of 'i'/,
  );
  assert.throws(
    over((x) => lax.psumScatter(x, 'i', { tiled: true })),
    /no multiple of the size 3/,
  );
  assert.throws(
    over((x) => lax.ppermute(x, 'i', [[0, 5]])),
    /member 5 of 'i', which has 3/,
  );
  assert.throws(
    over((x) => lax.pshuffle(x, 'i', [0, 1])),
    /2 entries, but 'i' has 3/,
  );
  assert.throws(
    over((x) => lax.allGather(x, 'i', { axis: 7 })),
    /f32\[4\] has no axis 7/,
  );
});

test.run();
