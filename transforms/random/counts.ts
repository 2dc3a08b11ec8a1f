/** Random counts. All elements are drawn together: a turn of a loop draws a candidate for each. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { broadcastValue, castTo, checkShape, toInexact } from '../../core/numpy/operands.ts';
import { cumsum } from '../../core/primitives/index.ts';
import { checkParameters, uniform } from '../../core/random/continuous.ts';
import { type ShapeLike, split, splitList } from '../../core/random/key.ts';
import { gammaln } from '../../core/scipy/special.ts';
import { scan } from '../control/scan.ts';
import { whileLoop } from '../control/while.ts';
import { noCategories } from './errors.ts';
import { shapeFor } from './gamma.ts';

/**
 * Turns of the loops below. Those that count reach so many in one of 10²⁷ cases, as counts of mean 10 at most;
 * those that reject find nothing for an element in one of 10²⁵.
 */
const maxTurns = 64;

const float = (op: string, x: ValueLike): Value => castTo(op, x, { dtype: 'float32', weak: false });

const threeKeys = (key: Value): [Value, Value, Value] => splitList(key, 3) as [Value, Value, Value]; // As many as asked for.

/** How many numbers have a product above e^−rate. @see Knuth, The Art of Computer Programming 2, 3.4.1. */
function countProducts(key: Value, rate: Value): Value {
  const least = rate.neg();
  const zero = np.zerosLike(rate);
  const last = whileLoop(
    (s) => s.log.greater(least).any(),
    (s) => {
      const [next = key, own = key] = splitList(s.key, 2);
      const count = np.where(s.log.greater(least), s.count.add(1), s.count);
      return { key: next, count, log: s.log.add(np.log(uniform(own, rate.shape))) };
    },
    { key, count: zero, log: zero },
    { maxIterations: maxTurns },
  );
  return last.count.sub(1);
}

/** What a turn of a loop that rejects proposes. */
interface Candidates {
  readonly k: Value;
  readonly isAccepted: Value;
}

/** The first candidate that is accepted, for each element. */
function reject(
  key: Value,
  shape: readonly number[],
  propose: (first: Value, second: Value) => Candidates,
): Value {
  const first = { key, k: np.full(shape, -1), isFound: np.zeros(shape, { dtype: 'bool' }) };
  const last = whileLoop(
    (s) => s.isFound.not().any(),
    (s) => {
      const [next, one, two] = threeKeys(s.key);
      const { k, isAccepted } = propose(uniform(one, shape), uniform(two, shape));
      // What was found may be replaced, as in JAX, while others are searched for.
      return { key: next, k: np.where(isAccepted, k, s.k), isFound: s.isFound.or(isAccepted) };
    },
    first,
    { maxIterations: maxTurns },
  );
  return last.k;
}

/** @see Hörmann 1993, "The transformed rejection method for generating Poisson random variables": PTRS. */
function rejectPoisson(key: Value, rate: Value): Value {
  const logRate = np.log(rate);
  const b = np.sqrt(rate).mul(2.53).add(0.931);
  const a = b.mul(0.02483).add(-0.059);
  const inverseAlpha = np.divide(1.1328, b.sub(3.4)).add(1.1239);
  const limit = np.subtract(0.9277, np.divide(3.6224, b.sub(2)));
  return reject(key, rate.shape, (first, v) => {
    const u = first.sub(0.5);
    const rest = np.subtract(0.5, u.abs());
    const k = np.floor(a.mul(2).div(rest).add(b).mul(u).add(rate).add(0.43));
    const s = np.log(v.mul(inverseAlpha).div(a.div(rest.mul(rest)).add(b)));
    const t = rate
      .neg()
      .add(k.mul(logRate))
      .sub(gammaln(k.add(1)));
    const isEasy = rest.greaterEqual(0.07).and(v.lessEqual(limit));
    const isRefused = k.less(0).or(rest.less(0.013).and(v.greater(rest)));
    return { k, isAccepted: isEasy.or(isRefused.not().and(s.lessEqual(t))) };
  });
}

/**
 * int32[shape] of the Poisson distribution with mean `rate`.
 *
 * @param shape - Default: that of `rate`.
 * @see `jax.random.poisson`: same keys, same candidates. Where logarithms differ in the last bits, a
 *   candidate may, rarely, be decided upon differently.
 */
export const poisson = eagerly(
  'random.poisson',
  (key: Value, rate: ValueLike, shape?: ShapeLike): Value => {
    const op = 'random.poisson';
    const wanted = shapeFor(op, shape, [rate]);
    const mean = broadcastValue(op, float(op, rate), wanted);
    const isSmall = np.isnan(mean).or(mean.less(10));
    const counted = countProducts(key, np.where(isSmall, mean, 0));
    const found = rejectPoisson(key, np.where(isSmall, 1e5, mean));
    return np.where(mean.equal(0), 0, np.where(isSmall, counted, found)).astype('int32');
  },
);

/** Successes as the number of geometric waiting times that fit into `count` trials. */
function countWaits(key: Value, count: Value, chance: Value): Value {
  const logFailure = np.log1p(chance.neg());
  const zero = np.zerosLike(chance);
  const last = whileLoop(
    (s) => s.sum.lessEqual(count).any(),
    (s) => {
      const [own = key, next = key] = splitList(s.key, 2);
      const waits = np.where(s.sum.lessEqual(count), s.waits.add(1), s.waits);
      const wait = np.ceil(np.log(uniform(own, chance.shape)).div(logFailure));
      return { key: next, waits, sum: s.sum.add(wait) };
    },
    { key, waits: zero, sum: zero },
    { maxIterations: maxTurns },
  );
  return last.waits.sub(1);
}

/** log k! less Stirling's approximation for k = 0 … 9. */
const stirlingTails = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
  0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.010411265261972,
  0.00925546218271273, 0.00833056343336287,
];

/** log k! less Stirling's approximation. */
function stirlingTail(k: Value): Value {
  const next = k.clip(0, 9).add(1);
  const squared = next.mul(next);
  const inner = np.subtract(1 / 360, np.divide(1 / 1260, squared)).div(squared);
  const far = np.subtract(1 / 12, inner).div(next);
  const place = np.floor(k.clip(0, 9));
  // A chain of choices instead of a table in memory.
  const near = stirlingTails.reduceRight<Value>(
    (rest, tail, i) => np.where(place.equal(i), tail, rest),
    far,
  );
  return np.where(k.lessEqual(9), near, far);
}

/** @see Hörmann 1993, "The generation of binomial random variates": BTRS. */
function rejectBinomial(key: Value, count: Value, chance: Value): Value {
  const deviation = np.sqrt(count.mul(chance).mul(np.subtract(1, chance)));
  const b = deviation.mul(2.53).add(1.15);
  const a = b.mul(0.0248).add(-0.0873).add(chance.mul(0.01));
  const c = count.mul(chance).add(0.5);
  const limit = np.subtract(0.92, np.divide(4.2, b));
  const odds = chance.div(np.subtract(1, chance));
  const alpha = np.divide(5.1, b).add(2.83).mul(deviation);
  const mode = np.floor(count.add(1).mul(chance));
  const above = count.sub(mode);
  const constant = mode.add(0.5).mul(np.log(mode.add(1).div(odds.mul(above.add(1)))));
  return reject(key, count.shape, (first, v) => {
    const u = first.sub(0.5);
    const rest = np.subtract(0.5, u.abs());
    const isEasy = rest.greaterEqual(0.07).and(v.lessEqual(limit));
    const k = np.floor(a.mul(2).div(rest).add(b).mul(u).add(c));
    const isRefused = k.less(0).or(k.greater(count));
    const left = count.sub(k);
    const bound = constant
      .add(count.add(1).mul(np.log(above.add(1).div(left.add(1)))))
      .add(k.add(0.5).mul(np.log(odds.mul(left.add(1)).div(k.add(1)))))
      .add(stirlingTail(mode))
      .add(stirlingTail(above))
      .sub(stirlingTail(k))
      .sub(stirlingTail(left));
    const log = np.log(v.mul(alpha).div(a.div(rest.mul(rest)).add(b)));
    return { k, isAccepted: isEasy.or(isRefused.not().and(log.lessEqual(bound))) };
  });
}

/** f32[…] of the binomial distribution, for operands of one shape. */
function binomialOf(key: Value, trials: Value, p: Value): Value {
  const isRare = p.less(0.5);
  const own = np.where(isRare, p, np.subtract(1, p));
  const isBadCount = np.isnan(trials).or(trials.less(0));
  const isBadChance = np.isnan(own).or(own.less(0));
  const isInfinite = np.isinf(trials);
  const chance = np.where(isBadChance, 0.01, own);
  const isSmall = isBadCount.or(trials.mul(chance).lessEqual(10));
  const count = np.floor(trials);
  const counted = countWaits(key, np.where(isSmall, count, 0), chance);
  const found = rejectBinomial(key, np.where(isSmall, 1e4, count), np.where(isSmall, 0.5, chance));
  const isBad = isBadCount.or(isBadChance);
  const drawn = np.where(isBad, Number.NaN, np.where(isSmall, counted, found));
  const whole = np.where(isInfinite.and(isBad.not()), Infinity, drawn);
  const isDirect = isRare.or(isBadCount).or(np.isnan(own)).or(isInfinite);
  return np.where(isDirect, whole, count.sub(whole));
}

/**
 * f32[shape]: successes in `n` trials with probability `p`; NaN where there is no such distribution.
 *
 * @param shape - Default: that of `n` and `p` together.
 * @see `jax.random.binomial`: same keys, same candidates; see {@link poisson}.
 */
export const binomial = eagerly(
  'random.binomial',
  (key: Value, n: ValueLike, p: ValueLike, shape?: ShapeLike): Value => {
    const op = 'random.binomial';
    const wanted = shapeFor(op, shape, [n, p]);
    const spread = (x: ValueLike): Value => broadcastValue(op, float(op, x), wanted);
    return binomialOf(key, spread(n), spread(p));
  },
);

/** Options of {@link multinomial}. */
export interface MultinomialOptions {
  /** Of the result, with the axis of the outcomes. Default: that of `p`. */
  readonly shape?: ShapeLike;
}

/**
 * f32[…, outcomes]: how often each outcome occurs in `n` trials.
 *
 * @param n - f32[…].
 * @param p - f32[…, outcomes], which add up to 1.
 * @throws `no-categories` if `p` has no axis.
 */
export const multinomial = eagerly(
  'random.multinomial',
  (key: Value, n: ValueLike, p: ValueLike, { shape }: MultinomialOptions = {}): Value => {
    const op = 'random.multinomial';
    const given = toInexact(op, p);
    if (given.ndim === 0) throw noCategories(op, given.aval);
    const wanted = checkParameters(op, checkShape(op, shape ?? given.shape), [given]);
    const chances = np.moveaxis(broadcastValue(op, given, wanted), -1, 0);
    const remaining = cumsum(chances, 0, true);
    const ratios = chances.div(np.where(remaining.equal(0), 1, remaining));
    const keys = split(key, wanted.at(-1) ?? 0);
    const draw = (left: Value, [ratio, own]: readonly [Value, Value]): [Value, Value] => {
      const count = binomialOf(own, left, ratio.clip(0, 1));
      return [left.sub(count), count];
    };
    const trials = broadcastValue(op, float(op, n), wanted.slice(0, -1));
    const [, counts] = scan<Value, readonly [Value, Value], Value>(draw, trials, [ratios, keys]);
    return np.moveaxis(counts, 0, -1);
  },
);
