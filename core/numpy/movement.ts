/** Views: the same elements in another arrangement. */
import { range, type Shape, sizeOf } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { eagerly } from './eager.ts';
import {
  notAPermutation,
  padMismatch,
  reshapeMismatch,
  squeezeMismatch,
  wrongRank,
} from './errors.ts';
import {
  type Axes,
  broadcastValue,
  castTo,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  toValue,
} from './operands.ts';

/** The elements in row-major order in another shape. One size may be −1 and is worked out. */
export function reshape(operand: ValueLike, shape: number | Shape): Value {
  const x = toValue('np.reshape', operand);
  const list = typeof shape === 'number' ? [shape] : shape;
  const known = sizeOf(list.filter((size) => size !== -1));
  const unknowns = list.filter((size) => size === -1).length;
  const missing = known === 0 ? 0 : x.size / known;
  const full = list.map((size) => (size === -1 ? missing : size));
  if (unknowns > 1 || !Number.isInteger(missing) || sizeOf(full) !== x.size) {
    throw reshapeMismatch(x.shape, list);
  }
  return sameList(full, x.shape) ? x : prim.reshape(x, checkShape('np.reshape', full));
}

const sameList = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** All elements on one axis, in row-major order. */
export const ravel = (x: ValueLike): Value => reshape(x, [-1]);

/** The axes in another order; reversed if `axes` is absent. */
export function transpose(operand: ValueLike, axes: readonly number[] | null = null): Value {
  const x = toValue('np.transpose', operand);
  const order = axes ?? range(x.ndim).reverse();
  if (order.length !== x.ndim) throw notAPermutation(order, x.ndim);
  const permutation = normalizeAxes('np.transpose', order, x.ndim);
  return permutation.every((axis, i) => axis === i) ? x : prim.transpose(x, permutation);
}

/** Each matrix of the last two axes transposed. */
export const matrixTranspose = (x: ValueLike): Value => swapaxes(x, -1, -2);

/** Two axes exchanged. */
export function swapaxes(operand: ValueLike, first: number, second: number): Value {
  const x = toValue('np.swapaxes', operand);
  const [a, b] = [first, second].map((axis) => normalizeAxis('np.swapaxes', axis, x.ndim));
  const order = range(x.ndim).map((axis) => (axis === a ? b : axis === b ? a : axis) ?? axis);
  return transpose(x, order);
}

/** Axes moved from `source` to `destination`; the others keep their order. */
export const moveaxis = eagerly(
  'np.moveaxis',
  (operand: ValueLike, source: Axes, destination: Axes): Value => {
    const x = toValue('np.moveaxis', operand);
    const from = normalizeAxes('np.moveaxis', source, x.ndim);
    const to = normalizeAxes('np.moveaxis', destination, x.ndim);
    if (from.length !== to.length) throw notAPermutation([...from, ...to], x.ndim);
    const rest = range(x.ndim).filter((axis) => !from.includes(axis));
    const order = range(x.ndim).map((axis) => {
      const moved = from[to.indexOf(axis)];
      return moved ?? rest.shift() ?? axis;
    });
    return transpose(x, order);
  },
);

/** New axes of size 1 at these places of the result. */
export function expandDims(operand: ValueLike, axis: number | readonly number[]): Value {
  const x = toValue('np.expandDims', operand);
  const count = typeof axis === 'number' ? 1 : axis.length;
  const places = normalizeAxes('np.expandDims', axis, x.ndim + count);
  const sizes = [...x.shape];
  const shape = range(x.ndim + count).map((i) => (places.includes(i) ? 1 : (sizes.shift() ?? 1)));
  return reshape(x, shape);
}

/** Which axes an operation is about. */
export interface AxisOption {
  /** One axis, several, or null for all. */
  readonly axis?: Axes;
}

/** Without axes of size 1: those named, or all of them. */
export function squeeze(operand: ValueLike, { axis = null }: AxisOption = {}): Value {
  const x = toValue('np.squeeze', operand);
  const isOne = (place: number): boolean => x.shape[place] === 1;
  const places =
    axis === null ? range(x.ndim).filter(isOne) : normalizeAxes('np.squeeze', axis, x.ndim);
  const wrong = places.find((place) => !isOne(place));
  if (wrong !== undefined) throw squeezeMismatch(x.shape, wrong);
  return reshape(
    x,
    x.shape.filter((_, place) => !places.includes(place)),
  );
}

/** `x` repeated along new leading axes and along axes of size 1, to fill `shape`. */
export const broadcastTo = (x: ValueLike, shape: number | Shape): Value =>
  broadcastValue(
    'np.broadcastTo',
    toValue('np.broadcastTo', x),
    checkShape('np.broadcastTo', shape),
  );

/** The elements in reverse order along the axes named, or all. */
export function flip(operand: ValueLike, { axis = null }: AxisOption = {}): Value {
  const x = toValue('np.flip', operand);
  const axes = normalizeAxes('np.flip', axis, x.ndim);
  return axes.length === 0 ? x : prim.reverse(x, axes);
}

/** The part of `x` from `start` to `limit` on one axis. */
export function sliceAxis(x: Value, axis: number, start: number, limit: number): Value {
  if (start === 0 && limit === x.shape[axis]) return x;
  const starts = x.shape.map((_, i) => (i === axis ? start : 0));
  const limits = x.shape.map((size, i) => (i === axis ? limit : size));
  return prim.slice(x, starts, limits);
}

/** Options of {@link diagonal}. */
export interface DiagonalOptions {
  /** Which diagonal; above the main one if positive. */
  readonly offset?: number;
  /** The axis of rows. Default 0. */
  readonly axis1?: number;
  /** The axis of columns. Default 1. */
  readonly axis2?: number;
}

/** The elements where two axes have equal positions, on a new last axis. */
export const diagonal = eagerly(
  'np.diagonal',
  (operand: ValueLike, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {}): Value => {
    const input = toValue('np.diagonal', operand);
    if (input.ndim < 2) throw wrongRank('np.diagonal', 'at least two axes', input.aval);
    const x = moveaxis(input, [axis1, axis2], [-2, -1]);
    const [rows = 0, columns = 0] = x.shape.slice(-2);
    const skipRows = Math.min(rows, Math.max(0, -offset));
    const skipColumns = Math.min(columns, Math.max(0, offset));
    const count = Math.min(rows - skipRows, columns - skipColumns);
    const square = cut(x, x.ndim - 2, skipRows, count);
    return squareDiagonal(cut(square, x.ndim - 1, skipColumns, count), count);
  },
);

const cut = (x: Value, axis: number, start: number, count: number): Value =>
  sliceAxis(x, axis, start, start + count);

/**
 * The diagonal of […, n, n]. Rows laid end to end and padded to n + 1 columns have it in column 0, so no
 * element is read twice and none by a computed index.
 */
function squareDiagonal(x: Value, n: number): Value {
  const lead = x.shape.slice(0, -2);
  const flat = reshape(x, [...lead, n * n]);
  const padded = prim.pad(
    flat,
    prim.literal(0, x.dtype),
    flat.shape.map(() => 0),
    flat.shape.map((_, axis) => (axis === lead.length ? n : 0)),
    flat.shape.map(() => 0),
  );
  const skewed = reshape(padded, [...lead, n, n + 1]);
  return reshape(sliceAxis(skewed, lead.length + 1, 0, 1), [...lead, n]);
}

/** Widths before and after: for all axes alike, or for each. */
export type PadWidth = number | readonly [number, number] | readonly (readonly [number, number])[];

/** Options of {@link pad}. */
export interface PadOptions {
  /** What to pad with: a value (default), the nearest element, or the elements mirrored or wrapped. */
  readonly mode?: 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap';
  /** The value of mode `constant`. Default 0. */
  readonly value?: ValueLike;
}

/** `x` with elements added before and after on each axis. */
export const pad = eagerly(
  'np.pad',
  (
    operand: ValueLike,
    width: PadWidth,
    { mode = 'constant', value = 0 }: PadOptions = {},
  ): Value => {
    const x = toValue('np.pad', operand);
    const widths = checkWidths(width, x.ndim);
    if (mode === 'constant') {
      const [low, high] = [widths.map(([before]) => before), widths.map(([, after]) => after)];
      const filler = castTo('np.pad', value, { dtype: x.dtype, weak: false });
      return prim.pad(
        x,
        filler,
        low,
        high,
        widths.map(() => 0),
      );
    }
    return widths.reduce((padded, [before, after], axis) => {
      const size = x.shape[axis] ?? 0;
      const positions = range(before + size + after).map((i) => source(i - before, size, mode));
      return selectRuns(padded, axis, positions);
    }, x);
  },
);

function checkWidths(width: PadWidth, ndim: number): readonly (readonly [number, number])[] {
  const isPair = (w: unknown): w is readonly [number, number] =>
    Array.isArray(w) && w.length === 2 && w.every((n) => Number.isInteger(n) && n >= 0);
  const all = typeof width === 'number' ? ([width, width] as const) : width;
  if (isPair(all)) return range(ndim).map(() => all);
  if (all.length === ndim && all.every(isPair))
    return all as readonly (readonly [number, number])[];
  throw padMismatch(JSON.stringify(width), ndim);
}

/** The position in an axis of `size` that a position outside it stands for. */
function source(position: number, size: number, mode: PadOptions['mode']): number {
  const modulo = (n: number, divisor: number): number => ((n % divisor) + divisor) % divisor;
  if (mode === 'edge') return Math.min(size - 1, Math.max(0, position));
  if (mode === 'wrap') return modulo(position, size);
  if (mode === 'symmetric') {
    const folded = modulo(position, 2 * size);
    return folded < size ? folded : 2 * size - 1 - folded;
  }
  const folded = modulo(position, Math.max(1, 2 * (size - 1)));
  return folded < size ? folded : 2 * (size - 1) - folded;
}

/** The elements at `positions` of one axis, as pieces that run forwards, backwards or stand still. */
function selectRuns(x: Value, axis: number, positions: readonly number[]): Value {
  const pieces: Value[] = [];
  let start = 0;
  while (start < positions.length) {
    const first = positions[start] ?? 0;
    const step = (positions[start + 1] ?? first) - first;
    let end = start + 1;
    while (end < positions.length && positions[end] === first + step * (end - start)) end++;
    if (Math.abs(step) > 1) end = start + 1;
    pieces.push(run(x, axis, first, end - start, Math.abs(step) > 1 ? 0 : step));
    start = end;
  }
  return pieces.length === 1 && pieces[0] !== undefined
    ? pieces[0]
    : prim.concatenate(pieces, axis);
}

function run(x: Value, axis: number, first: number, count: number, step: number): Value {
  if (step === 1 || count === 1) return sliceAxis(x, axis, first, first + count);
  if (step === -1) return prim.reverse(sliceAxis(x, axis, first - count + 1, first + 1), [axis]);
  return broadcastTo(sliceAxis(x, axis, first, first + 1), x.shape.with(axis, count));
}
