import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as nn from '../../nn/index.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import { distance, golden, leavesOf, type Numbers, toArrays } from './golden.ts';

const input = (name: string): Value => np.array(golden.layerInputs[name] ?? []);

async function agrees(got: Value, expected: Numbers, tolerance = 5e-6): Promise<void> {
  const found = distance(await got.data(), leavesOf(expected));
  assert.ok(found <= tolerance, `off by ${found}`);
}

const paramsOf = <P>(layer: string): P => toArrays<P>(golden.layers[layer]?.params ?? {});
const outputOf = (layer: string): Numbers => golden.layers[layer]?.output ?? [];

test('linear, layerNorm, embedding and multiHeadAttention give what Flax gives', async () => {
  const x = input('x');
  await agrees(nn.linear(paramsOf('linear'), x), outputOf('linear'));
  await agrees(nn.layerNorm(paramsOf('layerNorm'), x), outputOf('layerNorm'));
  const ids = np.astype(input('ids'), 'int32');
  await agrees(nn.embedding(paramsOf('embedding'), ids), outputOf('embedding'));
  const mask = np.astype(input('mask'), 'bool');
  const attention: nn.AttentionParams = paramsOf('attention');
  await agrees(nn.multiHeadAttention(attention, x, input('keys'), { mask }), outputOf('attention'));
});

const activations: Record<string, nn.Activation> = {
  relu: nn.relu,
  leakyRelu: (x) => nn.leakyRelu(x),
  elu: (x) => nn.elu(x),
  sigmoid: nn.sigmoid,
  silu: nn.silu,
  softplus: nn.softplus,
  logSigmoid: nn.logSigmoid,
  geluTanh: (x) => nn.gelu(x),
  geluExact: (x) => nn.gelu(x, { approximate: false }),
};

test('every recorded activation is tested', () => {
  assert.equal(Object.keys(golden.activations).sort(), Object.keys(activations).sort());
});

for (const [name, activation] of Object.entries(activations)) {
  test(`${name} gives what JAX gives, and finite slopes at ±90`, async () => {
    await agrees(activation(input('edge')), golden.activations[name] ?? [], 2e-6);
    const slopes = await grad((x: Value) => np.sum(activation(x)))(input('edge')).data();
    assert.ok(slopes.every(Number.isFinite));
  });
}

test('relu has slope 0 at 0', async () => {
  assert.equal([...(await grad((x: Value) => np.sum(nn.relu(x)))(np.zeros([1])).data())], [0]);
});

test('softmax, logSoftmax and logsumexp give what JAX gives', async () => {
  const logits = input('logits');
  const where = np.astype(input('where'), 'bool');
  await agrees(nn.softmax(logits, { where }), golden.normalised.softmax ?? []);
  await agrees(nn.logSoftmax(logits), golden.normalised.logSoftmax ?? []);
  await agrees(nn.logsumexp(logits, { axis: 0 }), golden.normalised.logsumexp ?? []);
});

test('softmax over nothing is zero, and so is its derivative', async () => {
  const where = np.array([
    [true, false],
    [false, false],
  ]);
  const x = np.array([
    [1, 2],
    [3, 4],
  ]);
  assert.equal([...(await nn.softmax(x, { where }).data())], [1, 0, 0, 0]);
  const slope = grad((v: Value) => np.sum(np.square(nn.softmax(v, { where }))))(x);
  assert.equal([...(await slope.data())], [0, 0, 0, 0]);
});

test('logSoftmax and logsumexp give −∞ for what does not count', async () => {
  const where = np.array([true, false]);
  const x = np.array([2, 9]);
  assert.equal([...(await nn.logSoftmax(x, { where }).data())], [0, -Infinity]);
  assert.equal([...(await nn.logsumexp(x, { where }).data())], [2]);
  const none = np.array([false, false]);
  assert.equal([...(await nn.logsumexp(x, { where: none }).data())], [-Infinity]);
});

test('the losses give what Optax gives', async () => {
  const arrays: Record<string, Value> = Object.fromEntries(
    Object.entries(golden.lossInputs).map(([name, numbers]) => [name, np.array(numbers)]),
  );
  const { logits = np.zeros([]), soft = logits, target = logits, labels = logits } = arrays;
  const numbers = np.astype(labels, 'int32');
  await agrees(nn.softmaxCrossEntropy(logits, soft), golden.losses.softmaxCrossEntropy ?? []);
  await agrees(
    nn.softmaxCrossEntropyWithIntegerLabels(logits, numbers),
    golden.losses.integerLabels ?? [],
  );
  await agrees(
    nn.sigmoidBinaryCrossEntropy(logits, soft),
    golden.losses.sigmoidBinaryCrossEntropy ?? [],
  );
  await agrees(nn.huberLoss(logits, target, { delta: 0.7 }), golden.losses.huber ?? []);
  await agrees(nn.mse(np.array([1, 2]), np.array([3, 2])), 2);
});

test('a query that may attend to nothing gets the bias of out, and no NaN in its gradient', async () => {
  const params = nn.initParams(nn.multiHeadAttentionSpec(8, 2), random.key(1));
  const [queries, keys] = [
    random.normal(random.key(2), [1, 2, 8]),
    random.normal(random.key(3), [1, 3, 8]),
  ];
  const mask = np.array([[[[true, true, false]], [[false, false, false]]]]).reshape([1, 1, 2, 3]);
  const attend = jit((p: nn.AttentionParams, q: Value, k: Value) =>
    nn.multiHeadAttention(p, q, k, { mask }),
  );
  const rows = await attend(params, queries, keys).data();
  assert.equal([...rows.slice(8)], [...(await params.out.bias.data())]);
  const slope = grad((q: Value) => np.sum(np.square(attend(params, q, keys))))(queries);
  const slopes = await slope.data();
  assert.ok(slopes.every(Number.isFinite));
  assert.ok(slopes.slice(0, 8).some((s) => s !== 0));
  assert.ok(slopes.slice(8).every((s) => s === 0));
});

test('positionalEncoding is the formula of the paper', async () => {
  const [length, width] = [7, 6];
  const got = await nn.positionalEncoding(length, width).data();
  const expected = Array.from({ length: length * width }, (_, n) => {
    const [p, i] = [Math.floor(n / width), n % width];
    const angle = p / 10000 ** ((2 * Math.floor(i / 2)) / width);
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  assert.ok(distance(got, expected) < 1e-6);
});

test('dropout keeps the mean, drops the share it should, and is the identity unless training', async () => {
  const x = np.ones([20_000]);
  const options = { key: random.key(4), rate: 0.3 };
  const dropped = await nn.dropout(x, { ...options, train: true }).data();
  const zeros = dropped.filter((v) => v === 0).length / dropped.length;
  assert.ok(Math.abs(zeros - 0.3) < 0.015, String(zeros));
  assert.ok(dropped.every((v) => v === 0 || Math.abs(v - 1 / 0.7) < 1e-6));
  assert.equal(await nn.dropout(x, options).data(), await x.data());
});

test('dropout with another key drops other elements, with the same key the same', async () => {
  const drop = (seed: number): Promise<ArrayLike<number>> =>
    nn.dropout(np.ones([64]), { key: random.key(seed), rate: 0.5, train: true }).data();
  assert.equal(await drop(1), await drop(1));
  assert.not.equal(await drop(1), await drop(2));
});

test('mlpResNet has as many blocks as its parameters', async () => {
  const sizes = { inputs: 3, hidden: 4, outputs: 2 };
  const spec = nn.mlpResNetSpec({ ...sizes, blocks: 2 });
  const params = nn.initParams(spec, random.key(0));
  assert.equal(nn.pathsOf(spec).filter((path) => path.startsWith('block_1')).length, 4);
  const { block_1: _, ...fewer } = params;
  const x = random.normal(random.key(1), [5, 3]);
  assert.equal(nn.mlpResNet(params, x).shape, [5, 2]);
  assert.not.equal(await nn.mlpResNet(params, x).data(), await nn.mlpResNet(fewer, x).data());
});

test('wrong shapes are named by axis', () => {
  const params = nn.initParams(nn.linearSpec(3, 2), random.key(0));
  assert.throws(() => nn.linear(params, np.ones([4])), /axis 'inputs' is 4 in x but 3 in kernel/);
  assert.throws(
    () => nn.linear(params, np.array(1)),
    /x is f32\[\], but its axes are \[…, inputs\]/,
  );
  assert.throws(() => nn.multiHeadAttentionSpec(32, 5), /choose a number of heads .* heads: 4/);
  assert.throws(() => nn.dropout(np.ones([2]), { rate: 0.2, train: true }), /missing-key/);
  assert.throws(() => nn.dropout(np.ones([2]), { rate: 20, train: true }), /rate-out-of-range/);
});

test.run();
