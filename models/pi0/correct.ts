/** Corrections of a policy's actions by its energy model. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { toFloat32 } from '../compute-dtype.ts';
import { multiStepEnergyCorrection } from '../energy/correction.ts';
import { energyOf, type Pi0Config } from './config.ts';
import { noEnergyModel } from './errors.ts';
import type { EncodedPrefix } from './forward.ts';
import type { Pi0Params } from './params.ts';

/** How a policy's actions are corrected. */
export interface CorrectionPlan {
  /** Default 3. */
  readonly energyCorrectionSteps?: number;
  /** Step length α. Default 0.1. */
  readonly energyAlpha?: number | Value;
  /** A step is at most this share of the norm of the corrected dims. Default 0.2. */
  readonly energyClipFrac?: number | Value;
  /** Whether only step 0 of the chunk moves. Default false. */
  readonly correctFirstOnly?: boolean;
}

/**
 * The correction of chunks f32[batch, actionHorizon, actionDim] in the context of a prefix. Only the first
 * `energyActDim` dims move.
 *
 * @throws `no-energy-model`.
 */
export function corrector(
  params: Pi0Params,
  config: Pi0Config,
  { output, isValid }: EncodedPrefix,
  {
    energyCorrectionSteps: numSteps = 3,
    energyAlpha: alpha = 0.1,
    energyClipFrac: clipFrac = 0.2,
    correctFirstOnly = false,
  }: CorrectionPlan,
): (actions: Value) => Value {
  const { energy_model: model } = params;
  const op = 'sampleActionsWithEnergyCorrection';
  if (config.energyVariant === 'none') throw noEnergyModel(op, "energyVariant is 'none'");
  if (model === undefined) throw noEnergyModel(op, 'params.energy_model is missing');
  const context = toFloat32(output);
  const padMask = np.logicalNot(isValid);
  const seen = config.energyActDim;
  return (actions) => {
    if (numSteps === 0) return actions;
    const moved = multiStepEnergyCorrection(model, context, actions.get('...', np.slice(0, seen)), {
      config: energyOf(config),
      padMask,
      numSteps,
      alpha,
      clipFrac,
      correctFirstOnly,
    });
    return np.concatenate([moved, actions.get('...', np.slice(seen, null))], { axis: -1 });
  };
}
