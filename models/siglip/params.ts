/** What the vision encoder learns, by openpi's names. */
import {
  glorotUniform,
  type Initializer,
  lecunNormal,
  normal,
  ones,
  zeros,
} from '../../nn/initializers.ts';
import { linearSpec } from '../../nn/layers/linear.ts';
import { type ParamsOf, param } from '../../nn/params.ts';
import type { SiglipConfig } from './config.ts';

/** What a vision encoder is made of besides its sizes. */
export interface SiglipSpecOptions {
  /** Patches of an image. */
  readonly positions: number;
  /** Width of the tokens that come out. */
  readonly outputs: number;
}

const normSpec = (lead: readonly number[], width: number) => ({
  scale: param([...lead, width], ones),
  bias: param([...lead, width], zeros),
});

/** Kernels of all heads are initialised as the square matrix that they are together. */
const perHead = (
  shape: readonly number[],
  inAxis: number | readonly number[],
  outAxis: number | readonly number[],
) => param(shape, glorotUniform({ inAxis, outAxis, batchAxis: 0 }));

function attentionSpec({ depth, width, numHeads }: SiglipConfig) {
  const headDim = width / numHeads;
  const inward = () => ({
    kernel: perHead([depth, width, numHeads, headDim], 1, [2, 3]),
    bias: param([depth, numHeads, headDim], zeros),
  });
  return {
    query: inward(),
    key: inward(),
    value: inward(),
    out: {
      kernel: perHead([depth, numHeads, headDim, width], [1, 2], 3),
      bias: param([depth, width], zeros),
    },
  };
}

const denseSpec = (depth: number, inputs: number, outputs: number) => ({
  kernel: param([depth, inputs, outputs], glorotUniform({ batchAxis: 0 })),
  bias: param([depth, outputs], normal(1e-6)),
});

const patchInit: Initializer = lecunNormal({ inAxis: 2, outAxis: 3 });

/**
 * The spec of the vision encoder; layers are stacked. Its head begins with zeros, and so do all image tokens.
 *
 * @see https://github.com/Physical-Intelligence/openpi, `models/siglip.py`.
 */
export function siglipSpec(config: SiglipConfig, { positions, outputs }: SiglipSpecOptions) {
  const { width, depth, mlpDim, patchSize } = config;
  return {
    embedding: {
      kernel: param([patchSize, patchSize, 3, width], patchInit),
      bias: param([width], zeros),
    },
    pos_embedding: param([1, positions, width], normal(1 / Math.sqrt(width))),
    Transformer: {
      encoderblock: {
        LayerNorm_0: normSpec([depth], width),
        LayerNorm_1: normSpec([depth], width),
        MlpBlock_0: {
          Dense_0: denseSpec(depth, width, mlpDim),
          Dense_1: denseSpec(depth, mlpDim, width),
        },
        MultiHeadDotProductAttention_0: attentionSpec(config),
      },
      encoder_norm: normSpec([], width),
    },
    head: linearSpec(width, outputs, { kernelInit: zeros }),
  };
}

/** The parameters of the vision encoder. */
export type SiglipParams = ParamsOf<typeof siglipSpec>;
