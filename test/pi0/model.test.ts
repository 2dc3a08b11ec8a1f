/** Laws of the policies: what must not matter does not, and what learns is what is meant to. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { grad, jit, nn, np, random, tree } from '../../index.ts';
import { type GemmaConfig, gemma, gemmaSpec } from '../../models/gemma/index.ts';
import {
  computeLoss,
  encodePrefix,
  everything,
  freezeFilter,
  mergeParams,
  type Observation,
  type Pi0Config,
  type Pi0Params,
  partitionParams,
  sampleActions,
  sampleActionsWithEnergyCorrection,
  storeFrozen,
  visibleCameras,
} from '../../models/pi0/index.ts';
import { largest, tinyActions, tinyConfig, tinyObservation, tinyParams } from './tiny.ts';

const config = tinyConfig();
const params = tinyParams(config);
const observation = tinyObservation(config);
const actions = tinyActions(config);
const key = random.key(1);

test('a camera that no row has a view of need not be encoded', async () => {
  const hidden = np.zeros([2], { dtype: 'bool' });
  const partly = np.array([true, false]);
  const masked: Observation = {
    ...observation,
    imageMasks: {
      ...observation.imageMasks,
      left_wrist_0_rgb: partly,
      right_wrist_0_rgb: hidden,
    },
  };
  const cameras = await visibleCameras(config, masked);
  assert.equal(cameras, ['base_0_rgb', 'left_wrist_0_rgb']);
  const sample = (energyCorrectionSteps: number, seen: readonly string[]) =>
    jit((p: Pi0Params, o: Observation) =>
      sampleActionsWithEnergyCorrection(p, config, key, o, {
        numSteps: 3,
        energyAlpha: 50,
        energyCorrectionSteps,
        cameras: seen,
      }),
    )(params, masked);
  // Sums of fewer zeros round otherwise, and long corrections blow that up.
  for (const [corrections, tolerance] of [
    [0, 1e-5],
    [3, 1e-4],
  ] as const) {
    const [all, some] = [sample(corrections, config.imageKeys), sample(corrections, cameras)];
    assert.ok((await largest(all.sub(some))) < tolerance);
  }
  const losses = (seen: readonly string[]) =>
    jit((p: Pi0Params, o: Observation) =>
      computeLoss(p, config, key, o, actions, { cameras: seen }),
    )(params, masked);
  const [all, some] = [losses(config.imageKeys), losses(cameras)];
  assert.ok((await largest(all.flowLoss.sub(some.flowLoss))) < 1e-5);
  assert.ok((await largest(np.subtract(all.energyLoss ?? 0, some.energyLoss ?? 1))) < 1e-5);
});

test('what a camera shows matters, unless its mask is false', async () => {
  const withImage = (mask: boolean, brightness: number): Observation => ({
    ...observation,
    images: { ...observation.images, base_0_rgb: np.full([2, 8, 8, 3], brightness) },
    imageMasks: { ...observation.imageMasks, base_0_rgb: np.array([mask, mask]) },
  });
  const sample = jit((p: Pi0Params, o: Observation) => sampleActions(p, config, key, o));
  const difference = async (mask: boolean) => {
    const [dark, bright] = [
      sample(params, withImage(mask, -1)),
      sample(params, withImage(mask, 1)),
    ];
    return largest(dark.sub(bright));
  };
  assert.is(await difference(false), 0);
  assert.ok((await difference(true)) > 1e-4);
});

test('no correction steps give the sampled actions; others move the first dims only', async () => {
  const plain = jit((p: Pi0Params, o: Observation) => sampleActions(p, config, key, o));
  const sampled = plain(params, observation);
  const corrected = (energyCorrectionSteps: number) =>
    jit((p: Pi0Params, o: Observation) =>
      sampleActionsWithEnergyCorrection(p, config, key, o, { energyCorrectionSteps }),
    )(params, observation);
  // Programs that differ may round differently.
  assert.ok((await largest(corrected(0).sub(sampled))) < 2e-6);
  const moved = corrected(2).sub(sampled);
  assert.ok((await largest(moved.get('...', np.slice(0, config.energyActDim)))) > 1e-4);
  assert.ok((await largest(moved.get('...', np.slice(config.energyActDim, null)))) < 2e-6);
});

test('guidance in a single flow step is the correction at the end; in several steps it is not', async () => {
  const sample = (numSteps: number, energyGuided: boolean) =>
    jit((p: Pi0Params, o: Observation) =>
      sampleActionsWithEnergyCorrection(p, config, key, o, {
        numSteps,
        energyGuided,
        energyAlpha: 20,
      }),
    )(params, observation);
  assert.ok((await largest(sample(1, true).sub(sample(1, false)))) < 1e-5);
  assert.ok((await largest(sample(4, true).sub(sample(4, false)))) > 1e-3);
});

test('rematerialised layers give the same gradients', async () => {
  const slope = (checkpointLayers: boolean) =>
    jit((p: Pi0Params) =>
      grad((q: Pi0Params) => {
        const own = { ...config, checkpointLayers, energyVariant: 'none' } as const;
        return computeLoss(q, own, key, observation, actions).loss;
      })(p),
    )(params);
  const difference = tree.map(
    (a, b) => np.max(np.abs(np.subtract(a, b))),
    slope(true),
    slope(false),
  );
  const errors = await Promise.all(tree.leaves(difference).map((x) => x.item()));
  assert.ok(Math.max(...errors.map(Number)) < 1e-5);
});

/** The largest gradient of the policy's and of the energy model's parameters. */
async function slopes(options: Partial<Pi0Config>): Promise<[policy: number, energy: number]> {
  const own = tinyConfig({ energyDropout: 0, ...options });
  const gradient = jit((p: Pi0Params) =>
    grad((q: Pi0Params) => computeLoss(q, own, key, observation, actions).loss)(p),
  )(params);
  const { energy_model: energy, ...policy } = gradient;
  const most = async (part: object): Promise<number> => {
    const leaves = tree.leaves(part) as np.Array[]; // Gradients are arrays.
    return Math.max(...(await Promise.all(leaves.map(largest))));
  };
  return [await most(policy), await most(energy ?? {})];
}

test('monitored, the energy loss trains nothing; jointly, everything; alone, the energy model', async () => {
  const [policy, monitored] = await slopes({});
  assert.ok(policy > 0);
  assert.is(monitored, 0);
  const [joint, trained] = await slopes({ useEnergyLoss: true });
  assert.ok(trained > 0 && joint > 0 && joint !== policy);
  const [frozen, alone] = await slopes({ useEnergyLoss: true, trainOnlyEnergyModel: true });
  assert.is(frozen, 0);
  assert.ok(Math.abs(alone - trained) < 1e-4 * trained);
});

test('the losses of the three modes are what they are called', async () => {
  const of = (options: Partial<Pi0Config>) =>
    computeLoss(params, tinyConfig({ energyDropout: 0, ...options }), key, observation, actions);
  const [monitor, joint] = [of({}), of({ useEnergyLoss: true, energyLossWeight: 0.5 })];
  const flow = Number(await np.mean(monitor.flowLoss).item());
  const energy = Number(await monitor.energyLoss?.item());
  assert.ok(Math.abs(Number(await monitor.loss.item()) - flow) < 1e-6);
  assert.ok(Math.abs(Number(await joint.loss.item()) - (flow + 0.5 * energy)) < 1e-6);
  assert.equal(monitor.flowLoss.shape, [2, 4]);
  const none = of({ energyVariant: 'none' });
  assert.equal([none.energyLoss, none.ePos, none.eNeg], [null, null, null]);
});

test('frozen parameters have no gradient, no optimizer state, and keep their bytes', async () => {
  const own = tinyConfig({ useEnergyLoss: true, trainOnlyEnergyModel: true });
  const { trainable, frozen } = partitionParams(params, freezeFilter(own));
  const optimizer = nn.optim.adam(1e-2);
  const state = optimizer.init(trainable);
  assert.ok(nn.pathsOf(state).every((path) => /count|energy_model/.test(path)));
  const step = jit((p: Pi0Params, s: typeof state, rest: Pi0Params) => {
    const slope = grad(
      (q: Pi0Params) => computeLoss(mergeParams(q, rest), own, key, observation, actions).loss,
    )(p);
    const [updates] = optimizer.update(slope, s, p);
    return nn.optim.applyUpdates(p, updates);
  });
  const merged = mergeParams(step(trainable, state, frozen), frozen);
  const before = tree.leaves(params);
  for (const [i, path] of tree.paths(params).entries()) {
    const moved = await largest(np.subtract(tree.leaves(merged)[i] ?? 0, before[i] ?? 0));
    // The gradient of the key's bias is zero but for rounding, which Adam may blow up.
    if (path.endsWith('key/bias') && path.startsWith('energy_model/')) continue;
    assert.is(moved > 0, path.startsWith('energy_model/'), path);
  }
});

/** Sizes with two key heads, so that groups of query heads are told apart. */
const lowRank: GemmaConfig = {
  width: 6,
  depth: 2,
  mlpDim: 8,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 4,
  lora: { attn: { rank: 2, alpha: 3 }, ffn: { rank: 2, alpha: 2 } },
};

test('low-rank additions are the matrices that they multiply out to', async () => {
  const spec = gemmaSpec([lowRank], { vocabulary: 4, isAdaptive: [false] });
  const noise = (p: np.Array) => random.normal(random.key(3), p.shape).mul(0.3);
  const own = tree.mapArrays(noise, nn.initParams(spec, random.key(0)));
  const { attn, mlp } = own.layers;
  const times = (a: np.Array | undefined, b: np.Array | undefined) => np.matmul(a ?? 0, b ?? 0);
  const scale = 3 / 2;
  const full = (name: 'q_einsum' | 'kv_einsum') => ({
    w: attn[name].w.add(times(attn[name].lora_a, attn[name].lora_b).mul(scale)),
  });
  const { w, lora_a: a, lora_b: b } = attn.attn_vec_einsum;
  const everyHead = np.sum(b ?? 0, { axis: 1, keepdims: true });
  const plain = {
    ...own,
    layers: {
      ...own.layers,
      attn: {
        q_einsum: full('q_einsum'),
        kv_einsum: full('kv_einsum'),
        attn_vec_einsum: { w: w.add(times(a, everyHead).mul(scale)) },
      },
      mlp: {
        gating_einsum: mlp.gating_einsum.add(
          times(mlp.gating_einsum_lora_a, mlp.gating_einsum_lora_b),
        ),
        linear: mlp.linear.add(times(mlp.linear_lora_a, mlp.linear_lora_b)),
      },
    },
  };
  const { lora: _, ...without } = lowRank;
  const inputs = {
    tokens: [random.normal(random.key(4), [2, 3, 6])],
    positions: np
      .array([
        [0, 1, 2],
        [0, 0, 1],
      ])
      .astype('int32'),
    mask: np
      .tri(3, { dtype: 'bool' })
      .reshape([1, 3, 3])
      .mul(np.ones([2, 1, 1], { dtype: 'bool' })),
  };
  const [adapted] = gemma(own, [lowRank], inputs).outputs;
  const [merged] = gemma(plain, [without], inputs).outputs;
  assert.ok((await largest(np.subtract(adapted ?? 0, merged ?? 0))) < 1e-4);
  const [bare] = gemma(own, [without], inputs).outputs;
  assert.ok((await largest(np.subtract(adapted ?? 0, bare ?? 0))) > 1e-2);
});

test('policies with low-rank additions train', async () => {
  const expert = (width: number) => ({ ...lowRank, width });
  const own = tinyConfig({
    paligemmaVariant: expert(12),
    actionExpertVariant: expert(8),
    energyVariant: 'none',
  });
  const all = tinyParams(own);
  const { trainable, frozen } = partitionParams(all, freezeFilter(own));
  assert.not(nn.pathsOf(trainable).some((path) => /llm.*(w|linear|gating_einsum)$/.test(path)));
  const loss = jit(
    (p: Pi0Params, rest: Pi0Params) =>
      computeLoss(mergeParams(p, rest), own, key, observation, actions).loss,
  );
  const slope = grad((p: Pi0Params) => loss(p, frozen))(trainable);
  const better = tree.mapArrays((p, g = p) => p.sub(g.mul(0.01)), trainable, slope);
  const [before, after] = [loss(trainable, frozen), loss(better, frozen)];
  assert.ok(Number(await after.item()) < Number(await before.item()));
});

test('a policy that is stored and computed in bfloat16 acts much like one in float32', async () => {
  const half = tinyConfig({ dtype: 'bfloat16' });
  const stored = storeFrozen(params, everything);
  assert.ok(Object.values(nn.shapesOf(stored)).every(({ dtype }) => dtype === 'bfloat16'));
  const sample = (own: Pi0Config, p: Pi0Params) =>
    jit((q: Pi0Params, o: Observation) => sampleActionsWithEnergyCorrection(q, own, key, o))(
      p,
      observation,
    );
  const [fine, coarse] = [sample(config, params), sample(half, stored)];
  assert.is(coarse.dtype, 'float32');
  const difference = await largest(fine.sub(coarse));
  assert.ok(difference > 0 && difference < 0.05 * (await largest(fine)), String(difference));
});

test('frozen parameters in bfloat16 train the others', async () => {
  const own = tinyConfig({ dtype: 'bfloat16', useEnergyLoss: true, trainOnlyEnergyModel: true });
  const { trainable, frozen } = partitionParams(
    storeFrozen(params, freezeFilter(own)),
    freezeFilter(own),
  );
  assert.is(trainable.energy_model?.state_linear.fc1.kernel.dtype, 'float32');
  assert.is(frozen.action_in_proj.kernel.dtype, 'bfloat16');
  const loss = jit(
    (p: Pi0Params, rest: Pi0Params) =>
      computeLoss(mergeParams(p, rest), own, key, observation, actions).loss,
  );
  const slope = grad((p: Pi0Params) => loss(p, frozen))(trainable);
  const better = tree.mapArrays((p, g = p) => p.sub(g.mul(0.01)), trainable, slope);
  assert.ok(
    Number(await loss(better, frozen).item()) < Number(await loss(trainable, frozen).item()),
  );
});

test('everything about the prefix is known before denoising begins', async () => {
  const { cache, output, isValid } = encodePrefix(params, config, observation);
  const tokens = 3 * 4 + config.maxTokenLen;
  assert.equal(cache.key.shape, [2, 2, tokens, 1, 4]);
  assert.equal(
    [output.shape, isValid.shape],
    [
      [2, tokens, 12],
      [2, tokens],
    ],
  );
});

test.run();
