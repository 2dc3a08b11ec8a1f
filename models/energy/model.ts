/** The energy of a (context, action chunk) pair: low where the two belong together. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { sigmoid } from '../../nn/activations.ts';
import { dims } from '../../nn/dims.ts';
import { attend, fromHeads, toHeads } from '../../nn/layers/attention.ts';
import { dropout } from '../../nn/layers/dropout.ts';
import { mlpResNet } from '../../nn/layers/mlp-resnet.ts';
import { positionalEncoding } from '../../nn/layers/positional-encoding.ts';
import type { EnergyForm, EnergyParams } from './config.ts';
import { checkMaskNow } from './pad-mask.ts';

/** A context as attention sees it. It depends on no action, so that many can share it. */
export interface EncodedContext {
  /** f32[batch, tokens, heads, headDim]. */
  readonly key: Value;
  /** f32[batch, tokens, heads, headDim]. */
  readonly value: Value;
  /** bool[batch, tokens]; true where attention is allowed. Null: everywhere. */
  readonly isValid: Value | null;
}

/** What goes with a context. */
export interface ContextOptions {
  /** bool[batch, tokens]; true is padding. Default: no padding. */
  readonly padMask?: Value | undefined;
}

/** What goes with training. */
export interface TrainOptions {
  /** Decides what dropout drops; needed when `train`. */
  readonly key?: Value | undefined;
  /** Whether dropout is on. Default false. */
  readonly train?: boolean | undefined;
}

/**
 * The keys and values of a context.
 *
 * @param context - f32[batch, tokens, contextDim].
 * @throws `axis-disagrees`, `wrong-axes`, `pad-mask-not-bool`; `context-all-padding` if a row has no valid
 * token and its mask can be looked at. Within `jit` such a row has no attention weights, and stays finite.
 */
export function encodeContext(
  params: EnergyParams,
  context: Value,
  { padMask }: ContextOptions = {},
): EncodedContext {
  dims('energy', {
    context: [context, 'batch tokens contextDim'],
    padMask: [padMask, 'batch tokens'],
    'state_linear/fc1/kernel': [params.state_linear.fc1.kernel, 'contextDim hidden'],
  });
  checkMaskNow('energy', padMask);
  const features = mlpResNet(params.state_linear, context);
  return {
    key: toHeads(params.cross_attention.key, features),
    value: toHeads(params.cross_attention.value, features),
    isValid: padMask === undefined ? null : np.logicalNot(padMask),
  };
}

/** The features of action chunks before dropout: f32[batch, steps, energyActDim] gives f32[batch, steps, hidden]. */
export function encodeActions(params: EnergyParams, actions: Value): Value {
  const { steps, hidden } = dims('energy', {
    actions: [actions, 'batch steps energyActDim'],
    'action_linear/fc1/kernel': [params.action_linear.fc1.kernel, 'energyActDim hidden'],
  });
  return np.add(mlpResNet(params.action_linear, actions), positionalEncoding(steps, hidden));
}

/** Energies of single steps from what they attended to: f32[…, heads, headDim] gives f32[…], in (0.1, 2.1). */
export function stepEnergies(params: EnergyParams, attended: Value): Value {
  const mixed = fromHeads(params.cross_attention.out, attended);
  const raw = np.squeeze(mlpResNet(params.prediction_head, mixed), { axis: -1 });
  return np.add(np.multiply(sigmoid(np.multiply(raw, 0.5)), 2), 0.1);
}

/** The energy of a chunk from those of its steps: f32[…, steps] gives f32[…]. */
export const poolSteps = ({ pool }: EnergyForm, energies: Value): Value =>
  pool === 'mean' ? np.mean(energies, { axis: -1 }) : energies.get('...', 0);

/**
 * As {@link energy}, for a context that was encoded before.
 *
 * @param actions - f32[batch, steps, energyActDim].
 * @returns f32[batch, 1].
 */
export function energyOfEncoded(
  params: EnergyParams,
  config: EnergyForm,
  { key: keys, value: values, isValid }: EncodedContext,
  actions: Value,
  { key, train = false }: TrainOptions = {},
): Value {
  dims('energy', {
    context: [keys, 'batch tokens heads headDim'],
    actions: [actions, 'batch steps energyActDim'],
  });
  const features = dropout(encodeActions(params, actions), {
    key,
    train,
    rate: config.dropoutRate,
  });
  const attended = attend(toHeads(params.cross_attention.query, features), keys, values, {
    mask: isValid === null ? undefined : np.expandDims(isValid, [1, 2]),
  });
  return np.expandDims(poolSteps(config, stepEnergies(params, attended)), -1);
}

/** Options of {@link energy}. */
export interface EnergyOptions extends ContextOptions, TrainOptions {}

/**
 * How badly each action chunk fits its context.
 *
 * @param config - From `energyConfig`; only `pool` and `dropoutRate` matter here, the parameters say the rest.
 * @param context - f32[batch, tokens, contextDim].
 * @param actions - f32[batch, steps, energyActDim].
 * @param options.padMask - bool[batch, tokens]; true is padding, as everywhere in this module. Default: none.
 * @returns f32[batch, 1], from 0.1 to 2.1.
 * @throws `axis-disagrees`, `wrong-axes`, `pad-mask-not-bool`, `missing-key`; `context-all-padding` as in
 * {@link encodeContext}.
 * @example
 * const params = nn.initParams(energySpec(config), random.key(0));
 * const low = energy(params, config, context, expertActions, { padMask });
 */
export function energy(
  params: EnergyParams,
  config: EnergyForm,
  context: Value,
  actions: Value,
  { padMask, key, train }: EnergyOptions = {},
): Value {
  return atCaller(() => {
    const encoded = encodeContext(params, context, { padMask });
    return energyOfEncoded(params, config, encoded, actions, { key, train });
  });
}
