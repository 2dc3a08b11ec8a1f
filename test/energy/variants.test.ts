/** What all kinds of energy model have in common. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { grad, jit, nn, np, random } from '../../index.ts';
import {
  type EnergyParams,
  type EnergyVariantName,
  encodeContext,
  energy,
  energyConfig,
  energyMatrix,
  energySpec,
  infoNce,
  multiStepEnergyCorrection,
} from '../../models/energy/index.ts';

const [batch, tokens, steps] = [3, 5, 4];
const kinds: readonly EnergyVariantName[] = ['cross-attention', 'mlp', 'transformer'];
const context = random.normal(random.key(1), [batch, tokens, 6]);
const actions = random.normal(random.key(2), [batch, steps, 4]);
const padMask = np.array(
  Array.from({ length: batch }, (_, i) => Array.from({ length: tokens }, (__, t) => t > i + 1)),
);

const setup = (variant: EnergyVariantName) => {
  const config = energyConfig({ variant, contextDim: 6, energyActDim: 4, hidden: 8, heads: 2 });
  return { config, params: nn.initParams(energySpec(config), random.key(0)) };
};

const largest = async (x: np.Array): Promise<number> => Number(await np.max(np.abs(x)).item());

for (const kind of kinds) {
  const { config, params } = setup(kind);

  test(`${kind}: the matrix of a batch has the energy of each pair`, async () => {
    const matrix = energyMatrix(
      params,
      config,
      encodeContext(params, context, { padMask }),
      actions,
    );
    for (let shift = 0; shift < batch; shift++) {
      const others = np.roll(actions, -shift, { axis: 0 });
      const single = energy(params, config, context, others, { padMask });
      const found = np.stack(
        Array.from({ length: batch }, (_, i) => matrix.get(i, (i + shift) % batch)),
      );
      assert.ok((await largest(found.sub(single.get('...', 0)))) < 1e-6);
    }
  });

  test(`${kind}: padding changes nothing, and valid tokens do`, async () => {
    const noise = random.normal(random.key(3), context.shape);
    const of = (h: np.Array) => energy(params, config, h, actions, { padMask });
    const whereOf = (mask: np.Array) =>
      np.where(np.expandDims(mask, -1), context.add(noise), context);
    assert.is(await largest(of(whereOf(padMask)).sub(of(context))), 0);
    assert.ok((await largest(of(whereOf(np.logicalNot(padMask))).sub(of(context)))) > 1e-4);
  });

  test(`${kind}: a step down the loss lowers it, with dropout and without`, async () => {
    for (const train of [false, true]) {
      const loss = jit(
        (p: EnergyParams) =>
          infoNce(p, config, context, actions, { padMask, train, key: random.key(4) }).loss,
      );
      const slope = grad((p: EnergyParams) => loss(p))(params);
      const optimizer = nn.optim.sgd(1e-2);
      const [updates] = optimizer.update(slope, optimizer.init(params));
      const after = loss(nn.optim.applyUpdates(params, updates));
      assert.ok(Number(await after.item()) < Number(await loss(params).item()));
    }
  });

  test(`${kind}: a correction lowers the energy`, async () => {
    const better = multiStepEnergyCorrection(params, context, actions, { padMask, numSteps: 2 });
    const of = (a: np.Array) => np.sum(energy(params, config, context, a, { padMask }));
    assert.ok(Number(await of(better).item()) < Number(await of(actions).item()));
  });
}

test('a kind that does not exist, and a transformer without layers, are refused', () => {
  const wrong = { variant: 'attention' as EnergyVariantName };
  assert.throws(
    () => energyConfig(wrong),
    /variant is 'attention'.*cross-attention, mlp, transformer/,
  );
  assert.throws(
    () => energyConfig({ variant: 'transformer', layers: 0 }),
    /layers is 0.*from 1 up/,
  );
});

test.run();
