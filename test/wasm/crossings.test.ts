/** Arrays that are read along another axis than the result is written, in blocks of four rows. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, np, setDefaultDevice } from '../../index.ts';

const count = (shape: readonly number[]): np.Array =>
  np.arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);

interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly f: (...xs: np.Array[]) => np.Array | np.Array[];
}

const cases: Record<string, Case> = {
  'a transposition': { shapes: [[64, 48]], f: (x) => np.transpose(x) },
  'one of odd sides': { shapes: [[37, 53]], f: (x) => np.transpose(x) },
  'one of short sides': { shapes: [[5, 6]], f: (x) => np.transpose(x) },
  'one within a sum': {
    shapes: [
      [33, 70],
      [70, 33],
    ],
    f: (x, y) => np.transpose(x).mul(2).add(y),
  },
  'one beside the other': { shapes: [[40, 40]], f: (x) => np.transpose(x).sub(x) },
  'heads in front of tokens': { shapes: [[2, 9, 6, 8]], f: (x) => np.transpose(x, [0, 2, 3, 1]) },
  'a transposition turned round': {
    shapes: [[37, 53]],
    f: (x) => np.flip(np.transpose(x), { axis: 1 }),
  },
  booleans: {
    shapes: [[37, 53]],
    f: (x) => np.transpose(np.less(x, 900)),
  },
  'an operand of two': {
    shapes: [
      [31, 20],
      [20, 31],
    ],
    f: (x, y) => [np.transpose(x).add(y), np.exp(np.transpose(x).mul(-0.01))],
  },
};

for (const [name, { shapes, f }] of Object.entries(cases)) {
  test(`${name} is what the reference device makes of it`, async () => {
    const results: (readonly ArrayLike<number>[])[] = [];
    for (const device of ['js', 'wasm'] as const) {
      await setDefaultDevice(device);
      const xs = shapes.map(count);
      const made = jit((...ys: np.Array[]) => [f(...ys)].flat())(...xs);
      results.push(await Promise.all(made.map((array) => array.data())));
    }
    const [expected = [], found = []] = results;
    expected.forEach((values, k) => {
      Array.from(values).forEach((value, i) => {
        const other = found[k]?.[i] ?? Number.NaN;
        assert.ok(
          Math.abs(value - other) <= 1e-6 * Math.abs(value),
          `${other} at ${i}, not ${value}`,
        );
      });
    });
  });
}

test.run();
