/** Arrays that are computed from nothing: constants, ranges, triangles. */
import { range, type Shape } from '../base/aval.ts';
import { type DType, isFloat, kindOfScalar, promoteDTypes } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import { convert, eq, floor, ge, iota, literal, select } from '../primitives/index.ts';
import { add, divide, multiply, subtract } from './arithmetic.ts';
import type { DTypeOption } from './array.ts';
import { eagerly } from './eager.ts';
import { wrongRank, zeroStep } from './errors.ts';
import { concatenate } from './join.ts';
import { broadcastTo, diagonal, expandDims, ravel, reshape } from './movement.ts';
import {
  broadcastValue,
  castTo,
  checkDType,
  checkShape,
  kindOf,
  normalizeAxis,
  toValue,
} from './operands.ts';

/** A shape; a number stands for one axis. */
export type ShapeLike = number | Shape;

const constantArray = (op: string, value: number, shape: ShapeLike, dtype: DType): Value =>
  broadcastValue(op, literal(value, checkDType(op, dtype)), checkShape(op, shape));

/** dtype[shape] of zeros; float32 unless `dtype` is given. */
export const zeros = eagerly(
  'np.zeros',
  (shape: ShapeLike, { dtype = 'float32' }: DTypeOption = {}): Value =>
    constantArray('np.zeros', 0, shape, dtype),
);

/** dtype[shape] of ones; float32 unless `dtype` is given. */
export const ones = eagerly(
  'np.ones',
  (shape: ShapeLike, { dtype = 'float32' }: DTypeOption = {}): Value =>
    constantArray('np.ones', 1, shape, dtype),
);

/** dtype[shape] filled with `value`, which may be an array that broadcasts to `shape`. */
export const full = eagerly(
  'np.full',
  (shape: ShapeLike, value: ValueLike, { dtype }: DTypeOption = {}): Value => {
    const kind = kindOf('np.full', value);
    const type = dtype === undefined ? kind.dtype : checkDType('np.full', dtype);
    // As np.array does, a plain number gives float32.
    const wanted = dtype === undefined && typeof value === 'number' ? 'float32' : type;
    const x = castTo('np.full', value, { dtype: wanted, weak: false });
    return broadcastValue('np.full', x, checkShape('np.full', shape));
  },
);

/** Zeros in the shape and type of `x`. */
export const zerosLike = (x: ValueLike, options: DTypeOption = {}): Value =>
  fullLike(x, 0, options);

/** Ones in the shape and type of `x`. */
export const onesLike = (x: ValueLike, options: DTypeOption = {}): Value => fullLike(x, 1, options);

/** `value` in the shape and type of `x`. */
export const fullLike = eagerly(
  'np.fullLike',
  (x: ValueLike, value: ValueLike, { dtype }: DTypeOption = {}): Value => {
    const like = toValue('np.fullLike', x);
    return full(like.shape, value, { dtype: dtype ?? like.dtype });
  },
);

/**
 * dtype[count] of evenly spaced numbers from `start` (default 0) up to `stop`, without it.
 *
 * Whole numbers give int32, others float32, unless `dtype` is given.
 */
export function arange(stop: number, options?: DTypeOption): Value;
export function arange(start: number, stop: number, options?: DTypeOption): Value;
export function arange(start: number, stop: number, step: number, options?: DTypeOption): Value;
export function arange(...args: readonly (number | DTypeOption | undefined)[]): Value {
  const numbers = args.filter((arg) => typeof arg === 'number');
  const [first = 0, second, step = 1] = numbers;
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw zeroStep('np.arange');
  const options = args.find((arg) => typeof arg === 'object') ?? {};
  const natural = promoteDTypes([start, stop, step].map(kindOfScalar)).dtype;
  const dtype = checkDType('np.arange', options.dtype ?? natural);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return stepped(start, step, count, dtype);
}

/** dtype[count]: start, start + step, … */
const stepped = eagerly(
  'np.arange',
  (start: number, step: number, count: number, dtype: DType): Value => {
    const isWhole = !isFloat(dtype) || (start === 0 && step === 1);
    if (isWhole) return wholeRange(start, step, count, dtype);
    return convert(add(multiply(iota('float32', [count], 0), step), start), dtype);
  },
);

function wholeRange(start: number, step: number, count: number, dtype: DType): Value {
  if (dtype === 'bool') return convert(wholeRange(start, step, count, 'int32'), 'bool');
  const counted = iota(dtype, [count], 0);
  const scaled = step === 1 ? counted : multiply(counted, Math.trunc(step));
  return start === 0 ? scaled : add(scaled, Math.trunc(start));
}

/** Options of {@link linspace}. */
export interface LinspaceOptions extends DTypeOption {
  /** Whether `stop` is the last element. Default true. */
  readonly endpoint?: boolean;
  /** Where the new axis goes. Default 0. */
  readonly axis?: number;
}

/**
 * f32[count, …] of evenly spaced numbers from `start` to `stop`, which broadcast against each other.
 *
 * @param points - The count. Default 50.
 */
export const linspace = eagerly(
  'np.linspace',
  (
    start: ValueLike,
    stop: ValueLike,
    points?: number,
    { endpoint = true, axis = 0, dtype = 'float32' }: LinspaceOptions = {},
  ): Value => {
    const count = points ?? 50;
    const gaps = endpoint ? count - 1 : count;
    const from = castTo('np.linspace', start, { dtype: 'float32', weak: false });
    const to = castTo('np.linspace', stop, { dtype: 'float32', weak: false });
    const ndim = Math.max(from.ndim, to.ndim) + 1;
    const place = normalizeAxis('np.linspace', axis, ndim);
    const along = (length: number): Shape => range(ndim).map((i) => (i === place ? length : 1));
    const [a, b] = [from, to].map((x) => alignAxes(x, ndim, place));
    if (a === undefined || b === undefined) return zeros([0]);
    const fraction = (length: number): Value =>
      divide(iota('float32', along(length), place), Math.max(1, gaps));
    // Weighing both ends keeps them exact; the last point is put in as it is.
    const inner = (length: number): Value => {
      const t = fraction(length);
      return add(multiply(a, subtract(1, t)), multiply(b, t));
    };
    const isClosed = endpoint && count > 1;
    const spaced = inner(isClosed ? count - 1 : count);
    const last = broadcastTo(b, spaced.shape.with(place, 1));
    const all = isClosed ? concatenate([spaced, last], { axis: place }) : spaced;
    if (isFloat(dtype)) return convert(all, dtype);
    // Whole numbers are rounded down, as in NumPy, where conversion alone would truncate.
    return convert(floor(all), checkDType('np.linspace', dtype));
  },
);

/** The array with leading axes up to `ndim` − 1, and a new one at `place`. */
function alignAxes(x: Value, ndim: number, place: number): Value {
  const wide = reshape(x, [...range(ndim - 1 - x.ndim).map(() => 1), ...x.shape]);
  return expandDims(wide, place);
}

/** Options of {@link eye}. */
export interface EyeOptions extends DTypeOption {
  /** Number of columns. Default: as many as rows. */
  readonly columns?: number;
  /** Which diagonal is one; above the main one if positive. */
  readonly k?: number;
}

/** dtype[rows, columns], one on the `k`-th diagonal and zero elsewhere. */
export const eye = eagerly(
  'np.eye',
  (rows: number, { columns = rows, k = 0, dtype = 'float32' }: EyeOptions = {}): Value => {
    const shape = checkShape('np.eye', [rows, columns]);
    const isOn = eq(add(iota('int32', shape, 0), k), iota('int32', shape, 1));
    return convert(isOn, checkDType('np.eye', dtype));
  },
);

/** dtype[size, size], one on the diagonal and zero elsewhere. */
export const identity = (size: number, options: DTypeOption = {}): Value => eye(size, options);

/** dtype[rows, columns], one on and below the `k`-th diagonal and zero above it. */
export const tri = eagerly(
  'np.tri',
  (rows: number, { columns = rows, k = 0, dtype = 'float32' }: EyeOptions = {}): Value => {
    return convert(isLower(checkShape('np.tri', [rows, columns]), k), checkDType('np.tri', dtype));
  },
);

/** bool[rows, columns], true on and below the `k`-th diagonal. */
function isLower(shape: Shape, k: number): Value {
  return ge(add(iota('int32', shape, 0), k), iota('int32', shape, 1));
}

/** Which diagonal is the border. */
export interface DiagonalOption {
  /** Above the main diagonal if positive. Default 0. */
  readonly k?: number;
}

/** The last two axes' lower triangle; zero above the `k`-th diagonal. */
export const tril = eagerly(
  'np.tril',
  (x: ValueLike, { k = 0 }: DiagonalOption = {}): Value => triangle('np.tril', x, k, true),
);

/** The last two axes' upper triangle; zero below the `k`-th diagonal. */
export const triu = eagerly(
  'np.triu',
  (x: ValueLike, { k = 0 }: DiagonalOption = {}): Value => triangle('np.triu', x, k - 1, false),
);

function triangle(op: string, operand: ValueLike, k: number, keepsLower: boolean): Value {
  const x = toValue(op, operand);
  if (x.ndim < 2) throw wrongRank(op, 'at least two axes', x.aval);
  const lower = broadcastValue(op, isLower(x.shape.slice(-2), k), x.shape);
  const zero = zerosLike(x);
  return keepsLower ? select(lower, x, zero) : select(lower, zero, x);
}

/** A matrix with `x` on its `k`-th diagonal if `x` has one axis; the `k`-th diagonal if it has two. */
export const diag = eagerly(
  'np.diag',
  (operand: ValueLike, { k = 0 }: DiagonalOption = {}): Value => {
    const x = toValue('np.diag', operand);
    if (x.ndim === 2) return diagonal(x, { offset: k });
    if (x.ndim !== 1) throw wrongRank('np.diag', 'one or two axes', x.aval);
    const size = x.size + Math.abs(k);
    const columns = k > 0 ? concatenate([zeros(k, { dtype: x.dtype }), x]) : x;
    const row = k < 0 ? concatenate([x, zeros(-k, { dtype: x.dtype })]) : columns;
    const isOn = eye(size, { k, dtype: 'bool' });
    return select(isOn, broadcastTo(row, [size, size]), zeros([size, size], { dtype: x.dtype }));
  },
);

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** `xy` (default) swaps the first two axes of the results, as for plotting. */
  readonly indexing?: 'xy' | 'ij';
}

/** For each array of one axis, its elements spread over the grid that all of them span. */
export function meshgrid(
  arrays: readonly ValueLike[],
  { indexing = 'xy' }: MeshgridOptions = {},
): Value[] {
  const xs = arrays.map((x) => ravel(toValue('np.meshgrid', x)));
  const order = range(xs.length);
  if (indexing === 'xy' && xs.length > 1) order.splice(0, 2, 1, 0);
  const shape = order.map((i) => xs[i]?.size ?? 0);
  return xs.map((x, i) => {
    const place = order.indexOf(i);
    return broadcastTo(
      reshape(
        x,
        range(xs.length).map((a) => (a === place ? x.size : 1)),
      ),
      shape,
    );
  });
}
