/** Functions of sampled functions: convolution, interpolation, derivatives, integrals, windows. */
import { range } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { add, clip, divide, mod, multiply, subtract, where } from './arithmetic.ts';
import { arange, ones } from './creation.ts';
import { eagerly } from './eager.ts';
import { abs, astype, cos, exp, sqrt, square } from './elementwise.ts';
import { take } from './gathers.ts';
import { concatenate } from './join.ts';
import { equal, greater, less, lessEqual, logicalAnd } from './logic.ts';
import { expandDims, flip, ravel, reshape, sliceAxis } from './movement.ts';
import { inexact, normalizeAxes, normalizeAxis, promote, toInexact, toValue } from './operands.ts';
import { cumsum, diff, sum } from './reductions.ts';
import { argsort, searchsorted } from './sorting.ts';

/** Which part of a convolution is kept. */
export interface ConvolveOptions {
  /** `full` (default): all; `same`: as long as the longer operand; `valid`: where both overlap whole. */
  readonly mode?: 'full' | 'same' | 'valid';
}

/**
 * Sums of products of pairs whose positions add up to the same: all products laid out so that each row starts one
 * further right, then the sums of columns.
 */
function fullConvolution(short: Value, long: Value): Value {
  const [k, n] = [short.size, long.size];
  const products = prim.mul(
    prim.broadcastInDim(short, [k, n], [0]),
    prim.broadcastInDim(long, [k, n], [1]),
  );
  const wide = prim.pad(products, prim.literal(0, short.dtype), [0, 0], [0, k], [0, 0]);
  const flat = sliceAxis(reshape(wide, [k * (n + k)]), 0, 0, k * (n + k - 1));
  return prim.reduceSum(reshape(flat, [k, n + k - 1]), [0]);
}

function convolution(op: string, x: ValueLike, y: ValueLike, mode: string): Value {
  const [a, b] = promote(op, [ravel(x), ravel(y)], inexact) as [Value, Value]; // One for each operand.
  const [short, long] = a.size < b.size ? [a, b] : [b, a];
  const full = fullConvolution(short, long);
  if (mode === 'full') return full;
  const length = mode === 'same' ? long.size : long.size - short.size + 1;
  const start = mode === 'same' ? Math.floor((short.size - 1) / 2) : short.size - 1;
  return sliceAxis(full, 0, start, start + length);
}

/** The convolution of two sequences. */
export const convolve = eagerly(
  'np.convolve',
  (x: ValueLike, y: ValueLike, { mode = 'full' }: ConvolveOptions = {}): Value =>
    convolution('np.convolve', x, y, mode),
);

/** The correlation of two sequences: a convolution with the second one reversed. */
export const correlate = eagerly(
  'np.correlate',
  (x: ValueLike, y: ValueLike, { mode = 'valid' }: ConvolveOptions = {}): Value => {
    const [a, b] = [ravel(x), ravel(y)];
    // `same` is centred on the longer operand, in the order of the first.
    if (a.size < b.size) return flip(convolution('np.correlate', flip(a), b, mode));
    return convolution('np.correlate', a, flip(b), mode);
  },
);

/** Options of {@link interp}. */
export interface InterpOptions {
  /** The value left of all points, or `extrapolate`. Default: that of the first point. */
  readonly left?: ValueLike | 'extrapolate';
  /** The value right of all points, or `extrapolate`. Default: that of the last point. */
  readonly right?: ValueLike | 'extrapolate';
  /** The length after which the points repeat. They need no order then. */
  readonly period?: number;
}

/** The piecewise linear function through the points (xp, fp), ascending in xp, at `x`. */
export const interp = eagerly(
  'np.interp',
  (x: ValueLike, xp: ValueLike, fp: ValueLike, options: InterpOptions = {}): Value => {
    const { left, right, period } = options;
    let [at, places, values] = [x, xp, fp].map((v) => toInexact('np.interp', v)) as [
      Value,
      Value,
      Value,
    ];
    if (period !== undefined) {
      at = mod(at, period);
      const wrapped = mod(places, period);
      const order = argsort(wrapped);
      const [p, v] = [take(wrapped, order), take(values, order)];
      const n = p.size;
      places = concatenate([
        subtract(sliceAxis(p, 0, n - 1, n), period),
        p,
        add(sliceAxis(p, 0, 0, 1), period),
      ]);
      values = concatenate([sliceAxis(v, 0, n - 1, n), v, sliceAxis(v, 0, 0, 1)]);
    }
    const n = places.size;
    const i = clip(searchsorted(places, at, { side: 'right' }), 1, n - 1);
    const before = subtract(i, 1);
    const pick = (v: Value, index: Value): Value => take(v, index, { mode: 'clip' });
    const [x0, f0] = [pick(places, before), pick(values, before)];
    const dx = subtract(pick(places, i), x0);
    const isPoint = lessEqual(abs(dx), 1.4e-14);
    const slope = divide(subtract(pick(values, i), f0), where(isPoint, 1, dx));
    let result = where(isPoint, f0, add(f0, multiply(subtract(at, x0), slope)));
    if (period !== undefined) return result;
    if (left !== 'extrapolate')
      result = where(less(at, places.get(0)), left ?? values.get(0), result);
    return right === 'extrapolate'
      ? result
      : where(greater(at, places.get(-1)), right ?? values.get(-1), result);
  },
);

/** The derivative along one axis by central differences, one-sided at the ends. */
function gradientAlong(x: Value, axis: number, spacing: ValueLike): Value {
  const size = x.shape[axis] ?? 0;
  const part = (v: Value, from: number, to: number, a = axis): Value => sliceAxis(v, a, from, to);
  const h = toInexact('np.gradient', spacing);
  if (h.ndim === 0) {
    const inner = divide(multiply(subtract(part(x, 2, size), part(x, 0, size - 2)), 0.5), h);
    const first = divide(subtract(part(x, 1, 2), part(x, 0, 1)), h);
    const last = divide(subtract(part(x, size - 1, size), part(x, size - 2, size - 1)), h);
    return concatenate([first, inner, last], { axis });
  }
  const gaps = reshape(
    diff(h),
    x.shape.map((_, a) => (a === axis ? -1 : 1)),
  );
  const [d1, d2] = [part(gaps, 0, size - 2), part(gaps, 1, size - 1)];
  const a = divide(multiply(-1, d2), multiply(d1, add(d1, d2)));
  const b = divide(subtract(d2, d1), multiply(d1, d2));
  const c = divide(d1, multiply(d2, add(d1, d2)));
  const inner = add(
    add(multiply(a, part(x, 0, size - 2)), multiply(b, part(x, 1, size - 1))),
    multiply(c, part(x, 2, size)),
  );
  const first = divide(subtract(part(x, 1, 2), part(x, 0, 1)), part(gaps, 0, 1));
  const last = divide(
    subtract(part(x, size - 1, size), part(x, size - 2, size - 1)),
    part(gaps, size - 2, size - 1),
  );
  return concatenate([first, inner, last], { axis });
}

/** Options of {@link gradient}. */
export interface GradientOptions {
  /** Which axes. Default: all. */
  readonly axis?: number | readonly number[] | null;
  /** The distance of samples: one for all axes, or one (or the places themselves) for each. Default 1. */
  readonly spacing?: ValueLike | readonly ValueLike[];
}

/** The derivatives of samples along axes; a list of one or more arrays. */
export function gradient(
  operand: ValueLike,
  { axis = null, spacing = 1 }: GradientOptions = {},
): Value[] {
  const x = toInexact('np.gradient', operand);
  const axes = normalizeAxes('np.gradient', axis, x.ndim);
  const each = (k: number): ValueLike =>
    Array.isArray(spacing) ? (spacing[k] as ValueLike) : (spacing as ValueLike);
  return axes.map((a, k) => eagerly('np.gradient', () => gradientAlong(x, a, each(k)))());
}

/** Options of {@link trapezoid}. */
export interface TrapezoidOptions {
  /** Where the samples are. Default: `dx` apart. */
  readonly x?: ValueLike;
  /** Default 1. */
  readonly dx?: ValueLike;
  /** Default: the last. */
  readonly axis?: number;
}

/** The integral by the trapezoidal rule. */
export const trapezoid = eagerly(
  'np.trapezoid',
  (operand: ValueLike, { x, dx = 1, axis = -1 }: TrapezoidOptions = {}): Value => {
    const y = toInexact('np.trapezoid', operand);
    const place = normalizeAxis('np.trapezoid', axis, y.ndim);
    const size = y.shape[place] ?? 0;
    const means = multiply(
      add(sliceAxis(y, place, 1, size), sliceAxis(y, place, 0, size - 1)),
      0.5,
    );
    if (x === undefined) return sum(multiply(means, dx), { axis: place });
    const at = toInexact('np.trapezoid', x);
    const gaps =
      at.ndim === 1
        ? reshape(
            diff(at),
            y.shape.map((_, a) => (a === place ? -1 : 1)),
          )
        : diff(at, { axis: place });
    return sum(multiply(means, gaps), { axis: place });
  },
);

/** Options of {@link unwrap}. */
export interface UnwrapOptions {
  /** Jumps up to this stay. Default: half of `period`. */
  readonly discont?: number;
  /** Default: the last. */
  readonly axis?: number;
  /** Default 2π. */
  readonly period?: number;
}

/** Angles without jumps: whole periods are added so that neighbours are near. */
export const unwrap = eagerly(
  'np.unwrap',
  (operand: ValueLike, { discont, axis = -1, period = 2 * Math.PI }: UnwrapOptions = {}): Value => {
    const x = toInexact('np.unwrap', operand);
    const place = normalizeAxis('np.unwrap', axis, x.ndim);
    const half = period / 2;
    const steps = diff(x, { axis: place });
    const folded = subtract(mod(add(steps, half), period), half);
    const kept = where(logicalAnd(equal(folded, -half), greater(steps, 0)), half, folded);
    const change = where(less(abs(steps), discont ?? half), 0, subtract(kept, steps));
    const size = x.shape[place] ?? 0;
    const rest = add(sliceAxis(x, place, 1, size), cumsum(change, { axis: place }));
    return concatenate([sliceAxis(x, place, 0, 1), rest], { axis: place });
  },
);

/** Options of {@link ediff1d}. */
export interface Ediff1dOptions {
  /** What comes before. */
  readonly toBegin?: ValueLike;
  /** What comes after. */
  readonly toEnd?: ValueLike;
}

/** The differences of neighbours in the flattened array. */
export const ediff1d = eagerly(
  'np.ediff1d',
  (operand: ValueLike, { toBegin, toEnd }: Ediff1dOptions = {}): Value => {
    const x = ravel(operand);
    const ends = (v: ValueLike | undefined): Value[] =>
      v === undefined ? [] : [astype(ravel(v), x.dtype)];
    return concatenate([...ends(toBegin), diff(x), ...ends(toEnd)]);
  },
);

/** Options of {@link cumulativeSum} and {@link cumulativeProd}. */
export interface CumulativeArrayOptions {
  /** May be left out for arrays of one axis. */
  readonly axis?: number;
  /** Starts with the neutral element. Default false. */
  readonly includeInitial?: boolean;
}

const cumulated =
  (op: string, running: (x: Value, axis: number) => Value, neutral: number) =>
  (
    operand: ValueLike,
    { axis = 0, includeInitial = false }: CumulativeArrayOptions = {},
  ): Value => {
    const input = toValue(op, operand);
    const x = input.dtype === 'bool' ? astype(input, 'int32') : input;
    const place = normalizeAxis(op, axis, x.ndim);
    const found = running(x, place);
    if (!includeInitial) return found;
    const start = prim.broadcastInDim(prim.literal(neutral, x.dtype), x.shape.with(place, 1), []);
    return concatenate([start, found], { axis: place });
  };

/** The sums of the elements up to each. */
export const cumulativeSum = eagerly(
  'np.cumulativeSum',
  cumulated('np.cumulativeSum', prim.cumsum, 0),
);

/** The products of the elements up to each. */
export const cumulativeProd = eagerly(
  'np.cumulativeProd',
  cumulated('np.cumulativeProd', prim.cumprod, 1),
);

/** A sum of cosines over [0, count − 1]. */
function cosineWindow(count: number, weights: readonly number[]): Value {
  if (count <= 1) return ones(Math.max(0, count));
  const n = arange(count, { dtype: 'float32' });
  return weights
    .map((w, k) => multiply(cos(multiply(n, (2 * Math.PI * k) / (count - 1))), w))
    .reduce((a, b) => add(a, b));
}

/** f32[count]: a triangle. */
export const bartlett = eagerly('np.bartlett', (count: number): Value => {
  if (count <= 1) return ones(Math.max(0, count));
  const n = arange(count, { dtype: 'float32' });
  return subtract(1, abs(divide(subtract(multiply(n, 2), count - 1), count - 1)));
});

/** f32[count]: the Blackman window. */
export const blackman = eagerly(
  'np.blackman',
  (count: number): Value => cosineWindow(count, [0.42, -0.5, 0.08]),
);

/** f32[count]: the Hamming window. */
export const hamming = eagerly(
  'np.hamming',
  (count: number): Value => cosineWindow(count, [0.54, -0.46]),
);

/** f32[count]: the Hann window. */
export const hanning = eagerly(
  'np.hanning',
  (count: number): Value => cosineWindow(count, [0.5, -0.5]),
);

/** f32[count]: the Kaiser window of shape `beta`. */
export const kaiser = eagerly('np.kaiser', (count: number, beta: number): Value => {
  if (count <= 1) return ones(Math.max(0, count));
  const n = arange(count, { dtype: 'float32' });
  const alpha = (count - 1) / 2;
  const argument = multiply(
    beta,
    sqrt(clip(subtract(1, square(divide(subtract(n, alpha), alpha))), 0)),
  );
  return divide(i0(argument), i0(beta));
});

/** Chebyshev coefficients of exp(−x) I₀(x) on [0, 8] and of exp(−x) √x I₀(x) on [8, ∞), from Cephes. */
const nearCoefficients = [
  -1.300025009986248e-8, 6.046995022541919e-8, -2.670793853940612e-7, 1.1173875391201037e-6,
  -4.4167383584587505e-6, 1.6448448070728896e-5, -5.754195010082104e-5, 0.00018850288509584165,
  -0.0005763755745385824, 0.0016394756169413357, -0.004324309995050576, 0.010546460394594998,
  -0.02373741480589947, 0.04930528423967071, -0.09490109704804764, 0.17162090152220877,
  -0.3046826723431984, 0.6767952744094761,
];
const farCoefficients = [
  3.3962320257083865e-9, 2.266668990498178e-8, 2.0489185894690638e-7, 2.8913705208347567e-6,
  6.889758346916825e-5, 0.0033691164782556943, 0.8044904110141088,
];

/** A Chebyshev series at x, by Clenshaw's recurrence. */
export function chebyshev(x: Value, coefficients: readonly number[]): Value {
  let [b0, b1, b2]: ValueLike[] = [0, 0, 0];
  for (const c of coefficients) {
    [b2, b1] = [b1 ?? 0, b0 ?? 0];
    b0 = add(subtract(multiply(x, b1), b2), c);
  }
  return multiply(subtract(b0 ?? 0, b2 ?? 0), 0.5);
}

/** exp(−|x|) I₀(x), the modified Bessel function of order 0, scaled. */
export const i0e = eagerly('scipy.special.i0e', (operand: ValueLike): Value => {
  const x = abs(toInexact('scipy.special.i0e', operand));
  const isNear = lessEqual(x, 8);
  const near = chebyshev(subtract(multiply(where(isNear, x, 1), 0.5), 2), nearCoefficients);
  const safe = where(isNear, 8, x);
  const far = divide(chebyshev(subtract(divide(32, safe), 2), farCoefficients), sqrt(safe));
  return where(isNear, near, far);
});

/** I₀(x), the modified Bessel function of order 0. */
export const i0 = eagerly('np.i0', (operand: ValueLike): Value => {
  const x = toInexact('np.i0', operand);
  return multiply(exp(abs(x)), i0e(x));
});

/** Σₖ p[k] x^(degree − k): the polynomial with these coefficients, highest power first. */
export const polyval = eagerly('np.polyval', (coefficients: ValueLike, x: ValueLike): Value => {
  const p = toValue('np.polyval', coefficients);
  const at = toValue('np.polyval', x);
  return range(p.shape[0] ?? 0).reduce<Value>(
    (sum, k) => add(multiply(sum, at), p.get(k)),
    multiply(at, 0),
  );
});

/** The coefficients of the polynomial with these roots, highest power first. */
export const poly = eagerly('np.poly', (roots: ValueLike): Value => {
  const r = toInexact('np.poly', roots);
  return range(r.size).reduce<Value>(
    (p, k) =>
      convolution(
        'np.poly',
        p,
        concatenate([ones(1), expandDims(multiply(-1, r.get(k)), 0)]),
        'full',
      ),
    ones(1),
  );
});
