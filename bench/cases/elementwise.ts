/** Element-wise chains. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';

const million = 2 ** 20;

/** Some libraries add millions of numbers one after the other, and lose digits. */
const looseSum = 1e-2;

/** Ten operations on each element, of which a library without fusion makes ten passes. */
const chain: Case = {
  name: 'ten operations in a row, 4M',
  group: 'elementwise',
  inputs: [normal([4 * million])],
  bytes: 8 * 4 * million,
  enerjax:
    ({ np }) =>
    (x) => {
      let y = x;
      for (let i = 0; i < 5; i++) y = np.maximum(y.mul(1.01).add(0.1), -1);
      return y;
    },
  jaxJs:
    ({ numpy }) =>
    (x) => {
      let y = x;
      for (let i = 0; i < 5; i++) y = numpy.maximum(y.mul(1.01).add(0.1), -1);
      return y;
    },
  tfjs: (tf) => (x) => {
    let y = x;
    for (let i = 0; i < 5; i++) y = tf.maximum(tf.add(tf.mul(y, 1.01), 0.1), -1);
    return y;
  },
  onnx: (graph) => (x) => {
    const [factor, term, least] = [graph.number(1.01), graph.number(0.1), graph.number(-1)];
    let y = x;
    for (let i = 0; i < 5; i++) {
      y = graph.op('Max', [graph.op('Add', [graph.op('Mul', [y, factor]), term]), least]);
    }
    return y;
  },
  xla: 'lambda x: [x := jnp.maximum(x * 1.01 + 0.1, -1) for _ in range(5)][-1]',
};

/** Element-wise chains. */
export const elementwiseCases: readonly Case[] = [
  {
    name: '2x+1, 4M',
    group: 'elementwise',
    inputs: [normal([4 * million])],
    bytes: 8 * 4 * million,
    enerjax: () => (x) => x.mul(2).add(1),
    jaxJs: () => (x) => x.mul(2).add(1),
    tfjs: (tf) => (x) => tf.add(tf.mul(x, 2), 1),
    onnx: (graph) => (x) =>
      graph.op('Add', [graph.op('Mul', [x, graph.number(2)]), graph.number(1)]),
    xla: 'lambda x: x * 2 + 1',
  },
  {
    name: 'x·y+z, 4M',
    group: 'elementwise',
    inputs: [normal([4 * million]), normal([4 * million]), normal([4 * million])],
    bytes: 16 * 4 * million,
    enerjax: () => (x, y, z) => x.mul(y).add(z),
    jaxJs: () => (x, y, z) => x.mul(y).add(z),
    tfjs: (tf) => (x, y, z) => tf.add(tf.mul(x, y), z),
    onnx: (graph) => (x, y, z) => graph.op('Add', [graph.op('Mul', [x, y]), z]),
    xla: 'lambda x, y, z: x * y + z',
  },
  {
    name: 'sum(tanh(2x+1)), 4M',
    tolerance: looseSum,
    group: 'elementwise',
    inputs: [normal([4 * million])],
    bytes: 4 * 4 * million,
    enerjax:
      ({ np }) =>
      (x) =>
        np.sum(np.tanh(x.mul(2).add(1))),
    jaxJs:
      ({ numpy }) =>
      (x) =>
        numpy.tanh(x.mul(2).add(1)).sum(),
    tfjs: (tf) => (x) => tf.sum(tf.tanh(tf.add(tf.mul(x, 2), 1))),
    onnx: (graph) => (x) => {
      const inner = graph.op('Add', [graph.op('Mul', [x, graph.number(2)]), graph.number(1)]);
      return graph.op('ReduceSum', [graph.op('Tanh', [inner])], { keepdims: 0 });
    },
    xla: 'lambda x: jnp.sum(jnp.tanh(x * 2 + 1))',
  },
  {
    name: 'exp, 4M',
    group: 'elementwise',
    inputs: [normal([4 * million])],
    bytes: 8 * 4 * million,
    enerjax:
      ({ np }) =>
      (x) =>
        np.exp(x),
    jaxJs:
      ({ numpy }) =>
      (x) =>
        numpy.exp(x),
    tfjs: (tf) => (x) => tf.exp(x),
    onnx: (graph) => (x) => graph.op('Exp', [x]),
    xla: 'jnp.exp',
  },
  {
    name: 'sin, 4M',
    group: 'elementwise',
    inputs: [normal([4 * million], 10)],
    bytes: 8 * 4 * million,
    enerjax:
      ({ np }) =>
      (x) =>
        np.sin(x),
    jaxJs:
      ({ numpy }) =>
      (x) =>
        numpy.sin(x),
    tfjs: (tf) => (x) => tf.sin(x),
    onnx: (graph) => (x) => graph.op('Sin', [x]),
    xla: 'jnp.sin',
  },
  {
    name: 'gelu, 4M',
    group: 'elementwise',
    inputs: [normal([4 * million])],
    bytes: 8 * 4 * million,
    enerjax:
      ({ nn }) =>
      (x) =>
        nn.gelu(x),
    jaxJs:
      ({ nn }) =>
      (x) =>
        nn.gelu(x),
    onnx: (graph) => (x) => graph.op('Gelu', [x], { approximate: 'tanh' }),
    xla: 'lambda x: nn.gelu(x, approximate=True)',
  },
  chain,
  {
    name: 'transpose [2048, 2048]',
    group: 'elementwise',
    inputs: [normal([2048, 2048])],
    bytes: 8 * 2048 * 2048,
    enerjax:
      ({ np }) =>
      (x) =>
        np.transpose(x).add(0.5),
    jaxJs: () => (x) => x.transpose().add(0.5),
    tfjs: (tf) => (x) => tf.add(tf.transpose(x), 0.5),
    onnx: (graph) => (x) =>
      graph.op('Add', [graph.op('Transpose', [x], { perm: [1, 0] }), graph.number(0.5)]),
    xla: 'lambda x: x.T + 0.5',
  },
];
