/** Sequences of special numbers and functions. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import * as np from '../../core/numpy/index.ts';
import { toInexact } from '../../core/numpy/operands.ts';
import { badOrder } from '../special/errors.ts';

/** @throws `bad-order` unless n is a whole number from 0. */
function checkOrder(op: string, n: number): void {
  if (!Number.isInteger(n) || n < 0) throw badOrder(op, String(n));
}

/** |B₂ₖ|: 2 (2k)! / (2π)²ᵏ · ζ(2k). */
function evenNumber(index: number): number {
  let size = 2;
  for (let k = 1; k <= index; k++) size *= k / (2 * Math.PI);
  let zeta = 1;
  for (let k = 2; k < 50; k++) zeta += k ** -index;
  return size * zeta;
}

/** f32[n + 1]: Bernoulli's numbers B₀ … Bₙ. @throws `bad-order` */
export function bernoulli(n: number): Value {
  checkOrder('scipy.special.bernoulli', n);
  const numbers = Array.from({ length: n + 1 }, (_, k) => {
    if (k < 3) return [1, -1 / 2, 1 / 6][k] ?? 0;
    return k % 2 === 1 ? 0 : evenNumber(k) * (k % 4 === 0 ? -1 : 1);
  });
  return np.array(numbers);
}

/** Options of {@link besselJn}. */
export interface BesselOptions {
  /** The highest order. */
  readonly v: number;
  /** From which order the recurrence comes down. Default 50: enough for |z| up to 30 or so. */
  readonly nIter?: number;
}

/**
 * f32[v + 1, …]: Bessel functions of the first kind J₀(z) … Jᵥ(z). NaN at 0, as in JAX.
 *
 * @throws `bad-order`
 * @see Miller's downward recurrence, https://dlmf.nist.gov/3.6
 */
export const besselJn = eagerly(
  'scipy.special.besselJn',
  (z: ValueLike, { v, nIter = 50 }: BesselOptions): Value => {
    checkOrder('scipy.special.besselJn', v);
    const x = toInexact('scipy.special.besselJn', z);
    let [before, last, sum] = [np.zerosLike(x), np.fullLike(x, 1e-16), np.zerosLike(x)];
    const found: Value[] = [];
    for (let k = nIter; k >= 0; k--) {
      const next = last
        .mul(2 * (k + 1))
        .div(x)
        .sub(before);
      if (k % 2 === 0) sum = sum.add(next.mul(2));
      [before, last] = [last, next];
      if (k <= v) found.unshift(next);
    }
    const scale = sum.sub(last);
    return np.stack(found.map((f) => f.div(scale)));
  },
);
