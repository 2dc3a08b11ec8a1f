/** Multi-head attention with Flax's parameters: every head has its own slice of each kernel. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../dims.ts';
import { layerDType, unevenHeads } from '../errors.ts';
import { type Initializer, lecunNormal, zeros } from '../initializers.ts';
import { type ParamsOf, param } from '../params.ts';
import { softmaxParts } from '../softmax.ts';

const projectionSpec = (inDim: number, heads: number, headDim: number, kernel: Initializer) => ({
  kernel: param([inDim, heads, headDim], kernel),
  bias: param([heads, headDim], zeros),
});

/** Widths of {@link multiHeadAttentionSpec} that differ from that of its result. */
export interface AttentionWidths {
  /** Width of what asks. Default: `width`. */
  readonly queryDim?: number;
  /** Width of what is attended to. Default: `width`. */
  readonly keyDim?: number;
}

/**
 * What {@link multiHeadAttention} learns: `query`, `key`, `value` with kernels [inputs, heads, headDim] and
 * `out` with kernel [heads, headDim, width], each with a bias. The fan-in of a kernel is that of the matrix
 * it is when heads are joined.
 *
 * @throws `uneven-heads` if the heads do not divide the width.
 */
export function multiHeadAttentionSpec(
  width: number,
  heads: number,
  { queryDim = width, keyDim = width }: AttentionWidths = {},
) {
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    throw unevenHeads('nn.multiHeadAttentionSpec', width, heads);
  }
  const headDim = width / heads;
  const inward = lecunNormal({ inAxis: 0, outAxis: [1, 2] });
  const outward = lecunNormal({ inAxis: [0, 1], outAxis: 2 });
  return {
    query: projectionSpec(queryDim, heads, headDim, inward),
    key: projectionSpec(keyDim, heads, headDim, inward),
    value: projectionSpec(keyDim, heads, headDim, inward),
    out: {
      kernel: param([heads, headDim, width], outward),
      bias: param([width], zeros),
    },
  };
}

/** The parameters of {@link multiHeadAttention}. */
export type AttentionParams = ParamsOf<typeof multiHeadAttentionSpec>;

/** The parameters of {@link toHeads}. */
export type ProjectionParams = AttentionParams['query'];

/** The parameters of {@link fromHeads}. */
export type OutParams = AttentionParams['out'];

/** x in every head's own coordinates: f32[…, inputs] gives f32[…, heads, headDim]. */
export function toHeads({ kernel, bias }: ProjectionParams, x: Value): Value {
  dims('nn.multiHeadAttention', {
    input: [x, '… inputs'],
    kernel: [kernel, 'inputs heads headDim'],
  });
  return np.add(np.tensordot(x, kernel, { axes: 1 }), bias);
}

/** All heads joined and mixed: f32[…, heads, headDim] gives f32[…, width]. */
export const fromHeads = ({ kernel, bias }: OutParams, x: Value): Value =>
  np.add(np.tensordot(x, kernel, { axes: 2 }), bias);

/** The factor 1/√headDim of the scores, applied to the queries because they are fewer. */
export const scaleQueries = (query: Value): Value =>
  np.multiply(query, 1 / Math.sqrt(query.shape.at(-1) ?? 1));

/** Options of attention. */
export interface AttentionOptions {
  /** bool, broadcastable to [batch, heads, queries, keys]; true where attention is allowed. Default: everywhere. */
  readonly mask?: Value | undefined;
}

/**
 * Scaled dot-product attention, head by head. A query that may attend to nothing gets zeros, and no NaN
 * reaches values or derivatives.
 *
 * @param query - f32[batch, queries, heads, headDim].
 * @param key - f32[batch, keys, heads, headDim].
 * @param value - f32[batch, keys, heads, headDim].
 * @returns f32[batch, queries, heads, headDim].
 * @throws `axis-disagrees` if the shapes do not fit, `layer-dtype` if the mask is not bool.
 * @see Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 §3.2.1; {@link dotProductAttention} has JAX's arguments.
 */
export function attend(
  query: Value,
  key: Value,
  value: Value,
  { mask }: AttentionOptions = {},
): Value {
  dims('nn.attend', {
    query: [query, 'batch queries heads headDim'],
    key: [key, 'batch keys heads headDim'],
    value: [value, 'batch keys heads headDim'],
  });
  if (mask !== undefined && mask.dtype !== 'bool') {
    throw layerDType('nn.attend', 'mask', 'bool', mask.aval);
  }
  const scores = np.einsum('bqhd,bkhd->bhqk', scaleQueries(query), key);
  const { raised, inverse } = softmaxParts(scores, { where: mask });
  return np.multiply(
    np.einsum('bhqk,bkhd->bqhd', raised, value),
    np.transpose(inverse, [0, 2, 1, 3]),
  );
}

/**
 * Attention of `queries` over `keys`, which hold the values too unless `values` is given.
 *
 * @param queries - f32[batch, queries, width].
 * @param keys - f32[batch, keys, width].
 * @param options.values - f32[batch, keys, width]. Default: `keys`.
 * @param options.mask - bool, broadcastable to [batch, heads, queries, keys]; true where attention is allowed.
 * @returns f32[batch, queries, width].
 * @see Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 §3.2.2. Differs: a row with nothing to attend
 * to gives the bias of `out`, where Flax attends uniformly.
 */
export function multiHeadAttention(
  params: AttentionParams,
  queries: Value,
  keys: Value,
  { values = keys, mask }: AttentionOptions & { readonly values?: Value } = {},
): Value {
  return atCaller(() => {
    const mixed = attend(
      toHeads(params.query, queries),
      toHeads(params.key, keys),
      toHeads(params.value, values),
      { mask },
    );
    return fromHeads(params.out, mixed);
  });
}
