/** Loops, branches and rules keep the laws that primitives keep: differences, inner products, batches. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createJsDevice } from '../../core/host/js/device.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import * as np from '../../core/numpy/index.ts';
import { grad, jit, jvp, linearize, vjp, vmap } from '../../transforms/index.ts';
import { numbers } from '../transforms/arrays.ts';
import { h, type Program, programs, w, xs } from './programs.ts';

await setDefaultDevice(createJsDevice({ precision: 'float64' }));

const [W, H, XS] = [np.array(w), np.array(h), np.array(xs)];
const [dW, dH, dXS] = [np.cos(W), np.sin(H.add(1)), np.cos(XS.mul(3))];
/** Rules of the user's are no derivatives: they say so on purpose. */
const isHonest = ([name]: readonly [string, Program]): boolean => !name.startsWith('custom');
const isReversible = ([name]: readonly [string, Program]): boolean => name !== 'loops';
const all = Object.entries(programs);
const only = (x: np.Array): number => numbers(x)[0] ?? Number.NaN;

function agree(what: string, a: number, b: number, tolerance: number): void {
  assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}: ${a} and ${b}`);
}

test('jvp equals central differences', () => {
  const step = 1e-5;
  for (const [name, f] of all.filter(isHonest)) {
    const at = (t: number): number =>
      only(f(W.add(dW.mul(t)), H.add(dH.mul(t)), XS.add(dXS.mul(t))));
    const difference = (at(step) - at(-step)) / (2 * step);
    agree(name, only(jvp(f, [W, H, XS], [dW, dH, dXS])[1]), difference, 1e-5);
  }
});

test('vjp is the transpose of jvp, and linearize of both', () => {
  for (const [name, f] of all.filter(isReversible)) {
    if (name === 'customReverse') continue;
    const forward = only(jvp(f, [W, H, XS], [dW, dH, dXS])[1]);
    const [gW, gH, gXS] = vjp(f, W, H, XS)[1](np.array(1));
    const inner = [gW.mul(dW), gH.mul(dH), gXS.mul(dXS)].map((x) => only(np.sum(x)));
    agree(
      name,
      inner.reduce((a, b) => a + b),
      forward,
      1e-6,
    );
    agree(name, only(linearize(f, W, H, XS)[1](dW, dH, dXS)), forward, 1e-6);
  }
});

test('a tangent in one argument only, and none at all, are no exception', () => {
  for (const [name, f] of all.filter(isReversible)) {
    if (name === 'customReverse') continue;
    const forward = only(jvp((x: np.Array) => f(W, x, XS), [H], [dH])[1]);
    const backward = only(np.sum(grad((x: np.Array) => f(W, x, XS))(H).mul(dH)));
    agree(name, backward, forward, 1e-6);
    agree(name, only(jvp(f, [W, H, XS], [null, null, null])[1]), 0, 0);
  }
});

test('vmap equals a loop, in every argument and inside out', () => {
  const many = [1, 0.5, -1.2];
  for (const [name, f] of all) {
    const stacked = (x: np.Array): np.Array => np.stack(many.map((k) => x.mul(k)));
    const expected = many.map((k) => only(f(W.mul(k), H.mul(k), XS)));
    const found = numbers(jit(vmap(f, { inAxes: [0, 0, null] }))(stacked(W), stacked(H), XS));
    found.forEach((value, i) => {
      agree(name, value, expected[i] ?? Number.NaN, 1e-6);
    });
    if (name === 'loops') continue;
    // The gradient of a batch is the batch of gradients.
    const whole = grad((x: np.Array) => np.sum(vmap(f, { inAxes: [null, 0, null] })(W, x, XS)));
    const single = many.flatMap((k) => numbers(grad((x: np.Array) => f(W, x, XS))(H.mul(k))));
    numbers(whole(stacked(H))).forEach((value, i) => {
      agree(`${name}, gradient`, value, single[i] ?? Number.NaN, 1e-6);
    });
  }
});

test.run();
