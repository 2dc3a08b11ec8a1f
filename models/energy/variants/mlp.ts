/** The cheapest energy model: action steps beside the mean of the context's tokens. */
import type { Value } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import type { ParamsOf } from '../../../nn/params.ts';
import { type EncoderSizes, type EnergyVariantRecord, encodersSpec, mixEach } from './variant.ts';

/** The mean of a context's valid tokens. */
export interface PooledContext {
  /** f32[batch, 1, hidden]; zeros if no token is valid. */
  readonly pooled: Value;
}

const spec = (sizes: EncoderSizes) => encodersSpec(sizes, 2 * sizes.hidden, sizes.layers);

/** Its parameters. */
export type MlpEnergyParams = ParamsOf<typeof spec>;

/** The mean over tokens of those that are valid. */
function meanOfValid(features: Value, isValid: Value | null): Value {
  if (isValid === null) return np.mean(features, { axis: 1, keepdims: true });
  const counted = np.expandDims(np.astype(isValid, 'float32'), -1);
  const count = np.maximum(np.sum(counted, { axis: 1, keepdims: true }), 1);
  return np.divide(np.sum(np.multiply(features, counted), { axis: 1, keepdims: true }), count);
}

type Record = EnergyVariantRecord<ReturnType<typeof spec>, MlpEnergyParams, PooledContext>;

const named: Record['named'] = ({ pooled }) => [pooled, 'batch one hidden'];

const mix: Record['mix'] = (_params, { pooled }, features) => {
  const [batch = 0, steps = 0] = features.shape;
  const everywhere = np.broadcastTo(pooled, [batch, steps, pooled.shape[2] ?? 0]);
  return np.concatenate([features, everywhere], { axis: -1 });
};

/** Action steps joined with the pooled context; the prediction head does the rest. */
export const mlp: Record = {
  spec,
  encode: (_params, features, isValid) => ({ pooled: meanOfValid(features, isValid) }),
  named,
  mix,
  mixAll: mixEach({ mix, named }),
};
