import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as tree from '../../core/tree.ts';
import {
  checkPadMask,
  type EnergyParams,
  encodeContext,
  energy,
  energyConfig,
  energyOfEncoded,
  energySpec,
  infoNce,
  oneStepEnergyCorrection,
} from '../../models/energy/index.ts';
import { countParams, initParams } from '../../nn/params.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import { vmap } from '../../transforms/vmap.ts';
import { config, farthest, setup, sizes } from './setup.ts';

const { params, context, actions, padMask } = setup();
const total = (a: Value, h: Value, mask: Value): Value =>
  np.sum(energy(params, config, h, a, { padMask: mask }));

test('energies are f32[batch, 1] between 0.1 and 2.1', async () => {
  const energies = energy(params, config, context.mul(100), actions.mul(100), { padMask });
  assert.equal(energies.shape, [sizes.batch, 1]);
  assert.ok((await energies.data()).every((e) => e >= 0.1 && e <= Math.fround(2.1)));
});

test('a padded token has no influence on the energy, a valid one has', async () => {
  const noise = random.normal(random.key(5), context.shape);
  const mask = np.expandDims(padMask, 2);
  const e = energy(params, config, context, actions, { padMask });
  const changed = (where: Value): Value =>
    energy(params, config, np.where(where, noise, context), actions, { padMask });
  assert.is(await farthest(changed(mask), e), 0);
  assert.ok((await farthest(changed(np.logicalNot(mask)), e)) > 1e-3);
});

test('no mask is the same as a mask without padding', async () => {
  const none = np.zeros(padMask.shape, { dtype: 'bool' });
  const [open, masked] = [
    energy(params, config, context, actions),
    energy(params, config, context, actions, { padMask: none }),
  ];
  assert.ok((await farthest(open, masked)) < 1e-6);
});

test("pool 'cls' is the energy of the first step, 'mean' that of all", async () => {
  const first = { ...config, pool: 'cls' } as const;
  const later = np.where(np.arange(sizes.steps).reshape([-1, 1]).equal(0), actions, 0);
  const e = (pool: typeof config | typeof first, a: Value): Value =>
    energy(params, pool, context, a, { padMask });
  assert.is(await farthest(e(first, actions), e(first, later)), 0);
  assert.ok((await farthest(e(config, actions), e(config, later))) > 1e-3);
});

test('layers counts the residual blocks of both encoders', () => {
  const count = (layers: number): number => countParams(energySpec({ ...config, layers }));
  assert.is(count(3) - count(2), count(2) - count(1));
  assert.is(count(1) - count(0), 2 * (8 * 8 + 3 * 8));
  const deep = initParams(energySpec({ ...config, layers: 3 }), random.key(0));
  assert.equal(energy(deep, config, context, actions).shape, [sizes.batch, 1]);
});

test('dropout works only in training, and differs by key', async () => {
  const run = (seed: number, train: boolean): Value =>
    energy(params, config, context, actions, { key: random.key(seed), train });
  assert.is(await farthest(run(1, false), run(2, false)), 0);
  assert.is(await farthest(run(1, true), run(1, true)), 0);
  assert.ok((await farthest(run(1, true), run(2, true))) > 1e-4);
  assert.throws(() => energy(params, config, context, actions, { train: true }), /missing-key/);
});

test('an encoded context serves many actions', async () => {
  const encoded = encodeContext(params, context, { padMask });
  const once = energyOfEncoded(params, config, encoded, actions);
  assert.is(await farthest(once, energy(params, config, context, actions, { padMask })), 0);
});

test('grad of jit and jit of grad agree with grad', async () => {
  const plain = grad(total)(actions, context, padMask);
  assert.ok((await farthest(grad(jit(total))(actions, context, padMask), plain)) < 1e-6);
  assert.ok((await farthest(jit(grad(total))(actions, context, padMask), plain)) < 1e-6);
});

test('jit(vmap(grad)) over examples gives each its own gradient', async () => {
  const one = (a: Value, h: Value, mask: Value): Value =>
    total(np.expandDims(a, 0), np.expandDims(h, 0), np.expandDims(mask, 0));
  const each = jit(vmap(grad(one)))(actions, context, padMask);
  assert.ok((await farthest(each, grad(total)(actions, context, padMask))) < 1e-6);
});

const allPadded = np.array([
  [false, false, false, false, false],
  [true, true, true, true, true],
  [true, false, true, false, true],
]);

test('a fully padded row is an error that names it, also before a correction', () => {
  const explained = /every context token is padding in row 1 of padMask/;
  assert.throws(() => energy(params, config, context, actions, { padMask: allPadded }), explained);
  assert.throws(() => infoNce(params, config, context, actions, { padMask: allPadded }), explained);
  assert.throws(
    () => oneStepEnergyCorrection(params, context, actions, { padMask: allPadded }),
    explained,
  );
});

test('checkPadMask names the rows, and resolves where every row has a token', async () => {
  await checkPadMask(padMask);
  const failure = await checkPadMask(allPadded).then(
    () => 'no error',
    (error: unknown) => String(error),
  );
  assert.match(failure, /in row 1 of padMask {2}\[context-all-padding\]/);
});

test('under jit a fully padded row has a finite energy that its context has no part in', async () => {
  const run = jit((h: Value, mask: Value) => energy(params, config, h, actions, { padMask: mask }));
  const e = run(context, allPadded);
  assert.ok((await e.data()).every(Number.isFinite));
  const noise = random.normal(random.key(6), context.shape);
  const isRow = np.array([false, true, false]).reshape([3, 1, 1]);
  assert.is(await farthest(run(np.where(isRow, noise, context), allPadded), e), 0);
});

test('under jit a fully padded row brings no NaN into losses, gradients or corrections', async () => {
  const loss = (p: EnergyParams, h: Value, a: Value, mask: Value): Value =>
    infoNce(p, config, h, a, { padMask: mask }).loss;
  const gradients = jit(grad(loss, { argnums: [0, 1, 2] }))(params, context, actions, allPadded);
  for (const leaf of tree.leaves(gradients)) {
    assert.ok((await leaf.data()).every(Number.isFinite));
  }
  const correct = jit((a: Value, mask: Value) =>
    oneStepEnergyCorrection(params, context, a, { padMask: mask }),
  );
  assert.ok((await correct(actions, allPadded).data()).every(Number.isFinite));
});

test('shapes that do not fit are named by axis', () => {
  const run = (h: Value, a: Value, mask?: Value): Value =>
    energy(params, config, h, a, { padMask: mask });
  assert.throws(
    () => run(np.ones([2, 5, 6]), actions),
    /axis 'batch' is 2 in context but 3 in actions/,
  );
  assert.throws(
    () => run(np.ones([3, 5, 7]), actions),
    /axis 'contextDim' is 7 in context but 6 in/,
  );
  assert.throws(
    () => run(context, np.ones([3, 4, 2])),
    /axis 'energyActDim' is 2 in actions but 7 in/,
  );
  assert.throws(
    () => run(context, actions, np.zeros([3, 6], { dtype: 'bool' })),
    /axis 'tokens' is 5 in context but 6 in padMask/,
  );
  assert.throws(() => run(context, actions, np.zeros([3, 5])), /padMask must be bool/);
  assert.throws(() => run(np.ones([5, 6]), actions), /context is f32\[5, 6\], but its axes are/);
});

test('configurations that make no model are refused', () => {
  assert.throws(
    () => energyConfig({ hidden: 32, heads: 5 }),
    /5 heads do not divide a width of 32/,
  );
  assert.throws(() => energyConfig({ layers: -1 }), /layers is -1/);
  assert.throws(() => energyConfig({ dropoutRate: 1 }), /dropoutRate is 1/);
  assert.throws(() => energyConfig({ pool: 'max' as 'mean' }), /pool is max/);
});

test.run();
