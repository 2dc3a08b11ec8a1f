/** What sets one kind of energy model apart from another: how actions are brought together with their context. */
import type { Value } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { mlpResNetSpec } from '../../../nn/layers/mlp-resnet.ts';
import { vmap } from '../../../transforms/vmap.ts';

/** Sizes that every kind has. */
export interface EncoderSizes {
  readonly contextDim: number;
  readonly energyActDim: number;
  readonly hidden: number;
  readonly heads: number;
  readonly layers: number;
}

/**
 * A kind of energy model. All kinds encode tokens and actions, mix the two, and read energies off the result.
 *
 * `Params` are the whole model's parameters, `Context` is what attention needs to know of a context: a tree
 * of arrays that depends on no action.
 */
export interface EnergyVariantRecord<Spec, Params, Context> {
  readonly spec: (sizes: EncoderSizes) => Spec;
  /**
   * @param features - f32[batch, tokens, hidden].
   * @param isValid - bool[batch, tokens]; null if all are.
   */
  readonly encode: (params: Params, features: Value, isValid: Value | null) => Context;
  /** An array of the context with the names of its axes, the first of which is `batch`. */
  readonly named: (context: Context) => readonly [Value, string];
  /**
   * Every action step with what it takes from its own row's context.
   *
   * @param features - f32[batch, steps, hidden].
   * @returns f32[batch, steps, width].
   */
  readonly mix: (params: Params, context: Context, features: Value) => Value;
  /**
   * Every action step with what it takes from every context.
   *
   * @param features - f32[actions, steps, hidden]; f32[contexts, actions, steps, hidden] if each pair has its own.
   * @returns f32[contexts, actions · steps, width].
   */
  readonly mixAll: (params: Params, context: Context, features: Value) => Value;
}

/** The two encoders. A prediction head that reads `headInputs` features goes with them. */
export function encodersSpec(sizes: EncoderSizes, headInputs: number, blocks: number) {
  const { contextDim, energyActDim, hidden } = sizes;
  const encoder = { hidden, outputs: hidden, blocks };
  return {
    state_linear: mlpResNetSpec({ inputs: contextDim, ...encoder }),
    action_linear: mlpResNetSpec({ inputs: energyActDim, ...encoder }),
    prediction_head: mlpResNetSpec({ inputs: headInputs, hidden, outputs: 1, blocks: headBlocks }),
  };
}

/** The residual blocks of the prediction head, whatever `layers` says. */
const headBlocks = 2;

/** {@link EnergyVariantRecord.mixAll} for any way of mixing: contexts are not repeated. */
export const mixEach =
  <Params, Context>({
    mix,
    named,
  }: Pick<EnergyVariantRecord<unknown, Params, Context>, 'mix' | 'named'>) =>
  (params: Params, context: Context, features: Value): Value => {
    const [contexts = 0] = named(context)[0].shape;
    const [actions = 0, steps = 0, hidden = 0] = features.shape.slice(-3);
    const pairs = np.broadcastTo(features, [contexts, actions, steps, hidden]);
    const all = vmap((own: Value) => mix(params, context, own), { inAxes: 1, outAxes: 1 })(pairs);
    return all.reshape([contexts, actions * steps, -1]);
  };
