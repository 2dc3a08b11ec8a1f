import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as tree from '../../core/tree.ts';
import { optim } from '../../nn/index.ts';
import { jit } from '../../transforms/jit.ts';
import { type Arrays, distance, golden, leavesOf, toArrays } from './golden.ts';

const isKernel = (path: string): boolean => path === 'kernel';
const warmup = optim.warmupCosineDecay({
  peakValue: 0.1,
  warmupSteps: 2,
  decaySteps: 5,
  endValue: 0.01,
});

/** State types differ; what these tests do with it is the same for all. */
const erased = <State>(o: optim.GradientTransformation<State>): optim.GradientTransformation =>
  o as unknown as optim.GradientTransformation;

const optimizers: Record<string, optim.GradientTransformation> = {
  sgd: erased(optim.sgd(0.1)),
  momentum: erased(optim.sgd(0.1, { momentum: 0.9 })),
  nesterov: erased(optim.sgd(0.1, { momentum: 0.9, nesterov: true })),
  adam: erased(optim.adam(0.05)),
  adamOptions: erased(optim.adam(0.05, { b1: 0.8, b2: 0.95, eps: 1e-3, epsRoot: 1e-4 })),
  adamw: erased(optim.adamw(0.05, { weightDecay: 0.1 })),
  adamwMasked: erased(optim.adamw(0.05, { weightDecay: 0.1, decayMask: isKernel })),
  adamSchedule: erased(optim.adam(warmup)),
  clipped: erased(optim.chain(optim.clipByGlobalNorm(1), optim.clip(0.2), optim.sgd(1))),
  ema: erased(optim.chain(optim.ema(0.9), optim.scale(-1))),
  emaBiased: erased(optim.chain(optim.ema(0.9, { debias: false }), optim.scale(-1))),
  masked: erased(optim.chain(optim.masked(optim.scaleByAdam(), isKernel), optim.scale(-0.1))),
  multi: erased(
    optim.multiTransform({ a: optim.adam(0.1), b: optim.setToZero() }, (path) =>
      path === 'nested/bias' ? 'b' : 'a',
    ),
  ),
};

async function numbersOf(values: unknown): Promise<number[]> {
  const lists = await Promise.all(
    tree
      .leaves(tree.map((leaf) => leaf, values))
      .map(async (leaf) => [...(await (leaf as Value).data())]),
  );
  return lists.flat();
}

/** The parameters after all recorded gradients. */
function run(optimizer: optim.GradientTransformation, compile: boolean): Arrays {
  const step = (params: Arrays, state: optim.ArrayTree, gradients: Arrays) => {
    const [updates, next] = optimizer.update(gradients, state, params);
    return [optim.applyUpdates(params, updates), next] as const;
  };
  const take = compile ? jit(step) : step;
  let params: Arrays = toArrays(golden.params);
  let state = optimizer.init(params);
  for (const gradients of golden.gradients) {
    [params, state] = take(params, state, toArrays(gradients));
  }
  return params;
}

test('every recorded optimizer is tested', () => {
  assert.equal(Object.keys(golden.optimizers).sort(), Object.keys(optimizers).sort());
});

for (const [name, optimizer] of Object.entries(optimizers)) {
  test(`${name} takes the same steps as Optax`, async () => {
    const expected = leavesOf(golden.optimizers[name] ?? {});
    assert.ok(distance(await numbersOf(run(optimizer, false)), expected) < 2e-6);
  });

  test(`${name} takes the same steps under jit`, async () => {
    const expected = leavesOf(golden.optimizers[name] ?? {});
    assert.ok(distance(await numbersOf(run(optimizer, true)), expected) < 2e-6);
  });
}

const schedules: Record<string, optim.Schedule> = {
  constant: optim.constantSchedule(0.3),
  linear: optim.linearSchedule(1, 0.2, 8),
  linearLate: optim.linearSchedule(1, 0.2, 8, { transitionBegin: 2 }),
  polynomial: optim.polynomialSchedule(1, 0.1, 2, 8),
  cosine: optim.cosineDecay(0.5, 10, { alpha: 0.1 }),
  cosinePower: optim.cosineDecay(0.5, 10, { alpha: 0.1, exponent: 2 }),
  warmupCosine: optim.warmupCosineDecay({
    initValue: 0.01,
    peakValue: 0.5,
    warmupSteps: 3,
    decaySteps: 10,
    endValue: 0.05,
  }),
  exponential: optim.exponentialDecay({ initValue: 1, transitionSteps: 4, decayRate: 0.5 }),
  exponentialStairs: optim.exponentialDecay({
    initValue: 1,
    transitionSteps: 4,
    decayRate: 0.5,
    transitionBegin: 1,
    staircase: true,
    endValue: 0.2,
  }),
  piecewise: optim.piecewiseConstant(1, [
    [3, 0.5],
    [9, 0.1],
  ]),
  joined: optim.joinSchedules([optim.linearSchedule(0, 1, 4), optim.cosineDecay(1, 6)], [4]),
};

test('every recorded schedule is tested', () => {
  assert.equal(Object.keys(golden.schedules).sort(), Object.keys(schedules).sort());
});

for (const [name, schedule] of Object.entries(schedules)) {
  test(`the schedule ${name} has the same values as in Optax`, async () => {
    const values = [];
    for (const count of golden.counts) {
      const [value = NaN] = await schedule(np.array(count, { dtype: 'int32' })).data();
      values.push(value);
    }
    assert.ok(distance(values, golden.schedules[name] ?? []) < 1e-6, values.join());
  });
}

test('a schedule takes plain numbers too', async () => {
  const [value = NaN] = await optim.linearSchedule(1, 0, 4)(1).data();
  assert.is(value, 0.75);
});

test('counts are int32 and stop at the last one instead of wrapping around', async () => {
  const optimizer = optim.scaleBySchedule(optim.constantSchedule(1));
  const params = { w: np.ones([2]) };
  assert.is(optimizer.init(params).count.dtype, 'int32');
  const late = { count: np.array(2 ** 31 - 1, { dtype: 'int32' }) };
  const [, { count }] = optimizer.update(params, late);
  assert.equal([...(await count.data())], [2 ** 31 - 1]);
});

test('masked parts and zeroed labels keep no state for the parameters they leave out', () => {
  const params = { kernel: np.ones([3]), bias: np.ones([2]) };
  const masked = optim.masked(optim.scaleByAdam(), isKernel).init(params);
  assert.is(tree.leaves(masked).length, 3);
  const multi = optim
    .multiTransform({ a: optim.adam(1), b: optim.setToZero() }, (path) =>
      path === 'bias' ? 'b' : 'a',
    )
    .init(params);
  assert.is(tree.leaves(multi).length, 3);
});

test('incrementalUpdate with step size 1 is the new tree, with 0 the old one', async () => {
  const [next, previous] = [{ w: np.array([1, 2]) }, { w: np.array([5, 7]) }];
  assert.equal(await numbersOf(optim.incrementalUpdate(next, previous, 1)), [1, 2]);
  assert.equal(await numbersOf(optim.incrementalUpdate(next, previous, 0)), [5, 7]);
});

test('clipByGlobalNorm keeps zero gradients zero', async () => {
  const part = optim.clipByGlobalNorm(1);
  const gradients = { w: np.zeros([3]) };
  const [updates] = part.update(gradients, part.init(gradients));
  assert.equal(await numbersOf(updates), [0, 0, 0]);
});

test('adamw lowers a quadratic to its minimum', async () => {
  const optimizer = optim.adamw(0.1, { weightDecay: 0 });
  const step = jit((w: Value, state: ReturnType<typeof optimizer.init>) => {
    const [updates, next] = optimizer.update(w.sub(3).mul(2), state, w);
    return [w.add(updates), next] as const;
  });
  let w: Value = np.array([10, -4]);
  let state = optimizer.init(w);
  for (let i = 0; i < 300; i++) [w, state] = step(w, state);
  assert.ok(distance(await numbersOf(w), [3, 3]) < 1e-2);
});

test('decayed weights without parameters, labels without a part and bad schedules are explained', () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
    return 'nothing thrown';
  };
  const params = { w: np.ones([2]) };
  const decay = optim.addDecayedWeights(0.1);
  assert.is(
    code(() => decay.update(params, decay.init(params))),
    'missing-params',
  );
  const partial = optim.multiTransform({ a: optim.sgd(1) }, () => 'b' as 'a');
  assert.is(
    code(() => partial.init(params)),
    'unknown-label',
  );
  assert.is(
    code(() => optim.cosineDecay(1, 0)),
    'bad-schedule',
  );
  assert.is(
    code(() => optim.warmupCosineDecay({ peakValue: 1, warmupSteps: 5, decaySteps: 5 })),
    'bad-schedule',
  );
  assert.is(
    code(() => optim.joinSchedules([], [])),
    'bad-schedule',
  );
});

test.run();
