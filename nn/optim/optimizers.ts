/** Complete optimizers: chains of parts that end with the learning rate. */

import { type LeafMask, masked } from './masked.ts';
import {
  type AdamOptions,
  type AdamState,
  addDecayedWeights,
  type CountState,
  scaleByAdam,
  scaleByLearningRate,
  type TraceState,
  trace,
} from './parts.ts';
import type { Schedule } from './schedules.ts';
import { chain, type EmptyState, type GradientTransformation, identity } from './transformation.ts';

/** The state of the last part: empty for a constant rate, a count for a schedule. */
export type RateState = EmptyState | CountState;

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Decay of the momentum. Default: none. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent, with momentum if asked for. */
export const sgd = (
  rate: number | Schedule,
  { momentum, nesterov = false }: SgdOptions = {},
): GradientTransformation<readonly [EmptyState | TraceState, RateState]> => {
  const direction: GradientTransformation<EmptyState> | GradientTransformation<TraceState> =
    momentum === undefined ? identity() : trace(momentum, { nesterov });
  // Each part only ever gets the kind of state that its own `init` makes.
  const first = direction as GradientTransformation<EmptyState | TraceState>;
  return chain(first, scaleByLearningRate(rate));
};

/** Adam. @see Kingma & Ba 2015, https://arxiv.org/abs/1412.6980. */
export const adam = (
  rate: number | Schedule,
  options: AdamOptions = {},
): GradientTransformation<readonly [AdamState, RateState]> =>
  chain(scaleByAdam(options), scaleByLearningRate(rate));

/** Options of {@link adamw}. */
export interface AdamwOptions extends AdamOptions {
  /** Strength of the decay, relative to the learning rate. Default 1e-4. */
  readonly weightDecay?: number;
  /** Which parameters decay. Default: all. */
  readonly decayMask?: LeafMask;
}

/** Adam with decoupled weight decay. @see Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101. */
export const adamw = (
  rate: number | Schedule,
  { weightDecay = 1e-4, decayMask, ...options }: AdamwOptions = {},
): GradientTransformation<readonly [AdamState, EmptyState, RateState]> => {
  const decay = addDecayedWeights(weightDecay);
  return chain(
    scaleByAdam(options),
    decayMask === undefined ? decay : masked(decay, decayMask),
    scaleByLearningRate(rate),
  );
};
