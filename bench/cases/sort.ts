/** Sorting and running sums. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';

const million = 2 ** 20;

const sort = (name: string, size: number): Case => ({
  name: `sort ${name}`,
  group: 'sort',
  inputs: [normal([size])],
  bytes: 8 * size,
  tolerance: 1e-6,
  enerjax:
    ({ np }) =>
    (x) =>
      np.sort(x),
  jaxJs:
    ({ numpy }) =>
    (x) =>
      numpy.sort(x),
  onnx: (graph) => (x) =>
    graph.op('TopK', [x, graph.integers([size])], { axis: 0, largest: 0, sorted: 1 }, 2),
  xla: 'jnp.sort',
});

const cumsum = (name: string, shape: readonly number[], axis: number): Case => ({
  name: `cumsum ${name}`,
  group: 'sort',
  inputs: [normal(shape)],
  bytes: 8 * shape.reduce((a, b) => a * b, 1),
  enerjax:
    ({ np }) =>
    (x) =>
      np.cumsum(x, { axis }),
  jaxJs:
    ({ numpy }) =>
    (x) =>
      numpy.cumsum(x, axis),
  tfjs: (tf) => (x) => tf.cumsum(x, axis),
  onnx: (graph) => (x) => graph.op('CumSum', [x, graph.op('Squeeze', [graph.integers([axis])])]),
  xla: `lambda x: jnp.cumsum(x, axis=${axis})`,
});

/** Sorting and running sums. */
export const sortCases: readonly Case[] = [
  sort('64K', 65536),
  sort('1M', million),
  cumsum('1M', [million], 0),
  cumsum('rows [1024, 1024]', [1024, 1024], 1),
  cumsum('columns [1024, 1024]', [1024, 1024], 0),
];
