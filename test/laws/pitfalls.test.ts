/** Cases in which array libraries are known to go wrong, under jit, against JAX's numbers. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten } from '../../core/base/pytree.ts';
import { grad, jit, nn, np, type Output, random, tree, valueAndGrad } from '../../index.ts';
import { testDevices, use } from '../support/devices.ts';

const golden: Record<string, readonly (readonly (number | string)[])[]> = JSON.parse(
  readFileSync(new URL('../golden/pitfalls.json', import.meta.url), 'utf8'),
);

const int32 = { dtype: 'int32' } as const;
const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1];
const matrix = [
  [4, 1, 0.5],
  [1, 3, 0.25],
  [0.5, 0.25, 2],
];
const v = [3, -1, 2, 7, 0.5];
const { linalg } = np;
const square = (x: np.Array): np.Array => np.sum(np.square(x));
const positions = (): np.Array => np.array([-1, 0, -5, 2], int32);

type Call = readonly [f: (...xs: np.Array[]) => Output, ...inputs: unknown[]];

/** The function to compile and its arguments, by the names that make-pitfalls.py uses. */
const cases: Readonly<Record<string, Call>> = {
  'times zero': [(x) => x.mul(0).add(1), special],
  'relu at 0': [grad(nn.relu), 0],
  'maximum at 0': [grad((x: np.Array) => np.maximum(x, 0)), 0],
  'prod with a zero': [grad((x: np.Array) => np.prod(x)), [2, 0, 5]],
  'prod with two zeros': [grad((x: np.Array) => np.prod(x)), [0, 0, 5]],
  'sigmoid far left': [grad(nn.sigmoid), -200],
  'softplus far right': [grad(nn.softplus), 200],
  'argmax with NaN': [(x) => np.argmax(x), [1, Number.NaN, 3, Number.NaN]],
  'negative positions': [(x) => x.get(positions()), v],
  take: [(x) => np.take(x, np.array([-1, 1], int32)), v],
  'gather, gradient': [
    grad((x: np.Array) => np.sum(x.get(positions()).mul(np.array([1, 10, 100, 1000])))),
    v,
  ],
  sin: [(x) => np.sin(x), [1e5, 1e7, -1e7]],
  exp: [(x) => np.exp(x), [-80, 80]],
  sort: [(x) => np.sort(x), v],
  'sort, gradient': [grad((x: np.Array) => np.sum(np.sort(x).mul(np.arange(5)))), v],
  solve: [(a, b) => linalg.solve(a, b), matrix, [1, -2, 0.5]],
  'solve, gradients': [
    grad((a: np.Array, b: np.Array) => square(linalg.solve(a, b)), { argnums: [0, 1] }),
    matrix,
    [1, -2, 0.5],
  ],
  inv: [(a) => linalg.inv(a), matrix],
  'inv, gradient': [grad((a: np.Array) => square(linalg.inv(a))), matrix],
  cholesky: [(a) => linalg.cholesky(a), matrix],
  'cholesky, gradient': [grad((a: np.Array) => np.sum(linalg.cholesky(a).pow(3))), matrix],
  'every second': [(x) => x.get('::2'), v],
  backwards: [(x) => x.get('::-1'), v],
  'backwards by two': [(x) => x.get('3:0:-2'), v],
  'a mask of static size': [(x) => x.get(...np.nonzero(x.greater(1), { size: 3 })), v],
  'astype, gradient': [
    grad((x: np.Array) => np.sum(x.astype('bfloat16').mul(3)).astype('float32')),
    v,
  ],
  'mean of 16-bit numbers': [
    (x) => np.mean(x.astype('bfloat16')).astype('float32'),
    Array.from({ length: 4096 }, () => 1.5),
  ],
  'mean of 16-bit numbers, gradient': [
    grad((x: np.Array) => np.mean(x.astype('float16')).astype('float32')),
    v,
  ],
};

async function compare(name: string, result: unknown): Promise<void> {
  const { leaves } = flatten(result);
  const expected = golden[name] ?? [];
  assert.is(leaves.length, expected.length, name);
  for (const [k, leaf] of leaves.entries()) {
    const found = Array.from(await (leaf as np.Array).data(), Number);
    found.forEach((value, i) => {
      const wanted = Number(expected[k]?.[i]);
      const near = Math.abs(value - wanted) <= 2e-6 * Math.max(1e-30, Math.abs(wanted));
      const isRight = near || Object.is(value, wanted) || Math.abs(value - wanted) < 3e-7;
      assert.ok(isRight, `${name}: ${value} at ${i}, JAX has ${wanted}`);
    });
  }
}

for (const device of testDevices()) {
  for (const [name, [f, ...inputs]] of Object.entries(cases)) {
    test(`${name}: JAX's numbers on ${device}`, async () => {
      await use(device);
      const arrays = inputs.map((input) => np.array(input as number[]));
      await compare(name, jit(f)(...arrays));
    });
  }

  test(`20 million ones add up on ${device}, and a mean of as many is within 1e-6`, async () => {
    await use(device);
    const count = 20e6;
    assert.is(await jit((x: np.Array) => np.sum(x))(np.ones([count])).item(), count);
    const mean = Number(await jit((x: np.Array) => np.mean(x))(np.full([count], 0.1)).item());
    assert.ok(Math.abs(mean - 0.1) < 1e-6, `${mean}`);
  });

  test(`an embedding, a linear layer and cross-entropy train on ${device}`, async () => {
    await use(device);
    const spec = { table: nn.embeddingSpec(6, 8), out: nn.linearSpec(8, 3) };
    type Params = nn.ParamsOf<typeof spec>;
    const tokens = np.array([0, 1, 2, 3, 4, 5, -1], int32);
    const labels = np.array([0, 1, 2, 0, 1, 2, 2], int32);
    const loss = (params: Params): np.Array =>
      np.mean(
        nn.softmaxCrossEntropyWithIntegerLabels(
          nn.linear(params.out, nn.embedding(params.table, tokens)),
          labels,
        ),
      );
    const step = jit((params: Params) => {
      const [value, gradients] = valueAndGrad(loss)(params);
      return { value, params: tree.map((p, g) => p.sub(g.mul(0.5)), params, gradients) };
    });
    let params: Params = nn.initParams(spec, random.key(0));
    const first = Number(await step(params).value.item());
    for (let i = 0; i < 60; i++) params = step(params).params;
    const last = Number(await step(params).value.item());
    assert.ok(last < 0.1 * first, `from ${first} to ${last}`);
  });
}

test('two static functions make two programs', async () => {
  const apply = jit((f: (x: np.Array) => np.Array, x: np.Array) => f(x), { static: 0 });
  const x = np.array([1, 4]);
  assert.equal(await apply((y) => y.mul(2), x).js(), [2, 8]);
  assert.equal(await apply((y) => np.sqrt(y), x).js(), [1, 2]);
});

test('trees match by key, in whatever order the keys were written', async () => {
  const sum = tree.map(
    (a: np.Array, b: np.Array) => a.add(b),
    { w: np.ones([2]), b: np.zeros([1]) },
    {
      b: np.full([1], 5),
      w: np.full([2], 7),
    },
  );
  assert.equal([await sum.w.js(), await sum.b.js()], [[8, 8], [5]]);
});

test('every case of make-pitfalls.py is here', () => {
  const missing = Object.keys(golden).filter((name) => !Object.hasOwn(cases, name));
  assert.equal(missing, []);
});

test.run();
