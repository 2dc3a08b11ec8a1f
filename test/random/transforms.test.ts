/** Random numbers inside jit, vmap and grad are those outside. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import { grad, jit, vmap } from '../../transforms/index.ts';
import '../numpy/device.ts';

const samplers: Record<string, (key: np.Array) => np.Array> = {
  split: (key) => random.split(key, 3),
  foldIn: (key) => random.foldIn(key, 7),
  bits: (key) => random.bits(key, [2, 3]),
  uniform: (key) => random.uniform(key, [4], { minval: -1, maxval: np.arange(4) }),
  normal: (key) => random.normal(key, [2, 2]),
  truncatedNormal: (key) => random.truncatedNormal(key, -1, 2, [5]),
  randint: (key) => random.randint(key, [6], 0, np.arange(1, 7)),
  bernoulli: (key) => random.bernoulli(key, 0.3, [8]),
  categorical: (key) => random.categorical(key, np.arange(5), { shape: [3] }),
  permutation: (key) => random.permutation(key, 6),
  choice: (key) => random.choice(key, np.arange(8), [4], { replace: false }),
  gumbel: (key) => random.gumbel(key, [3]),
};

for (const [name, sample] of Object.entries(samplers)) {
  test(`${name} gives the same numbers under jit and, key by key, under vmap`, async () => {
    const keys = random.split(random.key(5), 3);
    const alone = [0, 1, 2].map((i) => sample(keys.get(i)));
    const wanted = await Promise.all(alone.map((x) => x.js()));
    const batched = vmap(sample)(keys);
    assert.equal(await batched.js(), wanted);
    assert.equal(await jit(sample)(keys.get(1)).js(), wanted[1]);
  });
}

test('a seed and a step may be traced', async () => {
  const traced = jit((seed: np.Array, step: np.Array) => random.foldIn(random.key(seed), step));
  const [seed, step] = [np.array(3, { dtype: 'int32' }), np.array(9, { dtype: 'int32' })];
  assert.equal(await traced(seed, step).js(), await random.foldIn(random.key(3), 9).js());
  const negative = random.key(np.array(-2, { dtype: 'int32' }));
  assert.equal(await negative.js(), await random.key(-2).js());
});

test('the bounds of uniform have gradients', async () => {
  const mean = (high: np.Array) => random.uniform(random.key(1), [50], { maxval: high }).mean();
  const share = await random.uniform(random.key(1), [50]).mean().item();
  const slope = await grad(mean)(np.array(2)).item();
  assert.ok(Math.abs(Number(slope) - Number(share)) < 1e-6);
});

test.run();
