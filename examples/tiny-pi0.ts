/**
 * A π₀ small enough for a laptop learns a handful of demonstrations by heart: images and a prompt in, a chunk
 * of actions out.
 *
 *   npx tsx examples/tiny-pi0.ts [steps] [pi05]
 */
import { jit, nn, np, random, tree, valueAndGrad } from '../index.ts';
import {
  computeLoss,
  type Observation,
  type Pi0Params,
  pi0Config,
  pi0Spec,
  sampleActions,
} from '../models/pi0/index.ts';

const [, , stepCount = '2000', kind] = process.argv;
const steps = Number(stepCount);
const [demonstrations, copies] = [4, 8];

const expert = { width: 32, depth: 2, mlpDim: 64, numHeads: 2, numKvHeads: 1, headDim: 16 };
const config = pi0Config({
  dtype: 'float32',
  pi05: kind === 'pi05',
  actionDim: 4,
  actionHorizon: 4,
  maxTokenLen: 4,
  paligemmaVariant: expert,
  actionExpertVariant: expert,
  siglipVariant: { width: 32, depth: 1, mlpDim: 64, numHeads: 2, patchSize: 8 },
  vocabulary: 32,
  imageKeys: ['camera'],
  imageResolution: [16, 16],
  // The model is small enough to keep all of a pass in memory.
  checkpointLayers: false,
  energyVariant: 'none',
});

/** What the robot saw and was told, a row per demonstration. */
const observation: Observation = {
  images: { camera: random.uniform(random.key(0), [demonstrations, 16, 16, 3], { minval: -1 }) },
  imageMasks: { camera: np.ones([demonstrations], { dtype: 'bool' }) },
  state: random.normal(random.key(1), [demonstrations, config.actionDim]),
  tokenizedPrompt: random.randint(random.key(2), [demonstrations, config.maxTokenLen], 0, 32),
  tokenizedPromptMask: np.ones([demonstrations, config.maxTokenLen], { dtype: 'bool' }),
};

/** Poses of all joints, f32[demonstrations, 1, actionDim]. */
const poses = (seed: number): np.Array =>
  random.normal(random.key(seed), [demonstrations, 1, config.actionDim]);

// What the expert did then: every joint moves from one pose to another in equal steps.
const share = np.linspace(0, 1, config.actionHorizon).reshape([1, config.actionHorizon, 1]);
const actions = poses(3).mul(np.subtract(1, share)).add(poses(4).mul(share));

/** Each demonstration several times in a batch: every copy gets noise and a time of its own. */
const repeated = <T>(rows: T): T =>
  tree.mapArrays((x) => np.tile(x, [copies, ...x.shape.slice(1).map(() => 1)]), rows);

const loss = (params: Pi0Params, key: np.Array): np.Array =>
  computeLoss(params, config, key, repeated(observation), repeated(actions)).loss;

const optimizer = nn.optim.adam(
  nn.optim.warmupCosineDecay({ initValue: 0, peakValue: 5e-3, warmupSteps: 50, decaySteps: steps }),
);

const step = jit(
  (params: Pi0Params, state: ReturnType<typeof optimizer.init>, index: np.Array) => {
    const [value, gradients] = valueAndGrad(loss)(params, random.foldIn(random.key(5), index));
    const [updates, nextState] = optimizer.update(gradients, state, params);
    return { params: nn.optim.applyUpdates(params, updates), state: nextState, loss: value };
  },
  { donate: [0, 1] },
);

/** The loss on noise and times that are always the same. */
const evaluate = jit((params: Pi0Params) => {
  const losses = [0, 1, 2, 3].map((i) => loss(params, random.foldIn(random.key(6), i)));
  return np.mean(np.stack(losses));
});

const show = (x: number | boolean): string => Number(x).toFixed(4);

let params = nn.initParams(pi0Spec(config), random.key(7));
let state = optimizer.init(params);
const before = Number(await evaluate(params).item());
console.log(`${nn.countParams(params)} parameters, flow loss ${show(before)}`);
for (let i = 1; i <= steps; i++) {
  ({ params, state } = step(params, state, np.array(i, { dtype: 'int32' })));
  if (i % 250 === 0) console.log(`step ${i}: flow loss ${show(await evaluate(params).item())}`);
}
const after = Number(await evaluate(params).item());
console.log(`the flow loss is ${(before / after).toFixed(0)} times smaller`);

const act = jit((p: Pi0Params, key: np.Array) => sampleActions(p, config, key, observation));
const distance = np.sqrt(nn.mse(act(params, random.key(8)), actions));
console.log(
  `sampled actions are ${show(await distance.item())} from the demonstrated ones, ` +
    `which spread over ${show(await np.std(actions).item())}`,
);
