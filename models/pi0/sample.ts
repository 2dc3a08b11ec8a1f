/** Actions from noise: Euler steps along the flow, and corrections by the energy model. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import { dims } from '../../nn/dims.ts';
import { foriLoop } from '../../transforms/control/index.ts';
import type { Pi0Config } from './config.ts';
import { type CorrectionPlan, corrector } from './correct.ts';
import { badPi0Option } from './errors.ts';
import { type EncodedPrefix, encodePrefix, velocityAfter } from './forward.ts';
import { checkChunks, type Observation } from './observation.ts';
import type { Pi0Params } from './params.ts';
import { preprocessObservation } from './preprocess.ts';

/** Options of {@link sampleActions}. */
export interface SampleOptions {
  /** Euler steps. Default 10. */
  readonly numSteps?: number;
  /** f32[batch, actionHorizon, actionDim] to begin with. Default: drawn with the key. */
  readonly noise?: Value;
  /** Cameras to look at. Default: all; `visibleCameras` says which of a batch are needed. */
  readonly cameras?: readonly string[];
}

/** A change of the clean actions that a flow step is heading for. */
type Guide = (clean: Value) => Value;

/**
 * Follows the flow from noise at time 1 to actions at time 0, in one loop on the device.
 *
 * A guide sees at each step where the velocity leads, x − t · v, and the step then leads to what it returns.
 */
function followFlow(
  params: Pi0Params,
  config: Pi0Config,
  prefix: EncodedPrefix,
  noise: Value,
  numSteps: number,
  guide: Guide | null,
): Value {
  const [batch = 0] = noise.shape;
  const step = Math.fround(-1 / numSteps);
  const turn = (
    _index: Value,
    { x, time }: { readonly x: Value; readonly time: Value },
  ): { readonly x: Value; readonly time: Value } => {
    const velocity = velocityAfter(params, config, prefix, x, np.broadcastTo(time, [batch]));
    const wanted = guide === null ? velocity : guided(x, velocity, time, guide);
    return { x: np.add(x, np.multiply(wanted, step)), time: np.add(time, step) };
  };
  return foriLoop(0, numSteps, turn, { x: noise, time: np.ones([]) }).x;
}

function guided(x: Value, velocity: Value, time: Value, guide: Guide): Value {
  const clean = np.subtract(x, np.multiply(time, velocity));
  const moved = np.subtract(clean, guide(clean));
  return np.add(velocity, np.divide(moved, time));
}

/** The preprocessed prefix and the noise to begin with. */
function begin(
  op: string,
  params: Pi0Params,
  config: Pi0Config,
  key: Value,
  observation: Observation,
  { numSteps = 10, noise, cameras = config.imageKeys }: SampleOptions,
): { readonly prefix: EncodedPrefix; readonly start: Value; readonly numSteps: number } {
  if (!Number.isInteger(numSteps) || numSteps < 1) {
    throw badPi0Option(op, 'numSteps', String(numSteps), 'a whole number from 1 up');
  }
  const seen = preprocessObservation(config, null, observation, { cameras });
  if (noise !== undefined) checkChunks(op, config, 'noise', noise);
  const { batch } = dims(op, {
    state: [seen.state, 'batch actionDim'],
    noise: [noise, 'batch actionHorizon actionDim'],
  });
  const shape = [batch, config.actionHorizon, config.actionDim];
  const start = noise ?? random.normal(key, shape);
  return { prefix: encodePrefix(params, config, seen), start, numSteps };
}

/**
 * Action chunks for a batch of observations.
 *
 * @param key - Draws the noise, unless `noise` is given.
 * @returns f32[batch, actionHorizon, actionDim].
 * @throws What `preprocessObservation` throws; `pi0-option`.
 * @see https://github.com/Physical-Intelligence/openpi, `models/pi0.py`.
 * @example
 * const act = jit((p: Pi0Params, k: np.Array, o: Observation) => sampleActions(p, config, k, o));
 */
export function sampleActions(
  params: Pi0Params,
  config: Pi0Config,
  key: Value,
  observation: Observation,
  options: SampleOptions = {},
): Value {
  return atCaller(() => {
    const begun = begin('sampleActions', params, config, key, observation, options);
    return followFlow(params, config, begun.prefix, begun.start, begun.numSteps, null);
  });
}

/** Options of {@link sampleActionsWithEnergyCorrection}. */
export interface CorrectedSampleOptions extends SampleOptions, CorrectionPlan {
  /**
   * Corrects inside every flow step, where the flow is heading, instead of once at the end. With one flow step the
   * two are the same. Default false.
   */
  readonly energyGuided?: boolean;
}

/**
 * Action chunks whose first `energyActDim` dims the energy model has corrected; the others are left alone.
 *
 * The context is what the reading expert says about the prefix, which is known from filling the cache. Zero
 * correction steps give exactly {@link sampleActions}.
 *
 * @returns f32[batch, actionHorizon, actionDim].
 * @throws As {@link sampleActions}; `no-energy-model`, `energy-correction-option`.
 */
export function sampleActionsWithEnergyCorrection(
  params: Pi0Params,
  config: Pi0Config,
  key: Value,
  observation: Observation,
  { energyGuided = false, ...options }: CorrectedSampleOptions = {},
): Value {
  return atCaller(() => {
    const op = 'sampleActionsWithEnergyCorrection';
    const begun = begin(op, params, config, key, observation, options);
    const correct = corrector(params, config, begun.prefix, options);
    const { prefix, start, numSteps } = begun;
    if (energyGuided) return followFlow(params, config, prefix, start, numSteps, correct);
    return correct(followFlow(params, config, prefix, start, numSteps, null));
  });
}
