/** A small energy model with inputs, and the naive form of its loss, which tests compare with. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';
import * as tree from '../../core/tree.ts';
import {
  type EnergyConfig,
  type EnergyParams,
  energy,
  energyConfig,
  energySpec,
  infoNceOfEnergies,
} from '../../models/energy/index.ts';
import { initParams } from '../../nn/params.ts';

/** Sizes that no two axes share. */
export const sizes = { batch: 3, tokens: 5, steps: 4 } as const;

/** A model small enough for finite differences. */
export const config: EnergyConfig = energyConfig({
  contextDim: 6,
  energyActDim: 7,
  hidden: 8,
  heads: 2,
});

/** Everything that an energy needs. */
export interface Setup {
  readonly params: EnergyParams;
  readonly context: Value;
  readonly actions: Value;
  readonly padMask: Value;
}

/** Parameters moved away from their start, where biases are zero and scales one. */
export function setup(seed = 0): Setup {
  const key = random.key(seed);
  const params = initParams(energySpec(config), key);
  let counter = 0;
  const moved = tree.mapArrays((p) => {
    counter += 1;
    return p.add(random.normal(random.foldIn(key, counter), p.shape).mul(0.2));
  }, params);
  const { batch, tokens, steps } = sizes;
  return {
    params: moved,
    context: random.normal(random.foldIn(key, 1001), [batch, tokens, config.contextDim]),
    actions: random.normal(random.foldIn(key, 1002), [batch, steps, config.energyActDim]),
    padMask: np.array([
      [false, false, false, false, false],
      [false, false, false, true, true],
      [true, false, true, false, true],
    ]),
  };
}

/** The InfoNCE loss that repeats every context for every action chunk. */
export function naiveInfoNce(params: EnergyParams, inputs: Omit<Setup, 'params'>, tau: number) {
  const { context, actions, padMask } = inputs;
  const [batch = 0] = context.shape;
  const repeat = (x: Value): Value => np.repeat(x, batch, { axis: 0 });
  const cycle = np.tile(actions, [batch, 1, 1]);
  const energies = energy(params, config, repeat(context), cycle, { padMask: repeat(padMask) });
  return infoNceOfEnergies(energies.reshape([batch, batch]), tau);
}

/** The largest |a − b|; infinite if either is NaN or lengths differ. */
export async function farthest(a: Value, b: Value): Promise<number> {
  const [x, y] = await Promise.all([a.data(), b.data()]);
  if (x.length !== y.length) return Infinity;
  return Array.from(x).reduce((largest, v, i) => {
    const d = Math.abs(v - (y[i] ?? NaN));
    return Number.isNaN(d) ? Infinity : Math.max(largest, d);
  }, 0);
}

/** The sum over all leaves of the products of their elements. */
export const inner = <T>(a: T, b: T): Value =>
  tree
    .leaves(tree.mapArrays((x, y = x) => np.sum(x.mul(y)), a, b))
    .reduce((sum: Value, leaf) => sum.add(leaf as Value), np.zeros([]));
