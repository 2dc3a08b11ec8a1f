/** Random numbers, an optimizer's step, and a step of a small network. */
import type { Case } from '../case.ts';
import type { EnerjaxArray } from '../contestants/enerjax-types.ts';
import type { JaxArray } from '../contestants/jax-js-types.ts';
import { index, normal, unit } from '../inputs.ts';

const million = 2 ** 20;
const rate = 1e-3;
const [b1, b2, epsilon] = [0.9, 0.999, 1e-8];

const randomNormal: Case = {
  name: 'threefry normal 4M',
  group: 'training',
  inputs: [index([1], 1000)],
  bytes: 4 * 4 * million,
  enerjax:
    ({ np, random }) =>
    (seed) =>
      random.normal(random.key(np.reshape(seed, [])), [4 * million]),
  xla: 'lambda seed: random.normal(random.key(seed[0]), (4 * 2**20,))',
};

const adam: Case = {
  name: 'Adam step, 4M parameters',
  group: 'training',
  inputs: [
    normal([4 * million]),
    normal([4 * million]),
    normal([4 * million], 0.1),
    unit([4 * million]),
  ],
  bytes: 7 * 4 * 4 * million,
  enerjax:
    ({ np }) =>
    (p, g, m, v) => {
      const first = m.mul(b1).add(g.mul(1 - b1));
      const second = v.mul(b2).add(np.square(g).mul(1 - b2));
      const step = first.div(np.sqrt(second).add(epsilon));
      return [p.sub(step.mul(rate)), first, second];
    },
  jaxJs:
    ({ numpy }) =>
    (p, g, m, v) => {
      const first = m.mul(b1).add(g.ref.mul(1 - b1));
      const second = v.mul(b2).add(numpy.square(g).mul(1 - b2));
      const step = first.ref.div(numpy.sqrt(second.ref).add(epsilon));
      return [p.sub(step.mul(rate)), first, second];
    },
  tfjs: (tf) => (p, g, m, v) => {
    const first = tf.add(tf.mul(m, b1), tf.mul(g, 1 - b1));
    const second = tf.add(tf.mul(v, b2), tf.mul(tf.square(g), 1 - b2));
    const step = tf.div(first, tf.add(tf.sqrt(second), epsilon));
    return [tf.sub(p, tf.mul(step, rate)), first, second];
  },
  xla: 'adam_step',
};

/** MLP 2048→512→512 on 256 rows: the loss and its gradient in all parameters. */
export const mlp: Case = {
  name: 'MLP 2048→512→512, batch 256, value and gradient',
  group: 'training',
  inputs: [
    normal([2048, 512], 2048 ** -0.5),
    normal([512]),
    normal([512, 512], 512 ** -0.5),
    normal([512]),
    normal([256, 2048]),
    normal([256, 512]),
  ],
  flops: 3 * 2 * 256 * (2048 * 512 + 512 * 512) - 2 * 256 * 2048 * 512,
  enerjax: ({ np, valueAndGrad }) => {
    const step = valueAndGrad(
      (
        w1: EnerjaxArray,
        b1: EnerjaxArray,
        w2: EnerjaxArray,
        b2: EnerjaxArray,
        x: EnerjaxArray,
        y: EnerjaxArray,
      ) => {
        const hidden = np.maximum(np.matmul(x, w1).add(b1), 0);
        return np.mean(np.square(np.matmul(hidden, w2).add(b2).sub(y)));
      },
      { argnums: [0, 1, 2, 3] },
    );
    return (w1, b1, w2, b2, x, y) => {
      const [loss, gradients] = step(w1, b1, w2, b2, x, y);
      return [loss, ...gradients];
    };
  },
  jaxJs: ({ numpy, valueAndGrad }) => {
    const step = valueAndGrad<readonly JaxArray[]>(
      (w1, b1, w2, b2, x, y) => {
        const hidden = numpy.maximum(numpy.matmul(x, w1).add(b1), 0);
        return numpy.square(numpy.matmul(hidden, w2).add(b2).sub(y)).mean();
      },
      { argnums: [0, 1, 2, 3] },
    );
    return (...xs) => {
      const [loss, gradients] = step(...xs);
      return [loss, ...gradients];
    };
  },
  tfjs: (tf) => {
    const step = tf.valueAndGrads((w1, b1, w2, b2, x, y) => {
      const hidden = tf.maximum(tf.add(tf.matMul(x, w1), b1), 0);
      return tf.mean(tf.square(tf.sub(tf.add(tf.matMul(hidden, w2), b2), y)));
    });
    return (...xs) => {
      const { value, grads } = step(xs);
      return [value, ...grads.slice(0, 4)];
    };
  },
  xla: 'mlp_step',
};

/** Parts of training. */
export const trainingCases: readonly Case[] = [randomNormal, adam, mlp];
