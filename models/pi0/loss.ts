/** Flow matching, and the contrastive loss of the energy model beside it. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as tree from '../../core/tree.ts';
import { dims } from '../../nn/dims.ts';
import * as random from '../../transforms/random.ts';
import { stopGradient } from '../../transforms/stop-gradient.ts';
import { toFloat32 } from '../compute-dtype.ts';
import { type InfoNce, infoNce } from '../energy/infonce.ts';
import { energyOf, type Pi0Config } from './config.ts';
import { noEnergyModel } from './errors.ts';
import { type FullPass, fullPass } from './forward.ts';
import { checkChunks, type Observation } from './observation.ts';
import type { Pi0Params } from './params.ts';
import { preprocessObservation } from './preprocess.ts';

/** What the flow is asked to undo, and how far it has come. */
export interface NoiseAndTime {
  /** f32[batch, actionHorizon, actionDim]. */
  readonly noise: Value;
  /** f32[batch], from 0 (data) to 1 (noise). */
  readonly time: Value;
}

/** {@link flowLoss} and the pass that it came from. */
export interface FlowLoss extends FullPass {
  /** f32[batch, actionHorizon]: the squared error of the velocities, averaged over action dims. */
  readonly loss: Value;
}

/**
 * The flow matching loss for given noise and times.
 *
 * @param observation - Preprocessed.
 * @param actions - f32[batch, actionHorizon, actionDim].
 * @see Lipman et al. 2022, https://arxiv.org/abs/2210.02747 §4; time runs from data to noise here.
 */
export function flowLoss(
  params: Pi0Params,
  config: Pi0Config,
  observation: Observation,
  actions: Value,
  { noise, time }: NoiseAndTime,
): FlowLoss {
  dims('pi0', {
    actions: [actions, 'batch actionHorizon actionDim'],
    noise: [noise, 'batch actionHorizon actionDim'],
    time: [time, 'batch'],
    state: [observation.state, 'batch actionDim'],
  });
  const when = np.expandDims(time, [1, 2]);
  const noisy = np.add(np.multiply(when, noise), np.multiply(np.subtract(1, when), actions));
  const pass = fullPass(params, config, observation, noisy, time);
  const error = np.subtract(pass.velocity, np.subtract(noise, actions));
  return { ...pass, loss: np.mean(np.square(error), { axis: -1 }) };
}

/** The contrastive loss of the energy model on this batch. */
function energyLoss(
  params: Pi0Params,
  config: Pi0Config,
  { prefix, prefixOut }: FullPass,
  actions: Value,
  { key, train }: { readonly key: Value; readonly train: boolean },
): InfoNce {
  const { energy_model: model } = params;
  if (model === undefined) throw noEnergyModel('computeLoss', 'params.energy_model is missing');
  const trainsModel = config.useEnergyLoss;
  const trainsBackbone = trainsModel && !config.trainOnlyEnergyModel;
  const context = toFloat32(prefixOut);
  return infoNce(
    trainsModel ? model : tree.mapArrays(stopGradient, model),
    energyOf(config),
    trainsBackbone ? context : stopGradient(context),
    actions.get('...', np.slice(0, config.energyActDim)),
    { padMask: np.logicalNot(prefix.isValid), tau: config.energyTau, key, train },
  );
}

/** What {@link computeLoss} returns. */
export interface Pi0Loss {
  /** f32[]: what training makes small. */
  readonly loss: Value;
  /** f32[batch, actionHorizon]. */
  readonly flowLoss: Value;
  /** f32[]; null without an energy model. */
  readonly energyLoss: Value | null;
  /** f32[]: the mean energy of actions in their own context; null without an energy model. */
  readonly ePos: Value | null;
  /** f32[]: the mean energy of actions in others' contexts; null without an energy model. */
  readonly eNeg: Value | null;
}

/** Options of {@link computeLoss}. */
export interface LossOptions {
  /** Augments images, and drops features in the energy model. Default false. */
  readonly train?: boolean;
  /** Cameras to look at. Default: all; `visibleCameras` says which of a batch are needed. */
  readonly cameras?: readonly string[];
}

/** Time of the flow: mostly near the noise, and never quite data. */
const drawTime = (key: Value, batch: number): Value =>
  np.add(np.multiply(random.beta(key, 1.5, 1, [batch]), 0.999), 0.001);

/**
 * The losses of a batch.
 *
 * The energy model's loss is always computed; `useEnergyLoss` lets it train, and `trainOnlyEnergyModel` keeps it (and
 * the flow loss) from training anything else.
 *
 * @param key - Decides augmentation, noise, times and dropout, in this order.
 * @param actions - f32[batch, actionHorizon, actionDim].
 * @throws What `preprocessObservation` throws; `no-energy-model`; `axis-disagrees` if the actions are no chunks of
 * this configuration.
 * @see https://github.com/Physical-Intelligence/openpi, `models/pi0.py`.
 * @example
 * const step = valueAndGrad((p: Pi0Params) => computeLoss(p, config, key, observation, actions, { train: true }).loss);
 */
export function computeLoss(
  params: Pi0Params,
  config: Pi0Config,
  key: Value,
  observation: Observation,
  actions: Value,
  { train = false, cameras = config.imageKeys }: LossOptions = {},
): Pi0Loss {
  return atCaller(() => {
    checkChunks('computeLoss', config, 'actions', actions);
    const { batch } = dims('computeLoss', {
      actions: [actions, 'batch actionHorizon actionDim'],
      state: [observation.state, 'batch actionDim'],
    });
    // Keys of a split do not depend on how many there are: the first three are the reference's.
    const [imageKey = key, noiseKey = key, timeKey = key, dropKey = key] = random.splitList(key, 4);
    const seen = preprocessObservation(config, train ? imageKey : null, observation, { cameras });
    const flow = flowLoss(params, config, seen, actions, {
      noise: random.normal(noiseKey, actions.shape),
      time: drawTime(timeKey, batch),
    });
    const total = np.mean(flow.loss);
    if (config.energyVariant === 'none') {
      return { loss: total, flowLoss: flow.loss, energyLoss: null, ePos: null, eNeg: null };
    }
    const energy = energyLoss(params, config, flow, actions, { key: dropKey, train });
    return {
      loss: trained(config, total, energy.loss),
      flowLoss: flow.loss,
      energyLoss: energy.loss,
      ePos: energy.ePos,
      eNeg: energy.eNeg,
    };
  });
}

/** The sum that training makes small. The flow's share has no gradient where only the energy model learns. */
function trained(config: Pi0Config, flow: Value, energy: Value): Value {
  if (!config.useEnergyLoss) return flow;
  const share = config.trainOnlyEnergyModel ? stopGradient(flow) : flow;
  return np.add(share, np.multiply(energy, config.energyLossWeight));
}
