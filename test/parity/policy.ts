/** Parity of the π₀ policies: every output and gradient that openpi recorded. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as tree from '../../core/tree.ts';
import type { Pi0Config } from '../../models/pi0/config.ts';
import {
  computeLoss,
  embedPrefix,
  embedSuffix,
  encodePrefix,
  flowLoss,
  makeAttentionMask,
  type NoiseAndTime,
  type Observation,
  type Pi0Params,
  positionsOf,
  sampleActions,
  sampleActionsWithEnergyCorrection,
} from '../../models/pi0/index.ts';
import { valueAndGrad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import type { GoldenFile } from './golden-file.ts';
import { policyConfig } from './policy-config.ts';
import {
  type CompareOptions,
  type Comparison,
  compareArray,
  compareNumbers,
  type Suite,
} from './suite.ts';

/** How near results have to be, by what the file was computed in. */
interface Tolerances {
  readonly output: number;
  readonly gradient: number;
  /** A correction moves actions little, so that the movement itself is compared too. */
  readonly movement: number;
  /** For gradients that are zero but for rounding. */
  readonly noise: number;
}

const tolerances: Readonly<Record<Pi0Config['dtype'], Tolerances>> = {
  float32: { output: 1e-4, gradient: 1e-3, movement: 1e-2, noise: 1e-6 },
  bfloat16: { output: 5e-2, gradient: 5e-2, movement: 8e-2, noise: 1e-3 },
};

interface Recorded {
  readonly file: GoldenFile;
  readonly config: Pi0Config;
  readonly params: Pi0Params;
  readonly observation: Observation;
  readonly actions: Value;
  readonly given: NoiseAndTime;
  readonly tolerance: Tolerances;
}

const boolOf = (file: GoldenFile, tensor: string): Value => np.astype(file.array(tensor), 'bool');

function recorded(file: GoldenFile): Recorded {
  const config = policyConfig(file);
  const byCamera = (read: (name: string) => Value): Record<string, Value> =>
    Object.fromEntries(config.imageKeys.map((name) => [name, read(name)]));
  const energy = file.has('energy_params/cross_attention/query/kernel')
    ? { energy_model: file.tree('energy_params/') }
    : {};
  return {
    file,
    config,
    // The parameters as the file has them; a missing one shows as an error of the layer that reads it.
    params: { ...file.tree('params/'), ...energy } as unknown as Pi0Params,
    observation: {
      images: byCamera((name) => file.array(`in/image/${name}`)),
      imageMasks: byCamera((name) => boolOf(file, `in/image_mask/${name}`)),
      state: file.array('in/state'),
      tokenizedPrompt: file.array('in/tokenized_prompt'),
      tokenizedPromptMask: boolOf(file, 'in/tokenized_prompt_mask'),
    },
    actions: file.array('in/actions'),
    given: { noise: file.array('in/noise'), time: file.array('in/time') },
    tolerance: tolerances[config.dtype],
  };
}

const asFloat = (x: Value): Value => np.astype(x, 'float32');

/** Compares each named result with the file's `out/` of that name. */
async function compareOutputs(
  { file, tolerance }: Recorded,
  results: Readonly<Record<string, Value>>,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const [name, value] of Object.entries(results)) {
    if (!file.has(`out/${name}`)) continue;
    const options = { tolerance: tolerance.output };
    comparisons.push(await compareArray(file, `out/${name}`, asFloat(value), options));
  }
  return comparisons;
}

/** Tokens, masks and positions. */
async function compareEmbeddings(golden: Recorded): Promise<Comparison[]> {
  const { config, params, observation, actions, given } = golden;
  const embed = jit((p: Pi0Params, o: Observation, a: Value, { noise, time }: NoiseAndTime) => {
    const when = np.expandDims(time, [1, 2]);
    const noisy = np.add(np.multiply(when, noise), np.multiply(np.subtract(1, when), a));
    const prefix = embedPrefix(p, config, o);
    const suffix = embedSuffix(p, config, o, noisy, time);
    const isValid = np.concatenate([prefix.isValid, suffix.isValid], { axis: 1 });
    const condition = suffix.condition === null ? {} : { adarms_cond: suffix.condition };
    return {
      prefix_tokens: prefix.tokens,
      prefix_mask: prefix.isValid,
      suffix_tokens: suffix.tokens,
      attn_mask: makeAttentionMask(isValid, [...prefix.starts, ...suffix.starts]),
      positions: positionsOf(isValid),
      ...condition,
    };
  });
  return compareOutputs(golden, embed(params, observation, actions, given));
}

/** The gradients that are zero but for rounding. */
const isNoise = (path: string): boolean =>
  path.endsWith('MultiHeadDotProductAttention_0/key/bias') ||
  path === 'PaliGemma/llm/final_norm/scale';

function gradientOptions(path: string, tolerance: Tolerances): CompareOptions {
  return isNoise(path)
    ? { tolerance: tolerance.noise, isAbsolute: true }
    : { tolerance: tolerance.gradient };
}

/** One training pass with given noise and time: outputs, loss, gradients. */
async function compareTraining(golden: Recorded): Promise<Comparison[]> {
  const { file, config, params, observation, actions, given, tolerance } = golden;
  const { energy_model: _, ...policy } = params;
  const run = jit(
    valueAndGrad(
      (p: Pi0Params, o: Observation, a: Value, noiseAndTime: NoiseAndTime) => {
        const flow = flowLoss(p, config, o, a, noiseAndTime);
        const { prefixOut, suffixOut, velocity, loss } = flow;
        return [np.mean(loss), { prefixOut, suffixOut, velocity, loss }] as const;
      },
      { hasAux: true },
    ),
  );
  const [[, flow], gradient] = run(policy, observation, actions, given);
  const comparisons = await compareOutputs(golden, {
    prefix_out: flow.prefixOut,
    suffix_out: flow.suffixOut,
    v_t: flow.velocity,
    loss_fixed: flow.loss,
  });
  const leaves = tree.leaves(gradient);
  for (const [i, path] of tree.paths(gradient).entries()) {
    const options = gradientOptions(path, tolerance);
    comparisons.push(await compareArray(file, `grad/${path}`, leaves[i] ?? flow.loss, options));
  }
  return comparisons;
}

/** The prefix alone, and its cache. */
async function comparePrefix(golden: Recorded): Promise<Comparison[]> {
  const { config, params, observation } = golden;
  const run = jit((p: Pi0Params, o: Observation) => {
    const { output, cache } = encodePrefix(p, config, o);
    return { prefix_only_out: output, kv_k: cache.key, kv_v: cache.value };
  });
  return compareOutputs(golden, run(params, observation));
}

/** Losses and samples whose random numbers are JAX's own. */
async function compareDraws(golden: Recorded): Promise<Comparison[]> {
  const { config, params, observation, actions, given } = golden;
  const loss = jit((p: Pi0Params, key: Value, o: Observation, a: Value) =>
    computeLoss(p, config, key, o, a),
  );
  const sample = jit(
    (p: Pi0Params, key: Value, o: Observation, noise: Value | null, numSteps: number) =>
      sampleActions(p, config, key, o, { numSteps, ...(noise === null ? {} : { noise }) }),
    { static: [4] },
  );
  const [key1, key42] = [random.key(1), random.key(42)];
  return compareOutputs(golden, {
    compute_loss_key42: loss(params, key42, observation, actions).flowLoss,
    sample_noise_10: sample(params, key1, observation, given.noise, 10),
    sample_noise_3: sample(params, key1, observation, given.noise, 3),
    sample_key1_10: sample(params, key1, observation, null, 10),
  });
}

const corrections = {
  sample_corrected_3: 0.1,
  sample_corrected_3_clipped: 2000,
} as const;

/** Samples that the energy model has corrected: where they end, and how they moved. */
async function compareCorrections(golden: Recorded): Promise<Comparison[]> {
  const { file, config, params, observation, given, tolerance } = golden;
  if (config.energyVariant === 'none') return [];
  const run = jit((p: Pi0Params, o: Observation, noise: Value, energyAlpha: Value) =>
    sampleActionsWithEnergyCorrection(p, config, random.key(1), o, { noise, energyAlpha }),
  );
  const start = await sampledAs(golden);
  const expectedStart = file.numbers('out/sample_noise_10');
  const moved = (to: ArrayLike<number>, from: ArrayLike<number>): number[] =>
    Array.from(to, (value, i) => value - (from[i] ?? 0));
  const comparisons: Comparison[] = [];
  for (const [name, alpha] of Object.entries(corrections)) {
    const got = await run(params, observation, given.noise, np.array(alpha)).data();
    const expected = file.numbers(`out/${name}`);
    comparisons.push(
      compareNumbers(`out/${name}`, got, expected, { tolerance: tolerance.output }),
      compareNumbers(`out/${name} - sample`, moved(got, start), moved(expected, expectedStart), {
        tolerance: tolerance.movement,
      }),
    );
  }
  return comparisons;
}

/** The library's own `sample_noise_10`. */
const sampledAs = ({ config, params, observation, given }: Recorded): Promise<ArrayLike<number>> =>
  jit((p: Pi0Params, o: Observation, noise: Value) =>
    sampleActions(p, config, random.key(1), o, { noise }),
  )(params, observation, given.noise).data();

/** The parts of the suite, each with programs of its own, cheapest first. */
export const policyParts = {
  embeddings: compareEmbeddings,
  prefix: comparePrefix,
  draws: compareDraws,
  corrections: compareCorrections,
  training: compareTraining,
} as const;

/** A part of the policy suite. */
export type PolicyPart = keyof typeof policyParts;

/** Runs some parts on a file. */
export async function comparePolicy(
  file: GoldenFile,
  parts: readonly PolicyPart[],
): Promise<Comparison[]> {
  const golden = recorded(file);
  const comparisons: Comparison[] = [];
  for (const part of parts) comparisons.push(...(await policyParts[part](golden)));
  return comparisons;
}

/** Files of a recorded policy. */
export const policySuite: Suite = {
  name: 'π0 policy',
  accepts: (file) =>
    file.has('params/PaliGemma/llm/layers/attn/q_einsum/w') && file.has('in/noise'),
  run: (file) => comparePolicy(file, ['embeddings', 'prefix', 'draws', 'corrections', 'training']),
};
