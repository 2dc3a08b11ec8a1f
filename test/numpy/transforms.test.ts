/** The array API under grad and vmap, where the composition of operations matters. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';
import { grad, vmap } from '../../transforms/index.ts';
import './device.ts';

type Scalar = (x: np.Array) => np.Array;

/** The gradient by central differences, element by element. */
async function differences(f: Scalar, x: np.Array, step: number): Promise<number[]> {
  const slopes: number[] = [];
  for (let i = 0; i < x.size; i++) {
    const flat = x.ravel();
    const [high, low] = [step, -step].map((d) => f(flat.at(i).add(d).reshape(x.shape)));
    slopes.push((Number(await high?.item()) - Number(await low?.item())) / (2 * step));
  }
  return slopes;
}

const x = np.array([
  [0.3, -1.2, 2.1],
  [1.7, 0.4, -0.6],
]);
const w = np.array([
  [0.5, -0.3],
  [1.1, 0.7],
  [-0.9, 0.2],
]);
const rows = np.array([1, 0, 1], { dtype: 'int32' });
const order = np.array(
  [
    [2, 0, 0],
    [1, 1, 2],
  ],
  { dtype: 'int32' },
);

const losses: Record<string, Scalar> = {
  'a product': (a) => np.sin(a.matmul(w)).sum(),
  'einsum with a diagonal': (a) =>
    np
      .einsum('ij,jk->ik', a, w)
      .pow(2)
      .sum()
      .add(np.einsum('ii', a.matmul(w))),
  variance: (a) => np.var(a, { axis: 1 }).sum().add(np.std(a)),
  'a masked mean': (a) => np.mean(a.pow(3), { where: a.greater(0) }),
  'the largest element': (a) =>
    a
      .max({ axis: 1 })
      .mul(np.array([1, 3]))
      .sum(),
  'looked up rows': (a) =>
    a
      .get(rows)
      .mul(np.array([[1], [2], [3]]))
      .sum(),
  takeAlongAxis: (a) => np.takeAlongAxis(a, order).pow(2).sum(),
  'ranges with steps': (a) =>
    a
      .get('...', np.slice(null, null, -2))
      .mul(a.get(0, 1))
      .sum(),
  'a written range': (a) => a.at(np.slice(null, null), 1).set(3).pow(2).sum(),
  'added rows': (a) => a.at(rows).add(a.get(rows).mul(2)).pow(2).sum(),
  padding: (a) => np.pad(a, 1, { mode: 'reflect' }).pow(2).sum(),
  'sorted elements': (a) =>
    np
      .sort(a, { axis: 0 })
      .mul(np.array([[1], [2]]))
      .sum(),
  'running sums': (a) => np.cumsum(a, { axis: 1 }).pow(2).sum(),
  'a norm': (a) => np.linalg.norm(a, { axis: 1 }).sum(),
  logaddexp: (a) => np.logaddexp(a, a.mul(-2)).sum(),
  'clip and where': (a) =>
    np
      .clip(a, -1, 1)
      .add(np.where(a.less(0), a.mul(a), a))
      .sum(),
  'a power of arrays': (a) => np.power(np.abs(a), np.array([1.5, 2, 0.5])).sum(),
};

for (const [name, loss] of Object.entries(losses)) {
  test(`the gradient of ${name} agrees with differences`, async () => {
    const slopes = [...(await grad(loss)(x).data())];
    const wanted = await differences(loss, x, 1e-2);
    slopes.forEach((slope, i) => {
      const expected = wanted[i] ?? Number.NaN;
      const label = `element ${i}: ${slope}, not ${expected}`;
      assert.ok(Math.abs(slope - expected) < 2e-2 * (1 + Math.abs(expected)), label);
    });
  });

  test(`vmap of ${name} is a loop`, async () => {
    const batch = np.stack([x, x.mul(-0.7), x.add(0.25)]);
    const wanted = await Promise.all([0, 1, 2].map((i) => loss(batch.get(i)).item()));
    const got = await vmap(loss)(batch).data();
    got.forEach((value, i) => {
      const expected = Number(wanted[i]);
      assert.ok(
        Math.abs(value - expected) < 1e-5 * (1 + Math.abs(expected)),
        `${value} ${expected}`,
      );
    });
  });
}

test('a position may be traced and batched', async () => {
  const positions = np.array([0, 2, -1, 1], { dtype: 'int32' });
  const row = (i: np.Array) => x.T.get(i);
  assert.equal(await vmap(row)(positions).js(), await x.T.get(positions).js());
  const write = (i: np.Array) => np.zeros([3]).at(i).set(7);
  assert.equal(await vmap(write)(positions).js(), [
    [7, 0, 0],
    [0, 0, 7],
    [0, 0, 7],
    [0, 7, 0],
  ]);
});

test.run();
