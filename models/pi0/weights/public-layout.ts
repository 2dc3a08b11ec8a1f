/**
 * The public PyTorch layout: which tensors of a file make up a parameter, and how their axes lie.
 *
 * @see https://github.com/Physical-Intelligence/openpi, `examples/convert_jax_model_to_pytorch.py`.
 */
import type { Reordering } from './permute.ts';

const port = 'paligemma_with_expert.';
const vision = `${port}paligemma.model.vision_tower.vision_model.`;
const language = `${port}paligemma.model.language_model.`;
const expert = `${port}gemma_expert.model.`;

/** The two names of the table of tokens, which is tied to the output; files have the first as a rule. */
export const tiedNames = [
  `${port}paligemma.lm_head.weight`,
  `${language}embed_tokens.weight`,
] as const;

/** The action expert's output over the vocabulary: it is in every file, holds noise, and nobody reads it. */
export const unusedName = `${port}gemma_expert.lm_head.weight`;

/** How a file's tensor gives one slice of a parameter. */
interface Arrangement {
  /** Shape in the file. */
  readonly shape: readonly number[];
  /** The file's axes, split where the slice has several, and the order that they have in the slice. */
  readonly order: Reordering;
}

type Arrange = (slice: readonly number[]) => Arrangement;

/** How a parameter is made of tensors of the file. */
export interface PublicRule {
  /** Names; `*` stands for the layer. Several: the slices along the axis after the layers. */
  readonly keys: readonly string[];
  /** Other names of the same tensor. */
  readonly also?: readonly string[];
  readonly arrange: Arrange;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const inOrder = (shape: readonly number[]): Reordering => ({
  shape,
  axes: shape.map((_, axis) => axis),
});

const copied: Arrange = (slice) => ({ shape: slice, order: inOrder(slice) });

/** All axes in one. */
const flat: Arrange = (slice) => ({ shape: [product(slice)], order: inOrder(slice) });

const withoutFirst: Arrange = ([, ...rest]) => ({ shape: rest, order: inOrder([1, ...rest]) });

/** [inputs…, outputs…], in the file [outputs, inputs]. */
const matrix =
  (inputs: number): Arrange =>
  (slice) => {
    const shape = [product(slice.slice(inputs)), product(slice.slice(0, inputs))];
    return { shape, order: { shape, axes: [1, 0] } };
  };

/** [heads, inputs, dim], in the file [heads · dim, inputs]. */
const perHead: Arrange = ([heads = 1, inputs = 1, dim = 1]) => ({
  shape: [heads * dim, inputs],
  order: { shape: [heads, dim, inputs], axes: [0, 2, 1] },
});

/** [height, width, channels, features], in the file [features, channels, height, width]. */
const patches: Arrange = ([height = 1, width = 1, channels = 1, features = 1]) => {
  const shape = [features, channels, height, width];
  return { shape, order: { shape, axes: [2, 3, 1, 0] } };
};

type Rules = Readonly<Record<string, PublicRule>>;

const rule = (key: string, arrange: Arrange): PublicRule => ({ keys: [key], arrange });

const linear = (path: string, key: string): Rules => ({
  [`${path}/kernel`]: rule(`${key}.weight`, matrix(1)),
  [`${path}/bias`]: rule(`${key}.bias`, copied),
});

const layerNorm = (path: string, key: string): Rules => ({
  [`${path}/scale`]: rule(`${key}.weight`, copied),
  [`${path}/bias`]: rule(`${key}.bias`, copied),
});

/** Into the heads: the kernel has one input axis, the bias is [heads, dim]. */
const intoHeads = (path: string, key: string): Rules => ({
  [`${path}/kernel`]: rule(`${key}.weight`, matrix(1)),
  [`${path}/bias`]: rule(`${key}.bias`, flat),
});

function visionRules(): Rules {
  const img = 'PaliGemma/img';
  const block = `${img}/Transformer/encoderblock`;
  const attention = `${block}/MultiHeadDotProductAttention_0`;
  const layer = `${vision}encoder.layers.*.`;
  return {
    [`${img}/embedding/kernel`]: rule(`${vision}embeddings.patch_embedding.weight`, patches),
    [`${img}/embedding/bias`]: rule(`${vision}embeddings.patch_embedding.bias`, copied),
    [`${img}/pos_embedding`]: rule(`${vision}embeddings.position_embedding.weight`, withoutFirst),
    ...layerNorm(`${block}/LayerNorm_0`, `${layer}layer_norm1`),
    ...layerNorm(`${block}/LayerNorm_1`, `${layer}layer_norm2`),
    ...linear(`${block}/MlpBlock_0/Dense_0`, `${layer}mlp.fc1`),
    ...linear(`${block}/MlpBlock_0/Dense_1`, `${layer}mlp.fc2`),
    ...intoHeads(`${attention}/query`, `${layer}self_attn.q_proj`),
    ...intoHeads(`${attention}/key`, `${layer}self_attn.k_proj`),
    ...intoHeads(`${attention}/value`, `${layer}self_attn.v_proj`),
    [`${attention}/out/kernel`]: rule(`${layer}self_attn.out_proj.weight`, matrix(2)),
    [`${attention}/out/bias`]: rule(`${layer}self_attn.out_proj.bias`, copied),
    ...layerNorm(`${img}/Transformer/encoder_norm`, `${vision}post_layernorm`),
    ...linear(`${img}/head`, `${port}paligemma.model.multi_modal_projector.linear`),
  };
}

/** A plain norm has a scale, an adaptive one an affine map. */
const norm = (path: string, key: string): Rules => ({
  [`${path}/scale`]: rule(`${key}.weight`, copied),
  ...linear(`${path}/Dense_0`, `${key}.dense`),
});

function expertRules(prefix: string, suffix: '' | '_1'): Rules {
  const llm = 'PaliGemma/llm';
  const own = `${llm}/layers`;
  const layer = `${prefix}layers.*.`;
  return {
    [`${own}/attn/q_einsum${suffix}/w`]: rule(`${layer}self_attn.q_proj.weight`, perHead),
    [`${own}/attn/kv_einsum${suffix}/w`]: {
      keys: [`${layer}self_attn.k_proj.weight`, `${layer}self_attn.v_proj.weight`],
      arrange: perHead,
    },
    [`${own}/attn/attn_vec_einsum${suffix}/w`]: rule(`${layer}self_attn.o_proj.weight`, matrix(2)),
    [`${own}/mlp${suffix}/gating_einsum`]: {
      keys: [`${layer}mlp.gate_proj.weight`, `${layer}mlp.up_proj.weight`],
      arrange: matrix(1),
    },
    [`${own}/mlp${suffix}/linear`]: rule(`${layer}mlp.down_proj.weight`, matrix(1)),
    ...norm(`${own}/pre_attention_norm${suffix}`, `${layer}input_layernorm`),
    ...norm(`${own}/pre_ffw_norm${suffix}`, `${layer}post_attention_layernorm`),
    ...norm(`${llm}/final_norm${suffix}`, `${prefix}norm`),
  };
}

const [head, embedding] = tiedNames;

/** The rule of every parameter that the public layout has a name for, by path. */
export const publicRules: Rules = {
  ...visionRules(),
  'PaliGemma/llm/embedder/input_embedding': { ...rule(head, copied), also: [embedding] },
  ...expertRules(language, ''),
  ...expertRules(expert, '_1'),
  ...linear('action_in_proj', 'action_in_proj'),
  ...linear('action_out_proj', 'action_out_proj'),
  ...linear('state_proj', 'state_proj'),
  ...linear('action_time_mlp_in', 'action_time_mlp_in'),
  ...linear('action_time_mlp_out', 'action_time_mlp_out'),
  ...linear('time_mlp_in', 'time_mlp_in'),
  ...linear('time_mlp_out', 'time_mlp_out'),
};
