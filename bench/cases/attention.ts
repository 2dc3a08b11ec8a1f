/** Attention, forward and backward. */
import type { Case } from '../case.ts';
import { mask, normal } from '../inputs.ts';
import { type Everywhere, forward, gradient } from './functions.ts';

const hidden = -1e30;
const width = 64;
const heads = 8;
const scale = 1 / 8;

/** Eight heads of width 64 over S positions. */
function attention(batch: number, length: number, masked: boolean): Everywhere {
  const shape = [batch, heads, length, width];
  return {
    name: `attention B${batch} H${heads} S${length} D${width}${masked ? ', masked' : ''}`,
    group: 'attention',
    inputs: [
      normal(shape),
      normal(shape),
      normal(shape),
      ...(masked ? [mask([batch, 1, length, length])] : []),
    ],
    result: shape,
    differentiated: 3,
    flops: 4 * batch * heads * length ** 2 * width,
    enerjax:
      ({ np, nn }) =>
      (q, k, v, allowed) => {
        const scores = np.einsum('bhqd,bhkd->bhqk', q, k).mul(scale);
        const seen = masked ? np.where(np.greater(allowed, 0), scores, hidden) : scores;
        return np.einsum('bhqk,bhkd->bhqd', nn.softmax(seen), v);
      },
    jaxJs:
      ({ numpy, nn }) =>
      (q, k, v, allowed) => {
        const scores = numpy.matmul(q, k.transpose([0, 1, 3, 2])).mul(scale);
        const seen = masked ? numpy.where(allowed.greater(0), scores, hidden) : scores;
        return numpy.matmul(nn.softmax(seen, -1), v);
      },
    tfjs: (tf) => (q, k, v, allowed) => {
      const scores = tf.mul(tf.matMul(q, k, false, true), scale);
      // Its gradient knows no mask as an operand of `where`; adding large numbers does the same.
      const seen = masked ? tf.add(scores, tf.mul(tf.sub(1, allowed), hidden)) : scores;
      return tf.matMul(tf.softmax(seen), v);
    },
    onnx: (graph) => (q, k, v, allowed) => {
      const turned = graph.op('Transpose', [k], { perm: [0, 1, 3, 2] });
      const scores = graph.op('Mul', [graph.op('MatMul', [q, turned]), graph.number(scale)]);
      const isAllowed = masked ? graph.op('Greater', [allowed, graph.number(0)]) : '';
      const seen = masked ? graph.op('Where', [isAllowed, scores, graph.number(hidden)]) : scores;
      return graph.op('MatMul', [graph.op('Softmax', [seen]), v]);
    },
    xla: 'attention',
  };
}

/** Attention. */
export const attentionCases: readonly Case[] = [
  attention(4, 64, false),
  attention(4, 256, false),
  attention(1, 1024, false),
  attention(4, 256, true),
].flatMap((f) => [forward(f), gradient(f)]);
