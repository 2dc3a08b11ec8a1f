/** Schedules: functions from the number of steps taken to a value. They work under `jit`. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { badSchedule } from '../errors.ts';

/** The value after `count` steps, f32[]. */
export type Schedule = (count: ValueLike) => Value;

/** Always the same. */
export const constantSchedule =
  (value: number): Schedule =>
  () =>
    np.asarray(np.full([], value));

function requireSteps(name: string, what: string, steps: number): void {
  if (steps > 0) return;
  throw badSchedule(name, `${what} is ${steps}`, `pass a positive number of steps as ${what}`);
}

/** Options of {@link polynomialSchedule} and {@link linearSchedule}. */
export interface TransitionOptions {
  /** Steps before anything changes. Default 0. */
  readonly transitionBegin?: number;
}

/** From `from` to `to` in `steps` steps along a power of the remaining share; then constant. */
export function polynomialSchedule(
  from: number,
  to: number,
  power: number,
  steps: number,
  { transitionBegin = 0 }: TransitionOptions = {},
): Schedule {
  requireSteps('nn.optim.polynomialSchedule', 'steps', steps);
  return (count) => {
    const done = np.clip(np.subtract(count, transitionBegin), 0, steps);
    const remaining = np.subtract(1, np.divide(done, steps));
    const share = power === 1 ? remaining : np.power(remaining, power);
    return np.add(np.multiply(share, from - to), to);
  };
}

/** From `from` to `to` in `steps` equal steps; then constant. */
export const linearSchedule = (
  from: number,
  to: number,
  steps: number,
  options: TransitionOptions = {},
): Schedule => polynomialSchedule(from, to, 1, steps, options);

/** Options of {@link cosineDecay}. */
export interface CosineOptions {
  /** The last value as a share of the first. Default 0. */
  readonly alpha?: number;
  /** Power of the cosine. Default 1. */
  readonly exponent?: number;
}

/** Half a cosine from `from` down to `alpha · from` in `decaySteps`. @see arXiv:1608.03983. */
export function cosineDecay(
  from: number,
  decaySteps: number,
  { alpha = 0, exponent = 1 }: CosineOptions = {},
): Schedule {
  requireSteps('nn.optim.cosineDecay', 'decaySteps', decaySteps);
  return (count) => {
    const done = np.minimum(count, decaySteps);
    const angle = np.divide(np.multiply(done, Math.PI), decaySteps);
    const cosine = np.multiply(np.add(np.cos(angle), 1), 0.5);
    const shaped = exponent === 1 ? cosine : np.power(cosine, exponent);
    return np.multiply(np.add(np.multiply(shaped, 1 - alpha), alpha), from);
  };
}

/** Arguments of {@link warmupCosineDecay}. */
export interface WarmupCosine {
  /** The value at step 0. Default 0. */
  readonly initValue?: number;
  readonly peakValue: number;
  readonly warmupSteps: number;
  /** Steps of warm-up and decay together. */
  readonly decaySteps: number;
  /** Default 0. */
  readonly endValue?: number;
  /** Power of the cosine. Default 1. */
  readonly exponent?: number;
}

/** Linear warm-up from `initValue` to `peakValue`, then a cosine down to `endValue`. */
export function warmupCosineDecay({
  initValue = 0,
  peakValue,
  warmupSteps,
  decaySteps,
  endValue = 0,
  exponent = 1,
}: WarmupCosine): Schedule {
  if (decaySteps <= warmupSteps) {
    const why = `decaySteps is ${decaySteps}, which leaves nothing after ${warmupSteps} steps of warm-up`;
    const fix = `count decaySteps from step 0: pass more than ${warmupSteps}`;
    throw badSchedule('nn.optim.warmupCosineDecay', why, fix);
  }
  const alpha = peakValue === 0 ? 0 : endValue / peakValue;
  const decay = cosineDecay(peakValue, decaySteps - warmupSteps, { alpha, exponent });
  if (warmupSteps === 0) return decay;
  return joinSchedules([linearSchedule(initValue, peakValue, warmupSteps), decay], [warmupSteps]);
}

/** Arguments of {@link exponentialDecay}. */
export interface Exponential {
  readonly initValue: number;
  readonly transitionSteps: number;
  /** What the value is multiplied by in `transitionSteps` steps. */
  readonly decayRate: number;
  /** Steps before anything changes. Default 0. */
  readonly transitionBegin?: number;
  /** Whether the value changes only every `transitionSteps` steps. Default false. */
  readonly staircase?: boolean;
  /** Where the value stops changing. Default: nowhere. */
  readonly endValue?: number;
}

/** `initValue · decayRate^(count / transitionSteps)`. */
export function exponentialDecay({
  initValue,
  transitionSteps,
  decayRate,
  transitionBegin = 0,
  staircase = false,
  endValue,
}: Exponential): Schedule {
  requireSteps('nn.optim.exponentialDecay', 'transitionSteps', transitionSteps);
  return (count) => {
    const done = np.subtract(count, transitionBegin);
    const turns = np.divide(done, transitionSteps);
    const power = np.power(decayRate, staircase ? np.floor(turns) : turns);
    const decayed = np.where(np.lessEqual(done, 0), initValue, np.multiply(power, initValue));
    if (endValue === undefined) return decayed;
    return decayRate < 1 ? np.maximum(decayed, endValue) : np.minimum(decayed, endValue);
  };
}

/**
 * `initValue`, multiplied by a factor at each of the given steps.
 *
 * @param factors - Pairs of a step and the factor that applies from that step on.
 */
export const piecewiseConstant =
  (initValue: number, factors: readonly (readonly [step: number, factor: number])[]): Schedule =>
  (count) =>
    factors.reduce(
      (value, [step, factor]) => np.multiply(value, np.where(np.less(count, step), 1.0, factor)),
      np.full([], initValue),
    );

/**
 * One schedule after the other; each counts its steps from where it begins.
 *
 * @param boundaries - The step at which the second schedule begins, the third, and so on.
 */
export function joinSchedules(
  schedules: readonly Schedule[],
  boundaries: readonly number[],
): Schedule {
  const [first, ...later] = schedules;
  if (first === undefined || later.length !== boundaries.length) {
    const why = `${schedules.length} schedules need ${schedules.length - 1} boundaries, got ${boundaries.length}`;
    const fix = 'pass the step at which each schedule but the first begins';
    throw badSchedule('nn.optim.joinSchedules', why, fix);
  }
  return (count) =>
    later.reduce((value, schedule, i) => {
      const start = boundaries[i] ?? 0;
      return np.where(np.less(count, start), value, schedule(np.subtract(count, start)));
    }, first(count));
}
