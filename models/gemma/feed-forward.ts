/** The gated feed-forward of one expert. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { gelu } from '../../nn/activations.ts';
import { type ComputeDType, cast } from '../compute-dtype.ts';
import type { FeedForwardParams } from './params.ts';

/** x · w and, if there is one, its low-rank addition; as in openpi, that is not scaled here. */
function product(
  x: Value,
  w: Value,
  a: Value | undefined,
  b: Value | undefined,
  dtype: ComputeDType,
): Value {
  const plain = np.matmul(x, cast(w, dtype));
  if (a === undefined || b === undefined) return plain;
  return np.add(plain, np.matmul(np.matmul(x, cast(a, dtype)), cast(b, dtype)));
}

/**
 * (gelu(x · gate) ⊙ (x · up)) · linear.
 *
 * @param x - dtype[batch, tokens, width].
 * @see Shazeer 2020, https://arxiv.org/abs/2002.05202 §2.
 */
export function feedForward(params: FeedForwardParams, x: Value, dtype: ComputeDType): Value {
  const { gating_einsum: w, gating_einsum_lora_a: a, gating_einsum_lora_b: b } = params;
  const half = (index: number): Value =>
    product(x, w.get(index), a?.get(index), b?.get(index), dtype);
  const hidden = np.multiply(gelu(half(0)), half(1));
  return product(hidden, params.linear, params.linear_lora_a, params.linear_lora_b, dtype);
}
