/** Linear calls, batching rules, gradients that come with their function, policies. Numbers are derived by hand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import { testDevices, use } from '../support/devices.ts';

const {
  arraySpec,
  checkpoint,
  checkpointName,
  checkpointPolicies,
  customBatching,
  customGradient,
  customJvp,
  grad,
  hessian,
  jit,
  jvp,
  lax,
  linearCall,
  linearTranspose,
  makeProgram,
  np,
  sequentialVmap,
  vmap,
} = await import('../../index.ts');

const list = async (x: Value | undefined): Promise<number[]> => Array.from((await x?.data()) ?? []);

/** x·s forward; its transpose is off by a factor of ten, so that it can be told apart. */
const scaled = (s: Value, x: Value): Value =>
  linearCall(
    (held: Value, v: Value) => v.mul(held),
    (held: Value, ct: Value) => ct.mul(held).mul(10),
    s,
    x,
  );

for (const device of testDevices(['js', 'wasm'])) {
  test(`a linear call runs its own transpose on ${device}`, async () => {
    await use(device);
    const s = np.array([2, 3]);
    const f = (x: Value): Value => scaled(s, x);
    assert.equal(await list(jit(f)(np.array([1, 1]))), [2, 3]);
    const [, tangent] = jvp(f, [np.ones([2])], [np.array([1, 10])]);
    assert.equal(await list(tangent), [2, 30]);
    assert.equal(await list(grad((x: Value) => np.sum(f(x)))(np.ones([2]))), [20, 30]);
    const transpose = (x: Value): Value => linearTranspose(f, arraySpec([2]))(x)[0] ?? x;
    assert.equal(await list(transpose(np.ones([2]))), [20, 30]);
    const twice = (x: Value): Value => linearTranspose(transpose, arraySpec([2]))(x)[0] ?? x;
    assert.equal(await list(twice(np.ones([2]))), [2, 3], 'the transpose of the transpose');
  });

  test(`a linear call over a batch, and in a loop, on ${device}`, async () => {
    await use(device);
    const over = vmap((s: Value, x: Value) => np.sum(scaled(s, x)), { inAxes: [0, null] });
    const slope = grad((x: Value) => np.sum(over(np.array([2, 3]), x)));
    assert.equal(await list(slope(np.array(1))), [50]);
    const looped = (x: Value): Value =>
      lax.foriLoop(0, 2, (_i: Value, c: Value) => scaled(np.array(3), c), x);
    assert.equal(await list(grad(looped)(np.array(1))), [900]);
  });

  test(`what a linear call holds is differentiated through the function on ${device}`, async () => {
    await use(device);
    const slope = grad((s: Value) => np.sum(scaled(s.mul(s), np.array([5, 7]))))(np.array([1, 2]));
    assert.equal(await list(slope), [10, 28]);
  });

  test(`vmap uses a batching rule where there is one on ${device}`, async () => {
    await use(device);
    const calls: unknown[] = [];
    const f = customBatching(
      (x: Value, y: Value) => x.mul(y),
      (size, inBatched, x, y) => {
        calls.push([size, ...inBatched]);
        return [x.mul(y).add(100), true];
      },
    );
    const x = np.array([1, 2]);
    assert.equal(await list(f(x, x)), [1, 4]);
    assert.equal(await list(vmap(f, { inAxes: [0, null] })(x, np.array(3))), [103, 106]);
    assert.equal(calls, [[2, true, false]]);
    const [, tangent] = vmap((v: Value) => jvp(f, [v, v], [np.array(1), np.array(0)]))(x);
    assert.equal(await list(tangent), [1, 2]);
    const slopes = vmap(grad((v: Value) => f(v, v)))(x);
    assert.equal(await list(slopes), [2, 4]);
  });

  test(`sequentialVmap runs one example after the other on ${device}`, async () => {
    await use(device);
    const f = sequentialVmap((x: Value, w: Value) => ({ sum: np.sum(x.mul(w)), same: x }));
    const over = vmap(f, { inAxes: [0, null] });
    const { sum, same } = over(
      np.array([
        [1, 2],
        [3, 4],
      ]),
      np.array([1, 10]),
    );
    assert.equal(
      [await list(sum), await list(same)],
      [
        [21, 43],
        [1, 2, 3, 4],
      ],
    );
    const text = makeProgram(over)(arraySpec([2, 2]), arraySpec([2])).toString();
    assert.match(text, /scan\[length=2/);
  });

  test(`a function may return its own gradient on ${device}`, async () => {
    await use(device);
    const f = customGradient((x: Value, y: Value) => {
      const product = x.mul(y);
      return [product, (ct: Value) => [ct.mul(product), ct.mul(7)]];
    });
    const both = grad((x: Value, y: Value) => np.sum(f(x, y)), { argnums: [0, 1] });
    const [dx, dy] = jit(both)(np.array([1, 2]), np.array([3, 4]));
    assert.equal(
      [await list(dx), await list(dy)],
      [
        [3, 8],
        [7, 7],
      ],
    );
    const slopes = vmap(grad((x: Value) => f(x, x)))(np.array([1, 2]));
    assert.equal(await list(slopes), [8, 11]);
  });

  test(`a rule per argument makes a derivative on ${device}`, async () => {
    await use(device);
    const f = customJvp(
      (x: Value, y: Value) => np.sin(x).mul(y),
      [(dx, _out, x, y) => np.cos(x).mul(y).mul(dx), null],
    );
    const [dx, dy] = grad((x: Value, y: Value) => np.sum(f(x, y)), { argnums: [0, 1] })(
      np.array([0]),
      np.array([5]),
    );
    assert.equal([await list(dx), await list(dy)], [[5], [0]]);
    const g = customJvp((x: Value) => np.exp(x), [(dx, out) => out.mul(dx)]);
    assert.equal(await list(hessian((x: Value) => g(x))(np.array(0))), [1]);
  });
}

const layer = (w: Value, x: Value): Value => {
  const a = checkpointName(np.sin(np.matmul(x, w)), 'a');
  return np.cos(checkpointName(np.sinh(a), 'b'));
};

/** How often an operation stands in the gradient. */
function count(
  policy: NonNullable<Parameters<typeof checkpoint>[1]>['policy'],
  op: RegExp,
): number {
  const kept = checkpoint(layer, policy === undefined ? {} : { policy });
  const slope = grad((w: Value, x: Value) => np.sum(np.sin(kept(w, x))));
  const text = makeProgram(slope)(arraySpec([3, 3]), arraySpec([3])).toString();
  return text.match(op)?.length ?? 0;
}

test('policies that know names keep what they say', () => {
  const { saveOnlyTheseNames, saveAnyNamesButThese, saveAnythingExceptTheseNames } =
    checkpointPolicies;
  const { saveFromBothPolicies, dotsSaveable, nothingSaveable } = checkpointPolicies;
  const exps = (policy: typeof dotsSaveable): number => count(policy, / = sinh /g);
  assert.is(exps(nothingSaveable), 2);
  assert.is(exps(saveOnlyTheseNames('b')), 1);
  assert.is(exps(saveOnlyTheseNames('a')), 2);
  assert.is(exps(saveAnyNamesButThese('a')), 1);
  assert.is(exps(saveAnyNamesButThese('b')), 2);
  assert.is(exps(saveAnythingExceptTheseNames('a')), 1);
  const both = saveFromBothPolicies(dotsSaveable, saveOnlyTheseNames('b'));
  assert.ok(count(both, / = sinh /g) === 1 && count(both, / = dotGeneral/g) === 2);
});

test('products with batch axes are told from those without', () => {
  const { dotsSaveable, dotsWithNoBatchDimsSaveable } = checkpointPolicies;
  const f = (x: Value): Value => np.sin(np.matmul(np.sin(np.matmul(x, x)), x));
  const dots = (policy: typeof dotsSaveable): number => {
    const slope = grad((x: Value) => np.sum(np.sin(checkpoint(f, { policy })(x))));
    const text = makeProgram(slope)(arraySpec([2, 3, 3])).toString();
    return text.match(/ = dotGeneral/g)?.length ?? 0;
  };
  assert.is(dots(dotsWithNoBatchDimsSaveable), dots(checkpointPolicies.nothingSaveable));
  assert.ok(dots(dotsSaveable) < dots(dotsWithNoBatchDimsSaveable));
});

test('a branch that an example does not take cannot spoil its gradient', async () => {
  await use('wasm');
  const f = (x: Value): Value =>
    lax.cond(
      x.greater(0),
      (y: Value) => np.sqrt(y),
      (y: Value) => y.mul(2),
      x,
    );
  assert.equal(await list(vmap(grad(f))(np.array([0, 4]))), [2, 0.25]);
  assert.equal(await list(grad((x: Value) => np.sum(vmap(f)(x)))(np.array([0, 4]))), [2, 0.25]);
});

test('rules that return something else than they should are refused', async () => {
  await use('wasm');
  const wrong = customBatching(
    (x: Value) => x,
    (_size, _in, x) => [np.sum(x), true],
  );
  assert.throws(() => vmap(wrong)(np.ones([3])), /the rule returns shape \[\] where it says \[3\]/);
  const call = () =>
    linearCall(
      (_: null, x: Value) => x,
      (_: null, ct: Value) => np.sum(ct),
      null,
      np.ones([3]),
    );
  assert.throws(call, /the transpose must give f32\[3\], like 'linear', but gives f32\[\]/);
});

test.run();
