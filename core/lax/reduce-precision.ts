/** Floats with fewer bits. */
import { definePrimitive, type PrimitiveOf } from '../ir/primitive.ts';
import { bindOne, trace } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';

type Bits = { readonly exponentBits: number; readonly mantissaBits: number };

const like = (x: Value, value: number): Value =>
  prim.broadcastInDim(prim.literal(value, x.dtype), x.shape, []);

/** To the nearest, ties to even: the carry may reach the exponent. */
function roundedMantissa(bits: Value, kept: number): Value {
  if (kept >= 23) return bits;
  const drop = 23 - kept;
  const isOdd = prim.and(prim.shiftRightLogical(bits, like(bits, drop)), like(bits, 1));
  const half = like(bits, 2 ** (drop - 1) - 1);
  const mask = like(bits, (0xffffffff - (2 ** drop - 1)) >>> 0);
  return prim.and(prim.add(bits, prim.add(half, isOdd)), mask);
}

/** What is too large becomes infinite, what is too small 0. */
function limitedExponent(bits: Value, exponentBits: number): Value {
  if (exponentBits >= 8) return bits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponent = prim.and(prim.shiftRightLogical(bits, like(bits, 23)), like(bits, 0xff));
  const sign = prim.and(bits, like(bits, 0x80000000));
  const isLarge = prim.gt(exponent, like(bits, 127 + bias));
  const isSmall = prim.lt(exponent, like(bits, 127 - bias + 1));
  const infinite = prim.or(sign, like(bits, 0x7f800000));
  return prim.select(isLarge, infinite, prim.select(isSmall, sign, bits));
}

function reduced(x: Value, { exponentBits, mantissaBits }: Bits): Value {
  const rounded = roundedMantissa(prim.bitcast(x, 'uint32'), mantissaBits);
  const found = prim.bitcast(limitedExponent(rounded, exponentBits), 'float32');
  return prim.select(prim.ne(x, x), x, found);
}

const reducePrecisionPrimitive: PrimitiveOf<Bits> = definePrimitive<Bits>({
  name: 'reducePrecision',
  infer: (avals) => avals,
  jvp: (_primals, [dx], bits) => [dx ? bindOne(reducePrecisionPrimitive, [dx], bits) : null],
  transpose: ([ct], _operands, bits) => [ct ? bindOne(reducePrecisionPrimitive, [ct], bits) : null],
  batch: (operands, _batched, bits) => [bindOne(reducePrecisionPrimitive, operands, bits)],
  lower: (avals, bits) => ({
    kind: 'call',
    program: trace((inputs) => inputs.map((x) => reduced(x, bits)), avals, 'reducePrecision')
      .program,
    isApart: false,
  }),
});

/**
 * x rounded to the nearest number of a float format with so many bits, ties to even, as float32: what is too large
 * becomes infinite, what is too small 0. Its derivative rounds tangents likewise, as JAX's does.
 *
 * @see https://openxla.org/stablehlo/spec#reduce_precision
 */
export const reducePrecision = (x: Value, exponentBits: number, mantissaBits: number): Value =>
  bindOne(reducePrecisionPrimitive, [x], { exponentBits, mantissaBits });
