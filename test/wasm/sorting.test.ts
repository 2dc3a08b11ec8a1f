/** Sorting by digits agrees with the host's stable sort. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, lax, np, setDefaultDevice } from '../../index.ts';

const pseudo = (length: number, of: number): number[] =>
  Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 8) % of);

/** NaN last, −0 and 0 alike. */
const compare = (a: number, b: number): number =>
  Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b;

const orderOf = (keys: readonly (readonly number[])[]): number[] =>
  (keys[0] ?? [])
    .map((_, i) => i)
    .sort((i, j) => {
      for (const key of keys) {
        const order = compare(key[i] ?? 0, key[j] ?? 0);
        if (order !== 0) return order;
      }
      return i - j;
    });

for (const length of [65, 257, 1000, 20001]) {
  test(`${length} floats with ties, infinities, zeros of both signs and NaN`, async () => {
    await setDefaultDevice('wasm');
    const special = [Number.NaN, Infinity, -Infinity, -0, 0, 1e-42, -1e-42];
    const values = pseudo(length, 97).map(
      (v, i) => (i % 11 === 0 ? special[v % 7] : v / 8 - 5) ?? 0,
    );
    const x = np.array(Float32Array.from(values));
    const rounded = Array.from(Float32Array.from(values));
    const expected = orderOf([rounded]);
    assert.equal(Array.from(await np.argsort(x).data()), expected);
    const sorted = Array.from(await jit((y: np.Array) => np.sort(y))(x).data());
    assert.equal(
      sorted,
      expected.map((i) => rounded[i]),
    );
  });
}

test('rows along the first axis, signed and unsigned integers and booleans', async () => {
  await setDefaultDevice('wasm');
  const values = pseudo(300, 50).map((v) => v - 25);
  for (const dtype of ['int32', 'uint32', 'bool'] as const) {
    const x = np.array(values).astype(dtype).reshape([100, 3]);
    const flat = Array.from(await x.data());
    const sorted = Array.from(await np.sort(x, { axis: 0 }).data());
    for (let column = 0; column < 3; column++) {
      const own = flat.filter((_, i) => i % 3 === column).sort((a, b) => a - b);
      assert.equal(
        sorted.filter((_, i) => i % 3 === column),
        own,
      );
    }
  }
});

test('two keys and a value, in the order of the first, then of the second', async () => {
  await setDefaultDevice('wasm');
  const [a, b] = [pseudo(500, 7), pseudo(500, 13).map((v) => v - 6)];
  const keys = [np.array(a, { dtype: 'uint32' }), np.array(b, { dtype: 'float32' })];
  const [, , order] = lax.sort([...keys, np.arange(500)], 0, 2);
  assert.equal(Array.from((await order?.data()) ?? []), orderOf([a, b]));
});

test.run();
