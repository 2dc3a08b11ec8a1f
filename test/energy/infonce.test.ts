import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Program } from '../../core/ir/program.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as tree from '../../core/tree.ts';
import { type EnergyParams, energyConfig, energySpec, infoNce } from '../../models/energy/index.ts';
import { initParams } from '../../nn/params.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import { config, farthest, naiveInfoNce, setup, sizes } from './setup.ts';

const { params, ...inputs } = setup(3);
const { context, actions, padMask } = inputs;
const tau = 0.3;

test('the factored loss equals the naive one, and so do its energies', async () => {
  const [factored, naive] = [
    infoNce(params, config, context, actions, { padMask, tau }),
    naiveInfoNce(params, inputs, tau),
  ];
  for (const name of ['loss', 'ePos', 'eNeg', 'energies'] as const) {
    assert.ok((await farthest(factored[name], naive[name])) < 2e-6, name);
  }
});

test('the gradient of the factored loss equals that of the naive one', async () => {
  const factored = (p: EnergyParams): Value =>
    infoNce(p, config, context, actions, { padMask, tau }).loss;
  const naive = (p: EnergyParams): Value => naiveInfoNce(p, inputs, tau).loss;
  const [a, b] = [jit(grad(factored))(params), jit(grad(naive))(params)];
  const [ours, theirs] = [tree.leaves(a), tree.leaves(b)];
  for (const [i, path] of tree.paths(a).entries()) {
    const [x = tau, y = tau] = [ours[i], theirs[i]];
    assert.ok((await farthest(x as Value, y as Value)) < 3e-6, path);
  }
});

test('in training without dropout the loss is the same', async () => {
  const plain = { ...config, dropoutRate: 0 };
  const trained = infoNce(params, plain, context, actions, { padMask, train: true });
  const tested = infoNce(params, plain, context, actions, { padMask });
  assert.is(await farthest(trained.energies, tested.energies), 0);
});

test('in training every pair has its own dropout mask', async () => {
  const same = (x: Value): Value => np.repeat(x.get(np.slice(0, 1)), sizes.batch, { axis: 0 });
  const run = (train: boolean): Value =>
    infoNce(params, config, same(context), same(actions), { key: random.key(8), train }).energies;
  const tested = [...(await run(false).data())];
  assert.ok(tested.every((e) => Math.abs(e - (tested[0] ?? 0)) < 1e-6));
  const trained = [...(await run(true).data())];
  assert.is(new Set(trained).size, sizes.batch ** 2);
});

test('dropout in training leaves the mean of the energies about where it was', async () => {
  const gentle = { ...config, dropoutRate: 0.01 };
  const e = (train: boolean): Value =>
    infoNce(params, gentle, context, actions, { padMask, key: random.key(1), train }).energies;
  assert.ok((await farthest(np.mean(e(true)), np.mean(e(false)))) < 0.05);
});

test('a batch of one has loss 0 and eNeg 0', async () => {
  const first = (x: Value): Value => x.get(np.slice(0, 1));
  const { loss, eNeg } = infoNce(params, config, first(context), first(actions));
  assert.equal([...(await loss.data()), ...(await eNeg.data())], [0, 0]);
});

test('eNeg is the mean over the pairs that do not belong together', async () => {
  const { energies, ePos, eNeg } = infoNce(params, config, context, actions);
  const e = await energies.data();
  const at = (isPair: boolean): number[] =>
    [...e].filter((_, n) => (n % sizes.batch === Math.floor(n / sizes.batch)) === isPair);
  const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  assert.ok(Math.abs(mean(at(true)) - ((await ePos.data())[0] ?? NaN)) < 1e-6);
  assert.ok(Math.abs(mean(at(false)) - ((await eNeg.data())[0] ?? NaN)) < 1e-6);
});

/** The most elements that any array of a program has. */
const largest = ({ eqns }: Program): number =>
  Math.max(
    ...eqns.flatMap(({ outputs }) => outputs.map((v) => v.aval.shape.reduce((a, b) => a * b, 1))),
  );

test('no context is repeated: the largest array is the context or the scores', () => {
  const model = energyConfig({ contextDim: 64, hidden: 8, heads: 2, energyActDim: 2 });
  const small = initParams(energySpec(model), random.key(0));
  const [batch, tokens, steps] = [6, 10, 3];
  const h = np.ones([batch, tokens, model.contextDim]);
  const a = np.ones([batch, steps, model.energyActDim]);
  const loss = jit(grad((p: EnergyParams) => infoNce(p, model, h, a).loss));
  const scores = batch * batch * steps * model.heads * tokens;
  const { program } = loss.lower(small);
  assert.is(largest(program), Math.max(scores, batch * tokens * model.contextDim));
});

test.run();
