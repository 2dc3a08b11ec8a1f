/** The parts that optimizers are chained of. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as tree from '../../core/tree.ts';
import { missingParams } from '../errors.ts';
import type { Schedule } from './schedules.ts';
import {
  type ArrayTree,
  asState,
  type EmptyState,
  type GradientTransformation,
  globalNorm,
  increment,
  stateAs,
  stateless,
  zeroCount,
  zerosLikeTree,
} from './transformation.ts';

/** Updates times a constant. */
export const scale = (factor: number): GradientTransformation<EmptyState> =>
  stateless((gradients) => tree.mapArrays((g) => np.multiply(g, factor), gradients));

/** How many updates were made, int32[]. */
export interface CountState {
  readonly count: Value;
}

/** Updates times what the schedule says for this step. */
export const scaleBySchedule = (schedule: Schedule): GradientTransformation<CountState> => ({
  init: () => ({ count: zeroCount() }),
  update: (gradients, { count }) => {
    const factor = schedule(count);
    return [tree.mapArrays((g) => np.multiply(g, factor), gradients), { count: increment(count) }];
  },
});

/** Updates times minus the learning rate, so that adding them goes downhill. */
export const scaleByLearningRate = (
  rate: number | Schedule,
): GradientTransformation<EmptyState | CountState> => {
  const part: GradientTransformation<EmptyState> | GradientTransformation<CountState> =
    typeof rate === 'number' ? scale(-rate) : scaleBySchedule((count) => np.negative(rate(count)));
  // Each part only ever gets the kind of state that its own `init` makes.
  return part as GradientTransformation<EmptyState | CountState>;
};

/** Constants of {@link scaleByAdam}. */
export interface AdamOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly b1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly b2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly eps?: number;
  /** Added to the second moment under the root. Default 0. */
  readonly epsRoot?: number;
}

/** Moving moments of the gradients. */
export interface AdamState {
  readonly count: Value;
  /** First moments, in the shape of the parameters. */
  readonly mu: ArrayTree;
  /** Second moments. */
  readonly nu: ArrayTree;
}

/** (1 − decay) · next + decay · previous. */
const moving = (decay: number, next: Value, previous: Value): Value =>
  np.add(np.multiply(next, 1 - decay), np.multiply(previous, decay));

/** 1 − decay^count: what a moving average that began at zero lacks. */
const biasOf = (decay: number, count: Value): Value => np.subtract(1, np.power(decay, count));

/** The gradient's mean over the root of its mean square. @see Kingma & Ba 2015, arXiv:1412.6980 §2. */
export const scaleByAdam = ({
  b1 = 0.9,
  b2 = 0.999,
  eps = 1e-8,
  epsRoot = 0,
}: AdamOptions = {}): GradientTransformation<AdamState> => ({
  init: (params) => ({ count: zeroCount(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
  update: <P>(gradients: P, state: AdamState) => {
    const mu = tree.mapArrays((g, m = g) => moving(b1, g, m), gradients, stateAs<P>(state.mu));
    const nu = tree.mapArrays(
      (g, n = g) => moving(b2, np.square(g), n),
      gradients,
      stateAs<P>(state.nu),
    );
    const count = increment(state.count);
    const [bias1, bias2] = [biasOf(b1, count), biasOf(b2, count)];
    const updates = tree.mapArrays(
      (m, n = m) => {
        const root = np.sqrt(np.add(np.divide(n, bias2), epsRoot));
        return np.divide(np.divide(m, bias1), np.add(root, eps));
      },
      mu,
      nu,
    );
    return [updates, { count, mu: asState(mu), nu: asState(nu) }];
  },
});

/** Adds `decay` · parameters to the updates. @throws `missing-params`. */
export const addDecayedWeights = (decay: number): GradientTransformation<EmptyState> =>
  stateless((gradients, params) => {
    if (params === undefined) throw missingParams('nn.optim.addDecayedWeights');
    return tree.mapArrays((g, p = g) => np.add(g, np.multiply(p, decay)), gradients, params);
  });

/** Every element limited to [−limit, limit]. */
export const clip = (limit: number): GradientTransformation<EmptyState> =>
  stateless((gradients) => tree.mapArrays((g) => np.clip(g, -limit, limit), gradients));

/** All updates scaled down together, if their norm is more than `limit`. @see arXiv:1211.5063 §3.2. */
export const clipByGlobalNorm = (limit: number): GradientTransformation<EmptyState> =>
  stateless((gradients) => {
    const norm = globalNorm(gradients);
    const isSmall = np.less(norm, limit);
    return tree.mapArrays(
      (g) => np.where(isSmall, g, np.multiply(np.divide(g, norm), limit)),
      gradients,
    );
  });

/** A sum of past updates, in the shape of the parameters. */
export interface TraceState {
  readonly trace: ArrayTree;
}

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Looks one step ahead. Default false. @see Sutskever et al. 2013 §3. */
  readonly nesterov?: boolean;
}

/** Momentum: each update plus `decay` times the previous one. */
export const trace = (
  decay: number,
  { nesterov = false }: TraceOptions = {},
): GradientTransformation<TraceState> => ({
  init: (params) => ({ trace: zerosLikeTree(params) }),
  update: <P>(gradients: P, state: TraceState) => {
    const accumulate = (g: Value, t: Value = g): Value => np.add(g, np.multiply(t, decay));
    const next = tree.mapArrays(accumulate, gradients, stateAs<P>(state.trace));
    const updates = nesterov ? tree.mapArrays(accumulate, gradients, next) : next;
    return [updates, { trace: asState(next) }];
  },
});

/** A moving average. */
export interface EmaState {
  readonly count: Value;
  readonly ema: ArrayTree;
}

/** Options of {@link ema}. */
export interface EmaOptions {
  /** Whether the average is corrected for having begun at zero. Default true. */
  readonly debias?: boolean;
}

/** The moving average of the updates: decay · previous + (1 − decay) · update. */
export const ema = (
  decay: number,
  { debias = true }: EmaOptions = {},
): GradientTransformation<EmaState> => ({
  init: (params) => ({ count: zeroCount(), ema: zerosLikeTree(params) }),
  update: <P>(gradients: P, state: EmaState) => {
    const next = tree.mapArrays(
      (g, m = g) => moving(decay, g, m),
      gradients,
      stateAs<P>(state.ema),
    );
    const count = increment(state.count);
    const bias = biasOf(decay, count);
    const updates = debias ? tree.mapArrays((m) => np.divide(m, bias), next) : next;
    return [updates, { count, ema: asState(next) }];
  },
});
