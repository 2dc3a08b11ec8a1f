/** Sums and extremes over named axes. */
import { isFloat } from '../../core/base/dtype.ts';
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { full } from '../../core/primitives/broadcast.ts';
import { convert, div, reduceMax, reduceMin, reduceSum } from '../../core/primitives/index.ts';
import { sizeOfAxis } from '../named-axes.ts';
import { type Collective, collective, mapArrays, noDerivative, type OverAxis } from './family.ts';

/** One name, or several for their product. */
export type AxisNames = string | readonly string[];

/** The names as a list. */
export const namesOf = (names: AxisNames): readonly string[] =>
  typeof names === 'string' ? [names] : names;

const same = <P>(params: P): P => params;

const sumOver: Collective<OverAxis> = collective({
  name: 'psum',
  infer: same,
  transpose: (ct, params) => sumOver(ct, params),
  resolve: (x) => reduceSum(x, [0]),
  shift: same,
});

const maxOver: Collective<OverAxis> = collective({
  name: 'pmax',
  infer: same,
  transpose: noDerivative('pmax'),
  resolve: (x) => reduceMax(x, [0]),
  shift: same,
});

const minOver: Collective<OverAxis> = collective({
  name: 'pmin',
  infer: same,
  transpose: noDerivative('pmin'),
  resolve: (x) => reduceMin(x, [0]),
  shift: same,
});

const overAll =
  (op: string, over: (x: Value, params: OverAxis) => Value) =>
  (x: Value, names: readonly string[]): Value =>
    names.reduce(
      (value, axisName) => over(value, { axisName, axisSize: sizeOfAxis(op, axisName) }),
      x.dtype === 'bool' && op === 'psum' ? convert(x, 'int32') : x,
    );

const sum = overAll('psum', sumOver);
const largest = overAll('pmax', maxOver);
const smallest = overAll('pmin', minOver);

/**
 * The sum over all members of a named axis, the same for all of them.
 *
 * @param x - A tree of arrays; a plain number counts once per member, so `psum(1, name)` is their number.
 * @param axisName - The name that a `vmap` around gave the axis, or several.
 * @throws `unbound-axis-name`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.psum.html
 * @example
 * const centred = vmap((x: np.Array) => x.sub(lax.pmean(x, 'batch')), { axisName: 'batch' })(np.arange(4));
 */
export function psum(x: ValueLike, axisName: AxisNames): Value;
export function psum<T>(x: T, axisName: AxisNames): T;
export function psum(x: unknown, axisName: AxisNames): unknown {
  return mapArrays('psum', x, (value) => sum(value, namesOf(axisName)));
}

/**
 * The mean over all members of a named axis.
 *
 * @throws `unbound-axis-name`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.pmean.html
 */
export function pmean(x: ValueLike, axisName: AxisNames): Value;
export function pmean<T>(x: T, axisName: AxisNames): T;
export function pmean(x: unknown, axisName: AxisNames): unknown {
  return mapArrays('pmean', x, (value) => {
    const names = namesOf(axisName);
    const count = names.reduce((size, name) => size * sizeOfAxis('pmean', name), 1);
    const total = sum(isFloat(value.dtype) ? value : convert(value, 'float32'), names);
    return div(total, full(count, total.aval));
  });
}

/**
 * The maximum over all members of a named axis. It has no derivative.
 *
 * @throws `unbound-axis-name`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.pmax.html
 */
export function pmax(x: ValueLike, axisName: AxisNames): Value;
export function pmax<T>(x: T, axisName: AxisNames): T;
export function pmax(x: unknown, axisName: AxisNames): unknown {
  return mapArrays('pmax', x, (value) => largest(value, namesOf(axisName)));
}

/**
 * The minimum over all members of a named axis. It has no derivative.
 *
 * @throws `unbound-axis-name`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.pmin.html
 */
export function pmin(x: ValueLike, axisName: AxisNames): Value;
export function pmin<T>(x: T, axisName: AxisNames): T;
export function pmin(x: unknown, axisName: AxisNames): unknown {
  return mapArrays('pmin', x, (value) => smallest(value, namesOf(axisName)));
}
