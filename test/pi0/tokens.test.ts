/** Masks, positions, rotations and times, by the test vectors of the reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { np, random } from '../../index.ts';
import { rotate, rotationOf } from '../../models/gemma/rope.ts';
import { makeAttentionMask, posembSincos, positionsOf } from '../../models/pi0/index.ts';

const close = async (got: np.Array, expected: readonly number[], tolerance: number) => {
  const found = await got.data();
  assert.is(found.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(Number(found[i]) - value) < tolerance, `${i}: ${found[i]} for ${value}`);
  });
};

const allValid = np.ones([1, 5], { dtype: 'bool' });
const starts = [false, false, true, true, false];
const blocks = [
  [1, 1, 0, 0, 0],
  [1, 1, 0, 0, 0],
  [1, 1, 1, 0, 0],
  [1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1],
];

test('tokens see their own block and all earlier ones', async () => {
  const expected = blocks.map((row) => row.map(Boolean));
  assert.equal(await makeAttentionMask(allValid, starts).js(), [expected]);
  for (const flags of [np.array(starts), np.array([starts])]) {
    assert.equal(await makeAttentionMask(allValid, flags).js(), [expected]);
  }
});

test('rows and columns of padding are false, and padding takes no position', async () => {
  const isValid = np.array([[true, false, true, true, true]]);
  const expected = blocks.map((row, i) => row.map((sees, j) => sees === 1 && i !== 1 && j !== 1));
  assert.equal(await makeAttentionMask(isValid, starts).js(), [expected]);
  assert.equal(await positionsOf(isValid).js(), [[0, 0, 1, 2, 3]]);
  assert.equal(await positionsOf(np.array([[false, true]])).js(), [[-1, 0]]);
});

test('rotations turn the first half of the features with the second', async () => {
  const x = np.arange(1, 17, { dtype: 'float32' }).reshape([1, 1, 1, 16]);
  const rotation = rotationOf(np.array([[5]], { dtype: 'int32' }), 16);
  await close(
    rotate(x, rotation, 'float32'),
    [
      8.91398, -10.020149, -2.640934, 2.060633, 4.344022, 5.7779, 6.924912, 7.974692, 1.594035,
      1.89647, 11.091684, 12.480136, 13.233649, 14.093115, 15.034812, 16.012629,
    ],
    1e-5,
  );
});

test('times are sines and cosines of four periods', async () => {
  const half = posembSincos(np.array([0.5]), 8);
  await close(half, [0, 0, 1, Math.SQRT1_2, 1, -1, 0, Math.SQRT1_2], 1e-4);
  const one = posembSincos(np.array([1]), 8);
  await close(one, [0, 0, 0, 1, 1, 1, -1, 0], 2e-4);
});

test('draws are those of JAX', async () => {
  const key = random.split(random.key(42), 3).get(2);
  assert.equal([...(await key.data())], [2465931498, 255383827]);
  const first = random.split(random.key(0)).get(1);
  await close(random.normal(first, [4]), [-2.442456, -2.035681, 0.205544, -0.35355], 1e-6);
});

test.run();
