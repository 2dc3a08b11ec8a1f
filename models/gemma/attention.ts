/** Attention of several experts over all their tokens together. */
import { invariant } from '../../core/base/errors.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { softmaxParts } from '../../nn/softmax.ts';
import { type ComputeDType, cast, toFloat32 } from '../compute-dtype.ts';
import { type GemmaConfig, loraScale } from './config.ts';
import type { EinsumParams } from './params.ts';
import { type Rotation, rotate } from './rope.ts';

/** How the products of a kernel and of its low-rank addition are spelled. */
interface Equations {
  readonly full: string;
  readonly down: string;
  readonly up: string;
}

const query: Equations = { full: 'btd,ndh->btnh', down: 'btd,ndr->btnr', up: 'btnr,nrh->btnh' };
const keyValue: Equations = {
  full: 'bsd,ckdh->cbskh',
  down: 'bsd,ckdr->cbskr',
  up: 'cbskr,ckrh->cbskh',
};
// As openpi spells it, where both factors of the addition sum over the heads.
const outward: Equations = { full: 'btnh,nhd->btd', down: 'btnh,nhr->btr', up: 'btr,nrd->btd' };

/** A product with a kernel per head and its low-rank addition. */
function project(
  equations: Equations,
  { w, lora_a: a, lora_b: b }: EinsumParams,
  x: Value,
  config: GemmaConfig,
  dtype: ComputeDType,
): Value {
  const plain = np.einsum(equations.full, x, cast(w, dtype));
  if (a === undefined || b === undefined || config.lora === undefined) return plain;
  const low = np.einsum(equations.down, x, cast(a, dtype));
  const added = np.einsum(equations.up, low, cast(b, dtype));
  return np.add(plain, np.multiply(added, loraScale(config.lora.attn)));
}

/** The attention kernels of one expert. */
export interface ExpertAttention {
  readonly q: EinsumParams;
  readonly kv: EinsumParams;
  readonly out: EinsumParams;
}

/** One expert's part in the attention. */
export interface Participant {
  readonly params: ExpertAttention;
  readonly config: GemmaConfig;
  /** dtype[batch, tokens, width]. */
  readonly tokens: Value;
}

/** Keys and values, dtype[batch, tokens, numKvHeads, headDim] each; keys are rotated already. */
export interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

/** Where attention takes place. */
export interface AttentionPlace {
  /** bool[batch, queries, keys]; true where attention is allowed. */
  readonly mask: Value;
  readonly rotation: Rotation;
  readonly dtype: ComputeDType;
}

/** What stands in place of scores that do not count. A row of nothing else attends evenly to all. */
const maskedScore = -2.3819763e38;

/** What each query takes: dtype[batch, queries, heads, headDim]. */
function attend(
  asked: Value,
  { key, value }: KeyValue,
  mask: Value,
  { numHeads, numKvHeads, headDim }: GemmaConfig,
  dtype: ComputeDType,
): Value {
  const [batch = 0, queries = 0] = asked.shape;
  const shape = [batch, queries, numKvHeads, numHeads / numKvHeads, headDim];
  const scores = np.einsum('btkgh,bskh->bkgts', toFloat32(asked.reshape(shape)), toFloat32(key));
  const masked = np.where(np.expandDims(mask, [1, 2]), scores, maskedScore);
  const { raised, inverse } = softmaxParts(masked);
  const weights = cast(np.multiply(raised, inverse), dtype);
  const taken = np.einsum('bkgts,bskh->btkgh', weights, value);
  return taken.reshape([batch, queries, numHeads, headDim]);
}

/**
 * The attention's result for each participant, and the keys and values that were made for it.
 *
 * @param cache - Keys and values that come before the participants' own.
 * @returns `results` dtype[batch, tokens, width] each; `made` for all participants' tokens, without the cache.
 */
export function sharedAttention(
  participants: readonly Participant[],
  { mask, rotation, dtype }: AttentionPlace,
  cache: KeyValue | null,
): { readonly results: readonly Value[]; readonly made: KeyValue } {
  const config = participants[0]?.config;
  invariant(config !== undefined, 'attention without anyone who asks');
  const join = (parts: readonly Value[], axis: number): Value =>
    parts.length === 1 && parts[0] !== undefined ? parts[0] : np.concatenate(parts, { axis });
  const all = (projected: (participant: Participant) => Value, axis: number): Value =>
    join(participants.map(projected), axis);
  const asked = all((p) => project(query, p.params.q, p.tokens, p.config, dtype), 1);
  const both = all((p) => project(keyValue, p.params.kv, p.tokens, p.config, dtype), 2);
  const turned = np.multiply(rotate(asked, rotation, dtype), config.headDim ** -0.5);
  const made = { key: rotate(both.get(0), rotation, dtype), value: both.get(1) };
  const seen =
    cache === null
      ? made
      : { key: join([cache.key, made.key], 1), value: join([cache.value, made.value], 1) };
  const taken = attend(turned, seen, mask, config, dtype);
  let start = 0;
  const results = participants.map(({ params, tokens, config: own }) => {
    const end = start + (tokens.shape[1] ?? 0);
    const part = taken.get(np.slice(null, null), np.slice(start, end));
    start = end;
    return project(outward, params.out, part, own, dtype);
  });
  return { results, made };
}
