/** The contrastive loss: each context against the action chunks of the whole batch. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';
import { dropout } from '../../nn/layers/dropout.ts';
import { logSoftmax } from '../../nn/softmax.ts';
import type { EnergyForm, EnergyParams } from './config.ts';
import {
  type EnergyOptions,
  encodeActions,
  encodeContext,
  poolSteps,
  stepEnergies,
  type TrainOptions,
} from './model.ts';
import { type EncodedContext, recordOf } from './variants/index.ts';

/**
 * The energy of every context with every action chunk of a batch, encoding each of them once.
 *
 * @param actions - f32[batch, steps, energyActDim].
 * @returns f32[batch, batch]; element [i, j] belongs to context i and chunk j. In training each pair has a
 * dropout mask of its own.
 */
export function energyMatrix(
  params: EnergyParams,
  config: EnergyForm,
  encoded: EncodedContext,
  actions: Value,
  { key, train = false }: TrainOptions = {},
): Value {
  const record = recordOf(params);
  const { batch = 0, steps = 0 } = dims('energyMatrix', {
    context: record.named(encoded),
    actions: [actions, 'batch steps energyActDim'],
  });
  const features = encodeActions(params, actions);
  const hidden = features.shape.at(-1) ?? 0;
  const isPaired = train && config.dropoutRate > 0;
  const shape = [batch, batch, steps, hidden];
  const asked = isPaired
    ? dropout(features, { key, train, rate: config.dropoutRate, shape })
    : features;
  const energies = stepEnergies(params, record.mixAll(params, encoded, asked));
  return poolSteps(config, energies.reshape([batch, batch, steps]));
}

/** Options of {@link infoNce}. */
export interface InfoNceOptions extends EnergyOptions {
  /** Temperature τ: energies are divided by it. Default 0.5. */
  readonly tau?: number | Value | undefined;
}

/** What {@link infoNce} returns. */
export interface InfoNce {
  /** f32[]. */
  readonly loss: Value;
  /** f32[]: the mean energy of pairs that belong together. */
  readonly ePos: Value;
  /** f32[]: the mean energy of pairs that do not; 0 if the batch has one row. */
  readonly eNeg: Value;
  /** f32[batch, batch]: the energy of context i with action chunk j. */
  readonly energies: Value;
}

/**
 * The loss of energies in which the diagonal should be the lowest of its row.
 *
 * @param energies - f32[batch, batch].
 */
export function infoNceOfEnergies(energies: Value, tau: number | Value = 0.5): InfoNce {
  const { batch } = dims('infoNce', { energies: [energies, 'batch batch'] });
  const isPair = np.eye(batch, { dtype: 'bool' });
  const sumOver = (mask: Value, values: Value): Value => np.sum(np.where(mask, values, 0));
  const logProbabilities = logSoftmax(np.divide(np.negative(energies), tau));
  return {
    loss: np.negative(np.divide(sumOver(isPair, logProbabilities), batch)),
    ePos: np.divide(sumOver(isPair, energies), batch),
    eNeg: np.divide(sumOver(np.logicalNot(isPair), energies), Math.max(1, batch * (batch - 1))),
    energies,
  };
}

/**
 * InfoNCE over the batch: −log softmax(−E/τ) of each context's own chunk among all chunks, averaged.
 *
 * @param config - From `energyConfig`; only `pool` and `dropoutRate` matter here.
 * @param context - f32[batch, tokens, contextDim].
 * @param actions - f32[batch, steps, energyActDim]; chunk i belongs to context i.
 * @throws As `energy`.
 * @see van den Oord et al. 2018, https://arxiv.org/abs/1807.03748 §2.3.
 * @example
 * const gradients = grad((p: EnergyParams) => infoNce(p, config, context, actions, { padMask }).loss)(params);
 */
export function infoNce(
  params: EnergyParams,
  config: EnergyForm,
  context: Value,
  actions: Value,
  { padMask, key, train, tau }: InfoNceOptions = {},
): InfoNce {
  return atCaller(() => {
    const encoded = encodeContext(params, context, { padMask });
    return infoNceOfEnergies(energyMatrix(params, config, encoded, actions, { key, train }), tau);
  });
}
