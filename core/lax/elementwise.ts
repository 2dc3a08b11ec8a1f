/** Functions of single elements that are made of several operations. */

import { isInteger } from '../base/dtype.ts';
import type { Value } from '../ir/value.ts';
import { power } from '../numpy/arithmetic.ts';
import { eagerly } from '../numpy/eager.ts';
import * as elementwise from '../numpy/elementwise.ts';
import { wrongDType } from '../numpy/errors.ts';
import { broadcastTogether, broadcastValue } from '../numpy/operands.ts';
import * as patterns from '../numpy/patterns.ts';
import * as prim from '../primitives/index.ts';

const like = (x: Value, value: number): Value =>
  prim.broadcastInDim(prim.literal(value, x.dtype), x.shape, []);

/** x · x. */
export const square = eagerly('lax.square', (x: Value): Value => prim.mul(x, x));

/** 1 / x. */
export const reciprocal = eagerly('lax.reciprocal', (x: Value): Value => prim.div(like(x, 1), x));

/** The cube root. */
export const cbrt = (x: Value): Value => elementwise.cbrt(x);

/** 2 to the power x. */
export const exp2 = (x: Value): Value => elementwise.exp2(x);

/** x to a whole power that is known while tracing. */
export const integerPow = eagerly('lax.integerPow', (x: Value, n: number): Value => power(x, n));

/** x limited to [low, high]; the limits are scalars or have the shape of x. */
export const clamp = eagerly('lax.clamp', (low: Value, x: Value, high: Value): Value => {
  const [least, most] = [low, high].map((v) => broadcastValue('lax.clamp', v, x.shape)) as [
    Value,
    Value,
  ]; // One for each.
  return prim.min(prim.max(x, least), most);
});

/** The next float after x in the direction of y. */
export const nextafter = (x: Value, y: Value): Value => patterns.nextafter(x, y);

/** The upper 32 bits of the 64-bit products of integers. */
export const mulhi = eagerly('lax.mulhi', (x: Value, y: Value): Value => {
  const [a, b] = broadcastTogether('lax.mulhi', [x, y]) as [Value, Value]; // One for each.
  if (!isInteger(a.dtype)) throw wrongDType('lax.mulhi', 'integers', a.aval);
  const high = unsignedHigh(prim.convert(a, 'uint32'), prim.convert(b, 'uint32'));
  if (a.dtype === 'uint32') return high;
  // Two's complement: a negative factor counts 2³² too much of the other.
  const zero = like(a, 0);
  const signed = prim.bitcast(high, 'int32');
  const less = prim.select(prim.lt(a, zero), b, zero);
  const other = prim.select(prim.lt(b, zero), a, zero);
  return prim.sub(prim.sub(signed, less), other);
});

/** By halves of 16 bits, whose products fit. */
function unsignedHigh(a: Value, b: Value): Value {
  const low = (x: Value): Value => prim.and(x, like(x, 0xffff));
  const high = (x: Value): Value => prim.shiftRightLogical(x, like(x, 16));
  const cross = prim.add(prim.mul(high(a), low(b)), high(prim.mul(low(a), low(b))));
  const middle = prim.add(prim.mul(low(a), high(b)), low(cross));
  return prim.add(prim.add(prim.mul(high(a), high(b)), high(cross)), high(middle));
}

/** Of several arrays of one shape the element that `which` names; a bool names the first or the second. */
export const selectN = eagerly('lax.selectN', (which: Value, ...cases: readonly Value[]): Value => {
  const [first, ...others] = cases as readonly [Value, ...Value[]]; // A choice needs a case.
  const index = prim.convert(broadcastValue('lax.selectN', which, first.shape), 'int32');
  return others.reduce(
    (found, x, i) => prim.select(prim.gt(index, like(index, i)), x, found),
    first,
  );
});
