/** Windows whose place is computed: starts are int32 scalars, moved so that the window lies inside. */
import { type Aval, makeAval, range } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import type { Expr } from '../ir/expr.ts';
import { addIndex, indexConstant, scaleIndex } from '../ir/index-algebra.ts';
import type { Reader } from '../ir/lowering.ts';
import { definePrimitive, type Hole, isHole, known, type PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { lifted, written, zeros } from './broadcast.ts';
import { allWeak, first, nth, pair, shifted, withRecord } from './define.ts';
import { badWindow, dtypeMismatch } from './errors.ts';
import { gather, scatter } from './gather.ts';
import { literal } from './generate.ts';
import { clampIndex, guarded, inRange } from './index-maps.ts';
import { reshape } from './movement.ts';
import { concatenate } from './slicing.ts';

/** @throws `bad-window` unless there is one int32 scalar and one fitting size per axis. */
function checkWindow(
  name: string,
  x: Aval,
  starts: readonly Aval[],
  sizes: readonly number[],
): void {
  const ndim = x.shape.length;
  if (starts.length !== ndim) throw badWindow(name, x, `there are ${starts.length} starts`);
  if (starts.some((start) => start.shape.length > 0 || start.dtype !== 'int32')) {
    throw badWindow(name, x, 'starts must be int32 scalars');
  }
  const fits = (size: number, axis: number): boolean =>
    Number.isInteger(size) && size >= 0 && size <= nth(x.shape, axis);
  if (sizes.length !== ndim || !sizes.every(fits)) {
    throw badWindow(name, x, `a window of [${sizes.join(', ')}] does not fit`);
  }
}

/** The window's start on each axis, moved so that the window lies inside. */
const startsInside = (readers: readonly Reader[], x: Aval, sizes: readonly number[]): Expr[] =>
  readers.map((read, axis) => clampIndex(read([]), 0, nth(x.shape, axis) - nth(sizes, axis)));

/** Starts, some with a batch axis, as index vectors: int32[size, axes]. */
function indexVectors(starts: readonly Value[], batched: readonly boolean[], size: number): Value {
  const columns = starts.map((start, i) => reshape(lifted(start, batched[i], size), [size, 1]));
  return concatenate(columns, 1);
}

/** A start for the batch axis, which is taken whole. */
const atBatch = (starts: readonly Value[]): Value[] => [literal(0, 'int32'), ...starts];

const none = (starts: readonly (Value | Hole)[]): null[] => starts.map(() => null);

type SliceParams = { readonly sizes: readonly number[] };

const dynamicSlicePrimitive: PrimitiveOf<SliceParams> = definePrimitive({
  name: 'dynamicSlice',
  infer: ([x, ...starts], { sizes }) => {
    if (x === undefined) return [];
    checkWindow('dynamicSlice', x, starts, sizes);
    return [makeAval(sizes, x.dtype, x.weak)];
  },
  jvp: ([x, ...starts], [dx], { sizes }) => [
    x && dx && isFloat(x.dtype) ? dynamicSlice(dx, starts, sizes) : null,
  ],
  transpose: ([ct], [x, ...starts]) => {
    if (!ct || !x || !isHole(x)) return [null, ...none(starts)];
    const places = starts.map(known).filter((start) => start !== null);
    return [dynamicUpdateSlice(zeros(x.aval), ct, places), ...none(starts)];
  },
  batch: (operands, batched, { sizes }, size) => {
    const [x, starts] = [first(operands), operands.slice(1)];
    const [isBatched, startsBatched] = [first(batched), batched.slice(1)];
    if (!startsBatched.includes(true)) {
      return [dynamicSlice(x, atBatch(starts), [size, ...sizes])];
    }
    const axes = range(sizes.length);
    const windows = gather(x, indexVectors(starts, startsBatched, size), {
      offsetDims: shifted(axes),
      collapsedSliceDims: [],
      startIndexMap: isBatched ? shifted(axes) : axes,
      operandBatchingDims: isBatched ? [0] : [],
      indicesBatchingDims: isBatched ? [0] : [],
      sliceSizes: isBatched ? [1, ...sizes] : sizes,
      mode: 'clip',
    });
    return [windows];
  },
  lower: (avals, { sizes }) => ({
    kind: 'map',
    values: (readers) => [
      (index) => {
        const starts = startsInside(readers.slice(1), first(avals), sizes);
        return first(readers)(index.map((i, axis) => addIndex(nth(starts, axis), i)));
      },
    ],
  }),
});

/**
 * The window of `x` of these sizes that begins at `starts`.
 *
 * @param starts - One int32[] per axis.
 * @throws `bad-window`
 */
export const dynamicSlice = withRecord(
  dynamicSlicePrimitive,
  (x: Value, starts: readonly Value[], sizes: readonly number[]): Value =>
    bindOne(dynamicSlicePrimitive, [x, ...starts], { sizes }),
);

const dynamicUpdateSlicePrimitive: PrimitiveOf<Record<string, never>> = definePrimitive({
  name: 'dynamicUpdateSlice',
  infer: (avals) => {
    const [x, update] = pair(avals);
    checkWindow('dynamicUpdateSlice', x, avals.slice(2), update.shape);
    if (x.dtype !== update.dtype) throw dtypeMismatch('dynamicUpdateSlice', [x, update]);
    return [{ ...x, weak: allWeak([x, update]) }];
  },
  jvp: (primals, tangents) => {
    const [x, update] = pair(primals);
    const [dx, dUpdate] = pair(tangents);
    if (!isFloat(x.dtype) || (dx === null && dUpdate === null)) return [null];
    const starts = primals.slice(2);
    return [dynamicUpdateSlice(written(dx, x.aval), written(dUpdate, update.aval), starts)];
  },
  transpose: ([ct], operands) => {
    const [x, update] = pair(operands);
    const starts = operands.slice(2);
    const places = starts.map(known).filter((start) => start !== null);
    if (!ct) return none(operands);
    return [
      isHole(x) ? dynamicUpdateSlice(ct, zeros({ ...update.aval, dtype: ct.dtype }), places) : null,
      isHole(update) ? dynamicSlice(ct, places, update.aval.shape) : null,
      ...none(starts),
    ];
  },
  batch: (operands, batched, _params, size) => {
    const [x, update] = pair(
      operands.map((value, i) => (i < 2 ? lifted(value, batched[i], size) : value)),
    );
    const [starts, startsBatched] = [operands.slice(2), batched.slice(2)];
    if (!startsBatched.includes(true)) return [dynamicUpdateSlice(x, update, atBatch(starts))];
    const axes = shifted(range(starts.length));
    const result = scatter(x, indexVectors(starts, startsBatched, size), update, {
      updateWindowDims: axes,
      insertedWindowDims: [],
      scatterDimsToOperandDims: axes,
      operandBatchingDims: [0],
      indicesBatchingDims: [0],
      combine: 'set',
      mode: 'clip',
    });
    return [result];
  },
  lower: (avals) => ({
    kind: 'map',
    values: (readers) => [
      (index) => {
        const [x, update] = pair(avals);
        const [read, readUpdate] = pair(readers);
        if (update.shape.includes(0)) return read(index);
        const starts = startsInside(readers.slice(2), x, update.shape);
        const tests: Expr[] = [];
        const inside = index.map((i, axis) => {
          const size = nth(update.shape, axis);
          // A window as long as the array begins at 0.
          if (size === x.shape[axis]) return i;
          const local = addIndex(i, scaleIndex(nth(starts, axis), -1));
          tests.push(...inRange(local, 0, size - 1));
          return size === 1 ? indexConstant(0) : clampIndex(local, 0, size - 1);
        });
        return guarded(tests, readUpdate(inside), read(index));
      },
    ],
    change: {
      kind: 'steps',
      startsFrom: 0,
      build: ({ operands, outputs, step }) => {
        const [x, update] = pair(avals);
        const [, news] = pair(operands);
        const places = operands.slice(2).map(({ at }) => at);
        step({
          parallel: update.shape,
          stores: (at) => {
            const starts = startsInside(places, x, update.shape);
            const index = at.map((i, axis) => addIndex(nth(starts, axis), i));
            return [{ to: first(outputs), index, value: news.at(at) }];
          },
        });
      },
    },
  }),
});

/**
 * `x` with the window that begins at `starts` replaced by `update`.
 *
 * @param starts - One int32[] per axis.
 * @throws `bad-window`, `dtype-mismatch`
 */
export const dynamicUpdateSlice = withRecord(
  dynamicUpdateSlicePrimitive,
  (x: Value, update: Value, starts: readonly Value[]): Value =>
    bindOne(dynamicUpdateSlicePrimitive, [x, update, ...starts], {}),
);
