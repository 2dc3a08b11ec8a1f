/** What the language model learns, by openpi's names: expert 1 has its own copies, named `…_1`. */
import { lecunNormal, normal, zeros } from '../../nn/initializers.ts';
import { type ParamSpec, type ParamsOf, param } from '../../nn/params.ts';
import type { GemmaConfig, LoraConfig } from './config.ts';

/** A matrix per head and its low-rank addition. */
export interface EinsumSpec {
  readonly w: ParamSpec;
  readonly lora_a?: ParamSpec;
  readonly lora_b?: ParamSpec;
}

/** The gated feed-forward: `gating_einsum` [2, width, mlpDim] (gate, then up) and `linear` [mlpDim, width]. */
export interface FeedForwardSpec {
  readonly gating_einsum: ParamSpec;
  readonly gating_einsum_lora_a?: ParamSpec;
  readonly gating_einsum_lora_b?: ParamSpec;
  readonly linear: ParamSpec;
  readonly linear_lora_a?: ParamSpec;
  readonly linear_lora_b?: ParamSpec;
}

/** A norm: a scale of its own, or one that a condition gives. */
export type NormSpec =
  | { readonly scale: ParamSpec }
  | { readonly Dense_0: { readonly kernel: ParamSpec; readonly bias: ParamSpec } };

/** The attention of all experts. */
export interface AttentionSpec {
  readonly q_einsum: EinsumSpec;
  readonly kv_einsum: EinsumSpec;
  readonly attn_vec_einsum: EinsumSpec;
  readonly [q: `q_einsum_${number}`]: EinsumSpec;
  readonly [kv: `kv_einsum_${number}`]: EinsumSpec;
  readonly [out: `attn_vec_einsum_${number}`]: EinsumSpec;
}

/** All layers, stacked: every leaf has a leading axis [depth]. */
export interface LayersSpec {
  readonly attn: AttentionSpec;
  readonly mlp: FeedForwardSpec;
  readonly pre_attention_norm: NormSpec;
  readonly pre_ffw_norm: NormSpec;
  readonly [mlp: `mlp_${number}`]: FeedForwardSpec;
  readonly [norm: `pre_attention_norm_${number}`]: NormSpec;
  readonly [norm: `pre_ffw_norm_${number}`]: NormSpec;
}

/** The language model. */
export interface GemmaSpec {
  readonly embedder: { readonly input_embedding: ParamSpec };
  readonly layers: LayersSpec;
  readonly final_norm: NormSpec;
  readonly [norm: `final_norm_${number}`]: NormSpec;
}

/** The parameters of the language model. */
export type GemmaParams = ParamsOf<GemmaSpec>;
/** The parameters of a matrix per head. */
export type EinsumParams = ParamsOf<EinsumSpec>;
/** The parameters of a feed-forward. */
export type FeedForwardParams = ParamsOf<FeedForwardSpec>;
/** The parameters of a norm. */
export type NormParams = ParamsOf<NormSpec>;

/** openpi's name of an expert's copy. */
export const ofExpert = <Name extends string>(
  name: Name,
  expert: number,
): Name | `${Name}_${number}` => (expert === 0 ? name : `${name}_${expert}`);

const loraInit = normal(0.01);

/** [lead…, inputs, outputs]: one matrix per index of the leading axes, with its low-rank addition. */
function matrices(
  lead: readonly number[],
  [inputs, outputs]: readonly [number, number],
  lora: LoraConfig | undefined,
): { readonly w: ParamSpec; readonly a: ParamSpec | null; readonly b: ParamSpec | null } {
  const init = lecunNormal({ batchAxis: lead.map((_, axis) => axis) });
  const w = param([...lead, inputs, outputs], init);
  if (lora === undefined) return { w, a: null, b: null };
  return {
    w,
    a: param([...lead, inputs, lora.rank], loraInit),
    b: param([...lead, lora.rank, outputs], loraInit),
  };
}

function einsumSpec(
  lead: readonly number[],
  sizes: readonly [number, number],
  lora: LoraConfig | undefined,
): EinsumSpec {
  const { w, a, b } = matrices(lead, sizes, lora);
  return a === null || b === null ? { w } : { w, lora_a: a, lora_b: b };
}

/** The output projection: all heads together are its inputs. */
function outSpec({ depth, numHeads, headDim, width, lora }: GemmaConfig): EinsumSpec {
  const plain = einsumSpec([depth, numHeads], [headDim, width], lora?.attn);
  const init = lecunNormal({ inAxis: [1, 2], outAxis: 3, batchAxis: 0 });
  return { ...plain, w: param(plain.w.shape, init) };
}

function feedForwardSpec({ depth, width, mlpDim, lora }: GemmaConfig): FeedForwardSpec {
  const gating = matrices([depth, 2], [width, mlpDim], lora?.ffn);
  const linear = matrices([depth], [mlpDim, width], lora?.ffn);
  const base = { gating_einsum: gating.w, linear: linear.w };
  if (gating.a === null || gating.b === null || linear.a === null || linear.b === null) return base;
  return {
    ...base,
    gating_einsum_lora_a: gating.a,
    gating_einsum_lora_b: gating.b,
    linear_lora_a: linear.a,
    linear_lora_b: linear.b,
  };
}

/** Adaptive norms begin as plain ones whose branch is switched off: kernel and bias are zero. */
function normSpec(lead: readonly number[], width: number, isAdaptive: boolean): NormSpec {
  if (!isAdaptive) return { scale: param([...lead, width], zeros) };
  return {
    Dense_0: {
      kernel: param([...lead, width, 3 * width], zeros),
      bias: param([...lead, 3 * width], zeros),
    },
  };
}

/** What a language model is made of besides its experts' sizes. */
export interface GemmaSpecOptions {
  /** Number of tokens. */
  readonly vocabulary: number;
  /** Which experts' norms follow a condition. */
  readonly isAdaptive: readonly boolean[];
}

/**
 * The spec of a mixture of experts that share their attention. Expert 0 has the table of tokens.
 *
 * @see https://github.com/Physical-Intelligence/openpi, `models/gemma.py`.
 */
export function gemmaSpec(
  experts: readonly GemmaConfig[],
  { vocabulary, isAdaptive }: GemmaSpecOptions,
): GemmaSpec {
  const attn: Record<string, EinsumSpec> = {};
  const layers: Record<string, unknown> = { attn };
  const norms: Record<string, NormSpec> = {};
  experts.forEach((config, expert) => {
    const { depth, width, numHeads, numKvHeads, headDim, lora } = config;
    const adaptive = isAdaptive[expert] ?? false;
    const inward = [width, headDim] as const;
    attn[ofExpert('q_einsum', expert)] = einsumSpec([depth, numHeads], inward, lora?.attn);
    attn[ofExpert('kv_einsum', expert)] = einsumSpec([depth, 2, numKvHeads], inward, lora?.attn);
    attn[ofExpert('attn_vec_einsum', expert)] = outSpec(config);
    layers[ofExpert('mlp', expert)] = feedForwardSpec(config);
    layers[ofExpert('pre_attention_norm', expert)] = normSpec([depth], width, adaptive);
    layers[ofExpert('pre_ffw_norm', expert)] = normSpec([depth], width, adaptive);
    norms[ofExpert('final_norm', expert)] = normSpec([], width, adaptive);
  });
  const width = experts[0]?.width ?? 0;
  const embedder = { input_embedding: param([vocabulary, width], normal(0.01)) };
  // Every name that the type requires was written for expert 0.
  return { embedder, layers, ...norms } as unknown as GemmaSpec;
}
