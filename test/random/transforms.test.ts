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
  poisson: (key) => random.poisson(key, np.array([0.5, 3, 50])),
  binomial: (key) => random.binomial(key, 30, np.array([0.1, 0.8])),
  multinomial: (key) => random.multinomial(key, 9, np.array([0.5, 0.2, 0.3])),
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

test('poisson and binomial have the moments of their distributions', async () => {
  const moments = async (x: np.Array): Promise<number[]> =>
    (await Promise.all([x.mean().item(), x.var().item()])).map(Number);
  const near = (got: number, wanted: number, share: number): boolean =>
    Math.abs(got - wanted) < share * wanted;
  for (const rate of [0.5, 9, 11, 200]) {
    const draws = random.poisson(random.key(6), rate, [20000]).astype('float32');
    const [mean = 0, variance = 0] = await moments(draws);
    assert.ok(near(mean, rate, 0.05 / Math.sqrt(rate)), `mean ${mean} of poisson(${rate})`);
    assert.ok(near(variance, rate, 0.05), `variance ${variance} of poisson(${rate})`);
  }
  for (const [n, p] of [
    [7, 0.4],
    [500, 0.2],
    [500, 0.95],
  ] as const) {
    const [mean = 0, variance = 0] = await moments(random.binomial(random.key(7), n, p, [20000]));
    assert.ok(near(mean, n * p, 0.02), `mean ${mean} of binomial(${n}, ${p})`);
    assert.ok(
      near(variance, n * p * (1 - p), 0.05),
      `variance ${variance} of binomial(${n}, ${p})`,
    );
  }
});

test('normal vectors of a singular covariance lie in its plane', async () => {
  const cov = np.array([
    [1, 1],
    [1, 1],
  ]);
  for (const method of ['eigh', 'svd'] as const) {
    const x = random.multivariateNormal(random.key(1), np.zeros([2]), cov, [2000], { method });
    const off = x.get('...', 0).sub(x.get('...', 1)).abs().max();
    assert.ok(Number(await off.item()) < 1e-3, method);
    assert.ok(Math.abs(Number(await x.get('...', 0).var().item()) - 1) < 0.15, method);
  }
});

test('the data of a key is the key, and a clone gives the same numbers', async () => {
  const key = random.key(3);
  assert.equal(await random.keyData(key).js(), [0, 3]);
  const again = random.wrapKeyData(random.keyData(random.clone(key)));
  assert.equal(await random.bits(again, [2]).js(), await random.bits(key, [2]).js());
  assert.is(random.keyImpl(key), 'threefry2x32');
  assert.throws(() => random.wrapKeyData(np.zeros([2])), /not-a-key|needs one key/);
});

test('loggamma has finite samples and gradients where gamma underflows', async () => {
  const sample = (a: np.Array) => random.loggamma(random.key(0), a).sum();
  const small = np.full([6], 1e-3);
  assert.ok(Number.isFinite(await sample(small).item()));
  assert.ok(((await grad(sample)(small).js()) as number[]).every((x) => Number.isFinite(x)));
});

test.run();
