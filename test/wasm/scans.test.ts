/** Running results in vectors and in parts equal those of one loop. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, lax, np, setDefaultDevice } from '../../index.ts';

type Scan = (x: np.Array, axis: number, reverse?: boolean) => np.Array;

const scans: Record<
  string,
  { scan: Scan; start: number; combine: (a: number, b: number) => number }
> = {
  cumsum: { scan: lax.cumsum, start: 0, combine: (a, b) => a + b },
  cummax: { scan: lax.cummax, start: Number.NEGATIVE_INFINITY, combine: Math.max },
  cummin: { scan: lax.cummin, start: Number.POSITIVE_INFINITY, combine: Math.min },
  cumprod: { scan: lax.cumprod, start: 1, combine: (a, b) => a * b },
};

/** Integers, so that every order of summation gives the same floats. */
const integers = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * 7919) % 201) - 100);
const signs = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * 31) % 7 === 0 ? -1 : 1));

for (const [name, { scan, start, combine }] of Object.entries(scans)) {
  for (const [rows, length] of [
    [3, 5],
    [2, 37],
    [1, 8192],
    [3, 9001],
    [300, 65],
  ] as const) {
    for (const reverse of [false, true]) {
      test(`${name} of ${rows} rows of ${length}${reverse ? ', reversed' : ''}`, async () => {
        await setDefaultDevice('wasm');
        const data = (name === 'cumprod' ? signs : integers)(rows * length);
        const x = np.array(data).reshape([rows, length]);
        const along = await jit((y: np.Array) => scan(y, 1, reverse))(x).data();
        const across = await jit((y: np.Array) => np.transpose(scan(np.transpose(y), 0, reverse)))(
          x,
        ).data();
        const expected = new Float32Array(rows * length);
        for (let row = 0; row < rows; row++) {
          let total = start;
          for (let turn = 0; turn < length; turn++) {
            const k = row * length + (reverse ? length - 1 - turn : turn);
            total = combine(total, data[k] ?? Number.NaN);
            expected[k] = total;
          }
        }
        assert.equal(along, expected);
        assert.equal(across, expected);
      });
    }
  }
}

test('a running total keeps NaN and infinities from where they occur', async () => {
  await setDefaultDevice('wasm');
  const data = new Float32Array(9000).fill(1);
  data[8500] = Number.POSITIVE_INFINITY;
  data[8700] = Number.NaN;
  const totals = await jit((y: np.Array) => lax.cumsum(y, 0))(np.array(data)).data();
  const extremes = await jit((y: np.Array) => lax.cummax(y, 0))(np.array(data)).data();
  assert.equal([totals[8499], totals[8500], totals[8699]], [8500, Infinity, Infinity]);
  assert.equal([extremes[8499], extremes[8500], extremes[8699]], [1, Infinity, Infinity]);
  assert.ok(totals.slice(8700).every(Number.isNaN) && extremes.slice(8700).every(Number.isNaN));
});

test.run();
