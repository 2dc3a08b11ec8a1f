/** Convolutions. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';
import { type Everywhere, forward, gradient } from './functions.ts';

/** A 3×3 convolution that keeps the size of its image; channels come second. */
function convolution(batch: number, channels: number, size: number): Everywhere {
  const image = [batch, channels, size, size];
  return {
    name: `convolution 3×3 B${batch} C${channels} ${size}×${size}`,
    group: 'convolution',
    inputs: [normal(image), normal([channels, channels, 3, 3])],
    result: image,
    differentiated: 2,
    flops: 2 * 9 * batch * channels ** 2 * size ** 2,
    enerjax:
      ({ lax }) =>
      (x, kernel) =>
        lax.convGeneralDilated(x, kernel, { windowStrides: [1, 1], padding: 'SAME' }),
    jaxJs:
      ({ lax }) =>
      (x, kernel) =>
        lax.conv(x, kernel, [1, 1], 'SAME'),
    onnx: (graph) => (x, kernel) =>
      graph.op('Conv', [x, kernel], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
    xla: "lambda x, kernel: lax.conv(x, kernel, (1, 1), 'SAME')",
  };
}

/** TensorFlow.js wants channels last, so it is given such an image and shows its result turned back. */
const channelsLast: Pick<Case, 'tfjs'> = {
  tfjs: (tf) => ({
    setup: (x, kernel) => [tf.transpose(x, [0, 2, 3, 1]), tf.transpose(kernel, [2, 3, 1, 0])],
    f: (x, kernel) => tf.conv2d(x, kernel, 1, 'same'),
    show: (result) => tf.transpose(result, [0, 3, 1, 2]),
  }),
};

/** Convolutions. */
export const convolutionCases: readonly Case[] = [
  convolution(8, 64, 56),
  convolution(8, 256, 14),
].flatMap((f) => [{ ...forward(f), ...channelsLast }, gradient(f)]);
