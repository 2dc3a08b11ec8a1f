/** Functions of two elements with what follows from them: reductions, running values, tables. */
import { range } from '../core/base/aval.ts';
import type { DType } from '../core/base/dtype.ts';
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { normalizeAxis, toValue } from '../core/numpy/operands.ts';
import { foriLoop } from './control/index.ts';
import { scan } from './control/scan.ts';
import { evalShape } from './make-program.ts';
import { vectorize } from './vectorize.ts';

/** Options of {@link Ufunc.reduce}. */
export interface UfuncReduceOptions {
  /** One axis (default 0), or null for the flattened array. */
  readonly axis?: number | null;
  /** Whether the axis stays, with size 1. Default false. */
  readonly keepdims?: boolean;
  /** What the first element is combined with. Default: the identity, if there is one. */
  readonly initial?: ValueLike;
  /** bool, broadcastable to x: only elements where it holds count. */
  readonly where?: ValueLike;
}

/** A function of two arrays, element by element, and what follows from it. */
export interface Ufunc {
  (x: ValueLike, y: ValueLike): Value;
  readonly nin: 2;
  readonly nout: 1;
  /** The element that changes nothing, or null. */
  readonly identity: number | null;
  /** All elements along an axis combined, from the first to the last. */
  reduce(x: ValueLike, options?: UfuncReduceOptions): Value;
  /** The elements up to each one combined. */
  accumulate(x: ValueLike, options?: { readonly axis?: number }): Value;
  /** The function of every pair of elements: [...axes of x, ...axes of y]. */
  outer(x: ValueLike, y: ValueLike): Value;
  /** x with each element at positions along axis 0 combined with its value, as often as it is named. */
  at(x: ValueLike, positions: ValueLike, y: ValueLike): Value;
  /**
   * The elements from each position up to the next one combined; where the next one is not greater, the element
   * itself.
   */
  reduceat(x: ValueLike, positions: readonly number[], options?: { readonly axis?: number }): Value;
}

type Combine = (x: Value, y: Value) => Value;

const dtypeOf = (f: Combine, x: Value): DType => {
  const one = np.zeros([], { dtype: x.dtype });
  return (evalShape(f, one, one) as { readonly dtype: DType }).dtype; // f gives one array.
};

/** The array with an axis in front; null flattens it. */
function fronted(op: string, x: Value, axis: number | null): [Value, number] {
  if (axis === null) return [np.ravel(x), 0];
  const place = normalizeAxis(op, axis, x.ndim);
  return [np.moveaxis(x, place, 0), place];
}

function reduceInOrder(
  op: string,
  f: Combine,
  identity: number | null,
  operand: ValueLike,
  { axis = 0, keepdims = false, initial, where }: UfuncReduceOptions,
): Value {
  const x = toValue(op, operand);
  const dtype = dtypeOf(f, x);
  const [front, place] = fronted(op, np.astype(x, dtype), axis);
  const mask = where === undefined ? null : fronted(op, np.broadcastTo(where, x.shape), axis)[0];
  const start = initial ?? identity;
  const first = start === null ? front.get(0) : np.full(front.shape.slice(1), start, { dtype });
  const turn = (i: Value, value: Value): Value => {
    const next = np.astype(f(value, front.get(i)), dtype);
    return mask === null ? next : np.where(mask.get(i), next, value);
  };
  const found = foriLoop<Value>(
    start === null ? 1 : 0,
    front.shape[0] ?? 0,
    (i, value) => turn(i, value as Value),
    first,
  ) as Value; // An array, as `first` is.
  if (!keepdims) return found;
  const shape = x.shape.map((size, a) => (axis === null || a === place ? 1 : size));
  return np.reshape(found, shape);
}

function accumulateInOrder(op: string, f: Combine, operand: ValueLike, axis: number): Value {
  const x = toValue(op, operand);
  const dtype = dtypeOf(f, x);
  const [front, place] = fronted(op, np.astype(x, dtype), axis);
  if (x.size === 0) return np.zeros(x.shape, { dtype });
  const first = front.get(0);
  const [, rest] = scan<Value, Value, Value>(
    (carry, next) => {
      const value = np.astype(f(carry as Value, next as Value), dtype);
      return [value, value] as never; // A carry and a slice, both arrays.
    },
    first,
    front.get(np.slice(1, null)),
  );
  return np.moveaxis(np.concatenate([np.expandDims(first, 0), rest as Value]), 0, place);
}

function atInOrder(op: string, f: Combine, operand: ValueLike, at: ValueLike, y: ValueLike): Value {
  const x = toValue(op, operand);
  const dtype = dtypeOf(f, x);
  const positions = np.ravel(at);
  const rest = x.shape.slice(1);
  const values = np.broadcastTo(np.astype(y, dtype), [positions.size, ...rest]);
  return foriLoop<Value>(
    0,
    positions.size,
    (i, value) => {
      const here = positions.get(i);
      const now = value as Value; // An array, as x is.
      return now.at(here).set(f(now.get(here), values.get(i)));
    },
    np.astype(x, dtype),
  ) as Value; // As the carry is.
}

function reduceatInOrder(
  ufunc: Pick<Ufunc, 'reduce'>,
  op: string,
  operand: ValueLike,
  positions: readonly number[],
  axis: number,
): Value {
  const x = toValue(op, operand);
  const [front, place] = fronted(op, x, axis);
  const size = front.shape[0] ?? 0;
  const parts = positions.map((start, i) => {
    const stop = positions[i + 1] ?? size;
    return stop > start
      ? ufunc.reduce(front.get(np.slice(start, stop)))
      : ufunc.reduce(front.get(np.slice(start, start + 1)));
  });
  return np.moveaxis(np.stack(parts), 0, place);
}

/** What a ufunc computes faster than element after element. */
export interface UfuncParts {
  readonly reduce?: Ufunc['reduce'];
  readonly accumulate?: Ufunc['accumulate'];
}

/** The ufunc of a function that broadcasts. */
export function makeUfunc(
  name: string,
  f: (x: ValueLike, y: ValueLike) => Value,
  identity: number | null,
  parts: UfuncParts = {},
): Ufunc {
  const op = (method: string): string => `${name}.${method}`;
  const outer = (x: ValueLike, y: ValueLike): Value => {
    const [a, b] = [toValue(op('outer'), x), toValue(op('outer'), y)];
    return f(np.reshape(a, [...a.shape, ...range(b.ndim).map(() => 1)]), b);
  };
  const reduce: Ufunc['reduce'] = (x, options = {}) =>
    reduceInOrder(op('reduce'), f, identity, x, options);
  const own = { reduce, ...parts };
  const call = (x: ValueLike, y: ValueLike): Value => f(x, y);
  return Object.assign(call, {
    nin: 2 as const,
    nout: 1 as const,
    identity,
    accumulate: (x: ValueLike, { axis = 0 }: { readonly axis?: number } = {}): Value =>
      accumulateInOrder(op('accumulate'), f, x, axis),
    outer,
    at: (x: ValueLike, positions: ValueLike, y: ValueLike): Value =>
      atInOrder(op('at'), f, x, positions, y),
    reduceat: (
      x: ValueLike,
      positions: readonly number[],
      { axis = 0 }: { readonly axis?: number } = {},
    ): Value => reduceatInOrder(own, op('reduceat'), x, positions, axis),
    ...own,
  });
}

/**
 * A function of two elements as a {@link Ufunc}: it broadcasts, reduces and accumulates.
 *
 * @param identity - The element that changes nothing; without one, reductions start at the first element.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.numpy.frompyfunc.html
 * @example
 * const hypot = np.frompyfunc((a: np.Array, b: np.Array) => np.sqrt(a.mul(a).add(b.mul(b))), 2, 1, { identity: 0 });
 * const length = hypot.reduce(np.array([3, 4, 12])); // 13
 */
export const frompyfunc = (
  f: (x: Value, y: Value) => Value,
  _nin: 2,
  _nout: 1,
  { identity = null }: { readonly identity?: number | null } = {},
): Ufunc => makeUfunc(f.name === '' ? 'ufunc' : f.name, vectorize(f), identity);
