/**
 * Fits a plane to noisy points: the smallest program that learns.
 *
 *   npx tsx examples/linear-regression.ts
 */
import { jit, nn, np, random, valueAndGrad } from '../index.ts';

// Randomness is a value: the same key gives the same numbers, and split makes independent keys.
const [xKey, noiseKey] = [random.key(0), random.key(1)];

const truth = { weight: np.array([2, -3, 0.5]), bias: np.array(1) };
const x = random.normal(xKey, [256, 3]);
const y = np
  .matmul(x, truth.weight)
  .add(truth.bias)
  .add(random.normal(noiseKey, [256]).mul(0.1));

// Parameters are plain objects. Nothing is registered, and nothing is changed in place.
type Params = typeof truth;
const loss = (params: Params): np.Array => nn.mse(np.matmul(x, params.weight).add(params.bias), y);

const adam = nn.optim.adam(0.1);

// One program for forward pass, backward pass and update: jit fuses them and compiles them once.
const step = jit((params: Params, state: ReturnType<typeof adam.init>) => {
  const [value, gradients] = valueAndGrad(loss)(params);
  const [updates, nextState] = adam.update(gradients, state, params);
  return { params: nn.optim.applyUpdates(params, updates), state: nextState, loss: value };
});

let params: Params = { weight: np.zeros([3]), bias: np.array(0) };
let state = adam.init(params);
for (let i = 0; i <= 200; i++) {
  const result = step(params, state);
  ({ params, state } = result);
  // Reading a number is the one thing that waits for the device, so it is done rarely.
  if (i % 50 === 0)
    console.log(`step ${i}: loss ${(await result.loss.item()).toString().slice(0, 7)}`);
}

console.log('weight', await params.weight.js(), 'should be near', await truth.weight.js());
console.log('bias', await params.bias.item(), 'should be near', await truth.bias.item());
