/** Choosing elements by conditions and positions, with results of a size that is told. */
import { range, type Shape, sizeOf, stridesOf } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { add, floorDivide, mod, multiply, where } from './arithmetic.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { astype } from './elementwise.ts';
import { unknownOption } from './errors.ts';
import { take } from './gathers.ts';
import { stack } from './join.ts';
import { less } from './logic.ts';
import { broadcastTo, expandDims, ravel, reshape, sliceAxis } from './movement.ts';
import {
  broadcastShapes,
  broadcastValue,
  castTo,
  normalizeAxis,
  promote,
  toValue,
} from './operands.ts';
import { countNonzero } from './reductions.ts';

/** How many results there are: shapes cannot depend on values. */
export interface SizeOptions {
  /** The number of results. Further ones are left out. */
  readonly size: number;
  /** What fills places that are left over. Default 0. */
  readonly fillValue?: ValueLike;
}

/** int32[size]: flat positions of elements ≠ 0, in order, `x.size` where there are no more. */
function chosenPositions(x: Value, size: number): Value {
  const isChosen = astype(ravel(x), 'bool');
  const positions = prim.iota('int32', [x.size], 0);
  const last = broadcastTo(prim.literal(x.size, 'int32'), [x.size]);
  const [sorted = positions] = prim.sort([prim.select(isChosen, positions, last)], 0, 1);
  if (size <= x.size) return sliceAxis(sorted, 0, 0, size);
  return prim.pad(sorted, prim.literal(x.size, 'int32'), [0], [size - x.size], [0]);
}

/** int32[size] for each axis: where the elements ≠ 0 are, in row-major order. */
export const nonzero = (operand: ValueLike, { size, fillValue = 0 }: SizeOptions): Value[] =>
  asOneProgram('np.nonzero', () => {
    const x = toValue('np.nonzero', operand);
    const flat = chosenPositions(x, size);
    const isThere = less(prim.iota('int32', [size], 0), countNonzero(x));
    return unravelIndex(flat, x.shape).map((p) => where(isThere, p, astype(fillValue, 'int32')));
  });

/** int32[size]: where the elements ≠ 0 of the flattened array are. */
export const flatnonzero = (x: ValueLike, options: SizeOptions): Value => {
  const [found] = nonzero(ravel(x), options);
  return found ?? toValue('np.flatnonzero', x);
};

/** int32[size, axes]: where the elements ≠ 0 are. */
export const argwhere = eagerly(
  'np.argwhere',
  (x: ValueLike, options: SizeOptions): Value => stack(nonzero(x, options), { axis: -1 }),
);

/** The elements of the flattened array where the condition holds: […size]. */
export const extract = eagerly(
  'np.extract',
  (condition: ValueLike, operand: ValueLike, { size, fillValue = 0 }: SizeOptions): Value => {
    const x = ravel(operand);
    const test = ravel(toValue('np.extract', condition));
    const flat = chosenPositions(test, size);
    const isThere = less(prim.iota('int32', [size], 0), countNonzero(test));
    return where(isThere, take(x, flat, { axis: 0, mode: 'clip' }), astype(fillValue, x.dtype));
  },
);

/** The slices along an axis (of the flattened array by default) where the condition holds. */
export const compress = eagerly(
  'np.compress',
  (
    condition: ValueLike,
    operand: ValueLike,
    { size, fillValue = 0, axis = null }: SizeOptions & { readonly axis?: number | null },
  ): Value => {
    const x = axis === null ? ravel(operand) : toValue('np.compress', operand);
    const place = normalizeAxis('np.compress', axis ?? 0, x.ndim);
    const test = toValue('np.compress', condition);
    const flat = chosenPositions(test, size);
    const isThere = less(prim.iota('int32', [size], 0), countNonzero(test));
    const along = reshape(
      isThere,
      x.shape.map((_, a) => (a === place ? size : 1)),
    );
    return where(along, take(x, flat, { axis: place, mode: 'clip' }), astype(fillValue, x.dtype));
  },
);

/** Of each element's first condition that holds, the choice; `fallback` where none does. */
export const select = eagerly(
  'np.select',
  (
    conditions: readonly ValueLike[],
    choices: readonly ValueLike[],
    fallback: ValueLike = 0,
  ): Value => {
    const all = promote('np.select', [...choices, fallback]);
    const last = all.at(-1) ?? toValue('np.select', fallback);
    return conditions.reduceRight<Value>(
      (rest, test, i) => where(test, all[i] ?? last, rest),
      last,
    );
  },
);

/** What {@link piecewise} puts where a condition holds. */
export type Piece = ValueLike | ((x: Value) => Value);

/**
 * For each element the piece of the last condition that holds; one piece more than there are conditions is for the
 * elements where none does (0 by default). Every function sees the whole array.
 */
export const piecewise = eagerly(
  'np.piecewise',
  (operand: ValueLike, conditions: readonly ValueLike[], pieces: readonly Piece[]): Value => {
    const x = toValue('np.piecewise', operand);
    const pieceOf = (piece: Piece | undefined): Value => {
      const found = typeof piece === 'function' ? piece(x) : (piece ?? 0);
      return broadcastTo(castTo('np.piecewise', found, x.aval), x.shape);
    };
    const rest = pieceOf(pieces[conditions.length]);
    return conditions.reduce<Value>(
      (other, test, i) => where(test, pieceOf(pieces[i]), other),
      rest,
    );
  },
);

/** Element by element the one of several arrays that `index` names. */
export const choose = eagerly(
  'np.choose',
  (
    index: ValueLike,
    choices: readonly ValueLike[],
    { mode = 'clip' }: { readonly mode?: 'clip' | 'wrap' } = {},
  ): Value => {
    const position = toValue('np.choose', index);
    const all = promote('np.choose', choices);
    const shape = broadcastShapes('np.choose', [position.shape, ...all.map((x) => x.shape)]);
    const spread = all.map((x) => broadcastValue('np.choose', x, shape));
    const wanted = mode === 'wrap' ? mod(position, all.length) : position;
    const [first = position, ...others] = spread;
    return others.reduce((found, x, i) => where(wanted.greater(i), x, found), first);
  },
);

/** The flat, row-major positions of positions in an array of this shape. */
export const ravelMultiIndex = eagerly(
  'np.ravelMultiIndex',
  (
    indices: readonly ValueLike[],
    shape: Shape,
    { mode = 'clip' }: { readonly mode?: 'clip' | 'wrap' } = {},
  ): Value => {
    const strides = stridesOf(shape);
    return indices
      .map((index, axis) => {
        const size = shape[axis] ?? 1;
        const p = toValue('np.ravelMultiIndex', index);
        const inside =
          mode === 'wrap'
            ? mod(p, size)
            : prim.min(prim.max(p, intLike(p, 0)), intLike(p, size - 1));
        return multiply(inside, strides[axis] ?? 1);
      })
      .reduce((a, b) => add(a, b));
  },
);

const intLike = (x: Value, value: number): Value =>
  broadcastTo(prim.literal(value, x.dtype), x.shape);

/** For each axis of this shape, the positions that flat, row-major positions stand for. */
export const unravelIndex = (flat: ValueLike, shape: Shape): Value[] =>
  asOneProgram('np.unravelIndex', () => {
    const given = toValue('np.unravelIndex', flat);
    const size = sizeOf(shape);
    const counted = where(given.less(0), add(given, size), given);
    const index = prim.min(
      prim.max(counted, intLike(counted, 0)),
      intLike(counted, Math.max(0, size - 1)),
    );
    const strides = stridesOf(shape);
    return shape.map((length, axis) =>
      mod(floorDivide(index, strides[axis] ?? 1), Math.max(1, length)),
    );
  });

/** Writing at the positions that each row along an axis names. */
export const putAlongAxis = eagerly(
  'np.putAlongAxis',
  (
    operand: ValueLike,
    indices: ValueLike,
    values: ValueLike,
    { axis = -1 }: { readonly axis?: number } = {},
  ): Value => {
    const x = toValue('np.putAlongAxis', operand);
    const place = normalizeAxis('np.putAlongAxis', axis, x.ndim);
    const positions = toValue('np.putAlongAxis', indices);
    const index = range(x.ndim).map((a) =>
      a === place
        ? positions
        : broadcastTo(
            reshape(
              prim.iota('int32', [positions.shape[a] ?? 1], 0),
              range(x.ndim).map((k) => (k === a ? -1 : 1)),
            ),
            positions.shape,
          ),
    );
    return x
      .at(...index)
      .set(
        broadcastTo(
          castTo('np.putAlongAxis', values, { dtype: x.dtype, weak: false }),
          positions.shape,
        ),
      );
  },
);

/** The array with `values` (repeated) at flat positions; the last of equal positions wins. */
export const put = eagerly(
  'np.put',
  (operand: ValueLike, indices: ValueLike, values: ValueLike): Value => {
    const x = toValue('np.put', operand);
    const at = ravel(indices);
    const given = ravel(castTo('np.put', values, { dtype: x.dtype, weak: false }));
    const each = take(given, mod(prim.iota('int32', [at.size], 0), Math.max(1, given.size)), {
      axis: 0,
    });
    return reshape(ravel(x).at(at).set(each), x.shape);
  },
);

/** The array with `values`, in order, where the mask holds. */
export const place = eagerly(
  'np.place',
  (operand: ValueLike, mask: ValueLike, values: ValueLike): Value => {
    const x = toValue('np.place', operand);
    const test = astype(ravel(mask), 'bool');
    const given = ravel(castTo('np.place', values, { dtype: x.dtype, weak: false }));
    const turn = prim.sub(
      prim.cumsum(astype(test, 'int32'), 0),
      broadcastTo(prim.literal(1, 'int32'), test.shape),
    );
    const each = take(given, mod(turn, Math.max(1, given.size)), { axis: 0, mode: 'clip' });
    return reshape(prim.select(test, each, ravel(x)), x.shape);
  },
);

/** bool: whether each element is one of `values`. */
export const isin = eagerly(
  'np.isin',
  (
    operand: ValueLike,
    values: ValueLike,
    { invert = false }: { readonly invert?: boolean } = {},
  ): Value => {
    const [x, known] = promote('np.isin', [operand, values]);
    if (x === undefined || known === undefined)
      throw unknownOption('np.isin', 'values', 'nothing', 'arrays');
    const found = expandDims(x, -1).equal(ravel(known)).any({ axis: -1 });
    return invert ? prim.not(found) : found;
  },
);

/** Options of {@link trimZeros}. */
export interface TrimZerosOptions extends SizeOptions {
  /** From which ends zeros go: `f` the front, `b` the back. Default both. */
  readonly trim?: 'fb' | 'f' | 'b';
}

/** […size]: an array of one axis without the zeros at its ends. */
export const trimZeros = eagerly(
  'np.trimZeros',
  (operand: ValueLike, { size, fillValue = 0, trim = 'fb' }: TrimZerosOptions): Value => {
    const x = ravel(operand);
    const positions = prim.iota('int32', [x.size], 0);
    const isThere = astype(x, 'bool');
    const none = intLike(positions, x.size);
    const before = intLike(positions, -1);
    const first = prim.reduceMin(prim.select(isThere, positions, none), [0]);
    const last = prim.reduceMax(prim.select(isThere, positions, before), [0]);
    const start = trim.includes('f') ? first : prim.literal(0, 'int32');
    const end = trim.includes('b') ? last : prim.literal(x.size - 1, 'int32');
    const from = add(prim.iota('int32', [size], 0), start);
    const found = take(x, from, { axis: 0, mode: 'clip' });
    const isKept = prim.not(prim.gt(from, broadcastTo(end, [size])));
    return where(isKept, found, astype(fillValue, x.dtype));
  },
);
