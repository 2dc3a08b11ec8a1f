import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as tree from '../../core/tree.ts';
import { energyConfig, energySpec } from '../../models/energy/index.ts';
import * as nn from '../../nn/index.ts';

interface Case {
  readonly fn: string;
  readonly key: readonly [number, number];
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../golden/jax_random.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[] };

const initializers: Record<string, nn.Initializer> = {
  'init.lecun_normal': nn.lecunNormal(),
  'init.he_normal': nn.heNormal(),
  'init.glorot_uniform': nn.glorotUniform(),
  'init.normal(0.02)': nn.normal(0.02),
};

for (const [fn, initializer] of Object.entries(initializers)) {
  test(`${fn} gives JAX's numbers to float32 rounding`, async () => {
    const recorded = cases.filter((one) => one.fn === fn);
    assert.ok(recorded.length > 0);
    for (const { key, shape, data } of recorded) {
      const values = await initializer(np.array(new Uint32Array(key)), shape, 'float32').data();
      const expected = new Float32Array(Uint32Array.from(data).buffer);
      const largest = Math.max(...expected.map(Math.abs));
      const worst = Math.max(...expected.map((e, i) => Math.abs(e - (values[i] ?? NaN))));
      assert.ok(worst <= 8 * 2 ** -24 * Math.max(1, largest), `off by ${worst}`);
    }
  });
}

interface Moments {
  readonly mean: number;
  readonly deviation: number;
  readonly largest: number;
}

function momentsOf(values: ArrayLike<number>): Moments {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length;
  return { mean, deviation: Math.sqrt(variance), largest: Math.max(...all.map(Math.abs)) };
}

const [fanIn, fanOut] = [200, 100];
const scaled: readonly (readonly [string, nn.Initializer, number, number])[] = [
  ['lecunNormal', nn.lecunNormal(), 1 / fanIn, 2 / 0.8796],
  ['lecunUniform', nn.lecunUniform(), 1 / fanIn, Math.sqrt(3)],
  ['glorotNormal', nn.glorotNormal(), 2 / (fanIn + fanOut), 2 / 0.8796],
  ['glorotUniform', nn.glorotUniform(), 2 / (fanIn + fanOut), Math.sqrt(3)],
  ['heNormal', nn.heNormal(), 2 / fanIn, 2 / 0.8796],
  ['heUniform', nn.heUniform(), 2 / fanIn, Math.sqrt(3)],
];

for (const [name, initializer, variance, bound] of scaled) {
  test(`${name} has mean 0, its variance and its bounds`, async () => {
    const values = await initializer(random.key(3), [fanIn, fanOut], 'float32').data();
    const { mean, deviation, largest } = momentsOf(values);
    const expected = Math.sqrt(variance);
    assert.ok(Math.abs(mean) < (4 * expected) / Math.sqrt(fanIn * fanOut));
    assert.ok(Math.abs(deviation / expected - 1) < 0.02);
    assert.ok(largest <= bound * expected * 1.0001);
    assert.ok(largest > 0.95 * bound * expected);
  });
}

test('fans count receptive fields and named axes as JAX does', () => {
  assert.equal(nn.computeFans([3, 3, 8, 16]), { fanIn: 72, fanOut: 144 });
  assert.equal(nn.computeFans([32, 4, 8], { inAxis: 0, outAxis: [1, 2] }), {
    fanIn: 32,
    fanOut: 32,
  });
  assert.equal(nn.computeFans([5, 32, 64], { batchAxis: 0 }), { fanIn: 32, fanOut: 64 });
  assert.throws(() => nn.computeFans([3]), /no-fans/);
});

test('all four attention kernels have the fan-in of their joined matrix', async () => {
  const params = nn.initParams(nn.multiHeadAttentionSpec(64, 4), random.key(0));
  for (const { kernel } of [params.query, params.key, params.value, params.out]) {
    const { deviation } = momentsOf(await kernel.data());
    assert.ok(Math.abs(deviation * 8 - 1) < 0.05, String(deviation));
  }
});

test('adding a layer changes no other parameter, and equal shapes get different numbers', async () => {
  const small = { a: nn.linearSpec(3, 4), b: nn.linearSpec(3, 4) };
  const large = { a: small.a, added: nn.linearSpec(5, 5), b: small.b, '0': nn.layerNormSpec(2) };
  const [first, second] = [
    nn.initParams(small, random.key(9)),
    nn.initParams(large, random.key(9)),
  ];
  assert.equal(await first.a.kernel.data(), await second.a.kernel.data());
  assert.equal(await first.b.kernel.data(), await second.b.kernel.data());
  assert.not.equal(await first.a.kernel.data(), await first.b.kernel.data());
});

test("a parameter's numbers follow from its path and will not change", async () => {
  const spec = { encoder: { kernel: nn.param([2, 2], nn.lecunNormal()) } };
  const { encoder } = nn.initParams(spec, random.key(0));
  // FNV-1a of 'encoder/kernel'.
  const stream = random.foldIn(random.key(0), 0x34be43c5);
  const expected = nn.lecunNormal()(stream, [2, 2], 'float32');
  assert.equal(await encoder.kernel.data(), await expected.data());
});

test('a spec has the tree, the shapes and the count of its parameters', () => {
  const spec = { layers: [nn.linearSpec(3, 4), nn.layerNormSpec(4)] };
  const params = nn.initParams(spec, random.key(0));
  assert.is(nn.countParams(spec), 3 * 4 + 4 + 4 + 4);
  assert.is(nn.countParams(params), nn.countParams(spec));
  assert.equal(nn.shapesOf(params), nn.shapesOf(spec));
  assert.equal(nn.pathsOf(spec), [
    'layers/0/bias',
    'layers/0/kernel',
    'layers/1/bias',
    'layers/1/scale',
  ]);
  assert.equal(tree.paths(params), nn.pathsOf(spec));
});

test('the energy model has 3,955,215 parameters at full size', () => {
  assert.is(nn.countParams(energySpec(energyConfig())), 3_955_215);
});

test('something else than a parameter in a spec is named by its path', () => {
  assert.throws(() => nn.initParams({ a: { b: 1 } }, random.key(0)), /the number 1 at 'a\/b'/);
});

test.run();
