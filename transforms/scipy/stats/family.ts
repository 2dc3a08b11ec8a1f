/** How the functions of a distribution are made. */
import type { Value, ValueLike } from '../../../core/ir/value.ts';
import { eagerly } from '../../../core/numpy/eager.ts';
import * as np from '../../../core/numpy/index.ts';
import { toInexact } from '../../../core/numpy/operands.ts';

/** A function of floats; what it is given has the defaults filled in. */
export type Compute = (x: Value, a: Value, b: Value, c: Value, d: Value) => Value;

/**
 * Makes the functions of a distribution: arguments that are left out get their defaults, all become
 * floats, and a call is one program.
 *
 * @param name - The distribution's.
 * @param defaults - One for each argument; undefined where there is none.
 */
export const family =
  <A extends readonly (ValueLike | undefined)[]>(
    name: string,
    defaults: readonly (number | undefined)[],
  ) =>
  (method: string, compute: Compute): ((...args: A) => Value) => {
    const op = `scipy.stats.${name}.${method}`;
    return eagerly(op, (...args: A): Value => {
      const given = defaults.map((value, i) => toInexact(op, args[i] ?? value ?? Number.NaN));
      return compute(...(given as [Value, Value, Value, Value, Value])); // No function looks further than its defaults.
    });
  };

/** exp of the function. */
export const expOf =
  (compute: Compute): Compute =>
  (...args) =>
    np.exp(compute(...args));

/** log of the function. */
export const logOf =
  (compute: Compute): Compute =>
  (...args) =>
    np.log(compute(...args));

/** (x − loc) / scale. */
export const unit = (x: Value, loc: Value, scale: Value): Value => x.sub(loc).div(scale);

/** `value` where the condition holds, NaN elsewhere. */
export const onlyIf = (condition: Value, value: Value): Value =>
  np.where(condition, value, Number.NaN);

/** Whether this is a probability. */
export const isShare = (q: Value): Value => q.greaterEqual(0).and(q.lessEqual(1));
