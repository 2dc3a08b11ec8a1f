/** What is timed: each case makes its arrays once and returns a function that runs and waits. */
import { grad, jit, nn, np, random, valueAndGrad } from '../index.ts';
import {
  energyConfig,
  energySpec,
  infoNce,
  multiStepEnergyCorrection,
} from '../models/energy/index.ts';

/** A benchmark. */
export interface Case {
  readonly name: string;
  /** Floating-point operations of one run, for a rate. */
  readonly flops?: number;
  /** Bytes read and written by one run if nothing is touched twice. */
  readonly bytes?: number;
  readonly setup: () => () => Promise<void>;
}

const normal = (seed: number, shape: readonly number[]): np.Array =>
  random.normal(random.key(seed), shape);

/** Runs `f` and waits until its first result is there, without copying it all to the host. */
const waiting = (f: () => np.Array): (() => Promise<void>) => {
  const probe = jit((x: np.Array) => x.ravel().get(np.slice(0, 1)));
  return async () => {
    const result = f();
    const first = probe(result);
    await first.data();
    result.dispose();
    first.dispose();
  };
};

function matmul(m: number, k: number, n: number): Case {
  return {
    name: `matmul ${m}×${k}×${n}`,
    flops: 2 * m * k * n,
    setup: () => {
      const [a, b] = [normal(1, [m, k]), normal(2, [k, n])];
      const f = jit((x: np.Array, y: np.Array) => np.matmul(x, y));
      return waiting(() => f(a, b));
    },
  };
}

/** A case of one function of one array. */
function unary(name: string, shape: readonly number[], f: (x: np.Array) => np.Array): Case {
  const bytes = 8 * shape.reduce((a, b) => a * b, 1);
  return {
    name,
    bytes,
    setup: () => {
      const x = normal(3, shape);
      const g = jit(f);
      return waiting(() => g(x));
    },
  };
}

const layerNorm = (x: np.Array): np.Array => {
  const centred = x.sub(np.mean(x, { axis: -1, keepdims: true }));
  return centred.div(np.sqrt(np.mean(np.square(centred), { axis: -1, keepdims: true }).add(1e-6)));
};

const attention = (q: np.Array, k: np.Array, v: np.Array): np.Array => {
  const scores = np.einsum('bhqd,bhkd->bhqk', q, k).mul(1 / 8);
  return np.einsum('bhqk,bhkd->bhqd', nn.softmax(scores), v);
};

const attentionCase = (withGradient: boolean): Case => ({
  name: `attention B4 H8 S256 D64${withGradient ? ', gradient' : ''}`,
  flops: (withGradient ? 3 : 1) * 4 * 4 * 8 * 256 * 256 * 64,
  setup: () => {
    const [q, k, v] = [4, 5, 6].map((seed) => normal(seed, [4, 8, 256, 64]));
    if (!q || !k || !v) throw new Error('three operands');
    const sum = (a: np.Array, b: np.Array, c: np.Array) => np.sum(attention(a, b, c));
    const f = jit(withGradient ? grad(sum) : attention);
    return waiting(() => f(q, k, v));
  },
});

const mlp: Case = {
  name: 'MLP 2048→512→512, batch 256, value and gradient',
  flops: 3 * 2 * 256 * (2048 * 512 + 512 * 512) - 2 * 256 * 2048 * 512,
  setup: () => {
    const params = {
      w1: normal(1, [2048, 512]),
      b1: normal(2, [512]),
      w2: normal(3, [512, 512]),
      b2: normal(4, [512]),
    };
    const [x, y] = [normal(5, [256, 2048]), normal(6, [256, 512])];
    const loss = (p: typeof params) => {
      const hidden = np.maximum(np.matmul(x, p.w1).add(p.b1), 0);
      return np.mean(np.square(np.matmul(hidden, p.w2).add(p.b2).sub(y)));
    };
    const f = jit(valueAndGrad(loss));
    return waiting(() => f(params)[1].w1);
  },
};

const energyStep = (batch: number, tokens: number): Case => ({
  name: `energy model InfoNCE step, B ${batch} S ${tokens} D 512`,
  setup: () => {
    const config = energyConfig({ contextDim: 512, hidden: 256, dropoutRate: 0 });
    const params = nn.initParams(energySpec(config), random.key(0));
    const [h, a] = [normal(1, [batch, tokens, 512]), normal(2, [batch, 10, 7])];
    const f = jit(valueAndGrad((p: typeof params) => infoNce(p, config, h, a).loss));
    return waiting(() => f(params)[0]);
  },
});

const correction: Case = {
  name: 'three correction steps, B 1 S 968 D 2048 H 10',
  setup: () => {
    const config = energyConfig({ dropoutRate: 0 });
    const params = nn.initParams(energySpec(config), random.key(0));
    const [h, a] = [normal(1, [1, 968, 2048]), normal(2, [1, 10, 7])];
    const f = jit((p: typeof params) => multiStepEnergyCorrection(p, h, a, { numSteps: 3 }));
    return waiting(() => f(params));
  },
};

const tiny: Case = {
  name: 'tiny jitted call and await',
  setup: () => {
    const f = jit((x: np.Array) => x.add(1));
    const x = np.ones([4]);
    return async () => {
      const y = f(x);
      await y.data();
      y.dispose();
    };
  },
};

/** Cases by how much there is to compute; software GPUs run the first group only. */
export const cases: readonly Case[] = [
  tiny,
  matmul(256, 256, 256),
  matmul(512, 512, 512),
  matmul(509, 509, 509),
  matmul(1024, 1024, 1024),
  unary('sum(tanh(2x+1)), 4M', [4 * 2 ** 20], (x) => np.sum(np.tanh(x.mul(2).add(1)))),
  unary('softmax [1024, 1024]', [1024, 1024], (x) => nn.softmax(x)),
  unary('layer norm [1024, 512]', [1024, 512], layerNorm),
  unary('sum over rows [2048, 2048]', [2048, 2048], (x) => np.sum(x, { axis: 0 })),
  unary('transpose [2048, 2048]', [2048, 2048], (x) => np.transpose(x)),
  unary('cumulative sum, 1M', [2 ** 20], (x) => np.cumsum(x)),
  unary('sort, 64K', [65536], (x) => np.sort(x)),
  mlp,
  attentionCase(false),
  attentionCase(true),
  energyStep(8, 64),
  correction,
];
