/** Loops made of others. */
import { staged } from '../../core/host/runtime.ts';
import { Value, type ValueLike } from '../../core/ir/value.ts';
import { full } from '../../core/primitives/broadcast.ts';
import { add, convert, iota, literal, lt } from '../../core/primitives/index.ts';
import { labelled, labelOf } from '../label.ts';
import type { Output } from '../types.ts';
import { itemAt, scalar } from '../values.ts';
import { type ScanOptions, scan } from './scan.ts';
import type { Arrays, ArraysLike } from './types.ts';
import { whileLoop } from './while.ts';

/**
 * The last carry of a loop over whole numbers.
 *
 * With plain numbers as bounds the number of turns is known, and the loop can be differentiated in both
 * modes; otherwise it is a {@link whileLoop}.
 *
 * @param lower - The first number: a plain one or int32[].
 * @param upper - The number at which the loop ends, without it.
 * @param f - One turn: from the number, int32[], and the carry to the next carry.
 * @throws `carry-mismatch`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.fori_loop.html
 * @example
 * const power = lax.foriLoop(0, 5, (_i: np.Array, c: np.Array) => c.mul(2), np.ones([3]));
 */
export function foriLoop(
  lower: ValueLike,
  upper: ValueLike,
  f: (index: Value, carry: Value) => ValueLike,
  init: ValueLike,
  options?: Pick<ScanOptions, 'unroll'>,
): Value;
export function foriLoop<C>(
  lower: ValueLike,
  upper: ValueLike,
  f: (index: Value, carry: Arrays<C>) => ArraysLike<C>,
  init: C,
  options?: Pick<ScanOptions, 'unroll'>,
): Arrays<C>;
export function foriLoop<C>(
  lower: ValueLike,
  upper: ValueLike,
  f: (index: Value, carry: Arrays<C>) => ArraysLike<C>,
  init: C,
  options: Pick<ScanOptions, 'unroll'> = {},
): Arrays<C> {
  const label = labelOf(f);
  if (typeof lower === 'number' && typeof upper === 'number') {
    const turn = (carry: Arrays<C>, index: Value): readonly [ArraysLike<C>, null] => [
      f(index, carry),
      null,
    ];
    const numbers = wholeNumbers(lower, Math.max(0, upper - lower));
    return scan<C, Value, null>(labelled(turn, label), init, numbers, options)[0];
  }
  type State = readonly [index: Value, end: Value, carry: C];
  const goesOn = (state: Arrays<State>): Value => lt(state[0], state[1]);
  const turn = (state: Arrays<State>): ArraysLike<State> =>
    [next(state[0]), state[1], f(state[0], state[2])] as ArraysLike<State>; // As the carry is.
  const first: State = [asIndex(lower), asIndex(upper), init];
  return whileLoop<State>(goesOn, labelled(turn, label), first)[2];
}

const next = (index: Value): Value => add(index, literal(1, 'int32'));

function asIndex(value: ValueLike): Value {
  const array = value instanceof Value ? value : scalar(value);
  return array.dtype === 'int32' && !array.aval.weak ? array : convert(array, 'int32');
}

/** int32[length] of consecutive numbers. */
function wholeNumbers(first: number, length: number): Value {
  const numbers = staged('foriLoop', [], () => [
    add(iota('int32', [length], 0), full(first, { shape: [length], dtype: 'int32' })),
  ]);
  return itemAt(numbers, 0);
}

/**
 * `f` of every slice along axis 0, one after the other; `vmap` does all at once.
 *
 * @param xs - A tree of arrays dtype[length, …].
 * @returns A tree like the result of `f` with a leading axis of the same length.
 * @throws `scan-length`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.map.html
 * @example
 * const norms = lax.map((row: np.Array) => np.sum(np.square(row)), np.ones([4, 3]));
 */
export function map<X, Y extends Output>(f: (x: Arrays<X>) => Y, xs: X): Arrays<Y> {
  const turn = (_carry: null, x: Arrays<X>): readonly [null, Y] => [null, f(x)];
  return scan<null, X, Y>(labelled(turn, labelOf(f)), null, xs)[1];
}
