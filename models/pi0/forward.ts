/** The two ways through the network: everything at once for training, prefix first for sampling. */
import { invariant } from '../../core/base/errors.ts';
import { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { linear } from '../../nn/layers/linear.ts';
import type { KeyValue } from '../gemma/attention.ts';
import { gemma } from '../gemma/stack.ts';
import { expertsOf, type Pi0Config } from './config.ts';
import { embedPrefix, embedSuffix, type Tokens } from './embed.ts';
import { makeAttentionMask, positionsOf } from './mask.ts';
import type { Observation } from './observation.ts';
import type { Pi0Params } from './params.ts';

/** The velocities of the actions, which are the last tokens: f32[batch, actionHorizon, actionDim]. */
function velocities(params: Pi0Params, config: Pi0Config, suffixOut: Value): Value {
  const last = np.slice(-config.actionHorizon, null);
  return linear(params.action_out_proj, suffixOut.get(np.slice(null, null), last));
}

/** What one pass over prefix and suffix gives. */
export interface FullPass {
  readonly prefix: Tokens;
  /** dtype[batch, prefix, width]: what the reading expert says about the prefix. */
  readonly prefixOut: Value;
  /** dtype[batch, suffix, width]. */
  readonly suffixOut: Value;
  /** f32[batch, actionHorizon, actionDim]. */
  readonly velocity: Value;
}

/**
 * Velocities of noisy actions, prefix and suffix in one pass.
 *
 * @param observation - Preprocessed.
 * @param noisy - f32[batch, actionHorizon, actionDim].
 * @param time - f32[batch].
 */
export function fullPass(
  params: Pi0Params,
  config: Pi0Config,
  observation: Observation,
  noisy: Value,
  time: Value,
): FullPass {
  const prefix = embedPrefix(params, config, observation);
  const suffix = embedSuffix(params, config, observation, noisy, time);
  const isValid = np.concatenate([prefix.isValid, suffix.isValid], { axis: 1 });
  const { outputs } = gemma(
    params.PaliGemma.llm,
    expertsOf(config),
    {
      tokens: [prefix.tokens, suffix.tokens],
      positions: positionsOf(isValid),
      mask: makeAttentionMask(isValid, [...prefix.starts, ...suffix.starts]),
      conditions: [null, suffix.condition],
    },
    { dtype: config.dtype, isCheckpointed: config.checkpointLayers },
  );
  const [prefixOut, suffixOut] = [present(outputs[0]), present(outputs[1])];
  return { prefix, prefixOut, suffixOut, velocity: velocities(params, config, suffixOut) };
}

/** The output of an expert that was given tokens. */
function present(output: Value | null | undefined): Value {
  invariant(output instanceof Value, 'an expert that was given tokens has none left');
  return output;
}

/** The prefix after its own pass: all that denoising needs to know about it. */
export interface EncodedPrefix {
  readonly observation: Observation;
  /** bool[batch, prefix]. */
  readonly isValid: Value;
  /** dtype[batch, prefix, width]. */
  readonly output: Value;
  /** dtype[depth, batch, prefix, numKvHeads, headDim] each. */
  readonly cache: KeyValue;
}

/** The pass over the prefix alone, which depends on neither noise nor time. */
export function encodePrefix(
  params: Pi0Params,
  config: Pi0Config,
  observation: Observation,
): EncodedPrefix {
  const { tokens, isValid, starts } = embedPrefix(params, config, observation);
  const { outputs, cache } = gemma(
    params.PaliGemma.llm,
    expertsOf(config),
    {
      tokens: [tokens, null],
      positions: positionsOf(isValid),
      mask: makeAttentionMask(isValid, starts),
    },
    { dtype: config.dtype, isCheckpointed: false, keepsCache: true },
  );
  invariant(cache !== null, 'the cache was asked for');
  return { observation, isValid, output: present(outputs[0]), cache };
}

/**
 * Velocities of noisy actions after a prefix.
 *
 * @param noisy - f32[batch, actionHorizon, actionDim].
 * @param time - f32[batch].
 * @returns f32[batch, actionHorizon, actionDim].
 */
export function velocityAfter(
  params: Pi0Params,
  config: Pi0Config,
  { observation, isValid, cache }: EncodedPrefix,
  noisy: Value,
  time: Value,
): Value {
  const suffix = embedSuffix(params, config, observation, noisy, time);
  const [batch = 0, rows = 0] = suffix.isValid.shape;
  const toPrefix = np.broadcastTo(np.expandDims(isValid, 1), [batch, rows, isValid.shape[1] ?? 0]);
  const toSuffix = makeAttentionMask(suffix.isValid, suffix.starts);
  const before = np.sum(np.astype(isValid, 'int32'), { axis: 1, keepdims: true });
  const { outputs } = gemma(
    params.PaliGemma.llm,
    expertsOf(config),
    {
      tokens: [null, suffix.tokens],
      positions: np.add(before, positionsOf(suffix.isValid)),
      mask: np.concatenate([toPrefix, toSuffix], { axis: 2 }),
      conditions: [null, suffix.condition],
      cache,
    },
    { dtype: config.dtype, isCheckpointed: false },
  );
  return velocities(params, config, present(outputs[1]));
}
