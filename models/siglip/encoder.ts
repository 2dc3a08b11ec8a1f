/** The vision encoder: a transformer over the patches of an image. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { rsqrt } from '../../core/primitives/index.ts';
import { gelu } from '../../nn/activations.ts';
import type { LayerNormParams } from '../../nn/layers/layer-norm.ts';
import { type LinearParams, linear } from '../../nn/layers/linear.ts';
import { checkpoint, scan } from '../../transforms/control/index.ts';
import { stopGradient } from '../../transforms/stop-gradient.ts';
import { type ComputeDType, cast, toFloat32 } from '../compute-dtype.ts';
import type { SiglipConfig } from './config.ts';
import { imageSize } from './errors.ts';
import type { SiglipParams } from './params.ts';

/** How the encoder runs. */
export interface SiglipOptions {
  /** Default float32. Patches and positions are float32 in either case. */
  readonly dtype?: ComputeDType;
  /** Computes layers again for the gradient instead of keeping what is in them. Default true. */
  readonly isCheckpointed?: boolean;
}

type Block = SiglipParams['Transformer']['encoderblock'];
type Attention = Block['MultiHeadDotProductAttention_0'];

const epsilon = 1e-6;

/**
 * Layer normalisation in float32, rounded at the end.
 *
 * @see Ba et al. 2016, https://arxiv.org/abs/1607.06450 §3. Differs from `nn.layerNorm`: the variance is the mean square less
 * the squared mean, as in the reference, which decides how bfloat16 results round.
 */
function norm({ scale, bias }: LayerNormParams, x: Value, dtype: ComputeDType): Value {
  const wide = toFloat32(x);
  const over = { axis: -1, keepdims: true };
  const mean = np.mean(wide, over);
  const variance = np.maximum(np.subtract(np.mean(np.square(wide), over), np.square(mean)), 0);
  const factor = np.multiply(rsqrt(np.add(variance, epsilon)), scale);
  return cast(np.add(np.multiply(np.subtract(wide, mean), factor), bias), dtype);
}

const dense = ({ kernel, bias }: LinearParams, x: Value, dtype: ComputeDType): Value =>
  linear({ kernel: cast(kernel, dtype), bias: cast(bias, dtype) }, x);

/** Image patches as vectors, f32[batch, positions, width]. */
function patchTokens(params: SiglipParams, { patchSize }: SiglipConfig, images: Value): Value {
  const { kernel, bias } = params.embedding;
  const [batch = 0, height = 0, width = 0, channels] = images.shape;
  const [rows, columns] = [height / patchSize, width / patchSize];
  const positions = params.pos_embedding.shape[1] ?? 0;
  const fits = images.ndim === 4 && channels === 3 && Number.isInteger(rows);
  if (!fits || !Number.isInteger(columns) || rows * columns !== positions) {
    throw imageSize(images.aval, patchSize, positions);
  }
  const patches = images.reshape([batch, rows, patchSize, columns, patchSize, 3]);
  const embedded = np.einsum('byixjc,ijcd->byxd', patches, kernel);
  return np.add(np.add(embedded, bias).reshape([batch, positions, -1]), params.pos_embedding);
}

/** A softmax whose distances, sum, terms and quotients are each rounded to `dtype`. */
function softmaxOf(scores: Value, dtype: ComputeDType): Value {
  // The shift cancels, so that it has no derivative.
  const peak = stopGradient(np.max(scores, { axis: -1, keepdims: true }));
  const raised = np.exp(toFloat32(np.subtract(scores, peak)));
  const total = np.sum(raised, { axis: -1, keepdims: true });
  return np.divide(cast(raised, dtype), cast(total, dtype));
}

/** Attention of all patches to all, every score and weight in `dtype`. */
function selfAttention(params: Attention, x: Value, dtype: ComputeDType): Value {
  const project = ({ kernel, bias }: Attention['query']): Value =>
    np.add(np.tensordot(x, cast(kernel, dtype), { axes: 1 }), cast(bias, dtype));
  const [query, key, value] = [project(params.query), project(params.key), project(params.value)];
  const asked = np.divide(query, Math.sqrt(query.shape.at(-1) ?? 1));
  const weights = softmaxOf(np.einsum('bqhd,bkhd->bhqk', asked, key), dtype);
  const mixed = np.einsum('bhqk,bkhd->bqhd', weights, value);
  const { kernel, bias } = params.out;
  return np.add(np.tensordot(mixed, cast(kernel, dtype), { axes: 2 }), cast(bias, dtype));
}

function block(params: Block, x: Value, dtype: ComputeDType): Value {
  const attention = params.MultiHeadDotProductAttention_0;
  const { Dense_0: up, Dense_1: down } = params.MlpBlock_0;
  const taken = selfAttention(attention, norm(params.LayerNorm_0, x, dtype), dtype);
  // The norm reads the sum before it is rounded, as in the reference once it is compiled.
  const mixed = np.add(toFloat32(x), toFloat32(taken));
  const hidden = gelu(dense(up, norm(params.LayerNorm_1, mixed, dtype), dtype));
  return np.add(cast(mixed, dtype), dense(down, hidden, dtype));
}

/**
 * The tokens of images, one per patch, row by row.
 *
 * @param images - f32[batch, height, width, 3] in [−1, 1].
 * @returns dtype[batch, positions, outputs].
 * @throws `image-size`.
 * @see Zhai et al. 2023, https://arxiv.org/abs/2303.15343; Dosovitskiy et al. 2020, arXiv:2010.11929 §3.1.
 */
export function siglip(
  params: SiglipParams,
  config: SiglipConfig,
  images: Value,
  { dtype = 'float32', isCheckpointed = true }: SiglipOptions = {},
): Value {
  return atCaller(() => {
    const tokens = cast(patchTokens(params, config, toFloat32(images)), dtype);
    const run = (x: Value, own: Block): Value => block(own, x, dtype);
    const turn = isCheckpointed ? checkpoint(run) : run;
    const [encoded] = scan(
      (x: Value, own: Block) => [turn(x, own), null] as const,
      tokens,
      params.Transformer.encoderblock,
    );
    return dense(params.head, norm(params.Transformer.encoder_norm, encoded, dtype), dtype);
  });
}
