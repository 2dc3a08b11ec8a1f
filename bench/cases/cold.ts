/** First calls in a new process, with nothing cached, and the memory that a first call needs. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';
import { coldEnergy } from './energy.ts';
import { mlp } from './training.ts';

const coldMlp: Case = {
  ...mlp,
  name: 'cold: MLP step, trace, compile and run',
  group: 'cold',
  measure: 'cold',
  target: { wasm: 150, webgpu: 1000 },
};

const thousand = 1000;

const chainOfSines: Case = {
  name: 'cold: 500 sines and 500 additions in a row',
  group: 'cold',
  measure: 'cold',
  inputs: [normal([1024])],
  target: { wasm: 1000, webgpu: 1000 },
  enerjax:
    ({ np }) =>
    (x) => {
      let y = x;
      for (let i = 0; i < thousand / 2; i++) y = np.sin(y).add(0.5);
      return y;
    },
  jaxJs:
    ({ numpy }) =>
    (x) => {
      let y = x;
      for (let i = 0; i < thousand / 2; i++) y = numpy.sin(y).add(0.5);
      return y;
    },
  xla: 'lambda x: [x := jnp.sin(x) + 0.5 for _ in range(500)][-1]',
};

const chainOfProducts: Case = {
  ...chainOfSines,
  name: 'cold: 500 multiplications and 500 additions in a row',
  enerjax: () => (x) => {
    let y = x;
    for (let i = 0; i < thousand / 2; i++) y = y.mul(0.99).add(0.5);
    return y;
  },
  jaxJs: () => (x) => {
    let y = x;
    for (let i = 0; i < thousand / 2; i++) y = y.mul(0.99).add(0.5);
    return y;
  },
  xla: 'lambda x: [x := x * 0.99 + 0.5 for _ in range(500)][-1]',
};

const layers = 50;
const size = 1024;

/** Intermediate results of 4 MB each, of which two are needed at a time. */
const layerChain: Case = {
  name: `peak memory of ${layers} layers of ${size}×${size}`,
  group: 'memory',
  measure: 'memory',
  inputs: [normal([size, size]), normal([size, size], size ** -0.5)],
  target: { wasm: 32 },
  enerjax:
    ({ np }) =>
    (x, w) => {
      let y = x;
      for (let i = 0; i < layers; i++) y = np.tanh(np.matmul(y, w));
      return y;
    },
  jaxJs:
    ({ numpy }) =>
    (x, w) => {
      let y = x;
      for (let i = 1; i < layers; i++) y = numpy.tanh(numpy.matmul(y, w.ref));
      return numpy.tanh(numpy.matmul(y, w));
    },
  tfjs: (tf) => (x, w) => {
    let y = x;
    for (let i = 0; i < layers; i++) y = tf.tanh(tf.matMul(y, w));
    return y;
  },
  onnx: (graph) => (x, w) => {
    let y = x;
    for (let i = 0; i < layers; i++) y = graph.op('Tanh', [graph.op('MatMul', [y, w])]);
    return y;
  },
  xla: `lambda x, w: [x := jnp.tanh(x @ w) for _ in range(${layers})][-1]`,
};

/** Cold starts. */
export const coldCases: readonly Case[] = [coldMlp, coldEnergy, chainOfProducts, chainOfSines];

/** Memory. */
export const memoryCases: readonly Case[] = [layerChain];
