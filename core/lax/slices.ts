/** Windows and slices along single axes, with starts that may count from the end. */
import { Value, type ValueLike } from '../ir/value.ts';
import { remainder } from '../numpy/arithmetic.ts';
import { eagerly } from '../numpy/eager.ts';
import { expandDims, squeeze } from '../numpy/movement.ts';
import { castTo, normalizeAxis } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';

/** What functions with computed starts are told. */
export interface StartOptions {
  /** Whether a start below 0 counts from the end of its axis. Default true. */
  readonly allowNegativeIndices?: boolean;
}

const int32 = { dtype: 'int32', weak: false } as const;

/** int32[]: the start counted from the front. */
function startOf(op: string, start: ValueLike, size: number, allowNegative: boolean): Value {
  const isPlain = typeof start === 'number';
  if (isPlain) return prim.literal(allowNegative && start < 0 ? start + size : start, 'int32');
  const isUnsigned = start instanceof Value && start.dtype === 'uint32';
  const given = castTo(op, start, int32);
  if (!allowNegative || isUnsigned) return given;
  const isBelow = prim.lt(given, prim.literal(0, 'int32'));
  return prim.select(isBelow, prim.add(given, prim.literal(size, 'int32')), given);
}

const startsOf = (
  op: string,
  x: Value,
  starts: readonly ValueLike[],
  { allowNegativeIndices = true }: StartOptions,
): Value[] => starts.map((s, axis) => startOf(op, s, x.shape[axis] ?? 0, allowNegativeIndices));

/**
 * The window of `x` of these sizes that begins at `starts`, moved so that it lies inside.
 *
 * @param starts - One number or int32[] per axis; negative ones count from the end.
 * @throws `bad-window`
 */
export const dynamicSlice = eagerly(
  'lax.dynamicSlice',
  (
    x: Value,
    starts: readonly ValueLike[],
    sizes: readonly number[],
    options: StartOptions = {},
  ): Value => prim.dynamicSlice(x, startsOf('lax.dynamicSlice', x, starts, options), sizes),
);

/**
 * `x` with the window that begins at `starts` replaced by `update`.
 *
 * @param starts - One number or int32[] per axis; negative ones count from the end.
 * @throws `bad-window`, `dtype-mismatch`
 */
export const dynamicUpdateSlice = eagerly(
  'lax.dynamicUpdateSlice',
  (x: Value, update: Value, starts: readonly ValueLike[], options: StartOptions = {}): Value =>
    prim.dynamicUpdateSlice(x, update, startsOf('lax.dynamicUpdateSlice', x, starts, options)),
);

/** Zero for all axes but one. */
const onAxis = (x: Value, axis: number, start: ValueLike): ValueLike[] =>
  x.shape.map((_, a) => (a === axis ? start : 0));

/** {@link dynamicSlice} along one axis, whole along the others. */
export const dynamicSliceInDim = eagerly(
  'lax.dynamicSliceInDim',
  (x: Value, start: ValueLike, size: number, axis?: number, options: StartOptions = {}): Value => {
    const place = normalizeAxis('lax.dynamicSliceInDim', axis ?? 0, x.ndim);
    return dynamicSlice(x, onAxis(x, place, start), x.shape.with(place, size), options);
  },
);

/** Options of functions that take one position of an axis. */
export interface IndexOptions extends StartOptions {
  /** Whether the axis stays, with size 1. Default true. */
  readonly keepdims?: boolean;
}

/** The slice at one position of an axis. */
export const dynamicIndexInDim = eagerly(
  'lax.dynamicIndexInDim',
  (
    x: Value,
    index: ValueLike,
    axis?: number,
    { keepdims = true, ...options }: IndexOptions = {},
  ): Value => {
    const found = dynamicSliceInDim(x, index, 1, axis, options);
    return keepdims ? found : squeeze(found, { axis: axis ?? 0 });
  },
);

/** {@link dynamicUpdateSlice} along one axis; the update is whole along the others. */
export const dynamicUpdateSliceInDim = eagerly(
  'lax.dynamicUpdateSliceInDim',
  (x: Value, update: Value, start: ValueLike, axis: number, options: StartOptions = {}): Value => {
    const place = normalizeAxis('lax.dynamicUpdateSliceInDim', axis, x.ndim);
    return dynamicUpdateSlice(x, update, onAxis(x, place, start), options);
  },
);

/** `x` with the slice at one position of an axis replaced; the update may lack that axis. */
export const dynamicUpdateIndexInDim = eagerly(
  'lax.dynamicUpdateIndexInDim',
  (x: Value, update: Value, index: ValueLike, axis: number, options: StartOptions = {}): Value => {
    const place = normalizeAxis('lax.dynamicUpdateIndexInDim', axis, x.ndim);
    const slab = update.ndim === x.ndim ? update : expandDims(update, place);
    return dynamicUpdateSliceInDim(x, slab, index, place, options);
  },
);

/** Every `stride`-th slice of an axis from `start` up to `limit`, without it; null for the ends. */
export const sliceInDim = eagerly(
  'lax.sliceInDim',
  (x: Value, start: number | null, limit: number | null, stride?: number, axis?: number): Value => {
    const place = normalizeAxis('lax.sliceInDim', axis ?? 0, x.ndim);
    const size = x.shape[place] ?? 0;
    const counted = (at: number): number => (at < 0 ? at + size : at);
    const none = x.shape.map(() => 0);
    return prim.slice(
      x,
      none.with(place, counted(start ?? 0)),
      x.shape.with(place, counted(limit ?? size)),
      x.shape.map((_, a) => (a === place ? (stride ?? 1) : 1)),
    );
  },
);

/** The slice at one position of an axis that is known while tracing. */
export const indexInDim = eagerly(
  'lax.indexInDim',
  (
    x: Value,
    index: number,
    axis?: number,
    { keepdims = true }: { readonly keepdims?: boolean } = {},
  ): Value => {
    const place = normalizeAxis('lax.indexInDim', axis ?? 0, x.ndim);
    const at = normalizeAxis('lax.indexInDim', index, x.shape[place] ?? 0);
    const found = sliceInDim(x, at, at + 1, 1, place);
    return keepdims ? found : squeeze(found, { axis: place });
  },
);

/** The slices at positions along several axes together, which wrap around: […positions, …other axes]. */
export const indexTake = eagerly(
  'lax.indexTake',
  (x: Value, positions: readonly Value[], axes: readonly number[]): Value => {
    const columns = positions.map((p, i) =>
      expandDims(remainder(p, x.shape[axes[i] ?? 0] ?? 1), 1),
    );
    return prim.gather(x, prim.concatenate(columns, 1), {
      offsetDims: x.shape.slice(axes.length).map((_, i) => i + 1),
      collapsedSliceDims: [...axes],
      startIndexMap: [...axes],
      operandBatchingDims: [],
      indicesBatchingDims: [],
      sliceSizes: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
      mode: 'clip',
    });
  },
);
