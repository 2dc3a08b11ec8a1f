/** Random decisions, choices and orders. */
import { type Shape, sizeOf } from '../base/aval.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { add, multiply, subtract } from '../numpy/arithmetic.ts';
import { arange, zeros } from '../numpy/creation.ts';
import { eagerly } from '../numpy/eager.ts';
import { astype, log } from '../numpy/elementwise.ts';
import { take } from '../numpy/gathers.ts';
import { less } from '../numpy/logic.ts';
import { moveaxis, reshape, sliceAxis } from '../numpy/movement.ts';
import { castTo, checkShape, normalizeAxis, showOperand, toInexact } from '../numpy/operands.ts';
import { argmax, cumsum } from '../numpy/reductions.ts';
import { argsort, searchsorted } from '../numpy/sorting.ts';
import * as prim from '../primitives/index.ts';
import { checkParameters, type GumbelMode, gumbel, highAndLow, uniform } from './continuous.ts';
import { notToPermute, tooFewToChoose } from './errors.ts';
import { randint } from './integers.ts';
import { bits, type ShapeLike, splitList } from './key.ts';

/** Options of {@link bernoulli}. */
export interface BernoulliOptions {
  /** Whether 23 random bits decide or 46: probabilities below 10⁻⁷ need the latter. Default 'low'. */
  readonly mode?: 'low' | 'high';
}

/**
 * bool[shape], true with probability `p`.
 *
 * @param p - Default 0.5; broadcasts to the samples.
 * @param shape - Default: that of `p`.
 */
export const bernoulli = eagerly(
  'random.bernoulli',
  (
    key: Value,
    p: ValueLike = 0.5,
    shape?: ShapeLike,
    { mode = 'low' }: BernoulliOptions = {},
  ): Value => {
    const chance = castTo('random.bernoulli', p, { dtype: 'float32', weak: false });
    const wanted = checkParameters('random.bernoulli', shape ?? chance.shape, [chance]);
    if (mode === 'low') return less(uniform(key, wanted), chance);
    const [coarse, fine] = highAndLow(key, wanted);
    return less(multiply(fine, 2 ** -23), subtract(chance, coarse));
  },
);

/** int32[shape] of −1 and 1, equally likely. */
export const rademacher = eagerly(
  'random.rademacher',
  (key: Value, shape: ShapeLike = []): Value =>
    subtract(multiply(astype(bernoulli(key, 0.5, shape), 'int32'), 2), 1),
);

/** Options of {@link categorical}. */
export interface CategoricalOptions {
  /** The axis of the categories. Default: the last. */
  readonly axis?: number;
  /** New leading axes and the axes of `logits` without that of the categories. Default: only those. */
  readonly shape?: ShapeLike;
  /** Whether a category may be drawn again along the new axes. Default true. */
  readonly replace?: boolean;
  /** How finely the noise is drawn, as in {@link gumbel}. Default 'low'. */
  readonly mode?: GumbelMode;
}

/**
 * int32[shape] of categories, each drawn with probability proportional to the exponential of its logit.
 *
 * @see The Gumbel trick: the argmax of logits plus Gumbel noise.
 */
export const categorical = eagerly(
  'random.categorical',
  (key: Value, logits: ValueLike, options: CategoricalOptions = {}): Value => {
    const op = 'random.categorical';
    const scores = toInexact(op, logits);
    const place = normalizeAxis(op, options.axis ?? -1, scores.ndim);
    const batch = scores.shape.toSpliced(place, 1);
    const shape = checkShape(op, options.shape ?? batch);
    const lead = shape.slice(0, shape.length - batch.length);
    checkParameters(op, shape, [reshape(sliceAxis(scores, place, 0, 1), batch)]);
    const { replace, mode = 'low' } = options;
    const noiseOf = (own: Shape): Value => gumbel(key, own, { mode });
    if (replace === false) return distinct(add(scores, noiseOf(scores.shape)), place, lead);
    const trailing = shape.slice(lead.length);
    const noise = noiseOf([...lead, ...trailing.toSpliced(place, 0, scores.shape[place] ?? 0)]);
    return argmax(add(noise, scores), { axis: lead.length + place });
  },
);

/** The categories with the highest noisy scores, best first, on leading axes of shape `lead`. */
function distinct(scores: Value, place: number, lead: Shape): Value {
  const count = sizeOf(lead);
  const available = scores.shape[place] ?? 0;
  if (count > available) throw tooFewToChoose('random.categorical', count, available);
  const noisy = moveaxis(scores, place, 0);
  const best = sliceAxis(argsort(noisy, { axis: 0, descending: true }), 0, 0, count);
  return reshape(best, [...lead, ...noisy.shape.slice(1)]);
}

/** Options of {@link permutation}. */
export interface PermutationOptions {
  /** Which axis is put in random order. Default 0. */
  readonly axis?: number;
  /** Whether each row is put in an order of its own. Default false. */
  readonly independent?: boolean;
}

/**
 * The array in random order along an axis; for a whole number n, int32[n] of 0 … n − 1 in random order.
 *
 * @throws EnerjaxError `not-to-permute`.
 */
export const permutation = eagerly(
  'random.permutation',
  (key: Value, x: Value | number, options: PermutationOptions = {}): Value => {
    const { axis = 0, independent = false } = options;
    if (typeof x === 'number') {
      if (!Number.isInteger(x) || x < 0) throw notToPermute(String(x));
      return shuffle(key, arange(x), 0);
    }
    if (!(x instanceof Value) || x.ndim === 0) throw notToPermute(showOperand(x));
    const place = normalizeAxis('random.permutation', axis, x.ndim);
    if (independent || x.ndim === 1) return shuffle(key, x, place);
    const order = shuffle(key, arange(x.shape[place] ?? 0), 0);
    return take(x, order, { axis: place });
  },
);

/**
 * Sorted by random 32-bit keys, as many times as it takes until every pair of elements has most likely
 * had different keys at least once.
 *
 * @see `jax.random.permutation`, whose number of rounds this follows.
 */
function shuffle(key: Value, x: Value, axis: number): Value {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, x.size))) / Math.log(0xffffffff));
  let rest = key;
  let shuffled = x;
  for (let round = 0; round < rounds; round++) {
    const [next = rest, own = rest] = splitList(rest, 2);
    const [, sorted = shuffled] = prim.sort([bits(own, x.shape), shuffled], axis, 1);
    rest = next;
    shuffled = sorted;
  }
  return shuffled;
}

/** Options of {@link choice}. */
export interface ChoiceOptions {
  /** Whether an element may be drawn again. Default true. */
  readonly replace?: boolean;
  /** f32[n]: how likely each element is, relative to the others. Default: all alike. */
  readonly p?: ValueLike;
  /** The axis of the elements. Default 0. */
  readonly axis?: number;
}

/**
 * Elements of `x` along an axis (or of 0 … x − 1 for a whole number x) drawn at random; `shape` takes
 * the place of the axis.
 *
 * @throws EnerjaxError `too-few-to-choose`.
 */
export const choice = eagerly(
  'random.choice',
  (key: Value, x: Value | number, shape: ShapeLike = [], options: ChoiceOptions = {}): Value => {
    const wanted = checkShape('random.choice', shape);
    const place =
      x instanceof Value ? normalizeAxis('random.choice', options.axis ?? 0, x.ndim) : 0;
    const available = x instanceof Value ? (x.shape[place] ?? 0) : x;
    const draws = sizeOf(wanted);
    const isDistinct = options.replace === false;
    if (draws > 0 && available < (isDistinct ? draws : 1)) {
      throw tooFewToChoose('random.choice', draws, available);
    }
    if (isDistinct && options.p === undefined && x instanceof Value) {
      const chosen = sliceAxis(permutation(key, x, { axis: place }), place, 0, draws);
      return reshape(chosen, x.shape.toSpliced(place, 1, ...wanted));
    }
    const positions =
      draws === 0 ? zeros(wanted, { dtype: 'int32' }) : draw(key, available, wanted, options);
    return x instanceof Value ? take(x, positions, { axis: place }) : positions;
  },
);

/** int32[shape] of positions below `available`. */
function draw(
  key: Value,
  available: number,
  shape: Shape,
  { replace = true, p }: ChoiceOptions,
): Value {
  const draws = sizeOf(shape);
  if (p === undefined) {
    if (replace) return randint(key, shape, 0, available);
    return reshape(sliceAxis(permutation(key, available), 0, 0, draws), shape);
  }
  const weights = toInexact('random.choice', p);
  if (!replace) {
    const noisy = add(gumbel(key, [available]), log(weights));
    return reshape(sliceAxis(argsort(noisy, { descending: true }), 0, 0, draws), shape);
  }
  const totals = cumsum(weights);
  const total = reshape(sliceAxis(totals, 0, available - 1, available), []);
  return searchsorted(totals, multiply(total, subtract(1, uniform(key, shape))));
}
