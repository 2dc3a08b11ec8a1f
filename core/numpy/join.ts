/** Joining, splitting and repeating arrays along axes. */
import { range, type Shape, sameShape } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { joinMismatch, notAnIndex, splitMismatch } from './errors.ts';
import { type AxisOption, broadcastTo, expandDims, ravel, reshape, sliceAxis } from './movement.ts';
import { type Axes, normalizeAxes, normalizeAxis, promote, toValue } from './operands.ts';

/** Which axis arrays are joined or split on. */
export interface JoinOptions {
  /** Default 0. Null joins the flattened arrays. */
  readonly axis?: number | null;
}

/** The arrays one after the other along an axis; their other sizes agree. */
export const concatenate = eagerly(
  'np.concatenate',
  (arrays: readonly ValueLike[], { axis = 0 }: JoinOptions = {}): Value => {
    if (arrays.length === 0) throw joinMismatch('np.concatenate', [], axis);
    const promoted = promote('np.concatenate', arrays);
    const xs = axis === null ? promoted.map(ravel) : promoted;
    const [first] = xs;
    if (first === undefined || first.ndim === 0) {
      throw joinMismatch(
        'np.concatenate',
        xs.map((x) => x.shape),
        axis,
      );
    }
    const place = normalizeAxis('np.concatenate', axis ?? 0, first.ndim);
    const others = ({ shape }: Value): Shape => shape.toSpliced(place, 1);
    const fits = (x: Value): boolean =>
      x.ndim === first.ndim && sameShape(others(x), others(first));
    if (!xs.every(fits))
      throw joinMismatch(
        'np.concatenate',
        xs.map((x) => x.shape),
        place,
      );
    return xs.length === 1 ? first : prim.concatenate(xs, place);
  },
);

/** The arrays, which have one shape, along a new axis. */
export const stack = eagerly(
  'np.stack',
  (arrays: readonly ValueLike[], { axis = 0 }: { readonly axis?: number } = {}): Value => {
    const xs = arrays.map((x) => toValue('np.stack', x));
    const [first] = xs;
    if (first === undefined || !xs.every((x) => sameShape(x.shape, first.shape))) {
      throw joinMismatch(
        'np.stack',
        xs.map((x) => x.shape),
        null,
      );
    }
    const place = normalizeAxis('np.stack', axis, first.ndim + 1);
    return concatenate(
      xs.map((x) => expandDims(x, place)),
      { axis: place },
    );
  },
);

const atLeast = (ndim: number, x: Value): Value =>
  x.ndim >= ndim ? x : reshape(x, [...range(ndim - x.ndim).map(() => 1), ...x.shape]);

/** The arrays one below the other; those of one axis count as rows. */
export const vstack = eagerly(
  'np.vstack',
  (arrays: readonly ValueLike[]): Value =>
    concatenate(arrays.map((x) => atLeast(2, toValue('np.vstack', x)))),
);

/** The arrays side by side: along axis 1, or axis 0 if they have only one. */
export const hstack = eagerly('np.hstack', (arrays: readonly ValueLike[]): Value => {
  const xs = arrays.map((x) => atLeast(1, toValue('np.hstack', x)));
  return concatenate(xs, { axis: xs[0]?.ndim === 1 ? 0 : 1 });
});

/** Consecutive parts along an axis: so many equal ones, or cut at these positions. */
export function split(
  operand: ValueLike,
  sections: number | readonly number[],
  { axis = 0 }: { readonly axis?: number } = {},
): Value[] {
  const x = toValue('np.split', operand);
  const place = normalizeAxis('np.split', axis, x.ndim);
  const size = x.shape[place] ?? 0;
  const cuts = typeof sections === 'number' ? equalCuts(size, sections) : sections;
  const bound = (cut: number): number => Math.min(size, Math.max(0, cut < 0 ? cut + size : cut));
  const starts = [0, ...cuts.map(bound)];
  const limits = [...cuts.map(bound), size];
  return asOneProgram('np.split', () =>
    starts.map((start, i) => sliceAxis(x, place, start, Math.max(start, limits[i] ?? size))),
  );
}

/** The slices along an axis, which they no longer have. */
export function unstack(
  operand: ValueLike,
  { axis = 0 }: { readonly axis?: number } = {},
): Value[] {
  const x = toValue('np.unstack', operand);
  const place = normalizeAxis('np.unstack', axis, x.ndim);
  const shape = x.shape.toSpliced(place, 1);
  return asOneProgram('np.unstack', () =>
    range(x.shape[place] ?? 0).map((i) => reshape(sliceAxis(x, place, i, i + 1), shape)),
  );
}

function equalCuts(size: number, sections: number): number[] {
  if (!Number.isInteger(sections) || sections < 1 || size % sections !== 0) {
    throw splitMismatch(size, sections);
  }
  return range(sections - 1).map((i) => ((i + 1) * size) / sections);
}

/** The elements shifted along axes, those that fall off the end coming back at the front. */
export const roll = eagerly(
  'np.roll',
  (
    operand: ValueLike,
    shift: number | readonly number[],
    { axis = null }: AxisOption = {},
  ): Value => {
    const x = toValue('np.roll', operand);
    if (axis === null) {
      const total = typeof shift === 'number' ? shift : shift.reduce((sum, n) => sum + n, 0);
      return reshape(rollAxis(ravel(x), 0, total), x.shape);
    }
    const list: Axes = typeof axis === 'number' ? [axis] : axis;
    return list.reduce<Value>((rolled, item, i) => {
      const [place = 0] = normalizeAxes('np.roll', item, x.ndim);
      return rollAxis(rolled, place, typeof shift === 'number' ? shift : (shift[i] ?? 0));
    }, x);
  },
);

function rollAxis(x: Value, axis: number, shift: number): Value {
  const size = x.shape[axis] ?? 0;
  if (size === 0) return x;
  const cut = ((-shift % size) + size) % size;
  if (cut === 0) return x;
  return prim.concatenate([sliceAxis(x, axis, cut, size), sliceAxis(x, axis, 0, cut)], axis);
}

/** `x` repeated as a whole: so many times along each axis. */
export const tile = eagerly(
  'np.tile',
  (operand: ValueLike, counts: number | readonly number[]): Value => {
    const x = toValue('np.tile', operand);
    const list = typeof counts === 'number' ? [counts] : counts;
    const ndim = Math.max(x.ndim, list.length);
    const wide = atLeast(ndim, x);
    const times = [...range(ndim - list.length).map(() => 1), ...list];
    const spread = broadcastTo(
      reshape(
        wide,
        wide.shape.flatMap((size) => [1, size]),
      ),
      wide.shape.flatMap((size, axis) => [times[axis] ?? 1, size]),
    );
    return reshape(
      spread,
      wide.shape.map((size, axis) => size * (times[axis] ?? 1)),
    );
  },
);

/** Each element repeated in place: all equally often, or each as often as its count says. */
export const repeat = eagerly(
  'np.repeat',
  (
    operand: ValueLike,
    counts: number | readonly number[],
    { axis = null }: JoinOptions = {},
  ): Value => {
    const x = axis === null ? ravel(operand) : toValue('np.repeat', operand);
    const place = normalizeAxis('np.repeat', axis ?? 0, x.ndim);
    const size = x.shape[place] ?? 0;
    const list = typeof counts === 'number' ? [counts] : counts;
    if (list.length !== 1 && list.length !== size) throw splitMismatch(list.length, size);
    if (!list.every((n) => Number.isInteger(n) && n >= 0)) throw notAnIndex(`[${list.join(', ')}]`);
    const [every = 0] = list;
    if (list.length === 1) return repeatEqually(x, place, every);
    const pieces = list.map((count, i) =>
      broadcastTo(sliceAxis(x, place, i, i + 1), x.shape.with(place, count)),
    );
    return prim.concatenate(pieces, place);
  },
);

function repeatEqually(x: Value, axis: number, count: number): Value {
  const wide = expandDims(x, axis + 1);
  const spread = broadcastTo(wide, wide.shape.with(axis + 1, count));
  return reshape(spread, x.shape.with(axis, (x.shape[axis] ?? 0) * count));
}
