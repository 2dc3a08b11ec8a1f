/** The greatest and least of many floats: NaN, infinities and zeros of both signs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, np, setDefaultDevice } from '../../index.ts';

const length = 45;
const fill = (value: number): number[] => new Array<number>(length).fill(value);
const withOne = (value: number, at: number, other: number): number[] => fill(value).with(at, other);

const rows: Record<string, number[]> = {
  'negative zeros': fill(-0),
  'positive zeros': fill(0),
  'a zero among negative ones': withOne(-0, 33, 0),
  'a negative zero among positive ones': withOne(0, 2, -0),
  'a negative zero among negative numbers': withOne(-3, 17, -0),
  'a negative zero among positive numbers': withOne(3, 17, -0),
  'a zero among negative numbers': withOne(-3, 44, 0),
  'NaN among numbers': withOne(1, 20, Number.NaN),
  'NaN among the last ones': withOne(1, 44, Number.NaN),
  'NaN alone': fill(Number.NaN),
  infinities: withOne(-Infinity, 7, Infinity),
  'numbers up and down': fill(0).map((_, i) => ((i * 29) % 45) - 20),
  'least denormals': withOne(-1e-45, 3, 1e-45),
};

for (const [name, row] of Object.entries(rows)) {
  test(name, async () => {
    await setDefaultDevice('wasm');
    // Along rows, and across them, where vectors lie along the columns: a few, and enough to go by rows.
    for (const count of [5, 80]) await check(row, count);
  });
}

async function check(row: readonly number[], count: number): Promise<void> {
  const x = np.array(new Array<readonly number[]>(count).fill(row));
  for (const [take, extreme] of [
    [np.max, Math.max],
    [np.min, Math.min],
  ] as const) {
    const expected = extreme(...row.map(Math.fround));
    for (const [array, axis] of [
      [x, 1],
      [np.transpose(x), 0],
    ] as const) {
      const found = await jit((y: np.Array) => take(y, { axis }))(array).data();
      assert.equal(Array.from(found), new Array(count).fill(expected));
      assert.ok(Array.from(found).every((value) => Object.is(Number(value), expected)));
    }
  }
}

test('the greater or lesser of an element and a constant, whichever comes first', async () => {
  await setDefaultDevice('wasm');
  const special = [0, -0, Number.NaN, Infinity, -Infinity, 1e-42, -1e-42, 3, -3].map(Math.fround);
  const x = np.array(special);
  for (const constant of [0, -0, 1, -1, Infinity, -Infinity, Math.fround(1e-42)]) {
    const cases = [
      [Math.max, (y: np.Array) => np.maximum(y, constant)],
      [Math.max, (y: np.Array) => np.maximum(constant, y)],
      [Math.min, (y: np.Array) => np.minimum(y, constant)],
      [Math.min, (y: np.Array) => np.minimum(constant, y)],
    ] as const;
    for (const [extreme, f] of cases) {
      const found = Array.from(await jit(f)(x).data(), Number);
      special.forEach((value, i) => {
        const expected = extreme(value, constant);
        assert.ok(Object.is(found[i], expected), `${value}, ${constant}: ${found[i]}`);
      });
    }
  }
});

test.run();
