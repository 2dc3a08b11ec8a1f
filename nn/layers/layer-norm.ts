/** Normalisation of the last axis to mean 0 and variance 1. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { rsqrt } from '../../core/primitives/index.ts';
import { dims } from '../dims.ts';
import { ones, zeros } from '../initializers.ts';
import { type ParamsOf, param } from '../params.ts';

/** What {@link layerNorm} learns: `scale` and `bias`, both [width]. */
export const layerNormSpec = (width: number) => ({
  scale: param([width], ones),
  bias: param([width], zeros),
});

/** The parameters of {@link layerNorm}. */
export type LayerNormParams = ParamsOf<typeof layerNormSpec>;

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-6, as in Flax. */
  readonly epsilon?: number;
}

/**
 * (x − mean) / √(variance + ε) · scale + bias over the last axis, with the biased variance.
 *
 * @param x - f32[…, width].
 * @returns f32[…, width].
 * @see Ba et al. 2016, https://arxiv.org/abs/1607.06450 §3. Differs from Flax: the variance is the mean
 * squared distance from the mean, which does not cancel when the mean is large.
 */
export function layerNorm(
  { scale, bias }: LayerNormParams,
  x: Value,
  { epsilon = 1e-6 }: LayerNormOptions = {},
): Value {
  dims('nn.layerNorm', { x: [x, '… width'], scale: [scale, 'width'], bias: [bias, 'width'] });
  return atCaller(() => {
    const centred = np.subtract(x, np.mean(x, { axis: -1, keepdims: true }));
    const variance = np.mean(np.square(centred), { axis: -1, keepdims: true });
    const normalised = np.multiply(centred, rsqrt(np.add(variance, epsilon)));
    return np.add(np.multiply(normalised, scale), bias);
  });
}
