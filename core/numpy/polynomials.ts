/** Polynomials by their coefficients, highest power first. */
import { range } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { divide, multiply, subtract } from './arithmetic.ts';
import { arange, zeros } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { sqrt, square } from './elementwise.ts';
import { lstsq } from './equations.ts';
import { concatenate } from './join.ts';
import { expandDims, ravel, sliceAxis } from './movement.ts';
import { promote, toInexact } from './operands.ts';
import { vander } from './patterns.ts';
import { sum } from './reductions.ts';
import { convolve } from './signals.ts';

/** The sum of two polynomials. */
const combined = (
  op: string,
  a: ValueLike,
  b: ValueLike,
  by: (x: Value, y: Value) => Value,
): Value => {
  const [x, y] = promote(op, [ravel(a), ravel(b)]) as [Value, Value]; // One for each.
  const size = Math.max(x.size, y.size);
  const long = (p: Value): Value =>
    prim.pad(p, prim.literal(0, p.dtype), [size - p.size], [0], [0]);
  return by(long(x), long(y));
};

/** a + b. */
export const polyadd = eagerly(
  'np.polyadd',
  (a: ValueLike, b: ValueLike): Value => combined('np.polyadd', a, b, prim.add),
);

/** a − b. */
export const polysub = eagerly(
  'np.polysub',
  (a: ValueLike, b: ValueLike): Value => combined('np.polysub', a, b, prim.sub),
);

/** a · b. */
export const polymul = eagerly('np.polymul', (a: ValueLike, b: ValueLike): Value => convolve(a, b));

/** The m-th derivative. */
export const polyder = eagerly('np.polyder', (p: ValueLike, m?: number): Value => {
  const x = toInexact('np.polyder', p);
  return range(m ?? 1).reduce((q) => {
    const degree = q.size - 1;
    const powers = subtract(degree, arange(degree, { dtype: 'float32' }));
    return multiply(sliceAxis(q, 0, 0, Math.max(0, degree)), powers);
  }, x);
});

/** The m-th integral, with integration constants k (0 by default). */
export const polyint = eagerly(
  'np.polyint',
  (p: ValueLike, m?: number, k: ValueLike = 0): Value => {
    const constants = ravel(toInexact('np.polyint', k));
    return range(m ?? 1).reduce(
      (q, i) => {
        const powers = subtract(q.size, arange(q.size, { dtype: 'float32' }));
        const own = constants.size === 1 ? constants : sliceAxis(constants, 0, i, i + 1);
        return concatenate([divide(q, powers), own]);
      },
      toInexact('np.polyint', p),
    );
  },
);

/** [quotient, remainder] of a / b; the remainder keeps its leading zeros. */
export const polydiv = (a: ValueLike, b: ValueLike): [Value, Value] =>
  asOneProgram('np.polydiv', () => {
    const [u, v] = [toInexact('np.polydiv', a), toInexact('np.polydiv', b)];
    const steps = u.size - v.size + 1;
    if (steps <= 0) return [zeros(0), u];
    let rest = u;
    const quotient: Value[] = [];
    for (const k of range(steps)) {
      const factor = divide(rest.get(k), v.get(0));
      quotient.push(expandDims(factor, 0));
      const moved = prim.pad(v, prim.literal(0, v.dtype), [k], [u.size - v.size - k], [0]);
      rest = subtract(rest, multiply(factor, moved));
    }
    return [concatenate(quotient), rest];
  }) as [Value, Value]; // As many as the body returns.

/** The polynomial of a degree that is nearest to the points (x, y), in least squares weighted by `w`². */
export const polyfit = eagerly(
  'np.polyfit',
  (x: ValueLike, y: ValueLike, degree: number, { w }: { readonly w?: ValueLike } = {}): Value => {
    const at = toInexact('np.polyfit', x);
    const values = toInexact('np.polyfit', y);
    const basis = vander(at, { n: degree + 1 });
    const weights = w === undefined ? null : toInexact('np.polyfit', w);
    const left = weights === null ? basis : multiply(basis, expandDims(weights, 1));
    const along = weights !== null && values.ndim > 1 ? expandDims(weights, 1) : weights;
    const right = along === null ? values : multiply(values, along);
    // Columns of one length, so that powers of large numbers do not hide the others.
    const scale = sqrt(sum(square(left), { axis: 0 }));
    const [found] = lstsq(divide(left, scale), right, { rcond: at.size * 2 ** -23 });
    return divide(found, values.ndim > 1 ? expandDims(scale, 1) : scale);
  },
);
