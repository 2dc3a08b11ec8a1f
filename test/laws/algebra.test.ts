/** NaN and infinity survive what compilers would like to simplify, on every device. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { jit } from '../../transforms/index.ts';
import { testDevices, use } from '../support/devices.ts';

const inputs = [Number.NaN, Infinity, -Infinity, 0, -0, 2, -3, 1e-40];

/** Functions of one number, as arrays and as JavaScript has them. */
const functions: Record<string, [(x: Value) => Value, (x: number) => number]> = {
  'x · 0': [(x) => x.mul(0), (x) => x * 0],
  'x · −0': [(x) => x.mul(-0), (x) => x * -0],
  'x · 0 + 1': [(x) => x.mul(0).add(1), (x) => x * 0 + 1],
  'x − x': [(x) => x.sub(x), (x) => x - x],
  'x + (−x)': [(x) => x.add(np.negative(x)), (x) => x + -x],
  'x / x': [(x) => x.div(x), (x) => x / x],
  '0 / x': [(x) => np.divide(0, x), (x) => 0 / x],
  'x · (x − x)': [(x) => x.mul(x.sub(x)), (x) => x * (x - x)],
  'exp(x) · 0': [(x) => np.exp(x).mul(0), (x) => Math.exp(x) * 0],
};

for (const name of testDevices()) {
  test(`${name}: algebra keeps NaN, infinity and the sign of zero`, async () => {
    await use(name);
    const x = np.array(inputs);
    const f = jit((y: Value) => Object.values(functions).map(([apply]) => apply(y)));
    const results = f(x);
    for (const [i, [label, [, expected]]] of Object.entries(functions).entries()) {
      const found = Array.from((await results[i]?.data()) ?? []);
      inputs.forEach((input, k) => {
        // A GPU may take the denormal for 0; then 0 / x and x / x have no answer to agree on.
        if (input === 1e-40 && label.includes('/')) return;
        const wanted = expected(Math.fround(input));
        assert.ok(
          Object.is(found[k], wanted) || (found[k] === 0 && wanted === 0 && label.includes('+')),
          `${label} at ${input}: ${found[k]}, not ${wanted}`,
        );
      });
    }
  });

  test(`${name}: a sum of products with zero is NaN if a factor is`, async () => {
    await use(name);
    const f = jit((y: Value) => np.sum(y.mul(0)));
    assert.ok(Number.isNaN(await f(np.array([1, Number.NaN])).item()));
    assert.ok(Number.isNaN(await f(np.array([1, Infinity])).item()));
    assert.is(await f(np.array([1, 2])).item(), 0);
  });
}

test.run();
