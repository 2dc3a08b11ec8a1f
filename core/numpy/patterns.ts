/** Arrays of numbers in a pattern: spacings, triangles, grids; whole numbers; facts about element types. */
import { range, type Shape } from '../base/aval.ts';
import {
  bytesOf,
  type DType,
  integerRange,
  isFloat,
  isInteger,
  isSigned,
  promoteDTypes,
} from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import {
  add,
  divide,
  floorDivide,
  maximum,
  multiply,
  power,
  subtract,
  where,
} from './arithmetic.ts';
import type { DTypeOption } from './array.ts';
import { nonzero } from './choosing.ts';
import { arange, diag, type LinspaceOptions, linspace } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { abs, astype, exp2, log, sign, trunc } from './elementwise.ts';
import { broadcastTo, expandDims, flip, ravel, reshape, sliceAxis } from './movement.ts';
import { normalizeAxis, promotePair, toInexact, toValue } from './operands.ts';
import { argsort, sort } from './sorting.ts';

/** Options of {@link logspace}. */
export interface LogspaceOptions extends LinspaceOptions {
  /** Default 10. */
  readonly base?: number;
}

/** f32[points, …] of powers of `base` with evenly spaced exponents from `start` to `stop`. */
export const logspace = eagerly(
  'np.logspace',
  (
    start: ValueLike,
    stop: ValueLike,
    points?: number,
    { base = 10, ...options }: LogspaceOptions = {},
  ): Value => power(base, linspace(start, stop, points, options)),
);

/** f32[points, …] from `start` to `stop`, each the same multiple of the one before. */
export const geomspace = eagerly(
  'np.geomspace',
  (start: ValueLike, stop: ValueLike, points?: number, options: LinspaceOptions = {}): Value => {
    const from = toInexact('np.geomspace', start);
    const to = toInexact('np.geomspace', stop);
    const side = sign(from);
    const exponents = linspace(log(multiply(from, side)), log(multiply(to, side)), points, options);
    return multiply(prim.exp(exponents), side);
  },
);

/** dtype[shape] whose elements are the values of `func` at their positions, one array for each axis. */
export const fromfunction = eagerly(
  'np.fromfunction',
  (
    func: (...positions: Value[]) => Value,
    shape: Shape,
    { dtype = 'float32' }: DTypeOption = {},
  ): Value => func(...indicesOf(shape).map((p) => astype(p, dtype))),
);

const indicesOf = (shape: Shape): Value[] =>
  shape.map((_, axis) => prim.iota('int32', shape, axis));

/** int32[axes, …shape]: the position of every element on every axis. */
export const indices = eagerly(
  'np.indices',
  (shape: Shape, { dtype = 'int32' }: DTypeOption = {}): Value =>
    astype(
      prim.concatenate(
        indicesOf(shape).map((p) => expandDims(p, 0)),
        0,
      ),
      dtype,
    ),
);

/** Arrays of one axis, each on an axis of its own, so that they broadcast to a grid. */
export const ix = (...arrays: readonly ValueLike[]): Value[] =>
  arrays.map((x, k) =>
    reshape(
      toValue('np.ix', x),
      arrays.map((_, a) => (a === k ? -1 : 1)),
    ),
  );

/** Options of {@link trilIndices} and {@link triuIndices}. */
export interface TriangleOptions {
  /** Which diagonal the triangle ends at. Default 0. */
  readonly k?: number;
  /** Columns. Default: as many as rows. */
  readonly m?: number;
}

function triangleIndices(n: number, m: number, keeps: (i: number, j: number) => boolean): Value[] {
  const pairs = range(n).flatMap((i) =>
    range(m).flatMap((j) => (keeps(i, j) ? [[i, j] as const] : [])),
  );
  const rows = new Int32Array(pairs.map(([i]) => i));
  const columns = new Int32Array(pairs.map(([, j]) => j));
  return [rows, columns].map((list) => constantList(list));
}

/** int32[n] of numbers that are known while tracing: written as sums of ranges would be longer than the data. */
const constantList = (list: Int32Array): Value =>
  list.length === 0
    ? arange(0, { dtype: 'int32' })
    : prim.concatenate(
        [...list].map((v) => prim.broadcastInDim(prim.literal(v, 'int32'), [1], [])),
        0,
      );

/** [rows, columns] of the elements on and below a diagonal of an n × m matrix. */
export const trilIndices = (n: number, { k = 0, m = n }: TriangleOptions = {}): Value[] =>
  asOneProgram('np.trilIndices', () => triangleIndices(n, m, (i, j) => j - i <= k));

/** [rows, columns] of the elements on and above a diagonal of an n × m matrix. */
export const triuIndices = (n: number, { k = 0, m = n }: TriangleOptions = {}): Value[] =>
  asOneProgram('np.triuIndices', () => triangleIndices(n, m, (i, j) => j - i >= k));

const sidesOf = (x: ValueLike): [number, number] => {
  const { shape } = toValue('np.trilIndicesFrom', x);
  return [shape[0] ?? 0, shape[1] ?? 0];
};

/** {@link trilIndices} of a matrix. */
export function trilIndicesFrom(x: ValueLike, { k = 0 }: { readonly k?: number } = {}): Value[] {
  const [n, m] = sidesOf(x);
  return trilIndices(n, { k, m });
}

/** {@link triuIndices} of a matrix. */
export function triuIndicesFrom(x: ValueLike, { k = 0 }: { readonly k?: number } = {}): Value[] {
  const [n, m] = sidesOf(x);
  return triuIndices(n, { k, m });
}

/** int32[n], so many times: the positions on the main diagonal. */
export const diagIndices = (n: number, ndim = 2): Value[] => range(ndim).map(() => arange(n));

/** {@link diagIndices} of an array. */
export const diagIndicesFrom = (operand: ValueLike): Value[] => {
  const x = toValue('np.diagIndicesFrom', operand);
  return diagIndices(x.shape[0] ?? 0, x.ndim);
};

/** [rows, columns] where `mask`, a function such as np.triu, leaves ones; `size` is their number. */
export const maskIndices = (
  n: number,
  mask: (x: Value, k: number) => Value,
  k: number,
  options: { readonly size: number },
): Value[] => nonzero(mask(broadcastTo(prim.literal(1, 'int32'), [n, n]), k), options);

/** The flattened array on the k-th diagonal of a matrix of zeros. */
export const diagflat = eagerly(
  'np.diagflat',
  (x: ValueLike, { k = 0 }: { readonly k?: number } = {}): Value => diag(ravel(x), { k }),
);

/** Options of {@link vander}. */
export interface VanderOptions {
  /** Columns. Default: as many as rows. */
  readonly n?: number;
  /** Lowest power first. Default false. */
  readonly increasing?: boolean;
}

/** Powers of each element, a row for each. */
export const vander = eagerly(
  'np.vander',
  (operand: ValueLike, { n, increasing = false }: VanderOptions = {}): Value => {
    const x = toValue('np.vander', operand);
    const count = n ?? x.size;
    const columns = range(count).map((i) =>
      expandDims(power(x, increasing ? i : count - 1 - i), 1),
    );
    return prim.concatenate(columns, 1);
  },
);

/** Steps of Euclid's algorithm that suffice for 32 bits: Fibonacci numbers take the longest. */
const euclidSteps = 46;

/** The greatest common divisor, element by element. */
export const gcd = eagerly('np.gcd', (x: ValueLike, y: ValueLike): Value => {
  let [a, b] = promotePair('np.gcd', x, y).map((v) => (v.dtype === 'uint32' ? v : abs(v))) as [
    Value,
    Value,
  ];
  const zero = broadcastTo(prim.literal(0, a.dtype), a.shape);
  for (let step = 0; step < euclidSteps; step++) {
    const isDone = prim.eq(b, zero);
    const rest = prim.select(isDone, zero, prim.rem(a, b));
    [a, b] = [prim.select(isDone, a, b), rest];
  }
  return a;
});

/** The least common multiple, element by element; 0 if either is. */
export const lcm = eagerly('np.lcm', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.lcm', x, y);
  const divisor = gcd(a, b);
  const product = multiply(a, floorDivide(b, where(divisor.equal(0), 1, divisor)));
  return where(divisor.equal(0), 0, a.dtype === 'uint32' ? product : abs(product));
});

/** x · 2ⁿ. */
export const ldexp = eagerly('np.ldexp', (x: ValueLike, n: ValueLike): Value => {
  const exponent = astype(n, 'int32');
  const half = floorDivide(exponent, 2);
  // In two steps, since 2ⁿ itself may be out of range where x · 2ⁿ is not.
  return multiply(multiply(x, powerOfTwo(half)), powerOfTwo(subtract(exponent, half)));
});

const powerOfTwo = (n: Value): Value => {
  const biased = prim.shiftLeft(
    maximum(add(n, 127), 0),
    broadcastTo(prim.literal(23, 'int32'), n.shape),
  );
  return prim.bitcast(
    prim.min(biased, broadcastTo(prim.literal(0x7f800000, 'int32'), n.shape)),
    'float32',
  );
};

/** [mantissa, exponent]: x = mantissa · 2^exponent with ½ ≤ |mantissa| < 1; f32 and int32. */
export function frexp(operand: ValueLike): [Value, Value] {
  return asOneProgram('np.frexp', () => {
    const given = toInexact('np.frexp', operand);
    const int = (v: number): Value => broadcastTo(prim.literal(v, 'int32'), given.shape);
    const isSmall = abs(given).less(2 ** -126);
    const x = where(isSmall, multiply(given, 2 ** 25), given);
    const bits = prim.bitcast(x, 'int32');
    const biased = prim.and(prim.shiftRightLogical(bits, int(23)), int(255));
    const isPlain = prim.and(prim.isFinite(x), x.notEqual(0));
    const mantissa = prim.bitcast(
      prim.or(prim.and(bits, int(-2139095041)), int(0x3f000000)),
      'float32',
    );
    const exponent = subtract(subtract(biased, 126), where(isSmall, 25, 0));
    return [where(isPlain, mantissa, given), where(isPlain, exponent, 0)];
  }) as [Value, Value]; // As many as the body returns.
}

/** [fraction, whole part], both with the sign of x; the fraction of ∞ is NaN, as in JAX. */
export function modf(operand: ValueLike): [Value, Value] {
  return asOneProgram('np.modf', () => {
    const x = toInexact('np.modf', operand);
    const whole = trunc(x);
    return [subtract(x, whole), whole];
  }) as [Value, Value]; // As many as the body returns.
}

/** The next number after x in the direction of y. */
export const nextafter = eagerly('np.nextafter', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair('np.nextafter', toInexact('np.nextafter', x), y);
  const int = (v: number): Value => broadcastTo(prim.literal(v, 'int32'), a.shape);
  const bits = prim.bitcast(a, 'int32');
  const isUp = b.greater(a);
  const isNegative = prim.lt(bits, int(0));
  const grows = prim.ne(isUpAsInt(isUp), isUpAsInt(isNegative));
  const moved = add(bits, where(grows, 1, -1));
  const leastBits = where(isUp, int(1), int(-0x7fffffff));
  const found = prim.bitcast(where(a.equal(0), leastBits, moved), 'float32');
  const isUndefined = prim.or(prim.ne(a, a), prim.ne(b, b));
  return where(isUndefined, Number.NaN, where(a.equal(b), b, found));
});

const isUpAsInt = (x: Value): Value => astype(x, 'int32');

/** The distance to the next number away from 0. */
export const spacing = eagerly('np.spacing', (operand: ValueLike): Value => {
  const x = toInexact('np.spacing', operand);
  return subtract(nextafter(x, multiply(sign(where(x.equal(0), 1, x)), Infinity)), x);
});

/** log₂(2ˣ + 2ʸ), without overflow. */
export const logaddexp2 = eagerly('np.logaddexp2', (x: ValueLike, y: ValueLike): Value => {
  const [a, b] = promotePair(
    'np.logaddexp2',
    toInexact('np.logaddexp2', x),
    toInexact('np.logaddexp2', y),
  );
  const larger = prim.max(a, b);
  const difference = subtract(a, b);
  const isPlain = prim.eq(difference, difference);
  const tail = divide(prim.log1p(exp2(prim.neg(abs(where(isPlain, difference, 0))))), Math.LN2);
  return where(isPlain, add(larger, tail), add(a, b));
});

/** The element type in which these are combined; arrays, numbers or names of types. */
export const promoteTypes = (a: DType, b: DType): DType =>
  promoteDTypes([a, b].map((dtype) => ({ dtype, weak: false }))).dtype;

/** Whether all values of one type are among those of another. */
export function canCast(from: DType, to: DType): boolean {
  if (from === to || from === 'bool') return true;
  if (to === 'bool' || bytesOf(from) > bytesOf(to)) return false;
  if (isFloat(from)) return isFloat(to) && bytesOf(from) < bytesOf(to);
  const [least, most] = integerRange(from);
  if (!isFloat(to)) return least >= integerRange(to)[0] && most <= integerRange(to)[1];
  return most < 2 ** (floatFormats[to as keyof typeof floatFormats].fraction + 1);
}

/** Kinds of element types in the terms of the array standard. */
export type DTypeKind =
  | 'bool'
  | 'signed integer'
  | 'unsigned integer'
  | 'integral'
  | 'real floating'
  | 'numeric';

/** Whether an element type is another, or of a kind. */
export function isdtype(dtype: DType, kind: DTypeKind | DType): boolean {
  switch (kind) {
    case 'integral':
      return isInteger(dtype);
    case 'signed integer':
      return isInteger(dtype) && isSigned(dtype);
    case 'unsigned integer':
      return isInteger(dtype) && !isSigned(dtype);
    case 'real floating':
      return isFloat(dtype);
    case 'numeric':
      return dtype !== 'bool';
    default:
      return kind === dtype;
  }
}

/** Facts about a float type. */
export interface FloatFacts {
  readonly bits: number;
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  readonly tiny: number;
  readonly smallestNormal: number;
  readonly smallestSubnormal: number;
  readonly resolution: number;
}

/** Bits of the fraction, the greatest and the least normal exponent, and decimal digits. */
const floatFormats = {
  float32: { bits: 32, fraction: 23, most: 127, least: -126, digits: 6 },
  bfloat16: { bits: 16, fraction: 7, most: 127, least: -126, digits: 2 },
  float16: { bits: 16, fraction: 10, most: 15, least: -14, digits: 3 },
} as const;

/** Facts about a float type, by default float32. */
export function finfo(dtype: keyof typeof floatFormats = 'float32'): FloatFacts {
  const { bits, fraction, most, least, digits } = floatFormats[dtype];
  const eps = 2 ** -fraction;
  const max = (2 - eps) * 2 ** most;
  return {
    bits,
    eps,
    max,
    min: -max,
    tiny: 2 ** least,
    smallestNormal: 2 ** least,
    smallestSubnormal: 2 ** (least - fraction),
    resolution: Number(`1e-${digits}`),
  };
}

/** Facts about an integer type. */
export function iinfo(dtype: Exclude<DType, 'bool' | keyof typeof floatFormats>) {
  const [min, max] = integerRange(dtype);
  return { bits: 8 * bytesOf(dtype), min, max };
}

/** Options of {@link partition}. */
export interface PartitionOptions {
  /** Default: the last. */
  readonly axis?: number;
}

/** Ascending up to the `kth`, and the greater ones descending, as `jax.numpy.partition` leaves them. */
function halves(x: Value, axis: number, kth: number): Value {
  const size = x.shape[axis] ?? 0;
  const cut = normalizeAxis('np.partition', kth, size) + 1;
  // Equal elements keep their order in both, which decides where derivatives go.
  const descending = flip(sort(flip(x, { axis }), { axis }), { axis });
  const [least, greatest] = [sort(x, { axis }), descending];
  const parts = [sliceAxis(least, axis, 0, cut), sliceAxis(greatest, axis, 0, size - cut)];
  return prim.concatenate(parts, axis);
}

/** The elements arranged so that the one at `kth` is where sorting would put it, smaller ones before it. */
export const partition = eagerly(
  'np.partition',
  (operand: ValueLike, kth: number, { axis = -1 }: PartitionOptions = {}): Value => {
    const x = toValue('np.partition', operand);
    const place = normalizeAxis('np.partition', axis, x.ndim);
    return halves(x, place, kth);
  },
);

/** int32: the positions of the elements in an order that {@link partition} could have left. */
export const argpartition = eagerly(
  'np.argpartition',
  (operand: ValueLike, kth: number, { axis = -1 }: PartitionOptions = {}): Value => {
    const x = toValue('np.argpartition', operand);
    const place = normalizeAxis('np.argpartition', axis, x.ndim);
    const order = argsort(x, { axis: place });
    const size = x.shape[place] ?? 0;
    const cut = normalizeAxis('np.argpartition', kth, size) + 1;
    const rest = sort(sliceAxis(order, place, cut, size), { axis: place });
    return prim.concatenate([sliceAxis(order, place, 0, cut), rest], place);
  },
);

/** int32: the positions that arrange the columns of keys in order, the last key first. */
export const lexsort = eagerly(
  'np.lexsort',
  (keys: readonly ValueLike[], { axis = -1 }: PartitionOptions = {}): Value => {
    const xs = keys.map((key) => toValue('np.lexsort', key)).reverse();
    const [first] = xs;
    const place = axis < 0 ? axis + (first?.ndim ?? 1) : axis;
    const positions = prim.iota('int32', first?.shape ?? [0], place);
    return prim.sort([...xs, positions], place, xs.length).at(-1) ?? positions;
  },
);
