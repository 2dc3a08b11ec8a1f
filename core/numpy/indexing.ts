/** Reading and writing parts of arrays: `x.get(…)` and `x.at(…).set(…)`. */
import { range, type Shape, sizeOf } from '../base/aval.ts';
import { promoteDTypes } from '../base/dtype.ts';
import { identityOf } from '../ir/scalar-ops.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { eagerly } from './eager.ts';
import { updateDType } from './errors.ts';
import { type GatherMode, gatherAt, type Lookup, lookupNumbers } from './gathers.ts';
import { type Entry, type Index, planIndex, type Run } from './index-plan.ts';
import { flip, reshape } from './movement.ts';
import { broadcastTogether, broadcastValue, castTo, kindOf, toValue } from './operands.ts';

/** How an update joins what is there. */
export type Combine = 'set' | 'add' | 'mul' | 'min' | 'max';

/** An index in three stages: static ranges, then a lookup by arrays, then the shape of the result. */
interface Selection {
  /** What is cut out of each axis before the lookup. */
  readonly runs: readonly Run[];
  /** The shape after cutting, without axes of single positions. */
  readonly cutShape: Shape;
  /** Present if some axes are indexed by arrays; axes are those of the cut array. */
  readonly lookup: Lookup | null;
  /** The shape after the lookup, and the same with the new axes. */
  readonly innerShape: Shape;
  readonly resultShape: Shape;
}

type AxisEntry = Exclude<Entry, { readonly kind: 'new' }>;
type LookupEntry = Extract<Entry, { readonly kind: 'lookup' }>;

const isAxis = (entry: Entry): entry is AxisEntry => entry.kind !== 'new';
const isLookup = (entry: Entry): entry is LookupEntry => entry.kind === 'lookup';

function selectionOf(x: Value, index: readonly Index[]): Selection {
  const entries = planIndex(x.shape, index);
  const remaining = entries.filter(isAxis).filter((entry) => entry.kind !== 'position');
  const cutShape = remaining.map((entry) => entry.run.count);
  const arrays = remaining.filter(isLookup).map((entry) => entry.positions);
  const positions = broadcastTogether('x.get', arrays);
  const lookupShape = positions[0]?.shape ?? [];
  const front = entries.slice(0, placeOfLookup(entries));
  const back = entries.slice(front.length);
  const sizes = (parts: readonly Entry[], withNew: boolean): number[] =>
    parts.flatMap((part) =>
      part.kind === 'run' ? [part.run.count] : part.kind === 'new' && withNew ? [1] : [],
    );
  const shapeOf = (withNew: boolean): Shape => [
    ...sizes(front, withNew),
    ...lookupShape,
    ...sizes(back, withNew),
  ];
  const axes = range(remaining.length).filter((i) => remaining[i]?.kind === 'lookup');
  const place = sizes(front, false).length;
  return {
    runs: entries.filter(isAxis).map((entry) => entry.run),
    cutShape,
    lookup: axes.length === 0 ? null : { axes, positions, place },
    innerShape: shapeOf(false),
    resultShape: shapeOf(true),
  };
}

/**
 * How many entries come before the axes of the positions: those before the first array if the arrays
 * (and, beside arrays, single positions) stand together, none if something separates them, as in NumPy.
 */
function placeOfLookup(entries: readonly Entry[]): number {
  const hasArrays = entries.some((entry) => isLookup(entry) && entry.positions.ndim > 0);
  const isPlaced = (entry: Entry): boolean => isLookup(entry) || entry.kind === 'position';
  const places = range(entries.length).filter((i) => {
    const entry = entries[i];
    return entry !== undefined && hasArrays && isPlaced(entry);
  });
  const [first = 0] = places;
  const last = places.at(-1) ?? 0;
  return last - first + 1 > places.length ? 0 : first;
}

/** A run as the positive-step cut that holds it, and whether it goes backwards. */
function upward({ start, count, step }: Run): Run & { readonly isReversed: boolean } {
  if (step > 0) return { start, count, step, isReversed: false };
  return { start: start + (count - 1) * step, count, step: -step, isReversed: true };
}

const reversedAxes = (runs: readonly Run[]): number[] =>
  range(runs.length).filter((axis) => (runs[axis]?.step ?? 1) < 0);

/** The static part: every axis cut to its run. */
function cut(x: Value, runs: readonly Run[]): Value {
  if (isWhole(x.shape, runs)) return x;
  const parts = runs.map((run) => (run.count === 0 ? { ...run, start: 0, step: 1 } : upward(run)));
  const limits = parts.map(({ start, count, step }) =>
    count === 0 ? start : start + (count - 1) * step + 1,
  );
  const strides = parts.map(({ step }) => step);
  const starts = parts.map(({ start }) => start);
  const isPlain = strides.every((step) => step === 1);
  const part = isPlain ? prim.slice(x, starts, limits) : prim.slice(x, starts, limits, strides);
  return flip(part, { axis: reversedAxes(runs) });
}

const isWhole = (shape: Shape, runs: readonly Run[]): boolean =>
  runs.every(({ start, count, step }, axis) => start === 0 && step === 1 && count === shape[axis]);

/** The part of `x` that the index selects. Positions of arrays outside the axis: see `mode`. */
export const getIndex = eagerly(
  'x.get',
  (x: Value, index: readonly Index[], mode: GatherMode = 'clip'): Value => {
    const selection = selectionOf(x, index);
    const part = reshape(cut(x, selection.runs), selection.cutShape);
    return reshape(lookUp(part, selection.lookup, mode), selection.resultShape);
  },
);

function lookUp(x: Value, lookup: Lookup | null, mode: GatherMode): Value {
  if (lookup === null) return x;
  if (!isScalar(lookup) || mode !== 'clip') return gatherAt(x, lookup, mode);
  return prim.dynamicSlice(x, startsOf(x, lookup), windowOf(x, lookup));
}

/** One position on each axis that is looked up: a window that moves. */
const isScalar = ({ positions }: Lookup): boolean => positions.every((p) => p.ndim === 0);

const windowOf = (x: Value, { axes }: Lookup): number[] =>
  x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

const startsOf = (x: Value, { axes, positions }: Lookup): Value[] =>
  x.shape.map((_, axis) => positions[axes.indexOf(axis)] ?? prim.literal(0, 'int32'));

/** `x` with the part that the index selects replaced by, or combined with, `update`. */
export const updateIndex = eagerly(
  'x.at',
  (x: Value, index: readonly Index[], update: ValueLike, combine: Combine): Value => {
    const { runs, cutShape, lookup, innerShape, resultShape } = selectionOf(x, index);
    const kind = promoteDTypes([x.aval, kindOf(`at(…).${combine}`, update)]);
    if (kind.dtype !== x.dtype) {
      throw updateDType(combine, toValue(`at(…).${combine}`, update).aval, x.aval);
    }
    const typed = castTo(`at(…).${combine}`, update, x.aval);
    const value = reshape(broadcastValue(`at(…).${combine}`, typed, resultShape), innerShape);
    if (sizeOf(innerShape) === 0) return x;
    const runShape = runs.map(({ count }) => count);
    if (lookup === null) return writeRuns(x, runs, reshape(value, runShape), combine);
    const part = reshape(cut(x, runs), cutShape);
    const written = isScalar(lookup)
      ? writeWindow(part, lookup, value, combine)
      : writeScattered(part, lookup, value, combine);
    return writeRuns(x, runs, reshape(written, runShape), 'set');
  },
);

const combiners = {
  set: (_: Value, update: Value): Value => update,
  add: prim.add,
  mul: prim.mul,
  min: prim.min,
  max: prim.max,
} as const satisfies Record<Combine, (x: Value, update: Value) => Value>;

/** Writes to static positions, as arithmetic on arrays of the full shape, which fuses. */
function writeRuns(x: Value, runs: readonly Run[], value: Value, combine: Combine): Value {
  const update = flip(value, { axis: reversedAxes(runs) });
  if (isWhole(x.shape, runs)) return combiners[combine](x, update);
  const parts = runs.map(upward);
  if (combine === 'set') {
    if (parts.every(({ step }) => step === 1)) {
      const starts = parts.map(({ start }) => prim.literal(start, 'int32'));
      return prim.dynamicUpdateSlice(x, update, starts);
    }
    const everywhere = broadcastValue('at(…).set', prim.literal(1, 'bool'), update.shape);
    return prim.select(spread(x, parts, everywhere, 0), spread(x, parts, update, 0), x);
  }
  const neutral = identityOf(combine, x.dtype);
  return combiners[combine](x, spread(x, parts, update, neutral));
}

/** The update in its places in an array of the shape of `x`, with `filler` elsewhere. */
function spread(x: Value, parts: readonly Run[], update: Value, filler: number): Value {
  return prim.pad(
    update,
    prim.literal(filler, update.dtype),
    parts.map(({ start }) => start),
    parts.map(
      ({ start, count, step }, axis) => (x.shape[axis] ?? 0) - start - (count - 1) * step - 1,
    ),
    parts.map(({ step }) => step - 1),
  );
}

/** Writes to one window whose place is known at run time; outside the array nothing is written. */
function writeWindow(x: Value, lookup: Lookup, value: Value, combine: Combine): Value {
  const starts = startsOf(x, lookup);
  const window = windowOf(x, lookup);
  const present = prim.dynamicSlice(x, starts, window);
  const combined = combiners[combine](present, reshape(value, window));
  const isInside = lookup.axes
    .map((axis, i) => inBounds(lookup.positions[i], x.shape[axis] ?? 0))
    .reduce((all, one) => prim.and(all, one));
  const update = prim.select(broadcastValue('at(…).set', isInside, window), combined, present);
  return prim.dynamicUpdateSlice(x, update, starts);
}

function inBounds(position: Value | undefined, size: number): Value {
  if (position === undefined) return prim.literal(1, 'bool');
  const isBelow = prim.lt(position, prim.literal(size, 'int32'));
  return prim.and(prim.ge(position, prim.literal(0, 'int32')), isBelow);
}

function writeScattered(x: Value, lookup: Lookup, value: Value, combine: Combine): Value {
  const { indices, windowDims } = lookupNumbers(x, lookup);
  return prim.scatter(x, indices, value, {
    updateWindowDims: windowDims,
    insertedWindowDims: [...lookup.axes],
    scatterDimsToOperandDims: [...lookup.axes],
    operandBatchingDims: [],
    indicesBatchingDims: [],
    combine,
    mode: 'drop',
  });
}

/** Options of {@link IndexedUpdate.get}. */
export interface GetOptions {
  /** What positions outside give: `clip` (default) the nearest element, `fill` NaN or the least integer. */
  readonly mode?: GatherMode;
}

/**
 * A part of an array, to be read or replaced. Arrays are immutable: every method returns a new one.
 * Positions of index arrays that are outside the axis are not written.
 */
export class IndexedUpdate {
  readonly #x: Value;
  readonly #index: readonly Index[];

  constructor(x: Value, index: readonly Index[]) {
    this.#x = x;
    this.#index = index;
  }

  /** The part itself. */
  get({ mode = 'clip' }: GetOptions = {}): Value {
    return getIndex(this.#x, this.#index, mode);
  }

  /** The array with this part replaced by `value`, which broadcasts to it. The last of repeated positions wins. */
  set(value: ValueLike): Value {
    return updateIndex(this.#x, this.#index, value, 'set');
  }

  /** The array with `value` added to this part; repeated positions add up. */
  add(value: ValueLike): Value {
    return updateIndex(this.#x, this.#index, value, 'add');
  }

  /** The array with this part multiplied by `value`. */
  mul(value: ValueLike): Value {
    return updateIndex(this.#x, this.#index, value, 'mul');
  }

  /** The array with this part limited to at most `value`. */
  min(value: ValueLike): Value {
    return updateIndex(this.#x, this.#index, value, 'min');
  }

  /** The array with this part limited to at least `value`. */
  max(value: ValueLike): Value {
    return updateIndex(this.#x, this.#index, value, 'max');
  }
}
