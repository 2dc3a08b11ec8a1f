/** Rows looked up in a table, and added to it. */
import type { Case } from '../case.ts';
import type { EnerjaxArray } from '../contestants/enerjax-types.ts';
import { index, normal } from '../inputs.ts';

const rows = 32768;
const width = 512;
const count = 8192;

const gather: Case = {
  name: `gather ${count} rows of [${rows}, ${width}]`,
  group: 'gather',
  inputs: [normal([rows, width]), index([count], rows)],
  bytes: 8 * count * width,
  enerjax:
    ({ np }) =>
    (table, ids) =>
      np.take(table, ids, { axis: 0 }),
  jaxJs:
    ({ numpy }) =>
    (table, ids) =>
      numpy.take(table, ids, 0),
  tfjs: (tf) => (table, ids) => tf.gather(table, ids),
  onnx: (graph) => (table, ids) => graph.op('Gather', [table, ids]),
  xla: 'lambda table, ids: jnp.take(table, ids, axis=0)',
};

const embeddingGradient: Case = {
  name: `embedding gradient, ${count} into [${rows}, ${width}]`,
  group: 'gather',
  inputs: [normal([rows, width]), index([count], rows), normal([count, width])],
  bytes: 4 * width * (rows + 2 * count),
  enerjax: ({ np, grad }) =>
    grad((table: EnerjaxArray, ids: EnerjaxArray, ct: EnerjaxArray) =>
      np.sum(np.take(table, ids, { axis: 0 }).mul(ct)),
    ),
  jaxJs: ({ numpy, grad }) =>
    grad((table, ids, ct) => numpy.take(table, ids, 0).mul(ct).sum(), { argnums: [0] }),
  tfjs: (tf) => (_table, ids, ct) => tf.unsortedSegmentSum(ct, ids, rows),
  xla: 'jax.grad(lambda table, ids, ct: jnp.sum(jnp.take(table, ids, axis=0) * ct))',
};

const scatterAdd: Case = {
  name: 'scatter-add 1M into 64K',
  group: 'gather',
  inputs: [normal([65536]), index([2 ** 20], 65536), normal([2 ** 20])],
  bytes: 8 * 2 ** 20 + 8 * 65536,
  enerjax: () => (x, ids, updates) => x.at(ids).add(updates),
  tfjs: (tf) => (x, ids, updates) => tf.add(x, tf.unsortedSegmentSum(updates, ids, 65536)),
  onnx: (graph) => (x, ids, updates) =>
    graph.op('ScatterElements', [x, ids, updates], { axis: 0, reduction: 'add' }),
  xla: 'lambda x, ids, updates: x.at[ids].add(updates)',
};

/** Gathers and scatters. */
export const gatherCases: readonly Case[] = [gather, embeddingGradient, scatterAdd];
