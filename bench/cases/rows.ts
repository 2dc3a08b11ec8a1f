/** Softmax and normalisations of rows, with their gradients. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';
import { type Everywhere, forward, gradient } from './functions.ts';

const epsilon = 1e-6;

const softmax = (rows: number, width: number): Everywhere => ({
  name: `softmax [${rows}, ${width}]`,
  group: 'rows',
  inputs: [normal([rows, width])],
  result: [rows, width],
  differentiated: 1,
  bytes: 8 * rows * width,
  enerjax:
    ({ nn }) =>
    (x) =>
      nn.softmax(x),
  jaxJs:
    ({ nn }) =>
    (x) =>
      nn.softmax(x, -1),
  tfjs: (tf) => (x) => tf.softmax(x),
  onnx: (graph) => (x) => graph.op('Softmax', [x]),
  xla: 'nn.softmax',
});

const layerNorm: Everywhere = {
  name: 'layer norm [1024, 512]',
  group: 'rows',
  inputs: [normal([1024, 512]), normal([512]), normal([512])],
  result: [1024, 512],
  differentiated: 3,
  bytes: 8 * 1024 * 512,
  enerjax:
    ({ nn }) =>
    (x, scale, bias) =>
      nn.layerNorm({ scale, bias }, x, { epsilon }),
  jaxJs:
    ({ numpy }) =>
    (x, scale, bias) => {
      const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
      const variance = numpy.square(centred.ref).mean(-1, { keepdims: true });
      return centred
        .div(numpy.sqrt(variance.add(epsilon)))
        .mul(scale)
        .add(bias);
    },
  tfjs: (tf) => (x, scale, bias) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, epsilon))), scale), bias);
  },
  onnx: (graph) => (x, scale, bias) =>
    graph.op('LayerNormalization', [x, scale, bias], { axis: -1, epsilon }),
  xla: 'layer_norm',
};

const rmsNorm: Everywhere = {
  name: 'RMS norm [1024, 512]',
  group: 'rows',
  inputs: [normal([1024, 512]), normal([512])],
  result: [1024, 512],
  differentiated: 2,
  bytes: 8 * 1024 * 512,
  enerjax:
    ({ np }) =>
    (x, scale) => {
      const square = np.mean(np.square(x), { axis: -1, keepdims: true });
      return x.div(np.sqrt(square.add(epsilon))).mul(scale);
    },
  jaxJs:
    ({ numpy }) =>
    (x, scale) => {
      const square = numpy.square(x.ref).mean(-1, { keepdims: true });
      return x.div(numpy.sqrt(square.add(epsilon))).mul(scale);
    },
  tfjs: (tf) => (x, scale) => {
    const square = tf.mean(tf.square(x), -1, true);
    return tf.mul(tf.div(x, tf.sqrt(tf.add(square, epsilon))), scale);
  },
  onnx: (graph) => (x, scale) => {
    const squares = graph.op('Mul', [x, x]);
    const mean = graph.op('ReduceMean', [squares, graph.integers([-1])]);
    const root = graph.op('Sqrt', [graph.op('Add', [mean, graph.number(epsilon)])]);
    return graph.op('Mul', [graph.op('Div', [x, root]), scale]);
  },
  xla: 'rms_norm',
};

/** Row-wise functions. */
export const rowCases: readonly Case[] = [
  softmax(1024, 1024),
  softmax(16, 65536),
  layerNorm,
  rmsNorm,
].flatMap((f) => [forward(f), gradient(f)]);
