/** Attention in tiles is attention: values and gradients of the plain formula. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { grad, jit, nn, np, random, setDefaultDevice } from '../../index.ts';
import { type TiledAttentionOptions, tiledAttention } from '../../nn/tiled-attention.ts';

const draw = (seed: number, shape: readonly number[]): np.Array =>
  random.normal(random.key(seed), shape);

/** The formula, with all scores stored. */
function plainAttention(
  query: np.Array,
  key: np.Array,
  value: np.Array,
  { bias, mask, scale, isCausal = false }: TiledAttentionOptions = {},
): np.Array {
  const [, queries = 1, heads = 1, dim = 1] = query.shape;
  const [, keys = 1, keyHeads = 1] = key.shape;
  const spread = (x: np.Array): np.Array => np.repeat(x, heads / keyHeads, { axis: 2 });
  const dot = np.einsum('btnh,bsnh->bnts', query, spread(key)).mul(scale ?? 1 / Math.sqrt(dim));
  let scores = bias ? dot.add(bias) : dot;
  const least = -0.7 * 3.4028234663852886e38;
  if (mask) scores = np.where(mask, scores, least);
  if (isCausal) {
    const rows = np.expandDims(np.arange(queries), 1);
    scores = np.where(np.greaterEqual(rows, np.arange(keys)), scores, least);
  }
  return np.einsum('bnts,bsnh->btnh', nn.softmax(scores), spread(value));
}

interface Case {
  readonly query: readonly number[];
  readonly key: readonly number[];
  readonly options: () => TiledAttentionOptions;
}

const someKeys = (shape: readonly number[]): np.Array => np.greater(draw(9, shape), 0);

const cases: Record<string, Case> = {
  'several blocks': { query: [2, 7, 3, 4], key: [2, 12, 3, 4], options: () => ({ blockSize: 4 }) },
  'a last block that is not full': {
    query: [1, 5, 2, 4],
    key: [1, 11, 2, 4],
    options: () => ({ blockSize: 4, scale: 0.3 }),
  },
  'heads in groups': {
    query: [2, 5, 6, 4],
    key: [2, 9, 2, 4],
    options: () => ({ blockSize: 4, bias: draw(8, [2, 6, 5, 9]) }),
  },
  'causal attention': {
    query: [1, 19, 2, 4],
    key: [1, 19, 2, 4],
    options: () => ({ blockSize: 4, isCausal: true, bias: draw(8, [1, 2, 1, 19]) }),
  },
  'fewer keys than queries, causal': {
    query: [1, 9, 2, 4],
    key: [1, 5, 2, 4],
    options: () => ({ blockSize: 2, isCausal: true, bias: draw(8, [1, 1, 9, 1]) }),
  },
  'more keys than queries, causal': {
    query: [1, 5, 2, 4],
    key: [1, 23, 2, 4],
    options: () => ({ blockSize: 2, isCausal: true, bias: draw(8, [1, 2, 5, 23]) }),
  },
  'a mask, some rows of which allow nothing': {
    query: [2, 6, 2, 4],
    key: [2, 10, 2, 4],
    options: () => ({
      blockSize: 4,
      bias: draw(8, [1, 1, 6, 10]),
      mask: np.logicalAnd(someKeys([2, 1, 6, 10]), np.notEqual(np.arange(6), 2).reshape([6, 1])),
    }),
  },
  'a mask and the past only': {
    query: [1, 6, 2, 4],
    key: [1, 6, 2, 4],
    options: () => ({ blockSize: 4, isCausal: true, mask: someKeys([1, 2, 1, 6]) }),
  },
};

async function close(found: np.Array, expected: np.Array, what: string): Promise<void> {
  const [a, b] = [await found.data(), await expected.data()];
  assert.equal(found.shape, expected.shape, what);
  b.forEach((value, i) => {
    const error = Math.abs(Number(a[i]) - Number(value));
    assert.ok(
      error <= 2e-5 * (1 + Math.abs(Number(value))),
      `${what}[${i}]: ${a[i]}, not ${value}`,
    );
  });
}

for (const [name, { query, key, options }] of Object.entries(cases)) {
  test(`${name}: values and gradients`, async () => {
    await setDefaultDevice('wasm');
    const given = options();
    const [q, k, v] = [draw(1, query), draw(2, key), draw(3, key)];
    const weights = draw(4, query);
    const bias = given.bias ?? np.zeros([1, 1, 1, 1]);
    const all = (attend: typeof tiledAttention) =>
      jit((a: np.Array, b: np.Array, c: np.Array, d: np.Array) => {
        const loss = (...x: [np.Array, np.Array, np.Array, np.Array]): np.Array =>
          np.sum(attend(x[0], x[1], x[2], { ...given, bias: x[3] }).mul(weights));
        return [
          attend(a, b, c, { ...given, bias: d }),
          ...grad(loss, { argnums: [0, 1, 2, 3] })(a, b, c, d),
        ];
      })(q, k, v, bias);
    const [found, expected] = [all(tiledAttention), all(plainAttention)];
    const parts = ['out', 'query', 'key', 'value', 'bias'];
    for (const [i, what] of parts.entries()) {
      const [mine, theirs] = [found[i], expected[i]];
      assert.ok(mine !== undefined && theirs !== undefined);
      if (mine && theirs) await close(mine, theirs, what);
    }
  });
}

test('the gradient of a gradient', async () => {
  const [q, k, v] = [draw(1, [1, 5, 2, 4]), draw(2, [1, 6, 2, 4]), draw(3, [1, 6, 2, 4])];
  const second = (attend: typeof tiledAttention): np.Array => {
    const first = grad((x: np.Array) => np.sum(np.square(attend(x, k, v, { blockSize: 4 }))));
    return jit(grad((x: np.Array) => np.sum(np.square(first(x)))))(q);
  };
  await close(second(tiledAttention), second(plainAttention), 'second derivative');
});

const lengths = (...counts: readonly number[]): np.Array => np.array(counts, { dtype: 'int32' });

const choices: Record<string, nn.DotProductAttentionOptions> = {
  'no option': {},
  'causal attention': { isCausal: true },
  'a local window': { localWindowSize: [3, 1], isCausal: true },
  'lengths of sequences': {
    querySeqLengths: lengths(5, 7),
    keyValueSeqLengths: lengths(9, 4),
    isCausal: true,
  },
};

for (const [name, options] of Object.entries(choices)) {
  test(`nn.dotProductAttention computes the same in tiles: ${name}`, async () => {
    await setDefaultDevice('wasm');
    const [q, k, v] = [draw(1, [2, 7, 6, 4]), draw(2, [2, 300, 2, 4]), draw(3, [2, 300, 2, 4])];
    const [bias, mask] = [draw(4, [2, 6, 1, 300]), someKeys([1, 1, 7, 300])];
    for (const own of [null, mask]) {
      const all = (implementation: 'xla' | 'tiled') =>
        jit(
          grad((x: readonly np.Array[]) => {
            const [query = q, key = k, value = v] = x;
            const given = { ...options, implementation };
            return np.sum(np.sin(nn.dotProductAttention(query, key, value, bias, own, given)));
          }),
        )([q, k, v]);
      const [found, expected] = [all('tiled'), all('xla')];
      for (const i of [0, 1, 2]) await close(found[i] ?? q, expected[i] ?? k, `${name}, ${i}`);
    }
  });
}

test('from 1,024 keys on nn.dotProductAttention takes tiles by itself', () => {
  const memory = (keys: number): number => {
    const x = np.zeros([1, keys, 8, 4]);
    const lowered = jit((y: np.Array) => nn.dotProductAttention(y, y, y)).lower(x);
    return lowered.compile().memoryAnalysis().tempSizeInBytes;
  };
  assert.ok(memory(512) >= 4 * 8 * 512 * 512, 'few scores are stored');
  assert.ok(memory(2048) < (4 * 8 * 2048 * 2048) / 2, 'many are not');
});

test.run();
