/** The contrastive loss: each context against the action chunks of the whole batch. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';
import { scaleQueries, toHeads } from '../../nn/layers/attention.ts';
import { dropout } from '../../nn/layers/dropout.ts';
import { logSoftmax, softmaxParts } from '../../nn/softmax.ts';
import type { EnergyForm, EnergyParams } from './config.ts';
import {
  type EncodedContext,
  type EnergyOptions,
  encodeActions,
  encodeContext,
  poolSteps,
  stepEnergies,
  type TrainOptions,
} from './model.ts';

/**
 * What every action step takes from every context: f32[contexts, actions · steps, heads, headDim].
 *
 * Contexts are never repeated. Without dropout a query is the same for all contexts, so the scores are one
 * matrix product per head; with it every pair has its own query, and they are one product per context
 * and head.
 */
function attendAll(
  query: Value,
  isPaired: boolean,
  { key, value, isValid }: EncodedContext,
): Value {
  const asked = scaleQueries(query);
  const scores = isPaired
    ? np.einsum('ipnd,isnd->nips', asked, key)
    : np.einsum('pnd,isnd->npis', asked, key);
  // The context axis of the scores, which the mask's first axis has to meet.
  const otherAxes = isPaired ? [0, 2] : [0, 1];
  const where = isValid === null ? undefined : np.expandDims(isValid, otherAxes);
  const { raised, inverse } = softmaxParts(scores, { where });
  const mixed = np.einsum(isPaired ? 'nips,isnd->ipnd' : 'npis,isnd->ipnd', raised, value);
  return np.multiply(mixed, np.transpose(inverse, isPaired ? [1, 2, 0, 3] : [2, 1, 0, 3]));
}

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
  const { batch, steps } = dims('energyMatrix', {
    context: [encoded.key, 'batch tokens heads headDim'],
    actions: [actions, 'batch steps energyActDim'],
  });
  const features = encodeActions(params, actions);
  const hidden = features.shape.at(-1) ?? 0;
  const isPaired = train && config.dropoutRate > 0;
  const asked = isPaired
    ? dropout(features, {
        key,
        train,
        rate: config.dropoutRate,
        shape: [batch, batch, steps, hidden],
      }).reshape([batch, batch * steps, hidden])
    : features.reshape([batch * steps, hidden]);
  const query = toHeads(params.cross_attention.query, asked);
  const energies = stepEnergies(params, attendAll(query, isPaired, encoded));
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
