/**
 * Learns which actions fit a context, and uses what it has learned to correct actions that do not.
 *
 * The energy model is trained by contrast: of all actions in a batch, the one that was taken in a context
 * is to have the lowest energy there. Its gradient then says how to change an action so that it fits better.
 *
 *   npx tsx examples/energy-correction.ts
 */
import { jit, nn, np, random, valueAndGrad } from '../index.ts';
import {
  type EnergyParams,
  energy,
  energyConfig,
  energySpec,
  infoNce,
  multiStepEnergyCorrection,
} from '../models/energy/index.ts';

const [batch, tokens, steps, joints] = [16, 4, 4, 7];
// Without dropout one context can share its queries with all actions, which is several times faster.
const config = energyConfig({
  contextDim: 16,
  energyActDim: joints,
  hidden: 32,
  heads: 4,
  dropoutRate: 0,
});

// How a pose shows in the context. Made once, outside: a program takes such an array as an input.
const features = random.normal(random.key(7), [tokens, joints, config.contextDim]).mul(0.5);

/**
 * A world of its own: a pose to reach, which shows in the context through fixed random features. The
 * expert's chunk moves every joint from rest to that pose in equal steps.
 */
function examples(key: np.Array) {
  const goal = random.uniform(key, [batch, 1, joints], { minval: -1, maxval: 1 });
  const context = np.tanh(np.einsum('boj,tjd->btd', goal, features));
  const rest = np.linspace(-1, 1, joints);
  const fraction = np
    .arange(1, steps + 1)
    .div(steps)
    .reshape([1, steps, 1]);
  return { context, actions: rest.add(goal.sub(rest).mul(fraction)) };
}

const optimizer = nn.optim.adam(2e-3);

const train = jit(
  (params: EnergyParams, state: ReturnType<typeof optimizer.init>, key: np.Array) => {
    const { context, actions } = examples(key);
    const loss = (p: EnergyParams): np.Array => infoNce(p, config, context, actions).loss;
    const [value, gradients] = valueAndGrad(loss)(params);
    const [updates, nextState] = optimizer.update(gradients, state, params);
    return { params: nn.optim.applyUpdates(params, updates), state: nextState, loss: value };
  },
);

/** Mean energies of the expert's actions, of noisy ones, and of these after `numSteps` corrections. */
const correct = jit((params: EnergyParams, key: np.Array) => {
  const { context, actions } = examples(random.foldIn(key, 0));
  const noisy = actions.add(random.normal(random.foldIn(key, 1), actions.shape).mul(0.3));
  const corrected = multiStepEnergyCorrection(params, context, noisy, { config, numSteps: 5 });
  const meanEnergy = (a: np.Array): np.Array => np.mean(energy(params, config, context, a));
  const distance = (a: np.Array): np.Array => np.sqrt(nn.mse(a, actions));
  return {
    energy: [meanEnergy(actions), meanEnergy(noisy), meanEnergy(corrected)],
    distance: [distance(actions), distance(noisy), distance(corrected)],
  };
});

let params = nn.initParams(energySpec(config), random.key(0));
let state = optimizer.init(params);
for (let i = 0; i <= 300; i++) {
  const result = train(params, state, random.foldIn(random.key(1), i));
  ({ params, state } = result);
  if (i % 100 === 0) console.log(`step ${i}: loss ${Number(await result.loss.item()).toFixed(3)}`);
}

// Goals that it has not been trained on.
const result = correct(params, random.key(2));
for (const [i, name] of ['expert', 'noisy', 'corrected'].entries()) {
  const [mean, far] = await Promise.all([result.energy[i]?.item(), result.distance[i]?.item()]);
  console.log(
    `${name}: energy ${Number(mean).toFixed(3)}, ${Number(far).toFixed(3)} from the expert`,
  );
}
