/** What long programs cost to compile. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, lax, np } from '../../index.ts';
import { use } from '../support/devices.ts';

/** `length` element-wise operations one after another. */
const chain =
  (length: number, shift: number) =>
  (x: np.Array): np.Array => {
    let y = x;
    for (let i = 0; i < length; i++) {
      const kind = i % 4;
      if (kind === 0) y = np.tanh(y);
      else if (kind === 1) y = y.mul(1.01);
      else y = kind === 2 ? y.add(x) : y.sub(shift);
    }
    return y;
  };

/** Milliseconds of processor time until the first result. */
async function compileTime(length: number, shift: number): Promise<number> {
  const x = np.linspace(-1, 1, 64);
  const before = process.cpuUsage();
  await jit(chain(length, shift))(x).data();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test('a thousand chained operations compile in less than a second', async () => {
  await use('wasm');
  // The best of three, since the compiler is compiled itself at first.
  const times = [];
  for (const shift of [0.25, 0.5, 0.75]) times.push(await compileTime(1000, shift));
  assert.ok(Math.min(...times) < 1000, `${times} ms`);
});

test('compile time grows as the program does', async () => {
  await use('wasm');
  const short = Math.min(await compileTime(1000, 0.3), await compileTime(1000, 0.4));
  const long = Math.min(await compileTime(4000, 0.3), await compileTime(4000, 0.4));
  assert.ok(long < 10 * short, `${short} ms for 1000 operations, ${long} ms for 4000`);
});

test('the body of a scan is compiled once, however many steps it has', async () => {
  await use('wasm');
  const kernelsOf = (length: number): number => {
    const step = (c: np.Array, x: np.Array) => [np.tanh(c).add(x), c] as const;
    const run = jit((c: np.Array, xs: np.Array) => lax.scan(step, c, xs));
    return run.lower(np.zeros([8]), np.zeros([length, 8])).kernels.length;
  };
  assert.is(kernelsOf(1000), kernelsOf(10));
});

test.run();
