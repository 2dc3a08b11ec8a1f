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

/** What {@link mlpResNet} learns; the residual blocks are `block_0`, `block_1` and so on. */
export interface MlpResNetSpec {
  readonly layer_norm1: ReturnType<typeof layerNormSpec>;
  readonly fc1: ReturnType<typeof linearSpec>;
  readonly [block: BlockName]: ReturnType<typeof blockSpec>;
  readonly layer_norm2: ReturnType<typeof layerNormSpec>;
  readonly fc2: ReturnType<typeof linearSpec>;
}

/** The spec of {@link mlpResNet}. */
export function mlpResNetSpec({ inputs, hidden, outputs, blocks }: MlpResNetSizes): MlpResNetSpec {
  const residual = Array.from(
    { length: blocks },
    (_, i) => [blockName(i), blockSpec(hidden)] as const,
  );
  return {
    layer_norm1: layerNormSpec(inputs),
    fc1: linearSpec(inputs, hidden),
    ...Object.fromEntries(residual),
    layer_norm2: layerNormSpec(hidden),
    fc2: linearSpec(hidden, outputs),
  };
}

/** The parameters of {@link mlpResNet}. */
export type MlpResNetParams = ParamsOf<MlpResNetSpec>;

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
