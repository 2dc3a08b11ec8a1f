/** What a user sees who misuses the array API: the examples of the catalogue fail and work as they say. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError, errorCatalogue } from '../../core/base/errors.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import './device.ts';

/** Errors that the array API and random numbers raise, of all that are in the catalogue. */
const codes = [
  'broadcast-mismatch',
  'no-such-axis',
  'not-a-permutation',
  'ragged-array',
  'not-array-data',
  'unknown-dtype',
  'wrong-dtype',
  'number-out-of-range',
  'bad-shape',
  'reshape-mismatch',
  'squeeze-mismatch',
  'empty-reduction',
  'join-mismatch',
  'split-mismatch',
  'pad-mismatch',
  'contraction-mismatch',
  'wrong-rank',
  'einsum-notation',
  'einsum-sizes',
  'not-one-element',
  'boolean-mask',
  'index-out-of-range',
  'too-many-indices',
  'not-an-index',
  'update-dtype',
  'zero-step',
  'unknown-option',
  'negative-power',
  'not-a-key',
  'bad-seed',
  'parameters-exceed-shape',
  'too-few-to-choose',
  'not-to-permute',
];

/** Runs the body of an async function over the public API; casts, which only tsc needs, are taken out. */
async function run(body: string): Promise<void> {
  const script = `return (async () => { ${body.replaceAll(' as never', '')} })();`;
  await new Function('np', 'random', script)(np, random);
}

async function failureOf(body: string): Promise<unknown> {
  try {
    await run(body);
  } catch (error) {
    return error;
  }
  return null;
}

for (const code of codes) {
  test(`${code} is raised by its failing example and not by its working one`, async () => {
    const example = errorCatalogue().get(code)?.example;
    assert.ok(example !== undefined && 'fails' in example, 'has an example');
    const error = await failureOf(example.fails);
    assert.instance(error, EnerjaxError);
    assert.is(error instanceof EnerjaxError ? error.code : error, code);
    await run(example.works);
  });
}

const messageOf = async (body: string): Promise<string> => {
  const error = await failureOf(body);
  return error instanceof EnerjaxError ? error.what : String(error);
};

test('a broadcast mismatch names both shapes and the axis', async () => {
  assert.is(
    await messageOf('np.add(np.ones([2, 3]), np.ones([2]))'),
    'np.add: shapes [2, 3] and [2] do not broadcast: axis -1 (from the end) has sizes 3 and 2',
  );
});

test('a ragged list is named by its path', async () => {
  assert.is(
    await messageOf('np.array([[[1], [2]], [[3], [4, 5]]])'),
    'np.array: element [1][1] is a list of 2, but its first sibling is a list of 1',
  );
});

test('a wrong index names the axis and the shape', async () => {
  assert.is(
    await messageOf('np.ones([2, 3]).get(0, 5)'),
    'index 5 is outside axis 1 of an array of shape [2, 3]',
  );
});

test('a product names the axes that differ', async () => {
  assert.is(
    await messageOf('np.matmul(np.ones([2, 3]), np.ones([4, 5]))'),
    'np.matmul: axis -1 of f32[2, 3] and axis -2 of f32[4, 5] are summed together but have sizes 3 and 4',
  );
});

test('einsum says what it cannot read', async () => {
  assert.is(
    await messageOf("np.einsum('i1->i', np.ones([2, 2]))"),
    "einsum('i1->i'): '1' is no letter",
  );
  assert.is(
    await messageOf("np.einsum('ij,jk', np.ones([2, 2]))"),
    "einsum('ij,jk'): it names 2 operands, but 1 were passed",
  );
});

test('something that is no array is named as it is', async () => {
  assert.is(
    await messageOf("np.add('2', 1)"),
    "np.add needs an array, a number or a boolean, got '2'",
  );
  assert.is(
    await messageOf('np.sum([1, 2])'),
    'np.sum needs an array, a number or a boolean, got a list of 2',
  );
});

test.run();
