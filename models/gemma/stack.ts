/** All layers of the mixture, one after the other. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';
import { checkpoint, scan } from '../../transforms/control/index.ts';
import { type ComputeDType, cast } from '../compute-dtype.ts';
import { missingParameter } from '../errors.ts';
import {
  type AttentionPlace,
  type ExpertAttention,
  type KeyValue,
  sharedAttention,
} from './attention.ts';
import type { GemmaConfig } from './config.ts';
import { feedForward } from './feed-forward.ts';
import { addGated, rmsNorm } from './norm.ts';
import {
  type EinsumParams,
  type FeedForwardParams,
  type GemmaParams,
  type NormParams,
  ofExpert,
} from './params.ts';
import { rotationOf } from './rope.ts';

/** What the stack is given. Lists have one entry per expert. */
export interface GemmaInputs {
  /** f32 or dtype[batch, tokens, width]; null for an expert that takes no part. */
  readonly tokens: readonly (Value | null)[];
  /** int32[batch, queries], over the tokens of all experts. */
  readonly positions: Value;
  /** bool[batch, queries, keys]; true where attention is allowed. Keys of a cache come first. */
  readonly mask: Value;
  /** f32[batch, width] for experts whose norms follow a condition. */
  readonly conditions?: readonly (Value | null)[];
  /** Keys and values of tokens that came before, with a leading axis [depth]. */
  readonly cache?: KeyValue;
}

/** How the stack runs. */
export interface GemmaOptions {
  /** Default float32. */
  readonly dtype?: ComputeDType;
  /** Computes layers again for the gradient instead of keeping what is in them. Default true. */
  readonly isCheckpointed?: boolean;
  /** Returns the keys and values. Default false. */
  readonly keepsCache?: boolean;
}

/** What the stack returns. */
export interface GemmaOutputs {
  /** dtype[batch, tokens, width] per expert; null for those that took no part. */
  readonly outputs: readonly (Value | null)[];
  /** dtype[depth, batch, tokens, numKvHeads, headDim]; null unless asked for. */
  readonly cache: KeyValue | null;
}

/** The parameters of one expert; in a stack, or of one layer. */
interface ExpertLayer extends ExpertAttention {
  readonly beforeAttention: NormParams;
  readonly beforeFeedForward: NormParams;
  readonly mlp: FeedForwardParams;
}

/** A part of the parameters that must be there. @throws `missing-parameter` */
function part<T>(found: T | undefined, path: string): T {
  if (found === undefined) throw missingParameter('gemma', path);
  return found;
}

function layersOf({ layers }: GemmaParams, expert: number): ExpertLayer {
  const einsum = (name: 'q_einsum' | 'kv_einsum' | 'attn_vec_einsum'): EinsumParams => {
    const own = ofExpert(name, expert);
    return part(layers.attn[own], `layers/attn/${own}`);
  };
  const norm = (name: 'pre_attention_norm' | 'pre_ffw_norm'): NormParams => {
    const own = ofExpert(name, expert);
    return part(layers[own], `layers/${own}`);
  };
  const mlp = ofExpert('mlp', expert);
  return {
    q: einsum('q_einsum'),
    kv: einsum('kv_einsum'),
    out: einsum('attn_vec_einsum'),
    beforeAttention: norm('pre_attention_norm'),
    beforeFeedForward: norm('pre_ffw_norm'),
    mlp: part(layers[mlp], `layers/${mlp}`),
  };
}

/** An expert that takes part. */
interface Present {
  readonly expert: number;
  readonly config: GemmaConfig;
  readonly condition: Value | null;
  readonly tokens: Value;
}

/** One layer: tokens in, tokens out, and the keys and values made on the way. */
function layer(
  present: readonly Present[],
  params: readonly ExpertLayer[],
  tokens: readonly Value[],
  place: AttentionPlace,
  cache: KeyValue | null,
): { readonly tokens: Value[]; readonly made: KeyValue } {
  const { dtype } = place;
  const members = present.flatMap(({ config, condition }, i) => {
    const [own, x] = [params[i], tokens[i]];
    return own === undefined || x === undefined ? [] : [{ config, condition, own, x }];
  });
  const normed = members.map(({ own, x, condition }) =>
    rmsNorm(own.beforeAttention, x, condition, { dtype }),
  );
  const { results, made } = sharedAttention(
    members.map(({ own, config, x }, i) => ({
      params: own,
      config,
      tokens: normed[i]?.value ?? x,
    })),
    place,
    cache,
  );
  const next = members.map(({ own, x, condition }, i) => {
    const mixed = addGated(x, results[i] ?? x, normed[i]?.gate ?? null);
    // The norm reads the sum before it is rounded, as in the reference once it is compiled.
    const { value, gate } = rmsNorm(own.beforeFeedForward, mixed, condition, { dtype });
    const added = addGated(cast(mixed, dtype), feedForward(own.mlp, value, dtype), gate);
    return cast(added, dtype);
  });
  return { tokens: next, made };
}

/**
 * The tokens of each expert after all layers and the expert's last norm.
 *
 * @param experts - One configuration per expert.
 * @throws `axis-disagrees`, `wrong-axes` where positions, mask and tokens do not fit.
 * @see https://github.com/Physical-Intelligence/openpi, `models/gemma.py`.
 */
export function gemma(
  params: GemmaParams,
  experts: readonly GemmaConfig[],
  { tokens, positions, mask, conditions = [], cache }: GemmaInputs,
  { dtype = 'float32', isCheckpointed = true, keepsCache = false }: GemmaOptions = {},
): GemmaOutputs {
  dims('gemma', {
    positions: [positions, 'batch queries'],
    mask: [mask, 'batch queries keys'],
  });
  const present = experts.flatMap((config, expert): Present[] => {
    const own = tokens[expert] ?? null;
    if (own === null) return [];
    dims('gemma', { positions: [positions, 'batch queries'], tokens: [own, 'batch tokens width'] });
    return [{ expert, config, condition: conditions[expert] ?? null, tokens: cast(own, dtype) }];
  });
  return atCaller(() => {
    const headDim = experts[0]?.headDim ?? 0;
    const place: AttentionPlace = { mask, rotation: rotationOf(positions, headDim), dtype };
    const turn = (
      carry: readonly Value[],
      own: readonly ExpertLayer[],
      before: KeyValue | null,
    ): readonly [Value[], KeyValue | null] => {
      const { tokens: next, made } = layer(present, own, carry, place, before);
      return [next, keepsCache ? made : null];
    };
    const run = isCheckpointed ? checkpoint(turn) : turn;
    const stacked = present.map(({ expert }) => layersOf(params, expert));
    const [last, caches] = scan<
      readonly Value[],
      readonly [readonly ExpertLayer[], KeyValue | null],
      KeyValue | null
    >(
      (carry, [own, before]) => run(carry, own, before),
      present.map((member) => member.tokens),
      [stacked, cache ?? null],
    );
    const outputs = experts.map((_, expert) => {
      const x = last[present.findIndex((member) => member.expert === expert)];
      if (x === undefined) return null;
      const name = ofExpert('final_norm', expert);
      const condition = conditions[expert] ?? null;
      const norm = part(params[name], name);
      return rmsNorm(norm, x, condition, { dtype, roundsScale: true }).value;
    });
    return { outputs, cache: caches };
  });
}

/**
 * The embeddings of tokens, scaled by √width.
 *
 * @param tokens - int32[batch, tokens].
 * @returns dtype[batch, tokens, width].
 */
export function embedTokens(params: GemmaParams, tokens: Value, dtype: ComputeDType): Value {
  const table = params.embedder.input_embedding;
  const rows = np.take(table, tokens, { axis: 0, mode: 'clip' });
  return cast(np.multiply(rows, Math.sqrt(table.shape[1] ?? 1)), dtype);
}
