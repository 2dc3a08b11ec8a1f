/** NaN and infinity in results: which operation made them, in which line, turn and branch. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import { testDevices, use } from '../support/devices.ts';
import { told } from '../support/told.ts';

const { settings, debug, disableJit, grad, jit, lax, np, vmap, withDebugInfs, withDebugNans } =
  await import('../../index.ts');

const fix =
  'fix: keep its operands where it is defined, for the gradient too: np.log(np.where(x.greater(0), x, 1)); or leave the check out (settings.debugNans, settings.debugInfs)';

const shifted = jit(
  (x: Value) => {
    const y = x.sub(2);
    const z = np.log(y);
    return z.add(1);
  },
  { debugNans: true },
);

for (const device of testDevices()) {
  test(`a jitted function names the operation that makes a NaN on ${device}`, async () => {
    await use(device);
    const message = await told(async () => shifted(np.array([5, 3, 1])).data());
    assert.is(
      message,
      `log gives NaN in f32[3] at [2], from -1  [bad-value]
> const z = np.log(y);
${fix}`,
    );
    await debug.flush().catch(() => {});
    assert.equal((await shifted(np.array([5, 3, 4])).data()).length, 3);
  });

  test(`it is found in the turns of loops and in branches on ${device}`, async () => {
    await use(device);
    const f = jit(
      (x: Value) =>
        lax.scan(
          (c: Value, row: Value) => {
            const next = lax.cond(
              row.greater(2),
              (v: Value) => np.sqrt(v),
              (v: Value) => v,
              c.sub(row),
            );
            return [next, next] as const;
          },
          np.array(3),
          x,
        )[1],
      { debugNans: true },
    );
    const message = await told(async () => f(np.array([1, 2, 3])).data());
    assert.is(
      message,
      `sqrt gives NaN in f32[], from -3, in turn 2 of a loop, in branch 1  [bad-value]
> (v: Value) => np.sqrt(v),
${fix}`,
    );
    await debug.flush().catch(() => {});
  });
}

test('operations outside of any function are checked, too', async () => {
  await use('wasm');
  const x = np.array([4, -4]);
  const message = await told(() => withDebugNans(() => np.sqrt(x)));
  assert.is(
    message,
    `sqrt gives NaN in f32[2] at [1], from -4  [bad-value]
> const message = await told(() => withDebugNans(() => np.sqrt(x)));
${fix}`,
  );
  assert.ok(Number.isNaN((await np.sqrt(x).data())[1]), 'and not once the call is over');
});

test('a gradient is blamed on the line whose derivative it is', async () => {
  await use('wasm');
  const f = (x: Value): Value => {
    const root = np.sqrt(x);
    return np.sum(root.mul(x.mul(0)));
  };
  const message = await told(() => withDebugNans(() => jit(grad(f))(np.zeros([2]))));
  assert.match(message, /gives NaN in f32\[2\] at \[0\], from [^[]*\[bad-value\]/);
  assert.match(message, /> const root = np.sqrt\(x\);/);
});

test('infinities are found if they are looked for', async () => {
  await use('wasm');
  const f = jit((x: Value) => np.exp(x).sub(1));
  assert.is((await f(np.array([1000])).data())[0], Number.POSITIVE_INFINITY);
  const message = await told(() => withDebugInfs(() => f(np.array([1000]))));
  assert.match(message, /^exp gives Infinity in f32\[1\] at \[0\], from 1000 /);
});

test('a NaN among the arguments is not blamed on an operation', async () => {
  await use('wasm');
  const x = np.array([Number.NaN]);
  const message = await told(() => withDebugNans(() => x.add(1)));
  assert.match(message, /^NaN is in the result of a program, but .*\[bad-value-in-result\]/);
});

test('donated arrays are kept until the program has been looked into, and no longer', async () => {
  await use('wasm');
  const step = jit((x: Value) => np.log(x), { donate: 0, debugNans: true });
  const x = np.array([1, 2]);
  assert.equal(step(x).shape, [2]);
  assert.throws(() => x.dataSync(), /donated/);
  const message = await told(() => step(np.array([-1, 2])));
  assert.match(message, /^log gives NaN/);
});

test('what is printed is printed once, although the program runs again', async () => {
  await use('wasm');
  const seen: number[] = [];
  const f = jit(
    (x: Value) => {
      debug.callback((v: Value) => seen.push(v.dataSync()[0] ?? 0), x);
      return np.log(x);
    },
    { debugNans: true },
  );
  assert.throws(() => f(np.array(-1)), /bad-value/);
  assert.equal(seen, [-1]);
});

test('settings hold until they are changed, and inside a call that awaits', async () => {
  await use('wasm');
  settings.debugNans = true;
  assert.throws(() => np.log(np.array(-1)), /bad-value/);
  settings.debugNans = false;
  assert.ok(Number.isNaN(await np.log(np.array(-1)).item()));
  const later = withDebugNans(async () => {
    await Promise.resolve();
    return np.log(np.array(-1));
  });
  let code = '';
  await later.catch((error: { code: string }) => {
    code = error.code;
  });
  assert.is(code, 'bad-value');
  await Promise.resolve();
  assert.is(settings.debugNans, false);
});

test('vmap of a function that makes a NaN for one example names the place in the batch', async () => {
  await use('wasm');
  const f = vmap((x: Value) => np.log(np.sum(x)));
  const x = np.array([
    [1, 2],
    [-3, 2],
  ]);
  const message = await told(() => withDebugNans(() => jit(f)(x)));
  assert.match(message, /^log gives NaN in f32\[2\] at \[1\], from -1 /);
});

test('without jit a function runs operation by operation', async () => {
  await use('wasm');
  const seen: string[] = [];
  const f = jit((x: Value) => {
    seen.push(x.toString());
    return x.mul(2);
  });
  disableJit(() => f(np.array([1, 2])));
  f(np.array([1, 2]));
  assert.equal(seen, ['f32[2] [1, 2]', 'traced f32[2]']);
});

test.run();
