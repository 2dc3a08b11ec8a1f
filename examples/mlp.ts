/**
 * Tells two interleaved half-moons apart with a small network, trained on minibatches.
 *
 *   npx tsx examples/mlp.ts
 */
import { jit, nn, np, random, valueAndGrad } from '../index.ts';

/** Points f32[count, 2] on two noisy half circles, and which of the two each is on, i32[count]. */
function moons(key: np.Array, count: number): { points: np.Array; labels: np.Array } {
  const keys = random.split(key, 2);
  const labels = np.arange(count).mod(2).astype('int32');
  const angle = np.linspace(0, Math.PI, count);
  const isUpper = np.equal(labels, 0);
  const x = np.where(isUpper, np.cos(angle), np.subtract(1, np.cos(angle)));
  const y = np.where(isUpper, np.sin(angle), np.subtract(0.5, np.sin(angle)));
  const noise = random.normal(keys.get(0), [count, 2]).mul(0.15);
  return { points: np.stack([x, y], { axis: 1 }).add(noise), labels };
}

// A spec says what a layer learns. The parameters, their type and their shapes follow from it.
const hidden = 32;
const spec = {
  first: nn.linearSpec(2, hidden),
  second: nn.linearSpec(hidden, hidden),
  last: nn.linearSpec(hidden, 2),
};
type Params = nn.ParamsOf<typeof spec>;

/** Logits f32[points, 2]. */
function network(params: Params, points: np.Array): np.Array {
  const a = nn.relu(nn.linear(params.first, points));
  const b = nn.relu(nn.linear(params.second, a));
  return nn.linear(params.last, b);
}

const loss = (params: Params, points: np.Array, labels: np.Array): np.Array =>
  np.mean(nn.softmaxCrossEntropyWithIntegerLabels(network(params, points), labels));

const accuracy = jit((params: Params, points: np.Array, labels: np.Array) =>
  np.mean(np.equal(np.argmax(network(params, points), { axis: 1 }), labels).astype('float32')),
);

const train = moons(random.key(0), 1000);
const test = moons(random.key(1), 500);
const batch = 64;
const optimizer = nn.optim.adam(0.01);

const step = jit((params: Params, state: ReturnType<typeof optimizer.init>, key: np.Array) => {
  // The minibatch is drawn on the device, inside the program.
  const rows = random.randint(key, [batch], 0, 1000);
  const [points, labels] = [np.take(train.points, rows, { axis: 0 }), np.take(train.labels, rows)];
  const [value, gradients] = valueAndGrad(loss)(params, points, labels);
  const [updates, nextState] = optimizer.update(gradients, state, params);
  return { params: nn.optim.applyUpdates(params, updates), state: nextState, loss: value };
});

const percent = (share: number | boolean): string => `${(100 * Number(share)).toFixed(1)} %`;

let params = nn.initParams(spec, random.key(2));
let state = optimizer.init(params);
for (let i = 0; i <= 300; i++) {
  const result = step(params, state, random.foldIn(random.key(3), i));
  ({ params, state } = result);
  if (i % 100 === 0) {
    const share = await accuracy(params, test.points, test.labels).item();
    console.log(
      `step ${i}: loss ${Number(await result.loss.item()).toFixed(4)}, accuracy ${percent(share)}`,
    );
  }
}
