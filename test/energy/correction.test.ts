import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createJsDevice } from '../../core/host/js/device.ts';
import { defaultDevice, setDefaultDevice } from '../../core/host/runtime.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as tree from '../../core/tree.ts';
import {
  type EnergyParams,
  energy,
  multiStepEnergyCorrection,
  oneStepEnergyCorrection,
} from '../../models/energy/index.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import { jvp } from '../../transforms/jvp.ts';
import { vmap } from '../../transforms/vmap.ts';
import { config, farthest, inner, type Setup, setup } from './setup.ts';

const test = suite('correction');

test('a small step lowers the energy', async () => {
  const { params, context, actions, padMask } = setup();
  const e = (a: Value): Value => energy(params, config, context, a, { padMask });
  const better = oneStepEnergyCorrection(params, context, actions, { padMask, alpha: 0.05 });
  const change = await np.subtract(e(better), e(actions)).data();
  assert.ok(change.every((d) => d < 0));
});

test('a step is at most clipFrac of the norm of its row', async () => {
  const { params, context, actions } = setup();
  const moved = oneStepEnergyCorrection(params, context, actions, { alpha: 1e4, clipFrac: 0.2 });
  const norms = (x: Value): Value => np.sqrt(np.sum(np.square(x), { axis: [1, 2] }));
  const share = await np.divide(norms(moved.sub(actions)), norms(actions)).data();
  assert.ok(
    share.every((s) => Math.abs(s - 0.2) < 1e-4),
    share.join(),
  );
});

test('correctFirstOnly moves the first step and leaves the others bit for bit', async () => {
  const { params, context, actions } = setup();
  const moved = oneStepEnergyCorrection(params, context, actions, {
    correctFirstOnly: true,
    alpha: 1,
    clipFrac: 1,
  });
  const change = moved.sub(actions);
  assert.ok((await change.get(np.slice(0, 3), 0).data()).every((d) => d !== 0));
  const later = change.get(np.slice(0, 3), np.slice(1, 4));
  assert.ok((await later.data()).every((d) => d === 0));
});

test('many steps are one step repeated; no steps leave the actions as they are', async () => {
  const { params, context, actions, padMask } = setup();
  const once = (a: Value): Value => oneStepEnergyCorrection(params, context, a, { padMask });
  const thrice = multiStepEnergyCorrection(params, context, actions, { padMask, numSteps: 3 });
  assert.ok((await farthest(thrice, once(once(once(actions))))) < 1e-6);
  assert.is(multiStepEnergyCorrection(params, context, actions, { numSteps: 0 }), actions);
  const half = { numSteps: 1.5 };
  assert.throws(() => multiStepEnergyCorrection(params, context, actions, half), /numSteps is 1.5/);
});

test('vmap over a further axis is a loop over it', async () => {
  const { params, context, actions } = setup();
  const other = actions.mul(-0.5);
  const correct = (a: Value): Value => oneStepEnergyCorrection(params, context, a);
  const both = jit(vmap(correct))(np.stack([actions, other]));
  assert.ok((await farthest(both, np.stack([correct(actions), correct(other)]))) < 1e-6);
});

test('actions of zero have a finite correction and finite derivatives of it', async () => {
  const { params, context, actions } = setup();
  const loss = (a: Value): Value => np.sum(np.square(oneStepEnergyCorrection(params, context, a)));
  const slope = grad(loss)(np.zerosLike(actions));
  assert.ok((await slope.data()).every(Number.isFinite));
});

/** Runs on the reference device in double precision. */
async function inDouble(body: () => Promise<void>): Promise<void> {
  const before = defaultDevice();
  await setDefaultDevice(createJsDevice({ precision: 'float64' }));
  try {
    await body();
  } finally {
    await setDefaultDevice(before);
  }
}

/** (f(x + εv) − f(x − εv)) / 2ε. */
function slopeAlong<X>(f: (x: X) => Value, x: X, direction: X, epsilon: number): Value {
  const at = jit((t: Value) => f(tree.mapArrays((a, v = a) => a.add(v.mul(t)), x, direction)));
  return at(np.array(epsilon))
    .sub(at(np.array(-epsilon)))
    .div(2 * epsilon);
}

const randomLike = <X>(x: X, seed: number): X => {
  let counter = 0;
  return tree.mapArrays((leaf) => {
    counter += 1;
    return random.normal(random.foldIn(random.key(seed), counter), leaf.shape);
  }, x);
};

async function assertClose(a: Value, b: Value, tolerance: number): Promise<void> {
  const [largest = 0] = await np.max(np.abs(b)).data();
  assert.ok(largest > 1e-6, 'nothing to compare');
  const distance = (await farthest(a, b)) / largest;
  assert.ok(distance < tolerance, `off by ${distance}`);
}

test('the Hessian of the energy times a vector agrees with finite differences', () =>
  inDouble(async () => {
    const { params, context, actions, padMask }: Setup = setup();
    const total = (a: Value): Value => np.sum(energy(params, config, context, a, { padMask }));
    const direction = randomLike(actions, 11);
    const expected = slopeAlong(grad(total), actions, direction, 1e-5);
    const [, forward] = jvp(grad(total), [actions], [direction]);
    await assertClose(forward, expected, 1e-6);
    const backward = grad((a: Value) => inner(grad(total)(a), direction))(actions);
    await assertClose(backward, expected, 1e-6);
  }));

for (const [name, options] of [
  ['an unclipped', { alpha: 0.5, clipFrac: 1 }],
  ['a clipped', { alpha: 5000, clipFrac: 0.2 }],
] as const) {
  test(`a loss after ${name} correction has the right slope in parameters and actions`, () =>
    inDouble(async () => {
      const { params, context, actions, padMask } = setup();
      const loss = (x: { readonly p: EnergyParams; readonly a: Value }): Value => {
        const moved = multiStepEnergyCorrection(x.p, context, x.a, {
          ...options,
          padMask,
          numSteps: 2,
        });
        return np.sum(np.square(moved.sub(0.3)));
      };
      const point = { p: params, a: actions };
      const direction = randomLike(point, 12);
      const gradient = jit(grad(loss))(point);
      await assertClose(inner(gradient, direction), slopeAlong(loss, point, direction, 3e-6), 1e-5);
    }));
}

test.run();
