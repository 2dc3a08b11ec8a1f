/** Random integers in a range. */
import type { Shape } from '../base/aval.ts';
import { type DType, isInteger } from '../base/dtype.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { eagerly } from '../numpy/eager.ts';
import { wrongDType } from '../numpy/errors.ts';
import { broadcastValue } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';
import { checkParameters } from './continuous.ts';
import { badSeed } from './errors.ts';
import { bits, type ShapeLike, splitList } from './key.ts';

/** What {@link randint} makes. */
export interface RandintOptions {
  /** Default int32. */
  readonly dtype?: 'int32' | 'uint32';
}

const limits = {
  int32: { least: -0x80000000, greatest: 0x7fffffff },
  uint32: { least: 0, greatest: 0xffffffff },
} as const;

/** A bound brought into the range of a type, and whether it was above it. */
interface Bound {
  readonly value: Value;
  readonly isAbove: Value;
}

function boundOf(op: string, bound: ValueLike, dtype: 'int32' | 'uint32', shape: Shape): Bound {
  const { least, greatest } = limits[dtype];
  const spread = (x: Value): Value => broadcastValue(op, x, shape);
  if (!(bound instanceof Value)) {
    const number = Number(bound);
    if (!Number.isInteger(number)) throw badSeed(op, String(bound));
    const clipped = Math.min(greatest, Math.max(least, number));
    return {
      value: spread(prim.literal(clipped, dtype)),
      isAbove: spread(prim.literal(Number(number > greatest), 'bool')),
    };
  }
  if (!isInteger(bound.dtype)) throw wrongDType(op, 'integer bounds', bound.aval);
  const value = spread(bound);
  if (bound.dtype === dtype) return { value, isAbove: spread(prim.literal(0, 'bool')) };
  return crossed(value, dtype);
}

/** A bound of the other integer type: negative ones become 0, large ones the greatest int32. */
function crossed(value: Value, dtype: DType): Bound {
  const zero = prim.broadcastInDim(prim.literal(0, 'int32'), value.shape, []);
  const asSigned = prim.bitcast(value, 'int32');
  const isBeyond = prim.lt(asSigned, zero);
  const none = prim.and(isBeyond, prim.not(isBeyond));
  if (dtype === 'uint32') {
    return { value: prim.bitcast(prim.select(isBeyond, zero, asSigned), 'uint32'), isAbove: none };
  }
  const greatest = prim.broadcastInDim(prim.literal(0x7fffffff, 'int32'), value.shape, []);
  return { value: prim.select(isBeyond, greatest, asSigned), isAbove: isBeyond };
}

/**
 * int32[shape] (or uint32), evenly distributed from `minval` up to `maxval`, without it; `minval` if
 * the range is empty. The bounds are integers and broadcast to the samples.
 *
 * @see `jax.random.randint`: 64 random bits modulo the size of the range.
 */
export const randint = eagerly(
  'random.randint',
  (
    key: Value,
    shape: ShapeLike,
    minval: ValueLike,
    maxval: ValueLike,
    { dtype = 'int32' }: RandintOptions = {},
  ): Value => {
    const op = 'random.randint';
    const wanted = checkParameters(op, shape, [minval, maxval]);
    const low = boundOf(op, minval, dtype, wanted);
    const high = boundOf(op, maxval, dtype, wanted);
    const span = spanOf(low.value, high);
    const [first, second] = splitList(key, 2).map((k) => prim.rem(bits(k, wanted), span));
    if (first === undefined || second === undefined) return low.value;
    // 2³² mod span, by (2¹⁶ mod span)² mod span: 2³² itself has no place in 32 bits.
    const half = prim.rem(prim.broadcastInDim(prim.literal(65536, 'uint32'), wanted, []), span);
    const factor = prim.rem(prim.mul(half, half), span);
    const offset = prim.rem(prim.add(prim.mul(first, factor), second), span);
    return prim.add(low.value, prim.bitcast(offset, dtype));
  },
);

/**
 * uint32[shape]: the number of values in the range; 1 for an empty range. 0 stands for all 2³², which
 * a remainder leaves alone.
 */
function spanOf(low: Value, high: Bound): Value {
  const one = prim.broadcastInDim(prim.literal(1, 'uint32'), low.shape, []);
  const difference = prim.bitcast(prim.sub(high.value, low), 'uint32');
  const isEmpty = prim.le(high.value, low);
  const closed = prim.select(high.isAbove, prim.add(difference, one), difference);
  return prim.select(isEmpty, one, closed);
}
