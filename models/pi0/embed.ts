/** Observations, noisy actions and times as tokens. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { silu } from '../../nn/activations.ts';
import { type LinearParams, linear } from '../../nn/layers/linear.ts';
import { missingParameter } from '../errors.ts';
import { embedTokens } from '../gemma/stack.ts';
import { siglip } from '../siglip/encoder.ts';
import { type Pi0Config, visionOf } from './config.ts';
import { oddWidth } from './errors.ts';
import type { BlockStarts } from './mask.ts';
import { camerasIn, type Observation } from './observation.ts';
import type { Pi0Params } from './params.ts';

/** Tokens and what attention has to know about them. */
export interface Tokens {
  /** dtype[batch, tokens, width]. */
  readonly tokens: Value;
  /** bool[batch, tokens]; false is padding. */
  readonly isValid: Value;
  readonly starts: BlockStarts;
}

const repeatOver = (flags: Value, count: number): Value =>
  np.broadcastTo(np.expandDims(flags, 1), [flags.shape[0] ?? 0, count]);

/** The tokens of all cameras, in one batch through the encoder: dtype[batch, cameras · positions, width]. */
function imageTokens(
  params: Pi0Params,
  config: Pi0Config,
  images: readonly Value[],
): { readonly tokens: Value; readonly perImage: number } {
  const encoded = siglip(params.PaliGemma.img, visionOf(config), np.concatenate(images), {
    dtype: config.dtype,
    isCheckpointed: config.checkpointLayers,
  });
  const [rows = 0, perImage = 0, width = 0] = encoded.shape;
  const batch = rows / images.length;
  const apart = encoded.reshape([images.length, batch, perImage, width]);
  return {
    tokens: np.swapaxes(apart, 0, 1).reshape([batch, images.length * perImage, width]),
    perImage,
  };
}

/**
 * The tokens of images and prompt, which all see each other.
 *
 * @param observation - Preprocessed; a camera that it lacks has no tokens.
 */
export function embedPrefix(
  params: Pi0Params,
  config: Pi0Config,
  observation: Observation,
): Tokens {
  const parts: Value[] = [];
  const valid: Value[] = [];
  const cameras = camerasIn(config, observation);
  if (cameras.length > 0) {
    const { tokens, perImage } = imageTokens(
      params,
      config,
      cameras.map(({ image }) => image),
    );
    parts.push(tokens);
    valid.push(...cameras.map(({ mask }) => repeatOver(mask, perImage)));
  }
  const { tokenizedPrompt, tokenizedPromptMask } = observation;
  if (tokenizedPrompt != null && tokenizedPromptMask != null) {
    parts.push(embedTokens(params.PaliGemma.llm, tokenizedPrompt, config.dtype));
    valid.push(tokenizedPromptMask);
  }
  const isValid = np.concatenate(valid, { axis: 1 });
  return {
    tokens: np.concatenate(parts, { axis: 1 }),
    isValid,
    starts: new Array<boolean>(isValid.shape[1] ?? 0).fill(false),
  };
}

/** Shortest and longest period of {@link posembSincos}, with time from 0 to 1. */
const periods = { shortest: 4e-3, longest: 4 } as const;

/**
 * Times as sines and cosines: f32[batch] gives f32[batch, width], sines first.
 *
 * @throws `odd-width`.
 */
export function posembSincos(time: Value, width: number): Value {
  if (width % 2 !== 0) throw oddWidth(width);
  const { fround } = Math;
  const count = width / 2;
  const ratio = fround(periods.longest / periods.shortest);
  // Rounded where the reference rounds: angles reach 1571, so that a digit lost here is four lost in the sine.
  const frequencies = Float32Array.from({ length: count }, (_, i) => {
    const fraction = fround(i / (count - 1));
    const period = fround(fround(periods.shortest) * fround(ratio ** fraction));
    return fround(fround(fround(1 / period) * 2) * fround(Math.PI));
  });
  const angle = np.multiply(np.expandDims(time, 1), np.array(frequencies));
  return np.concatenate([np.sin(angle), np.cos(angle)], { axis: -1 });
}

/** What the action expert is given. */
export interface Suffix extends Tokens {
  /** f32[batch, width] that steers the norms; null in π₀. */
  readonly condition: Value | null;
}

function layerNamed(params: Pi0Params, name: TimeLayer): LinearParams {
  const found = params[name];
  if (found === undefined) throw missingParameter('pi0', name);
  return found;
}

type TimeLayer =
  | 'state_proj'
  | 'action_time_mlp_in'
  | 'action_time_mlp_out'
  | 'time_mlp_in'
  | 'time_mlp_out';

const allValid = (tokens: Value): Value =>
  np.ones([tokens.shape[0] ?? 0, tokens.shape[1] ?? 0], { dtype: 'bool' });

/**
 * The tokens of the noisy actions (and, in π₀, of the state before them), which see the prefix too.
 *
 * @param noisy - f32[batch, actionHorizon, actionDim].
 * @param time - f32[batch]; 1 is pure noise, 0 is data.
 */
export function embedSuffix(
  params: Pi0Params,
  config: Pi0Config,
  observation: Observation,
  noisy: Value,
  time: Value,
): Suffix {
  const actions = linear(params.action_in_proj, noisy);
  const [batch = 0, horizon = 0, width = 0] = actions.shape;
  const when = posembSincos(time, width);
  const later = new Array<boolean>(horizon - 1).fill(false);
  if (config.pi05) {
    const inner = silu(linear(layerNamed(params, 'time_mlp_in'), when));
    const condition = silu(linear(layerNamed(params, 'time_mlp_out'), inner));
    return { tokens: actions, isValid: allValid(actions), starts: [true, ...later], condition };
  }
  const state = np.expandDims(linear(layerNamed(params, 'state_proj'), observation.state), 1);
  const everywhere = np.broadcastTo(np.expandDims(when, 1), [batch, horizon, width]);
  const both = np.concatenate([actions, everywhere], { axis: -1 });
  const inner = silu(linear(layerNamed(params, 'action_time_mlp_in'), both));
  const timed = linear(layerNamed(params, 'action_time_mlp_out'), inner);
  const tokens = np.concatenate([state, timed], { axis: 1 });
  return { tokens, isValid: allValid(tokens), starts: [true, true, ...later], condition: null };
}
