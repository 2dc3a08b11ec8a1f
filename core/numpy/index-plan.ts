/** What an index such as `x.get(0, slice(1, 3), null, ids)` selects, worked out before anything runs. */
import { range, type Shape } from '../base/aval.ts';
import { isInteger } from '../base/dtype.ts';
import { Value } from '../ir/value.ts';
import { add as addValues, convert, literal, lt, select } from '../primitives/index.ts';
import { array } from './array.ts';
import { booleanMask, indexOutOfRange, notAnIndex, tooManyIndices, zeroStep } from './errors.ts';
import { broadcastValue, showOperand } from './operands.ts';

/** A range of positions, as in Python's `start:stop:step`. Make it with {@link slice}. */
export class Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;

  constructor(start: number | null, stop: number | null, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/**
 * The positions from `start` up to `stop`, without it, `step` apart. Negative positions count from the
 * end; null stands for the end of the axis in the direction of the step.
 *
 * @example
 * const lastTwo = np.arange(5).get(np.slice(-2, null));
 * const reversed = np.arange(5).get(np.slice(null, null, -1));
 */
export function slice(start: number | null, stop: number | null, step = 1): Slice {
  if (step === 0) throw zeroStep('np.slice');
  return new Slice(start, stop, step);
}

/** A whole number, or nothing. */
type Bound = `${number}` | '';

/** A range as Python writes it: `':'`, `'1:'`, `':-1'`, `'::2'`. */
export type Range = `${Bound}:${Bound}` | `${Bound}:${Bound}:${Bound}`;

/**
 * One part of an index: a position, a range (`'1:'` or {@link slice}), null for a new axis, `'...'` for all
 * axes between, or an integer array (or list) of positions.
 */
export type Index = number | Range | Slice | null | '...' | Value | readonly number[];

/** The range that a text such as `'1:-1'` describes. */
function rangeOf(text: string): Slice {
  const parts = /^(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?$/.exec(text);
  if (parts === null) throw notAnIndex(`'${text}'`);
  const [start = null, stop = null, step = 1] = parts
    .slice(1)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  return slice(start, stop, step);
}

/** Positions start, start + step, … on one axis. */
export interface Run {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** What is done with one axis, or a new one. */
export type Entry =
  | { readonly kind: 'new' }
  | { readonly kind: 'position'; readonly run: Run }
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'lookup'; readonly positions: Value; readonly run: Run };

/** The parts of an index, one per axis, ellipsis and missing axes filled in. */
export function planIndex(shape: Shape, index: readonly Index[]): Entry[] {
  const filled = fillAxes(shape, index);
  let axis = 0;
  return filled.map((part) => (part === null ? { kind: 'new' } : entryOf(part, axis++, shape)));
}

const everything = new Slice(null, null, 1);

function fillAxes(shape: Shape, index: readonly Index[]): Exclude<Index, '...'>[] {
  const used = index.filter((part) => part !== null && part !== '...').length;
  const dots = index.filter((part) => part === '...').length;
  if (used > shape.length || dots > 1) throw tooManyIndices(used, shape);
  const missing = range(shape.length - used).map(() => everything);
  const filled = index.flatMap((part) => (part === '...' ? missing : [part]));
  return dots === 1 ? filled : [...filled, ...missing];
}

function entryOf(part: Exclude<Index, '...' | null>, axis: number, shape: Shape): Entry {
  const size = shape[axis] ?? 0;
  if (typeof part === 'number') {
    const start = checkPosition(part, axis, shape);
    return { kind: 'position', run: { start, count: 1, step: 1 } };
  }
  if (typeof part === 'string') return { kind: 'run', run: runOf(rangeOf(part), size) };
  if (part instanceof Slice) return { kind: 'run', run: runOf(part, size) };
  const whole = { start: 0, count: size, step: 1 };
  return { kind: 'lookup', positions: positionsOf(part, axis, shape), run: whole };
}

function checkPosition(position: number, axis: number, shape: Shape): number {
  const size = shape[axis] ?? 0;
  if (!Number.isInteger(position)) throw notAnIndex(String(position));
  if (position < -size || position >= size) throw indexOutOfRange(position, axis, shape);
  return position < 0 ? position + size : position;
}

/** Python's rules for ranges: positions beyond the ends are cut off. */
function runOf({ start, stop, step }: Slice, size: number): Run {
  for (const part of [start, stop, step]) {
    if (part !== null && !Number.isInteger(part))
      throw notAnIndex(`slice(${start}, ${stop}, ${step})`);
  }
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const bound = (position: number): number =>
    Math.min(high, Math.max(low, position < 0 ? position + size : position));
  const first = start === null ? (step > 0 ? low : high) : bound(start);
  const last = stop === null ? (step > 0 ? high : low) : bound(stop);
  return { start: first, count: Math.max(0, Math.ceil((last - first) / step)), step };
}

/** int32 positions counted from the front. */
function positionsOf(part: Value | readonly number[], axis: number, shape: Shape): Value {
  const size = shape[axis] ?? 0;
  if (part instanceof Value) {
    if (part.dtype === 'bool') throw booleanMask(part.aval);
    if (!isInteger(part.dtype)) throw notAnIndex(showOperand(part));
    return fromFront(part, size);
  }
  if (!Array.isArray(part)) throw notAnIndex(showOperand(part));
  return array(
    part.map((position) => checkPosition(position, axis, shape)),
    { dtype: 'int32' },
  );
}

/** Negative positions count from the end of an axis of this size. */
export function fromFront(positions: Value, size: number): Value {
  if (positions.dtype === 'uint32') return convert(positions, 'int32');
  const spread = (value: number): Value =>
    broadcastValue('np.take', literal(value, 'int32'), positions.shape);
  return select(lt(positions, spread(0)), addValues(positions, spread(size)), positions);
}
