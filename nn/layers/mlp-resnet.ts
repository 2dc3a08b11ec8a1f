/** A multi-layer perceptron with residual blocks. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { silu } from '../activations.ts';
import type { ParamsOf } from '../params.ts';
import { layerNorm, layerNormSpec } from './layer-norm.ts';
import { linear, linearSpec } from './linear.ts';

const blockSpec = (width: number) => ({
  layer_norm: layerNormSpec(width),
  linear: linearSpec(width, width),
});

type BlockName = `block_${number}`;

const blockName = (index: number): BlockName => `block_${index}`;

/** Sizes of {@link mlpResNetSpec}. */
export interface MlpResNetSizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  /** The number of residual blocks. */
  readonly blocks: number;
}

/** What {@link mlpResNet} learns: `layer_norm1`, `fc1`, `block_0` …, `layer_norm2`, `fc2`. */
export function mlpResNetSpec({ inputs, hidden, outputs, blocks }: MlpResNetSizes) {
  const residual: Record<BlockName, ReturnType<typeof blockSpec>> = Object.fromEntries(
    Array.from({ length: blocks }, (_, i) => [blockName(i), blockSpec(hidden)] as const),
  );
  return {
    layer_norm1: layerNormSpec(inputs),
    fc1: linearSpec(inputs, hidden),
    ...residual,
    layer_norm2: layerNormSpec(hidden),
    fc2: linearSpec(hidden, outputs),
  };
}

/** The parameters of {@link mlpResNet}. */
export type MlpResNetParams = ParamsOf<typeof mlpResNetSpec>;

/**
 * LayerNorm → Linear → SiLU → blocks x + SiLU(Linear(LayerNorm(x))) → LayerNorm → Linear. There are as many
 * blocks as the parameters have.
 *
 * @param x - f32[…, inputs].
 * @returns f32[…, outputs].
 */
export function mlpResNet(params: MlpResNetParams, x: Value): Value {
  let hidden = silu(linear(params.fc1, layerNorm(params.layer_norm1, x)));
  for (let i = 0; ; i++) {
    const block = params[blockName(i)];
    if (block === undefined) break;
    hidden = np.add(hidden, silu(linear(block.linear, layerNorm(block.layer_norm, hidden))));
  }
  return linear(params.fc2, layerNorm(params.layer_norm2, hidden));
}
