/** Loops, branches and custom rules beyond JAX's numbers: options, programs, costs, errors. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createJsDevice } from '../../core/host/js/device.ts';
import { compiled, getDevice, setDefaultDevice } from '../../core/host/runtime.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import * as np from '../../core/numpy/index.ts';
import {
  arraySpec,
  checkpoint,
  checkpointName,
  checkpointPolicies,
  closureConvert,
  customJvp,
  customVjp,
  grad,
  jacfwd,
  jit,
  jvp,
  makeProgram,
  valueAndGrad,
  vjp,
  vmap,
} from '../../transforms/index.ts';
import * as lax from '../../transforms/lax.ts';
import { codeOf, f32, i32, near, numbers, whatOf } from '../transforms/arrays.ts';

const reference = createJsDevice();
const wasm = createWasmDevice({ threads: 1 });

test.before.each(async () => {
  await setDefaultDevice(reference);
});

const addUp = (c: np.Array, x: np.Array) => [c.add(x), c.mul(x)] as const;

test('scan carries, stacks, and runs from the end if asked', () => {
  const [total, products] = lax.scan(addUp, 0, f32([1, 2, 3]));
  assert.ok(near(total, [6]) && near(products, [0, 2, 9]));
  const [back, reversed] = lax.scan(addUp, 0, f32([1, 2, 3]), { reverse: true });
  assert.ok(near(back, [6]) && near(reversed, [5, 6, 0]));
});

test('scan without arrays runs as often as it is told, and over nothing not at all', () => {
  const [last, powers] = lax.scan((c: np.Array) => [c.mul(2), c] as const, f32([1, 3]), null, {
    length: 3,
  });
  assert.ok(near(last, [8, 24]) && near(powers, [1, 3, 2, 6, 4, 12]));
  const [same, none] = lax.scan(addUp, f32([5], []), np.zeros([0]));
  assert.ok(near(same, [5]));
  assert.equal(none.shape, [0]);
});

test('turns that are written out give the same', () => {
  const xs = f32([1, 2, 3, 4, 5, 6, 7]);
  for (const unroll of [2, 3, 7, true] as const) {
    for (const reverse of [false, true]) {
      const [total, products] = lax.scan(addUp, 0, xs, { unroll, reverse });
      const [expected, stack] = lax.scan(addUp, 0, xs, { reverse });
      assert.equal([numbers(total), numbers(products)], [numbers(expected), numbers(stack)]);
    }
  }
});

test('map applies a function to slices of trees', () => {
  const result = lax.map((row: { a: np.Array; b: np.Array }) => ({ c: row.a.mul(row.b) }), {
    a: f32([1, 2, 3]),
    b: f32([4, 5, 6]),
  });
  assert.ok(near(result.c, [4, 10, 18]));
});

test('foriLoop takes numbers that are known and numbers that are not', () => {
  const turn = (i: np.Array, c: np.Array) => c.mul(2).add(i);
  assert.ok(near(lax.foriLoop(2, 5, turn, f32([1])), [26]));
  assert.ok(near(lax.foriLoop(i32([2], []), i32([5], []), turn, f32([1])), [26]));
  assert.ok(near(lax.foriLoop(5, 2, turn, f32([1])), [1]));
  assert.ok(near(vmap((n: np.Array) => lax.foriLoop(0, n, turn, 1))(i32([0, 1, 3])), [1, 2, 12]));
});

test('a batched while runs until all are done, and a bounded one ends in time', () => {
  const grow = (x: np.Array, maxIterations = 100): np.Array =>
    lax.whileLoop(
      (c: np.Array) => c.less(100),
      (c: np.Array) => c.mul(2),
      x,
      { maxIterations },
    );
  assert.ok(near(vmap((x: np.Array) => grow(x))(f32([3, 50, 200])), [192, 100, 200]));
  assert.ok(near(grow(f32([3], []), 2), [12]));
  const limit = f32([10, 20]);
  const to = (end: np.Array) =>
    lax.whileLoop(
      (c: np.Array) => c.less(end),
      (c: np.Array) => c.add(3),
      f32([0], []),
    );
  assert.ok(near(vmap(to)(limit), [12, 21]));
  const [y, dy] = jvp((x: np.Array) => grow(x.mul(x)), [f32([3], [])], [f32([1], [])]);
  assert.ok(near(y, [144]) && near(dy, [96]));
});

test('a choice per example is a selection, also in its gradient', () => {
  const f = (p: np.Array, x: np.Array) => lax.cond(p, np.sin, (v: np.Array) => v.mul(v), x);
  const x = f32([0.5, 2, 3]);
  const p = np.array([true, false, true]);
  const expected = [Math.sin(0.5), 4, Math.sin(3)];
  assert.ok(near(vmap(f)(p, x), expected));
  const slopes = vmap(grad((v: np.Array, q: np.Array) => f(q, v)))(x, p);
  assert.ok(near(slopes, [Math.cos(0.5), 4, Math.cos(3)]));
  const second = grad(grad((v: np.Array) => f(np.array(false), v)))(f32([2], []));
  assert.ok(near(second, [2]));
});

test('switch moves its index into range and works with what branches close over', () => {
  const shift = f32([10, 20]);
  const pick = (i: number) =>
    lax.switchCase(
      i32([i], []),
      [(x: np.Array) => x, (x: np.Array) => x.add(shift), (x: np.Array) => x.mul(2)],
      f32([1, 2]),
    );
  assert.equal(
    [-3, 1, 9].map((i) => numbers(pick(i))),
    [
      [1, 2],
      [11, 22],
      [2, 4],
    ],
  );
});

test('only the branch that is chosen runs', () => {
  const f = (p: np.Array, x: np.Array) =>
    lax.cond(
      p,
      (v: np.Array) =>
        lax.whileLoop(
          (c: np.Array) => c.less(1),
          (c: np.Array) => c.mul(1),
          v,
        ),
      (v: np.Array) => v.add(1),
      x,
    );
  // The other branch would never end.
  assert.ok(near(f(np.array(false), f32([0], [])), [1]));
});

test('an RNN is trained under jit', async () => {
  await setDefaultDevice(wasm);
  const xs = np.sin(np.arange(40)).reshape([20, 2]);
  const loss = (p: { w: np.Array; u: np.Array }) => {
    const [, hs] = lax.scan(
      (h: np.Array, x: np.Array) => {
        const next = np.tanh(np.matmul(p.w, h).add(np.matmul(p.u, x)));
        return [next, next] as const;
      },
      np.zeros([4]),
      xs,
    );
    return np.mean(np.square(np.sum(hs, { axis: 1 }).sub(np.sum(xs, { axis: 1 }))));
  };
  const step = jit((p: { w: np.Array; u: np.Array }) => {
    const [value, g] = valueAndGrad(loss)(p);
    return [value, { w: p.w.sub(g.w.mul(0.05)), u: p.u.sub(g.u.mul(0.05)) }] as const;
  });
  let p = { w: np.eye(4).mul(0.1), u: np.ones([4, 2]).mul(0.1) };
  const losses: number[] = [];
  for (let k = 0; k < 60; k++) {
    const [value, next] = step(p);
    losses.push(Number(await value.item()));
    p = next;
  }
  assert.ok((losses[59] ?? 1) < 0.1 * (losses[0] ?? 0), losses.join());
});

test('a body is compiled once, whatever the number of turns', async () => {
  await setDefaultDevice(wasm);
  const kernels = (length: number): number => {
    const f = jit((x: np.Array) =>
      lax.foriLoop(0, length, (_i: np.Array, c: np.Array) => np.tanh(c.mul(1.01)).add(0.1), x),
    );
    return f.lower(np.ones([8])).kernels.length;
  };
  assert.is(kernels(1000), kernels(3));
});

test('a thousand turns cost less than 5 ms', async () => {
  await setDefaultDevice(wasm);
  const f = jit((x: np.Array, xs: np.Array) =>
    lax.scan(
      (c: np.Array, t: np.Array) => {
        const next = np.tanh(c.mul(1.01)).add(t);
        return [next, next] as const;
      },
      x,
      xs,
    ),
  );
  const [x, xs] = [np.ones([8]), np.zeros([1000, 8])];
  const times = Array.from({ length: 20 }, () => {
    const start = performance.now();
    f(x, xs)[0].dataSync();
    return performance.now() - start;
  });
  assert.ok(Math.min(...times) < 5, times.join());
});

test('a slice of a stack is read and written where it lies', async () => {
  await setDefaultDevice(wasm);
  const program = makeProgram((xs: np.Array) =>
    lax.scan((c: np.Array, x: np.Array) => [c, x.mul(2)] as const, np.zeros([]), xs),
  )(arraySpec([1000, 64]));
  const { plan } = compiled(program);
  const [loop] = plan.steps.map(({ kernel }) => kernel).filter(({ kind }) => kind === 'repeat');
  assert.ok(loop?.kind === 'repeat');
  if (loop?.kind !== 'repeat') return;
  const sizes = loop.body.steps.flatMap(({ slots }) => slots.map(({ bytes }) => bytes));
  assert.is(Math.max(...sizes), 256);
});

test('residuals that every turn shares are kept once, and slices not twice', () => {
  const f = (w: np.Array, xs: np.Array) =>
    np.sum(
      lax.scan(
        (c: np.Array, x: np.Array) => [np.matmul(w, c).mul(x), null] as const,
        np.ones([3]),
        xs,
      )[0],
    );
  const text = makeProgram(grad(f))(arraySpec([3, 3]), arraySpec([50, 3])).toString();
  assert.not.match(text, 'f32[50, 3, 3]');
});

const layer = (w: np.Array, x: np.Array) =>
  np.tanh(checkpointName(np.sin(np.matmul(np.cos(np.matmul(x, w)), w)), 'inner'));

/** How often operations stand in the gradient of a checkpointed layer. */
function countIn(
  policy: (typeof checkpointPolicies)['dotsSaveable'] | undefined,
  op: RegExp,
): number {
  const kept = checkpoint(layer, policy === undefined ? {} : { policy });
  const text = makeProgram(grad((w: np.Array, x: np.Array) => np.sum(np.square(kept(w, x)))))(
    arraySpec([3, 3]),
    arraySpec([3]),
  ).toString();
  return text.match(op)?.length ?? 0;
}

test('checkpoint computes again what its policy does not keep', () => {
  const {
    nothingSaveable: nothing,
    everythingSaveable: everything,
    dotsSaveable: dots,
    saveOnlyTheseNames: saveNames,
  } = checkpointPolicies;
  assert.equal(
    [undefined, nothing, everything, dots, saveNames('inner'), saveNames('other')].map((policy) =>
      countIn(policy, / = tanh /g),
    ),
    [2, 2, 1, 2, 2, 2],
  );
  // Forward two products, backward three; and those that are computed again.
  assert.equal(
    [nothing, everything, dots, saveNames('inner')].map((policy) =>
      countIn(policy, / = dotGeneral/g),
    ),
    [7, 5, 5, 7],
  );
  assert.is(countIn(saveNames('inner'), /= sin /g), 2);
  assert.is(countIn(nothing, /= sin /g), 3);
});

test('what is computed again is not shared with the first time by the compiler', async () => {
  await setDefaultDevice(wasm);
  const chain = (x: np.Array): np.Array => {
    let y = x;
    for (let k = 0; k < 6; k++) y = np.sort(np.sin(y));
    return y;
  };
  const steps = (f: (x: np.Array) => np.Array): number =>
    compiled(makeProgram(grad((x: np.Array) => np.sum(np.square(f(x)))))(arraySpec([64]))).plan
      .steps.length;
  assert.ok(steps(checkpoint(chain)) > steps(chain) + 5);
  const x = np.sin(np.arange(64));
  const plain = grad((v: np.Array) => np.sum(np.square(chain(v))))(x);
  const again = grad((v: np.Array) => np.sum(np.square(checkpoint(chain)(v))))(x);
  assert.ok(near(again, numbers(plain)));
});

const scaled = customVjp(
  (x: np.Array, k: number) => np.sin(x).mul(k),
  (x: np.Array, k: number) => [np.sin(x).mul(k), np.cos(x)] as const,
  (c, ct, [k]) => [ct.mul(c).mul(100 * Number(k))],
  { nondiffArgnums: 1 },
);

test('customVjp is used by grad, vmap and jit in all nestings', () => {
  const x = f32([0.5, -0.3]);
  const expected = [0.5, -0.3].map((v) => 200 * Math.cos(v));
  const loss = (v: np.Array) => np.sum(scaled(v, 2));
  assert.ok(near(scaled(x, 2), [2 * Math.sin(0.5), 2 * Math.sin(-0.3)]));
  assert.ok(near(grad(loss)(x), expected));
  assert.ok(near(jit(grad(loss))(x), expected));
  assert.ok(near(vmap(grad((v: np.Array) => scaled(v, 2)))(x), expected));
  assert.ok(
    near(grad((v: np.Array) => np.sum(vmap((e: np.Array) => scaled(e, 2))(v)))(x), expected),
  );
  assert.ok(near(vjp((v: np.Array) => scaled(v, 2), x)[1](np.ones([2]))[0], expected));
  const shared = customVjp(
    (a: np.Array, b: np.Array) => a.mul(b),
    (a: np.Array, b: np.Array) => [a.mul(b), [a, b] as const] as const,
    ([a, b], ct) => [ct.mul(b), ct.mul(a).mul(3)],
  );
  const both = grad((a: np.Array) => np.sum(vmap(shared, { inAxes: [null, 0] })(a, x)));
  assert.ok(near(both(f32([2], [])), [0.2]));
});

test('rules may use arrays, the function itself, and integers', () => {
  const three = f32([1, 2, 3]);
  const exp: (x: np.Array) => np.Array = customJvp(
    (x: np.Array) => np.exp(x),
    ([x], [dx]) => [
      exp(x),
      exp(x)
        .mul(three)
        .mul(dx ?? 0),
    ],
  );
  const x = f32([0, 0, 0]);
  assert.ok(near(jacfwd(exp)(x), [1, 0, 0, 0, 2, 0, 0, 0, 3]));
  assert.ok(near(grad((v: np.Array) => np.sum(exp(v)))(x), [1, 2, 3]));
  const twice = grad((v: np.Array) => np.sum(grad((u: np.Array) => np.sum(exp(u)))(v)));
  assert.ok(near(twice(x), [1, 4, 9]));
  const [total] = lax.scan(
    (c: np.Array, v: np.Array) => [exp(c).add(v), null] as const,
    x,
    np.zeros([2, 3]),
  );
  assert.ok(near(total, [Math.E, Math.E, Math.E]));
  const chosen = customJvp(
    (v: np.Array, i: np.Array) => np.take(v, i),
    ([v, i], [dv, di]) => {
      assert.is(di, null);
      return [np.take(v, i), np.take(dv ?? v, i).mul(7)];
    },
  );
  assert.ok(near(grad((v: np.Array) => chosen(v, i32([1], [])))(three), [0, 7, 0]));
});

test('closureConvert makes arguments of what a function closes over', () => {
  const shift = f32([1, 2]);
  const [closed, values] = closureConvert((x: np.Array) => x.mul(shift), arraySpec([2]));
  assert.is(values.length, 1);
  assert.ok(near(closed(f32([3, 4]), ...values), [3, 8]));
});

test('associativeScan runs along any axis, from either end', () => {
  const x = np.arange(1, 13).reshape([3, 4]).astype('float32');
  const sums = (axis: number, reverse: boolean) =>
    numbers(lax.associativeScan((a: np.Array, b: np.Array) => a.add(b), x, { axis, reverse }));
  assert.equal(sums(0, false), numbers(np.cumsum(x, { axis: 0 })));
  assert.equal(sums(-1, false), numbers(np.cumsum(x, { axis: 1 })));
  assert.equal(sums(1, true), [10, 9, 7, 4, 26, 21, 15, 8, 42, 33, 23, 12]);
});

test('a carry of another type or structure is named', () => {
  const wider = (c: { a: np.Array }, x: np.Array) => [{ a: np.stack([c.a, x]) }, x] as const;
  const run = () => lax.scan(wider, { a: f32([1], []) }, f32([1, 2]));
  assert.is(codeOf(run), 'carry-mismatch');
  assert.is(
    whatOf(run),
    "scan of 'wider': the carry at 'a' goes in as f32[] and comes back as f32[2]",
  );
  const other = () => lax.scan(((c: unknown, x: unknown) => [[c], x]) as never, 0, f32([1]));
  assert.is(codeOf(other), 'carry-mismatch');
  const loop = () =>
    lax.whileLoop(
      (c: np.Array) => c.less(3),
      (c: np.Array) => c.add(0.5),
      i32([1], []),
    );
  assert.match(whatOf(loop), 'goes in as i32[] and comes back as f32');
});

test('lengths that differ or are missing are named', () => {
  const pairs = () =>
    lax.scan((c: np.Array, x: { a: np.Array; b: np.Array }) => [c.add(x.a), null] as const, 0, {
      a: f32([1, 2]),
      b: f32([1, 2, 3]),
    });
  assert.is(codeOf(pairs), 'scan-length');
  assert.match(whatOf(pairs), "xs at 'a' is f32[2], but xs at 'b' is f32[3]");
  assert.is(
    codeOf(() => lax.scan((c: np.Array) => [c, null] as const, 0, null)),
    'scan-length',
  );
  assert.is(
    codeOf(() => lax.scan(((c: np.Array) => c) as never, 0, f32([1]))),
    'scan-needs-pair',
  );
});

test('branches that differ are named', () => {
  const left = (x: np.Array): unknown => ({ y: x });
  const right = (x: np.Array): unknown => ({ y: np.stack([x, x]) });
  const run = () => lax.cond(true, left as never, right as never, f32([1]));
  assert.is(codeOf(run), 'branch-mismatch');
  assert.match(whatOf(run), "at 'y'");
  assert.is(
    codeOf(() =>
      lax.cond(
        np.ones([2]),
        () => 1,
        () => 2,
      ),
    ),
    'bad-predicate',
  );
});

test('reverse mode through a while, and forward mode through customVjp, say so', () => {
  const loop = (x: np.Array) =>
    lax.whileLoop(
      (c: np.Array) => c.less(10),
      (c: np.Array) => c.mul(2),
      x,
    );
  assert.is(
    codeOf(() => grad(loop)(f32([1], []))),
    'reverse-through-while',
  );
  assert.is(
    codeOf(() => jvp((x: np.Array) => scaled(x, 2), [f32([1])], [f32([1])])),
    'forward-through-custom-vjp',
  );
});

if (process.env.ENERJAX_TEST_WEBGPU === '1') {
  test('on a GPU all branches are computed and a while needs a bound', async () => {
    await setDefaultDevice(await getDevice('webgpu'));
    const x = np.array([0.5, 2]);
    const f = (p: boolean) =>
      lax.cond(
        np.array(p),
        (v: np.Array) => v.mul(3),
        (v: np.Array) => v.add(1),
        x,
      );
    assert.equal([...(await f(true).data())], [1.5, 6]);
    assert.equal([...(await f(false).data())], [1.5, 3]);
    const loop = (options: { maxIterations?: number }) =>
      lax.whileLoop(
        (c: np.Array) => np.sum(c).less(20),
        (c: np.Array) => c.mul(2),
        x,
        options,
      );
    assert.equal([...(await loop({ maxIterations: 6 }).data())], [4, 16]);
    assert.equal([...(await loop({ maxIterations: 1 }).data())], [1, 4]);
    assert.is(
      codeOf(() => loop({})),
      'while-needs-bound',
    );
    const twice = (v: np.Array) =>
      lax.scan((c: np.Array, y: np.Array) => [c.add(y).add(v), c] as const, v, np.stack([v, v, v]));
    const [last, stack] = jit(twice)(x);
    assert.equal([...(await last.data())], [3.5, 14]);
    assert.equal([...(await stack.data())], [0.5, 2, 1.5, 6, 2.5, 10]);
  });

  test('on a GPU the weights of stacked layers are multiplied where they lie', async () => {
    await setDefaultDevice(await getDevice('webgpu'));
    const size = 32;
    const weights = np.stack([1, 2, 3].map((k) => np.multiply(np.eye(size), k)));
    const layers = jit((x: np.Array, w: np.Array) =>
      lax.scan((c: np.Array, own: np.Array) => [np.matmul(c, own), null] as const, x, w),
    );
    const [last] = layers(np.ones([size, size]), weights);
    assert.ok((await last.data()).every((value) => value === 6));
  });

  test('on a GPU carries that begin alike have places of their own', async () => {
    await setDefaultDevice(await getDevice('webgpu'));
    const counts = jit(() => {
      const zero = np.zeros([]);
      return lax.whileLoop(
        ([a]: np.Array[]) => (a ?? zero).less(2.5),
        (state: np.Array[]) => state.map((c, k) => c.add(k + 1)),
        [zero, zero, zero],
        { maxIterations: 5 },
      );
    });
    const found = await Promise.all(counts().map(async (x) => [...(await x.data())]));
    assert.equal(found, [[3], [6], [9]]);
  });
}

test.run();
