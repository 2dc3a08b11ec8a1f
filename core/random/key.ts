/**
 * Keys: where randomness comes from. A key is uint32[2]; functions of keys are pure, so that the same
 * key always gives the same numbers.
 */
import { range, type Shape, sizeOf } from '../base/aval.ts';
import { isInteger } from '../base/dtype.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { asOneProgram, eagerly } from '../numpy/eager.ts';
import { expandDims, reshape, sliceAxis } from '../numpy/movement.ts';
import { checkShape, showOperand } from '../numpy/operands.ts';
import * as prim from '../primitives/index.ts';
import { badSeed, notAKey } from './errors.ts';

/** A shape; a number stands for one axis. */
export type ShapeLike = number | Shape;

/** uint32[…] of one number. */
const constant = (value: number, shape: Shape): Value =>
  prim.broadcastInDim(prim.literal(value, 'uint32'), shape, []);

/** The lowest 32 bits of a whole number, as uint32[]. */
function word(op: string, number: ValueLike): Value {
  if (typeof number === 'number') {
    if (!Number.isSafeInteger(number)) throw badSeed(op, String(number));
    const size = 2 ** 32;
    return prim.literal(((number % size) + size) % size, 'uint32');
  }
  const isScalar = number instanceof Value && number.ndim === 0 && isInteger(number.dtype);
  if (!isScalar) throw badSeed(op, showOperand(number));
  return prim.bitcast(number, 'uint32');
}

/** The two words of a key, each uint32[]. */
function words(op: string, key: Value): [Value, Value] {
  if (!(key instanceof Value)) throw badSeed(op, showOperand(key));
  if (key.dtype !== 'uint32' || key.ndim !== 1 || key.shape[0] !== 2) throw notAKey(op, key.aval);
  return [reshape(sliceAxis(key, 0, 0, 1), []), reshape(sliceAxis(key, 0, 1, 2), [])];
}

/** uint32[…, 2]: pairs of words. */
const joined = (first: Value, second: Value): Value =>
  prim.concatenate([expandDims(first, -1), expandDims(second, -1)], first.ndim);

/**
 * The key of a seed: uint32[2].
 *
 * @param seed - A whole number, or an integer array without axes. Its lowest 32 bits count.
 * @throws EnerjaxError `bad-seed`.
 * @see `jax.random.PRNGKey` with the threefry2x32 generator and 32-bit integers.
 */
export const key = eagerly('random.key', (seed: ValueLike): Value => {
  const low = word('random.key', seed);
  return joined(constant(0, []), low);
});

/** Keys of many independent streams, one per element, as their two words: each uint32[shape]. */
export interface Streams {
  readonly first: Value;
  readonly second: Value;
}

/** What `split(key, size)` gives, one key for every element of the shape. */
export function streamsOf(op: string, source: Value, shape: Shape): Streams {
  const [first, second] = cipher(op, source, shape);
  return { first, second };
}

/** Of every stream the key that `split` puts at this place. */
export function childStreams({ first, second }: Streams, place: number): Streams {
  const { shape } = first;
  const counters = [constant(0, shape), constant(place, shape)] as const;
  const [low = first, high = second] = prim.threefry2x32(first, second, ...counters);
  return { first: low, second: high };
}

/** uint32[shape]: of every stream the bits that `bits(key)` gives. */
export function bitsOfStreams(streams: Streams): Value {
  const { first, second } = childStreams(streams, 0);
  return prim.xor(first, second);
}

/** Two uint32[shape] of random bits for the counters 0, 1, 2, … in row-major order. */
function cipher(op: string, source: Value, shape: Shape): [Value, Value] {
  const [first, second] = words(op, source).map((w) => prim.broadcastInDim(w, shape, []));
  const size = sizeOf(shape);
  const counters = reshape(prim.iota('uint32', [size], 0), shape);
  if (first === undefined || second === undefined) return [counters, counters];
  const [low = counters, high = counters] = prim.threefry2x32(
    first,
    second,
    constant(0, shape),
    counters,
  );
  return [low, high];
}

/**
 * uint32[count, 2] (or uint32[…count, 2]): new keys, independent of each other and of the old one,
 * which should not be used any more.
 */
export const split = eagerly(
  'random.split',
  (source: Value, count: ShapeLike = 2): Value =>
    joined(...cipher('random.split', source, checkShape('random.split', count))),
);

/** `count` new keys as a list, for destructuring: `const [a, b] = random.splitList(key, 2)`. */
export function splitList(source: Value, count: number): Value[] {
  return asOneProgram('random.splitList', () => {
    const keys = split(source, count);
    return range(count).map((i) => reshape(sliceAxis(keys, 0, i, i + 1), [2]));
  });
}

/** uint32[2]: the key that belongs to a number, such as the index of a training step. */
export const foldIn = eagerly('random.foldIn', (source: Value, data: ValueLike): Value => {
  const [first, second] = words('random.foldIn', source);
  const counter = word('random.foldIn', data);
  const [low = first, high = second] = prim.threefry2x32(first, second, constant(0, []), counter);
  return joined(low, high);
});

/** uint32[shape] of random bits. */
export const bits = eagerly('random.bits', (source: Value, shape: ShapeLike = []): Value => {
  return prim.xor(...cipher('random.bits', source, checkShape('random.bits', shape)));
});
