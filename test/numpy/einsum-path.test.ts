/** The order in which einsum multiplies, told beforehand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';

test('einsumPath takes the cheaper pair first', () => {
  const [a, b, c] = [np.ones([2, 50]), np.ones([50, 40]), np.ones([40, 3])];
  const [path, text] = np.einsumPath('ij,jk,kl->il', a, b, c);
  assert.equal(path, [
    [0, 1],
    [0, 1],
  ]);
  assert.match(text, '24000 multiplications at once, 4240 in pairs');
});

test('s_ and indexExp keep an index for later', async () => {
  const corner = np.s_(np.slice(0, 2), -1);
  assert.equal(
    await np
      .arange(12)
      .reshape(3, 4)
      .get(...corner)
      .js(),
    [3, 7],
  );
  assert.is(np.indexExp, np.s_);
});

test.run();
