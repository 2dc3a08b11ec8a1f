/** Affine maps of the last axis. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../dims.ts';
import { type Initializer, lecunNormal, zeros } from '../initializers.ts';
import { type ParamsOf, param } from '../params.ts';

/** Options of {@link linearSpec}. */
export interface LinearOptions {
  /** Default: Lecun normal. */
  readonly kernelInit?: Initializer;
  /** Default: zeros. */
  readonly biasInit?: Initializer;
}

/** What {@link linear} learns: `kernel` [inDim, outDim] and `bias` [outDim]. */
export const linearSpec = (
  inDim: number,
  outDim: number,
  { kernelInit = lecunNormal(), biasInit = zeros }: LinearOptions = {},
) => ({
  kernel: param([inDim, outDim], kernelInit),
  bias: param([outDim], biasInit),
});

/** The parameters of {@link linear}. */
export type LinearParams = ParamsOf<typeof linearSpec>;

/**
 * x · kernel + bias.
 *
 * @param x - f32[…, inputs].
 * @returns f32[…, outputs].
 * @throws `axis-disagrees` if x and kernel differ in their inputs.
 */
export function linear({ kernel, bias }: LinearParams, x: Value): Value {
  dims('nn.linear', {
    x: [x, '… inputs'],
    kernel: [kernel, 'inputs outputs'],
    bias: [bias, 'outputs'],
  });
  return atCaller(() => np.add(np.matmul(x, kernel), bias));
}
