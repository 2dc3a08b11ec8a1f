/** Normalisation by the root mean square, with a learned scale or one that a condition gives. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { rsqrt } from '../../core/primitives/index.ts';
import { type ComputeDType, cast, toFloat32 } from '../compute-dtype.ts';
import { missingCondition } from './errors.ts';
import type { NormParams } from './params.ts';

/** A normalised array, and what the branch that begins with it is multiplied by. */
export interface Normed {
  readonly value: Value;
  /** dtype[batch, 1, width]; null: by nothing. */
  readonly gate: Value | null;
}

const epsilon = 1e-6;

/** How a norm rounds. */
export interface NormOptions {
  readonly dtype: ComputeDType;
  /** Rounds 1 + scale where a condition gives the scale. Inside layers the compiled reference does not. */
  readonly roundsScale?: boolean;
}

/**
 * x / √(mean x² + ε) · (1 + scale), plus a shift if a condition gives one; statistics are float32.
 *
 * @param x - dtype[batch, tokens, width].
 * @param condition - f32[batch, width]; for adaptive parameters only.
 * @throws `missing-condition`.
 * @see Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467 §4; Peebles & Xie 2022, arXiv:2212.09748 §3.2.
 */
export function rmsNorm(
  params: NormParams,
  x: Value,
  condition: Value | null,
  { dtype, roundsScale = false }: NormOptions,
): Normed {
  const wide = toFloat32(x);
  const power = np.mean(np.square(wide), { axis: -1, keepdims: true });
  const normalised = np.multiply(wide, rsqrt(np.add(power, epsilon)));
  if ('scale' in params) {
    return { value: cast(np.multiply(normalised, np.add(params.scale, 1)), dtype), gate: null };
  }
  const { kernel, bias } = params.Dense_0;
  if (condition === null) throw missingCondition(x.aval);
  const product = np.matmul(cast(condition, dtype), cast(kernel, dtype));
  const modulation = np.add(product, cast(bias, dtype));
  const [scale = x, shift = x, gate = x] = np.split(np.expandDims(modulation, 1), 3, { axis: -1 });
  const factor = roundsScale ? np.add(scale, 1) : np.add(toFloat32(scale), 1);
  return { value: cast(np.add(np.multiply(normalised, factor), shift), dtype), gate };
}

/** x + y in float32, where y was scaled by the gate of the norm that it began with. */
export const addGated = (x: Value, y: Value, gate: Value | null): Value =>
  np.add(toFloat32(x), toFloat32(gate === null ? y : np.multiply(y, gate)));
