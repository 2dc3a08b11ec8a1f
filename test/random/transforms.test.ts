/** Random numbers inside jit, vmap and grad are those outside. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';
import { grad, jit, vmap } from '../../transforms/index.ts';
import * as random from '../../transforms/random.ts';
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
  gamma: (key) => random.gamma(key, np.array([0.2, 1, 30])),
  beta: (key) => random.beta(key, 1.5, 1, [4]),
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

test('gamma and beta have the moments of their distributions', async () => {
  const moments = async (x: np.Array): Promise<number[]> =>
    (await Promise.all([x.mean().item(), x.var().item()])).map(Number);
  for (const a of [0.4, 1.5, 9]) {
    const [mean = 0, variance = 0] = await moments(random.gamma(random.key(3), a, [20000]));
    assert.ok(Math.abs(mean - a) < 5 * Math.sqrt(a / 20000), `mean ${mean} of gamma(${a})`);
    assert.ok(Math.abs(variance / a - 1) < 0.15, `variance ${variance} of gamma(${a})`);
  }
  const [mean = 0, variance = 0] = await moments(random.beta(random.key(4), 1.5, 1, [20000]));
  assert.ok(Math.abs(mean - 0.6) < 0.01 && Math.abs(variance - 0.24 / 3.5) < 0.003);
});

test('loggamma has finite samples and gradients where gamma underflows', async () => {
  const sample = (a: np.Array) => random.loggamma(random.key(0), a).sum();
  const small = np.full([6], 1e-3);
  assert.ok(Number.isFinite(await sample(small).item()));
  assert.ok(((await grad(sample)(small).js()) as number[]).every((x) => Number.isFinite(x)));
});

test.run();
