/** The original energy model: action steps ask, context tokens answer. */
import type { Value } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import {
  attend,
  fromHeads,
  multiHeadAttentionSpec,
  scaleQueries,
  toHeads,
} from '../../../nn/layers/attention.ts';
import type { ParamsOf } from '../../../nn/params.ts';
import { softmaxParts } from '../../../nn/softmax.ts';
import { type EncoderSizes, type EnergyVariantRecord, encodersSpec } from './variant.ts';

/** A context as attention sees it. */
export interface CrossAttentionContext {
  /** f32[batch, tokens, heads, headDim]. */
  readonly key: Value;
  /** f32[batch, tokens, heads, headDim]. */
  readonly value: Value;
  /** bool[batch, tokens]; true where attention is allowed. Null: everywhere. */
  readonly isValid: Value | null;
}

const spec = (sizes: EncoderSizes) => ({
  ...encodersSpec(sizes, sizes.hidden, sizes.layers),
  cross_attention: multiHeadAttentionSpec(sizes.hidden, sizes.heads),
});

/** Its parameters. */
export type CrossAttentionEnergyParams = ParamsOf<typeof spec>;

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
  { key, value, isValid }: CrossAttentionContext,
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

/** Cross-attention of action steps over context tokens, 3,955,215 parameters at full size. */
export const crossAttention: EnergyVariantRecord<
  ReturnType<typeof spec>,
  CrossAttentionEnergyParams,
  CrossAttentionContext
> = {
  spec,
  encode: ({ cross_attention: { key, value } }, features, isValid) => ({
    key: toHeads(key, features),
    value: toHeads(value, features),
    isValid,
  }),
  named: ({ key }) => [key, 'batch tokens heads headDim'],
  mix: ({ cross_attention: params }, { key, value, isValid }, features) => {
    const mask = isValid === null ? undefined : np.expandDims(isValid, [1, 2]);
    const taken = attend(toHeads(params.query, features), key, value, { mask });
    return fromHeads(params.out, taken);
  },
  mixAll: ({ cross_attention: params }, context, features) => {
    const isPaired = features.ndim === 4;
    const [actions = 0, steps = 0, hidden = 0] = features.shape.slice(-3);
    const lead = isPaired ? features.shape.slice(0, 1) : [];
    const query = toHeads(params.query, features.reshape([...lead, actions * steps, hidden]));
    return fromHeads(params.out, attendAll(query, isPaired, context));
  },
};
