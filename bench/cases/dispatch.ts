/** What a call costs when there is next to nothing to compute. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';

const tiny: Case = {
  name: 'tiny call and read',
  group: 'dispatch',
  inputs: [normal([8])],
  reads: true,
  enerjax: () => (x) => x.mul(0.5).add(1),
  jaxJs: () => (x) => x.mul(0.5).add(1),
  tfjs: (tf) => (x) => tf.add(tf.mul(x, 0.5), 1),
  onnx: (graph) => (x) =>
    graph.op('Add', [graph.op('Mul', [x, graph.number(0.5)]), graph.number(1)]),
  xla: 'lambda x: x * 0.5 + 1',
};

/** Dispatch overhead. */
export const dispatchCases: readonly Case[] = [
  tiny,
  {
    ...tiny,
    name: '1,000 tiny calls, queued',
    reads: false,
    calls: { kind: 'queued', count: 1000 },
  },
  {
    ...tiny,
    name: '10,000 tiny calls, chained',
    reads: false,
    calls: { kind: 'chained', count: 10_000 },
  },
];
