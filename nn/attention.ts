/** Attention with the arguments of `jax.nn.dot_product_attention`. */
import { atCaller } from '../core/base/call-site.ts';
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { stopGradient } from '../core/primitives/index.ts';
import { dims } from './dims.ts';
import { layerDType, unevenGroups, wrongAxes } from './errors.ts';
import { logsumexp, softmax } from './softmax.ts';
import { masked, prefersTiles, tiledAttention } from './tiled-attention.ts';

/** Which keys a query may attend to, and how. */
export interface DotProductAttentionOptions {
  /** Multiplies the logits. Default 1/√dim. */
  readonly scale?: number;
  /** Allows only keys that do not come after the query. Default false. */
  readonly isCausal?: boolean;
  /** int32[batch]: queries from here on give zeros. */
  readonly querySeqLengths?: Value;
  /** int32[batch]: keys from here on are not attended to. */
  readonly keyValueSeqLengths?: Value;
  /** How many keys before and after its own position a query sees; one number for both. */
  readonly localWindowSize?: number | readonly [before: number, after: number];
  /**
   * 'xla' stores all scores; 'tiled' never does, and has no forward mode (`jvp`, `hessian`). Default: stores
   * them if they are few.
   */
  readonly implementation?: 'xla' | 'tiled' | null;
}

/** The operands with all axes: queries of a group share a key and a value. */
export interface AttentionOperands {
  /** f32[batch, queries, keyHeads, group, dim]. */
  readonly query: Value;
  /** f32[batch, keys, keyHeads, dim]. */
  readonly key: Value;
  /** f32[batch, keys, keyHeads, dim]. */
  readonly value: Value;
  /** Broadcasts to f32[batch, keyHeads, group, queries, keys]; added to the logits. */
  readonly bias: Value | null;
  /** Broadcasts to bool[batch, keyHeads, group, queries, keys]; null allows all. */
  readonly allowed: Value | null;
  readonly scale: number;
}

/** f32[batch, keyHeads, group, queries, keys]: what the softmax is taken of. */
function logitsOf({ query, key, bias, allowed, scale }: AttentionOperands): Value {
  const scores = np.multiply(np.einsum('btkgh,bskh->bkgts', query, key), scale);
  const biased = bias === null ? scores : np.add(scores, bias);
  return allowed === null ? biased : np.where(allowed, biased, masked);
}

/** softmax(scale · q·kᵀ + bias) · v, written out: f32[batch, queries, keyHeads, group, dim]. */
export const plainAttention = (operands: AttentionOperands): Value =>
  np.einsum('bkgts,bskh->btkgh', softmax(logitsOf(operands)), operands.value);

/** [batch, keyHeads, group, queries, keys], of which any may be 1, with the heads as one axis. */
function headsTogether(x: Value, keyHeads: number, group: number): Value {
  const five = np.reshape(x, [...Array.from({ length: 5 - x.ndim }, () => 1), ...x.shape]);
  const [batch = 1, outer = 1, inner = 1, queries = 1, keys = 1] = five.shape;
  if (outer * inner === 1) return np.reshape(five, [batch, 1, queries, keys]);
  const all = np.broadcastTo(five, [batch, keyHeads, group, queries, keys]);
  return np.reshape(all, [batch, keyHeads * group, queries, keys]);
}

/** The same as {@link plainAttention} without the scores in memory. */
function inTiles(operands: AttentionOperands, isCausal: boolean): Value {
  const { query, key, value, bias, allowed, scale } = operands;
  const [batch = 1, queries = 1, keyHeads = 1, group = 1, dim = 1] = query.shape;
  const together = (x: Value | null): Value | null =>
    x === null ? null : headsTogether(x, keyHeads, group);
  const flat = np.reshape(query, [batch, queries, keyHeads * group, dim]);
  const options = { bias: together(bias), mask: together(allowed), scale, isCausal };
  return np.reshape(tiledAttention(flat, key, value, options), query.shape);
}

/** An array with new leading axes, up to four. */
const ofFour = (x: Value): Value =>
  np.reshape(x, [...Array.from({ length: Math.max(0, 4 - x.ndim) }, () => 1), ...x.shape]);

/** The axis of heads in groups: [batch, heads, …] as [batch, keyHeads, group, …]. */
function inGroups(x: Value, keyHeads: number, group: number): Value {
  const [batch = 1, heads = 1, ...rest] = ofFour(x).shape;
  const split = heads === 1 ? [1, 1] : [keyHeads, group];
  return np.reshape(x, [batch, ...split, ...rest]);
}

/** bool[…, queries, keys] of static positions. */
function allowedPlaces(
  queries: number,
  keys: number,
  { isCausal = false, localWindowSize }: DotProductAttentionOptions,
): Value[] {
  const at = np.expandDims(np.arange(queries), 1);
  const from = np.expandDims(np.arange(keys), 0);
  const causal = isCausal ? [np.greaterEqual(at, from)] : [];
  if (localWindowSize === undefined) return causal;
  const [before, after] =
    typeof localWindowSize === 'number' ? [localWindowSize, localWindowSize] : localWindowSize;
  return [
    ...causal,
    np.lessEqual(at, np.add(from, before)),
    np.greaterEqual(at, np.subtract(from, after)),
  ];
}

/** bool[batch, …] true at positions of an axis of `ndim` axes that lie before the lengths. */
function within(lengths: Value, size: number, ndim: number, axis: number): Value {
  const along = Array.from({ length: ndim }, (_, a) => (a === axis ? size : 1));
  const batch = Array.from({ length: ndim }, (_, a) => (a === 0 ? -1 : 1));
  return np.less(np.reshape(np.arange(size), along), np.reshape(lengths, batch));
}

function allowedOf(
  sizes: { readonly queries: number; readonly keys: number; keyHeads: number; group: number },
  mask: Value | null,
  options: DotProductAttentionOptions,
): Value | null {
  const { queries, keys, keyHeads, group } = sizes;
  const { querySeqLengths, keyValueSeqLengths } = options;
  const all = [
    ...(mask === null ? [] : [inGroups(mask, keyHeads, group)]),
    ...allowedPlaces(queries, keys, options),
    ...(querySeqLengths === undefined ? [] : [within(querySeqLengths, queries, 5, 3)]),
    ...(keyValueSeqLengths === undefined ? [] : [within(keyValueSeqLengths, keys, 5, 4)]),
  ];
  return all.length === 0 ? null : all.reduce((a, b) => np.logicalAnd(a, b));
}

function prepared(
  q: Value,
  k: Value,
  v: Value,
  bias: Value | null,
  mask: Value | null,
  options: DotProductAttentionOptions,
): AttentionOperands {
  const op = 'nn.dotProductAttention';
  for (const [name, x] of [['query', q] as const, ['key', k] as const, ['value', v] as const]) {
    if (x.ndim !== 3 && x.ndim !== 4)
      throw wrongAxes(op, name, x.aval, 'batch, steps, heads, headDim');
  }
  const [query, key, value] = [ofFour(q), ofFour(k), ofFour(v)];
  const { queries, keys, heads, keyHeads, headDim } = dims(op, {
    query: [query, 'batch queries heads headDim'],
    key: [key, 'batch keys keyHeads headDim'],
    value: [value, 'batch keys keyHeads headDim'],
  });
  if (mask !== null && mask.dtype !== 'bool') throw layerDType(op, 'mask', 'bool', mask.aval);
  if (heads % keyHeads !== 0) throw unevenGroups(op, heads, keyHeads);
  const group = heads / keyHeads;
  return {
    query: np.reshape(query, [query.shape[0] ?? 1, queries, keyHeads, group, headDim]),
    key,
    value,
    bias: bias === null ? null : inGroups(bias, keyHeads, group),
    allowed: allowedOf({ queries, keys, keyHeads, group }, mask, options),
    scale: options.scale ?? 1 / Math.sqrt(headDim),
  };
}

function wantsTiles(q: Value, k: Value, { implementation }: DotProductAttentionOptions): boolean {
  if (implementation === 'xla' || q.dtype !== 'float32') return false;
  const [keys = 1] = k.shape.slice(-3);
  const [queries = 1, heads = 1] = q.shape.slice(-3);
  const batch = q.ndim === 4 ? (q.shape[0] ?? 1) : 1;
  return implementation === 'tiled' || prefersTiles(batch, heads, queries, keys);
}

/** Zeros for queries beyond their sequence. */
function trimmed(x: Value, lengths: Value | undefined): Value {
  if (lengths === undefined) return x;
  const counts = within(lengths, x.shape[1] ?? 0, x.ndim, 1);
  return np.multiply(x, np.astype(counts, x.dtype));
}

/**
 * Scaled dot-product attention, head by head; several heads of queries may share one of keys and values.
 *
 * @param query - f32[batch, queries, heads, headDim], or without the batch.
 * @param key - f32[batch, keys, keyHeads, headDim]; `heads` is a multiple of `keyHeads`.
 * @param value - f32[batch, keys, keyHeads, headDim].
 * @param bias - Added to the logits; broadcasts to [batch, heads, queries, keys]. Null or absent: none.
 * @param mask - bool, broadcasts likewise; true where attention is allowed. Null or absent: everywhere. A query
 *   that may attend to nothing attends to all keys alike.
 * @returns f32 in the shape of `query`.
 * @throws `axis-disagrees`, `wrong-axes`, `uneven-groups`, `layer-dtype` if the mask is not bool.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.nn.dot_product_attention.html
 * @see Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 §3.2.1; Ainslie et al. 2023, arXiv:2305.13245 for groups.
 */
export function dotProductAttention(
  query: Value,
  key: Value,
  value: Value,
  bias: Value | null = null,
  mask: Value | null = null,
  options: DotProductAttentionOptions = {},
): Value {
  return atCaller(() => {
    if (!wantsTiles(query, key, options)) {
      const operands = prepared(query, key, value, bias, mask, options);
      return np.reshape(trimmed(plainAttention(operands), options.querySeqLengths), query.shape);
    }
    // Tiles know by themselves which keys come after a query, and leave those out.
    const { isCausal = false, ...others } = options;
    const isPlainCausal = isCausal && mask === null && others.keyValueSeqLengths === undefined;
    const given = isPlainCausal ? others : options;
    const operands = prepared(query, key, value, bias, mask, given);
    const found = inTiles(operands, isPlainCausal);
    return np.reshape(trimmed(found, options.querySeqLengths), query.shape);
  });
}

/**
 * {@link dotProductAttention} and, for each query, the logarithm of the sum that its softmax divides by:
 * [f32 in the shape of `query`, f32[batch, queries, heads]]. The second has no derivative, as in JAX, where
 * `return_residual` asks for it.
 */
export function dotProductAttentionWithResidual(
  query: Value,
  key: Value,
  value: Value,
  bias: Value | null = null,
  mask: Value | null = null,
  options: DotProductAttentionOptions = {},
): [Value, Value] {
  const operands = prepared(query, key, value, bias, mask, options);
  const total = logsumexp(logitsOf(operands), { axis: -1 });
  const perQuery = np.transpose(total, [0, 3, 1, 2]);
  return [
    dotProductAttention(query, key, value, bias, mask, options),
    stopGradient(np.reshape(perQuery, query.shape.slice(0, -1))),
  ];
}
