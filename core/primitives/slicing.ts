/** Cutting out, padding and joining: adjoints of each other. */
import { type Aval, makeAval, range, sizeOf } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import type { Expr } from '../ir/expr.ts';
import { constant, op } from '../ir/expr.ts';
import { boundsOf, floorDiv, indexConstant, modulo, scaleIndex } from '../ir/index-algebra.ts';
import { definePrimitive, isHole, type PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { broadcastInDim, full, lifted, reduceSum, written, zeros } from './broadcast.ts';
import { allWeak, first, nth, pair, requireAxis, withRecord } from './define.ts';
import { select } from './elementwise/choose.ts';
import { badConcatenate, badPadding, badSlice, dtypeMismatch } from './errors.ts';
import { literal } from './generate.ts';
import { clampIndex, guarded, inRange, mapOne } from './index-maps.ts';
import { linear } from './linear.ts';

type SliceParams = {
  readonly start: readonly number[];
  readonly limit: readonly number[];
  readonly strides: readonly number[];
};

const areWhole = (numbers: readonly number[], count: number, least: number): boolean =>
  numbers.length === count && numbers.every((n) => Number.isInteger(n) && n >= least);

function inferSlice(x: Aval, { start, limit, strides }: SliceParams): Aval {
  const ndim = x.shape.length;
  const fits =
    areWhole(start, ndim, 0) &&
    areWhole(limit, ndim, 0) &&
    areWhole(strides, ndim, 1) &&
    x.shape.every((size, axis) => nth(start, axis) <= nth(limit, axis) && nth(limit, axis) <= size);
  if (!fits) throw badSlice('slice', x, `[${start.join(', ')}] to [${limit.join(', ')}]`);
  const shape = strides.map((stride, axis) =>
    Math.ceil((nth(limit, axis) - nth(start, axis)) / stride),
  );
  return makeAval(shape, x.dtype, x.weak);
}

const slicePrimitive: PrimitiveOf<SliceParams> = linear({
  name: 'slice',
  infer: inferSlice,
  adjoint: (ct, x, { start, strides }) => {
    const interior = strides.map((stride) => stride - 1);
    const high = x.shape.map((size, axis) => {
      const count = nth(ct.shape, axis);
      const reach = count + Math.max(0, count - 1) * nth(interior, axis);
      return size - nth(start, axis) - reach;
    });
    return pad(ct, literal(0, ct.dtype), start, high, interior);
  },
  batch: (x, { start, limit, strides }) =>
    slice(x, [0, ...start], [nth(x.shape, 0), ...limit], [1, ...strides]),
  lower: (_, { start, strides }) =>
    mapOne((read, index) =>
      read(index.map((i, axis) => scaleIndex(i, nth(strides, axis), nth(start, axis)))),
    ),
});

/**
 * The elements from `start` up to `limit`, without it, every `strides`-th; one number per axis.
 *
 * @throws `bad-slice`
 */
export const slice = withRecord(
  slicePrimitive,
  (
    x: Value,
    start: readonly number[],
    limit: readonly number[],
    strides: readonly number[] = start.map(() => 1),
  ): Value => bindOne(slicePrimitive, [x], { start, limit, strides }),
);

type PadParams = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
};

/** The sizes after padding; negative where more is cropped than there is. */
const paddedShape = (shape: readonly number[], { low, high, interior }: PadParams): number[] =>
  shape.map((n, i) => nth(low, i) + nth(high, i) + n + Math.max(0, n - 1) * nth(interior, i));

function inferPad(avals: readonly Aval[], params: PadParams): Aval {
  const [x, value] = pair(avals);
  const { low, high, interior } = params;
  const ndim = x.shape.length;
  const shown = `low [${low.join(', ')}], high [${high.join(', ')}], interior [${interior.join(', ')}]`;
  const fits =
    areWhole(low, ndim, -Infinity) &&
    areWhole(high, ndim, -Infinity) &&
    areWhole(interior, ndim, 0);
  if (!fits || value.shape.length !== 0) throw badPadding(x, shown);
  if (x.dtype !== value.dtype) throw dtypeMismatch('pad', avals);
  const shape = paddedShape(x.shape, params);
  if (shape.some((size) => size < 0)) throw badPadding(x, shown);
  return makeAval(shape, x.dtype, allWeak(avals));
}

/** The element at `index` of the padded array: `x` where the index falls on one of its elements. */
function padded(x: Aval, { low, interior }: PadParams, index: readonly Expr[]) {
  const tests: Expr[] = [];
  const inside = index.map((i, axis) => {
    const size = nth(x.shape, axis);
    const period = nth(interior, axis) + 1;
    const last = (size - 1) * period;
    const from = scaleIndex(i, 1, -nth(low, axis));
    tests.push(...inRange(from, 0, last));
    const within = clampIndex(from, 0, last);
    if (period > 1) tests.push(...inRange(modulo(within, period), 0, 0));
    return floorDiv(within, period);
  });
  return { tests, inside };
}

const padPrimitive: PrimitiveOf<PadParams> = definePrimitive({
  name: 'pad',
  infer: (avals, params) => [inferPad(avals, params)],
  jvp: (primals, tangents, { low, high, interior }) => {
    const [x, value] = pair(primals);
    const [dx, dValue] = pair(tangents);
    if (!isFloat(x.dtype) || (dx === null && dValue === null)) return [null];
    return [pad(written(dx, x.aval), written(dValue, value.aval), low, high, interior)];
  },
  transpose: ([ct], operands, params) => {
    const [x, value] = pair(operands);
    if (!ct) return [null, null];
    const toValue = (): Value => {
      const mask = padLike(full(1, { ...x.aval, dtype: 'bool' }), params);
      return reduceSum(select(mask, zeros(ct), ct), range(ct.ndim));
    };
    return [isHole(x) ? unpad(ct, x.aval, params) : null, isHole(value) ? toValue() : null];
  },
  batch: (operands, batched, { low, high, interior }, size) => {
    const [x, value] = pair(operands);
    const widths = [
      [0, ...low],
      [0, ...high],
      [0, ...interior],
    ] as const;
    if (batched[1] !== true) return [pad(x, value, ...widths)];
    // Each row has a padding value of its own: pad a mask, and choose by it.
    const rows = lifted(x, batched[0], size);
    const params = { low: widths[0], high: widths[1], interior: widths[2] };
    const mask = padLike(full(1, { shape: rows.shape, dtype: 'bool' }), params);
    const values = padLike(rows, params);
    return [select(mask, values, broadcastInDim(value, values.shape, [0]))];
  },
  lower: (avals, params) => ({
    kind: 'map',
    values: (readers) => [
      (index) => {
        const [read, value] = pair(readers);
        const x = first(avals);
        if (sizeOf(x.shape) === 0) return value([]);
        const { tests, inside } = padded(x, params, index);
        return guarded(tests, read(inside), value([]));
      },
    ],
  }),
});

/** `x` padded with zeros. */
const padLike = (x: Value, { low, high, interior }: PadParams): Value =>
  pad(x, literal(0, x.dtype), low, high, interior);

/** What of a padded array came from the operand. */
export function unpad(ct: Value, x: Aval, { low, high, interior }: PadParams): Value {
  const none = interior.map(() => 0);
  const minus = (n: number): number => 0 - n;
  const cropped = pad(ct, literal(0, ct.dtype), low.map(minus), high.map(minus), none);
  const strides = interior.map((n) => n + 1);
  // Where the operand is empty, high and low may leave room between them.
  const limit = cropped.shape.map((size, axis) => (x.shape[axis] === 0 ? 0 : size));
  return slice(cropped, none, limit, strides);
}

/**
 * `x` with `value` around and between its elements; one number per axis. Negative widths crop.
 *
 * @param value - dtype[]: a scalar of the type of `x`.
 * @throws `bad-padding`, `dtype-mismatch`
 * @see https://openxla.org/stablehlo/spec#pad
 */
export const pad = withRecord(
  padPrimitive,
  (
    x: Value,
    value: Value,
    low: readonly number[],
    high: readonly number[],
    interior: readonly number[],
  ): Value => bindOne(padPrimitive, [x, value], { low, high, interior }),
);

type ConcatenateParams = { readonly axis: number };

function inferConcatenate(avals: readonly Aval[], axis: number): Aval {
  const [head, ...rest] = avals;
  if (head === undefined) throw badConcatenate(avals, axis);
  requireAxis('concatenate', axis, head);
  const agrees = ({ shape }: Aval): boolean =>
    shape.length === head.shape.length && shape.every((n, i) => i === axis || n === head.shape[i]);
  if (!rest.every(agrees)) throw badConcatenate(avals, axis);
  if (rest.some((x) => x.dtype !== head.dtype)) throw dtypeMismatch('concatenate', avals);
  const total = avals.reduce((sum, x) => sum + nth(x.shape, axis), 0);
  return makeAval(head.shape.with(axis, total), head.dtype, allWeak(avals));
}

/** Where each operand begins along the joined axis. */
function offsets(avals: readonly Aval[], axis: number): number[] {
  let next = 0;
  return avals.map(({ shape }) => {
    const start = next;
    next += nth(shape, axis);
    return start;
  });
}

const concatenatePrimitive: PrimitiveOf<ConcatenateParams> = definePrimitive({
  name: 'concatenate',
  infer: (avals, { axis }) => [inferConcatenate(avals, axis)],
  jvp: (primals, tangents, { axis }) => {
    if (!isFloat(first(primals).dtype) || tangents.every((dx) => dx === null)) return [null];
    const dxs = primals.map((x, i) => written(tangents[i], x.aval));
    return [concatenate(dxs, axis)];
  },
  transpose: ([ct], operands, { axis }) => {
    const avals = operands.map((x) => x.aval);
    const starts = offsets(avals, axis);
    return operands.map((x, i) => {
      if (!ct || !isHole(x)) return null;
      const begin = nth(starts, i);
      const from = ct.shape.map((_, a) => (a === axis ? begin : 0));
      return slice(ct, from, ct.shape.with(axis, begin + nth(x.aval.shape, axis)));
    });
  },
  batch: (operands, batched, { axis }, size) => [
    concatenate(
      operands.map((x, i) => lifted(x, batched[i], size)),
      axis + 1,
    ),
  ],
  lower: (avals, { axis }, outputs) => ({
    kind: 'map',
    values: (readers) => [
      (index) => {
        const position = nth(index, axis);
        const starts = offsets(avals, axis);
        const [least, greatest] = boundsOf(position);
        let result: Expr | null = null;
        // From the last to the first, so that the first test that holds decides.
        for (let k = avals.length - 1; k >= 0; k--) {
          const begin = nth(starts, k);
          const size = nth(nth(avals, k).shape, axis);
          if (size === 0 || greatest < begin || least >= begin + size) continue;
          const local = clampIndex(scaleIndex(position, 1, -begin), 0, size - 1);
          const element = nth(readers, k)(index.with(axis, local));
          result =
            result === null
              ? element
              : op('select', [op('lt', [position, indexConstant(begin + size)]), element, result]);
        }
        return result ?? constant(0, first(outputs).dtype);
      },
    ],
  }),
});

/**
 * The arrays one after another along `axis`.
 *
 * @throws `bad-concatenate`, `axis-out-of-range`, `dtype-mismatch`
 */
export const concatenate = withRecord(
  concatenatePrimitive,
  (xs: readonly Value[], axis: number): Value =>
    xs.length === 1 ? nth(xs, 0) : bindOne(concatenatePrimitive, xs, { axis }),
);
