/** Fusion changes which arrays are written, never what is computed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval } from '../../core/base/aval.ts';
import { compile } from '../../core/compile/compile.ts';
import type { Plan, Target } from '../../core/compile/plan.ts';
import { createJsDevice } from '../../core/host/js/device.ts';
import { walk } from '../../core/ir/expr.ts';
import type { Program } from '../../core/ir/program.ts';
import { trace } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { logSoftmax, logsumexp, softmax, softmaxCrossEntropy } from '../../nn/index.ts';
import { grad } from '../../transforms/index.ts';

type Body = (...xs: Value[]) => Value | Value[];

const norm = (x: Value): Value => {
  const centred = np.subtract(x, np.mean(x, { axis: -1, keepdims: true }));
  const variance = np.mean(np.square(centred), { axis: -1, keepdims: true });
  return np.divide(centred, np.sqrt(np.add(variance, 1e-6)));
};
const rootNorm = (x: Value): Value =>
  np.divide(x, np.sqrt(np.add(np.mean(np.square(x), { axis: -1, keepdims: true }), 1e-6)));
const gradientOf = (f: (x: Value) => Value) => grad((x: Value) => np.sum(f(x)));

interface Case {
  readonly body: Body;
  readonly shapes: readonly (readonly number[])[];
  /** Kernels on a device that can run rows, at most. */
  readonly kernels: number;
}

const cases: Record<string, Case> = {
  'a chain of element-wise operations': {
    body: (x) => np.tanh(np.add(np.multiply(x, 2), 1)),
    shapes: [[7, 5]],
    kernels: 1,
  },
  softmax: { body: (x) => softmax(x), shapes: [[40, 33]], kernels: 1 },
  'softmax along a middle axis': {
    body: (x) => softmax(x, { axis: 1 }),
    shapes: [[4, 33, 5]],
    kernels: 1,
  },
  'the gradient of softmax': {
    body: (x, y) => gradientOf((z) => np.multiply(softmax(z), y))(x),
    shapes: [
      [40, 33],
      [40, 33],
    ],
    kernels: 1,
  },
  'log-softmax': { body: (x) => logSoftmax(x), shapes: [[40, 33]], kernels: 1 },
  'the gradient of log-softmax': {
    body: (x, y) => gradientOf((z) => np.multiply(logSoftmax(z), y))(x),
    shapes: [
      [40, 33],
      [40, 33],
    ],
    kernels: 1,
  },
  'log-sum-exp': { body: (x) => logsumexp(x, { axis: -1 }), shapes: [[40, 33]], kernels: 1 },
  'the gradient of log-sum-exp': {
    body: (x) => gradientOf((z) => np.square(logsumexp(z, { axis: -1 })))(x),
    shapes: [[40, 33]],
    kernels: 1,
  },
  'cross-entropy': {
    body: (x, y) => softmaxCrossEntropy(x, softmax(y)),
    shapes: [
      [40, 33],
      [40, 33],
    ],
    kernels: 1,
  },
  'the gradient of cross-entropy': {
    body: (x, y) => gradientOf((z) => softmaxCrossEntropy(z, y))(x),
    shapes: [
      [40, 33],
      [40, 33],
    ],
    kernels: 1,
  },
  'layer norm': { body: norm, shapes: [[40, 33]], kernels: 1 },
  'the gradient of layer norm': {
    body: (x) => gradientOf((y) => np.multiply(norm(y), np.tanh(y)))(x),
    shapes: [[40, 33]],
    kernels: 1,
  },
  'layer norm with scale and bias': {
    body: (x, scale, bias) => np.add(np.multiply(norm(x), scale), bias),
    shapes: [[40, 33], [33], [33]],
    kernels: 1,
  },
  'RMS norm': { body: rootNorm, shapes: [[40, 33]], kernels: 1 },
  'the gradient of RMS norm': {
    body: (x, y) => gradientOf((z) => np.multiply(rootNorm(z), y))(x),
    shapes: [
      [40, 33],
      [40, 33],
    ],
    kernels: 1,
  },
  'rows of more than one axis': {
    body: (x) => np.divide(np.exp(x), np.sum(np.exp(x), { axis: [1, 2], keepdims: true })),
    shapes: [[9, 7, 5]],
    kernels: 1,
  },
  'rows of rows': {
    body: (x) => norm(softmax(np.multiply(norm(x), np.exp(x)))),
    shapes: [[3, 14, 9]],
    kernels: 1,
  },
  'linear, bias, activation': {
    body: (x, w, b) => np.tanh(np.add(np.matmul(x, w), b)),
    shapes: [[40, 33], [33, 17], [17]],
    kernels: 1,
  },
  'a product written transposed': {
    body: (x, w) => np.transpose(np.matmul(x, w)),
    shapes: [
      [40, 33],
      [33, 17],
    ],
    kernels: 1,
  },
  'a product of products': {
    body: (x, w) => np.matmul(np.matmul(x, w), np.transpose(np.matmul(x, w))),
    shapes: [
      [40, 33],
      [33, 17],
    ],
    kernels: 2,
  },
  'products of permuted, batched operands': {
    body: (q, k) => np.einsum('bshd,bthd->bhst', q, k),
    shapes: [
      [2, 9, 3, 8],
      [2, 11, 3, 8],
    ],
    kernels: 1,
  },
  'a sum of everything': { body: (x) => np.sum(np.square(x)), shapes: [[403, 331]], kernels: 2 },
  'sums along both axes': {
    body: (x) => [np.sum(x, { axis: 0 }), np.sum(x, { axis: 1 })],
    shapes: [[23, 31]],
    kernels: 2,
  },
  'pads, slices, reversals and concatenations': {
    body: (x) =>
      np.concatenate([
        np.flip(x, { axis: 1 }),
        np
          .pad(x, [
            [1, 0],
            [0, 0],
          ])
          .get(np.slice(0, 4)),
      ]),
    shapes: [[5, 3]],
    kernels: 1,
  },
  'reshapes between transposes': {
    body: (x) => np.transpose(np.reshape(np.transpose(x), [3, 10])).reshape([5, 6]),
    shapes: [[5, 6]],
    kernels: 1,
  },
  'a value that is used at two places': {
    body: (x) => {
      const y = np.exp(x);
      return np.add(y, np.flip(y, { axis: 0 }));
    },
    shapes: [[64, 3]],
    kernels: 2,
  },
  'an update of Adam': {
    body: (p, m, v, g) => {
      const m2 = np.add(np.multiply(m, 0.9), np.multiply(g, 0.1));
      const v2 = np.add(np.multiply(v, 0.99), np.multiply(np.square(g), 0.01));
      return [np.subtract(p, np.divide(m2, np.add(np.sqrt(np.abs(v2)), 1e-8))), m2, v2];
    },
    shapes: [[33], [33], [33], [33]],
    kernels: 1,
  },
  'a product that is wanted, and what follows it': {
    body: (x, y, b) => {
      const product = np.matmul(x, y);
      return [product, np.maximum(np.add(product, b), 0), np.square(product).reshape([-1])];
    },
    shapes: [[17, 33], [33, 24], [24]],
    kernels: 3,
  },
  'the gradient of a mean, which divides a number by a number': {
    body: (x) => grad((y: Value) => np.mean(np.square(y)))(x),
    shapes: [[8]],
    kernels: 1,
  },
  'an input as a result, twice': { body: (x) => [x, x], shapes: [[4]], kernels: 2 },
  'running totals and sorting': {
    body: (x) => [np.cumsum(np.square(x), { axis: 1 }), np.sort(x)],
    shapes: [[5, 7]],
    kernels: 3,
  },
  'gathers and scatters': {
    body: (x) =>
      gradientOf((y) =>
        np.square(np.take(y, np.array([0, 2, 2, 1], { dtype: 'int32' }), { axis: 0 })),
      )(x),
    shapes: [[3, 5]],
    kernels: 4,
  },
  'empty arrays': {
    body: (x) => [np.sum(x, { axis: 0 }), np.exp(x)],
    shapes: [[0, 3]],
    kernels: 1,
  },
};

const inputsOf = (shapes: Case['shapes']): Float32Array[] => {
  let seed = 7;
  const next = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed / 0x7fffffff - 0.5;
  };
  return shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next),
  );
};

function build({ body, shapes }: Case): { program: Program; captures: readonly Value[] } {
  return trace(
    (inputs) => [body(...inputs)].flat(),
    shapes.map((shape) => makeAval(shape, 'float32')),
  );
}

function runWith(
  program: Program,
  inputs: readonly Float32Array[],
  fuse: boolean,
  target: Partial<Target> = {},
): { plan: Plan; results: readonly ArrayLike<number>[] } {
  const device = createJsDevice({ fuse, precision: 'float64' });
  const plan = compile(program, { ...device.target, ...target });
  const storages = inputs.map((data) => device.upload(data, 'float32'));
  const results = device.load(plan).run(storages, new Set());
  return { plan, results: results.map((storage) => storage.readSync()) };
}

/** What a GPU allows, so that its decisions are tested as well. */
const gpuLike: Partial<Target> = {
  device: 'webgpu',
  hasSerialRows: true,
  hasFastThreads: false,
  minRows: 128,
  splitProducts: { outputs: 1 << 20, terms: 1 },
  maxBuffers: 4,
  concurrency: 128,
  alignment: 256,
};

/** What a GPU allows whose products are not split. */
const largeGpu: Partial<Target> = { ...gpuLike, splitProducts: null, maxBuffers: 8 };

for (const [name, example] of Object.entries(cases)) {
  test(`fused and unfused agree on ${name}`, async () => {
    const { program, captures } = build(example);
    const inputs = [
      ...inputsOf(example.shapes),
      ...(await Promise.all(captures.map((c) => c.data()))),
    ] as Float32Array[];
    const expected = runWith(program, inputs, false).results;
    for (const target of [{}, { concurrency: 4 }, gpuLike, largeGpu]) {
      const { plan, results } = runWith(program, inputs, true, target);
      results.forEach((result, i) => {
        const wanted = Array.from(expected[i] ?? []);
        assert.is(result.length, wanted.length);
        wanted.forEach((value, j) => {
          const error = Math.abs((result[j] ?? Number.NaN) - value);
          assert.ok(
            error <= 1e-12 * (1 + Math.abs(value)),
            `${name}: output ${i}[${j}] is ${result[j]}, not ${value}`,
          );
        });
      });
      const most = Math.max(0, ...plan.steps.map((step) => step.kernel.buffers.length));
      if (target === gpuLike) assert.ok(most <= 4, `${name}: a kernel touches ${most} buffers`);
    }
  });

  test(`${name}: at most ${example.kernels} kernels`, () => {
    const { program } = build(example);
    const plan = compile(program, { ...createJsDevice({ fuse: true }).target, concurrency: 32 });
    const names = plan.steps.map((step) => step.kernel.name).join(', ');
    assert.ok(plan.steps.length <= example.kernels, `${plan.steps.length} kernels: ${names}`);
  });
}

test('what a long reduction needs of another one is computed once', () => {
  const size = 1 << 20;
  const examples: Record<string, (x: Value) => Value> = {
    variance: (x) => np.var(x),
    argmax: (x) => np.argmax(x),
    'log-sum-exp': (x) => logsumexp(x),
    softmax: (x) => softmax(x),
  };
  const { target } = createJsDevice({ fuse: true });
  for (const [name, body] of Object.entries(examples)) {
    const { program } = build({ body, shapes: [[size]], kernels: 0 });
    const { steps } = compile(program, { ...target, concurrency: 256 });
    // Elements that all kernels together go through.
    let turns = 0;
    for (const { kernel } of steps) {
      if (kernel.kind !== 'loop') continue;
      const iterations = kernel.parallel.reduce((count, axis) => count * axis.extent, 1);
      for (const node of walk(kernel.stores.map((store) => store.value))) {
        if (node.kind === 'reduce') turns += iterations * node.axis.extent;
      }
    }
    assert.ok(turns < 2.5 * size, `${name}: ${turns} turns for ${size} elements`);
  }
});

test('on a GPU element-wise work joins the product that it follows, but sums of it do not', () => {
  const stepsOf = (body: Body): readonly string[] => {
    const shapes = [[64, 33], [33, 24], [24]];
    const { program } = build({ body, shapes, kernels: 0 });
    const plan = compile(program, { ...createJsDevice({ fuse: true }).target, ...largeGpu });
    return plan.steps.map(({ kernel }) => kernel.kind);
  };
  const activation: Body = (x, y, b) => {
    const product = np.matmul(x, y);
    return [product, np.maximum(np.add(product, b), 0)];
  };
  assert.equal(stepsOf(activation), ['matmul']);
  const sums: Body = (x, y) => {
    const product = np.matmul(x, y);
    return [product, np.sum(product, { axis: 0 })];
  };
  assert.equal(stepsOf(sums), ['matmul', 'loop']);
});

test('dear element-wise kernels are left apart on a GPU, where they are alike', () => {
  const body: Body = (x) => {
    let y = x;
    for (let i = 0; i < 100; i++) y = np.add(np.sin(y), 0.5);
    return y;
  };
  const { program } = build({ body, shapes: [[64]], kernels: 0 });
  const plan = compile(program, { ...createJsDevice({ fuse: true }).target, ...largeGpu });
  assert.ok(plan.steps.length >= 4, `${plan.steps.length} kernels`);
});

test.run();
