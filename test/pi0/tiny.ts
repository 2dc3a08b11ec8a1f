/** A policy of a few thousand parameters, and something to show it. */
import { nn, np, random } from '../../index.ts';
import {
  type Observation,
  type Pi0Config,
  type Pi0Params,
  pi0Config,
  pi0Spec,
} from '../../models/pi0/index.ts';

const sizes = { depth: 2, numHeads: 2, numKvHeads: 1, headDim: 4 };

/** Its configuration, but for what is given. */
export const tinyConfig = (options: Partial<Pi0Config> = {}): Pi0Config =>
  pi0Config({
    dtype: 'float32',
    actionDim: 5,
    actionHorizon: 4,
    maxTokenLen: 3,
    paligemmaVariant: { width: 12, mlpDim: 16, ...sizes },
    actionExpertVariant: { width: 8, mlpDim: 12, ...sizes },
    siglipVariant: { width: 8, depth: 1, mlpDim: 12, numHeads: 2, patchSize: 4 },
    vocabulary: 10,
    imageResolution: [8, 8],
    energyHidden: 8,
    energyHeads: 2,
    energyActDim: 3,
    ...options,
  });

/** Parameters none of which is zero, so that everything matters. */
export function tinyParams(config: Pi0Config, seed = 0): Pi0Params {
  const params = nn.initParams(pi0Spec(config), random.key(seed));
  return nn.optim.applyUpdates(params, nn.initParams(noiseLike(config), random.key(seed + 1)));
}

/** The spec, with normal numbers everywhere. */
function noiseLike(config: Pi0Config): ReturnType<typeof pi0Spec> {
  const noisy = (node: unknown): unknown => {
    if (node instanceof nn.ParamSpec) return nn.param(node.shape, nn.normal(0.1));
    if (Array.isArray(node)) return node.map(noisy);
    const entries = Object.entries(node as Readonly<Record<string, unknown>>);
    return Object.fromEntries(entries.map(([name, child]) => [name, noisy(child)]));
  };
  return noisy(pi0Spec(config)) as ReturnType<typeof pi0Spec>; // Leaves stand where leaves stood.
}

/** Smooth images, other numbers in every row. */
export function tinyObservation(config: Pi0Config, batch = 2): Observation {
  const [height, width] = config.imageResolution;
  const keys = random.split(random.key(7), config.imageKeys.length + 2);
  const images = config.imageKeys.map((name, i) => [
    name,
    random.uniform(keys.get(i), [batch, height, width, 3], { minval: -1, maxval: 1 }),
  ]);
  const valid = Array.from({ length: batch }, () => true);
  const [state, tokens] = [keys.get(-2), keys.get(-1)];
  return {
    images: Object.fromEntries(images),
    imageMasks: Object.fromEntries(config.imageKeys.map((name) => [name, np.array(valid)])),
    state: random.normal(state, [batch, config.actionDim]),
    tokenizedPrompt: random.randint(tokens, [batch, config.maxTokenLen], 0, config.vocabulary),
    tokenizedPromptMask: np.array(
      valid.map((_, row) =>
        Array.from({ length: config.maxTokenLen }, (__, t) => t <= row % config.maxTokenLen),
      ),
    ),
  };
}

/** f32[batch, actionHorizon, actionDim]. */
export const tinyActions = (config: Pi0Config, batch = 2): np.Array =>
  random.normal(random.key(8), [batch, config.actionHorizon, config.actionDim]);

/** The largest magnitude. */
export const largest = async (x: np.Array): Promise<number> =>
  Number(await np.max(np.abs(x)).item());
