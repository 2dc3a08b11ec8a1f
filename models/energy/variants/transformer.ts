/** The largest energy model: action steps attend to each other and to the context, layer by layer. */
import type { Value } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { gelu } from '../../../nn/activations.ts';
import {
  type AttentionParams,
  attend,
  fromHeads,
  multiHeadAttention,
  multiHeadAttentionSpec,
  toHeads,
} from '../../../nn/layers/attention.ts';
import { layerNorm, layerNormSpec } from '../../../nn/layers/layer-norm.ts';
import { linear, linearSpec } from '../../../nn/layers/linear.ts';
import type { ParamsOf } from '../../../nn/params.ts';
import { type EncoderSizes, type EnergyVariantRecord, encodersSpec, mixEach } from './variant.ts';

/** A context as each layer's attention sees it. */
export interface LayeredContext {
  /** Per layer, f32[batch, tokens, heads, headDim]. */
  readonly keys: readonly Value[];
  /** Per layer, f32[batch, tokens, heads, headDim]. */
  readonly values: readonly Value[];
  /** bool[batch, tokens]; null if all are valid. */
  readonly isValid: Value | null;
}

/** Width of the feed-forward, in widths of the model. */
const widening = 4;

const layerSpec = (hidden: number, heads: number) => ({
  norm_self: layerNormSpec(hidden),
  self_attention: multiHeadAttentionSpec(hidden, heads),
  norm_cross: layerNormSpec(hidden),
  cross_attention: multiHeadAttentionSpec(hidden, heads),
  norm_mlp: layerNormSpec(hidden),
  mlp_in: linearSpec(hidden, widening * hidden),
  mlp_out: linearSpec(widening * hidden, hidden),
});

const spec = (sizes: EncoderSizes) => ({
  ...encodersSpec(sizes, sizes.hidden, 0),
  decoder: Array.from({ length: sizes.layers }, () => layerSpec(sizes.hidden, sizes.heads)),
});

/** Its parameters. */
export type TransformerEnergyParams = ParamsOf<typeof spec>;

/** Attention over a context whose keys and values were made before. */
function fromContext(
  params: AttentionParams,
  x: Value,
  key: Value,
  value: Value,
  isValid: Value | null,
): Value {
  const mask = isValid === null ? undefined : np.expandDims(isValid, [1, 2]);
  return fromHeads(params.out, attend(toHeads(params.query, x), key, value, { mask }));
}

/** @see Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 §3.1, with norms before the branches. */
function mix(
  { decoder }: TransformerEnergyParams,
  context: LayeredContext,
  features: Value,
): Value {
  return decoder.reduce((x, layer, i) => {
    const normed = layerNorm(layer.norm_self, x);
    const among = np.add(x, multiHeadAttention(layer.self_attention, normed, normed));
    const [key, value] = [context.keys[i] ?? among, context.values[i] ?? among];
    const asked = layerNorm(layer.norm_cross, among);
    const seen = np.add(
      among,
      fromContext(layer.cross_attention, asked, key, value, context.isValid),
    );
    const inner = gelu(linear(layer.mlp_in, layerNorm(layer.norm_mlp, seen)));
    return np.add(seen, linear(layer.mlp_out, inner));
  }, features);
}

const named = ({ keys: [key = np.zeros([0])] }: LayeredContext): readonly [Value, string] => [
  key,
  'batch tokens heads headDim',
];

/** A transformer decoder over action steps; `layers` counts its layers, and the encoders have no blocks. */
export const transformer: EnergyVariantRecord<
  ReturnType<typeof spec>,
  TransformerEnergyParams,
  LayeredContext
> = {
  spec,
  encode: ({ decoder }, features, isValid) => ({
    keys: decoder.map((layer) => toHeads(layer.cross_attention.key, features)),
    values: decoder.map((layer) => toHeads(layer.cross_attention.value, features)),
    isValid,
  }),
  named,
  mix,
  mixAll: mixEach({ mix, named }),
};
