/** Random programs: lists of small numbers that any shapes can be read by, so that they shrink well. */
import fc from 'fast-check';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { softmax } from '../../nn/index.ts';

/** An operation, its two operands and a detail, each taken modulo what there is. */
export type Instruction = readonly [operation: number, a: number, b: number, detail: number];

type Operation = (x: Value, y: Value, detail: number) => Value;

const axisOf = (x: Value, detail: number): number => detail % Math.max(1, x.ndim);

/** y in the shape of x, cut or repeated as need be. */
function like(x: Value, y: Value): Value {
  const flat = np.ravel(y);
  const times = Math.ceil(x.size / Math.max(1, flat.size));
  return np.tile(flat, times).get(np.slice(0, x.size)).reshape(x.shape);
}

/** As a matrix: the last axis, and all the others. */
const matrix = (x: Value): Value => np.reshape(x, [-1, x.shape.at(-1) ?? 1]);

/** Operations with derivatives everywhere; each keeps values near [−1, 1]. */
export const smooth: Record<string, Operation> = {
  add: (x, y) => np.add(x, like(x, y)).mul(0.5),
  multiply: (x, y) => np.multiply(x, like(x, y)),
  divide: (x, y) => np.divide(x, np.add(np.square(like(x, y)), 1)),
  tanh: (x) => np.tanh(x),
  sine: (x) => np.sin(np.multiply(x, 2)),
  exponential: (x) => np.exp(np.negative(np.square(x))),
  root: (x) => np.sqrt(np.add(np.square(x), 0.25)),
  logarithm: (x) => np.log1p(np.square(x)),
  broadcastSum: (x, y) =>
    np
      .add(np.expandDims(np.ravel(x).get(np.slice(0, 5)), 1), np.ravel(y).get(np.slice(0, 4)))
      .mul(0.5),
  sum: (x, _y, d) => np.mean(x, { axis: axisOf(x, d) }),
  sumKept: (x, _y, d) => np.subtract(x, np.mean(x, { axis: axisOf(x, d), keepdims: true })),
  sumAll: (x) => np.add(x, np.mean(x)),
  softmax: (x, _y, d) => softmax(x, { axis: axisOf(x, d) }),
  norm: (x) => np.divide(x, np.sqrt(np.add(np.mean(np.square(x)), 0.1))),
  transpose: (x) => np.transpose(x),
  swap: (x, _y, d) => np.moveaxis(x, 0, axisOf(x, d)),
  reshape: (x) => np.reshape(x, [x.shape.at(-1) ?? 1, -1]),
  flatten: (x) => np.ravel(x),
  flip: (x, _y, d) => np.flip(x, { axis: axisOf(x, d) }),
  roll: (x, _y, d) => np.roll(np.ravel(x), (d % 5) - 2),
  slice: (x, _y, d) =>
    np
      .ravel(x.size === 1 ? np.stack([x, x]) : x)
      .get(np.slice(d % 2, Math.max((d % 2) + 1, x.size - 1), 1 + (d % 3))),
  pad: (x, _y, d) => np.pad(np.ravel(x), [[d % 3, (d >> 2) % 3]]),
  concatenate: (x, y) => np.concatenate([np.ravel(x), np.ravel(y)]),
  stack: (x, y) => np.stack([x, like(x, y)], { axis: 0 }),
  repeat: (x) => np.repeat(np.ravel(x), 2),
  take: (x, _y, d) =>
    np.take(np.ravel(x), np.array([0, d % x.size, x.size - 1], { dtype: 'int32' })),
  scatterAdd: (x, y, d) =>
    np
      .ravel(x)
      .at(np.array([0, d % x.size, 0], { dtype: 'int32' }))
      .add(like(np.zeros([3]), y)),
  set: (x, y) =>
    np
      .ravel(x)
      .at(np.slice(0, 1))
      .set(like(np.zeros([1]), y)),
  product: (x, y) => np.matmul(matrix(x), np.transpose(like(matrix(x), y))).mul(0.3),
  gram: (x) => np.einsum('ij,ik->jk', matrix(x), matrix(x)).mul(0.3),
  runningSum: (x, _y, d) => np.tanh(np.cumsum(x, { axis: axisOf(x, d) })),
};

/** Operations with kinks and ties, which are still the same on every device. */
export const rough: Record<string, Operation> = {
  relu: (x) => np.maximum(x, 0),
  minimum: (x, y) => np.minimum(x, like(x, y)),
  absolute: (x) => np.abs(x),
  maximum: (x, _y, d) => np.max(x, { axis: axisOf(x, d) }),
  sort: (x) => np.sort(np.ravel(x)),
  clip: (x) => np.clip(x, -0.5, 0.5),
};

const limit = 600;

/** Runs the instructions; arrays that grow too big are cut. */
export function run(
  instructions: readonly Instruction[],
  inputs: readonly Value[],
  operations: readonly Operation[],
): Value[] {
  const pool = [...inputs];
  for (const [operation, a, b, detail] of instructions) {
    const apply = operations[operation % operations.length];
    const [x, y] = [pool[a % pool.length], pool[b % pool.length]];
    if (apply === undefined || x === undefined || y === undefined) continue;
    const operand = x.ndim === 0 ? np.reshape(x, [1]) : x;
    const result = apply(operand, y.ndim === 0 ? np.reshape(y, [1]) : y, detail);
    pool.push(result.size > limit ? np.ravel(result).get(np.slice(0, limit)) : result);
  }
  return pool.slice(-3);
}

/** Lists of instructions. */
export const programs = (maxLength: number): fc.Arbitrary<Instruction[]> =>
  fc.array(fc.tuple(fc.nat(255), fc.nat(31), fc.nat(31), fc.nat(31)), { minLength: 1, maxLength });

/** Names of the operations that a list means, for messages. */
export const describe = (instructions: readonly Instruction[], names: readonly string[]): string =>
  instructions.map(([o, a, b, d]) => `${names[o % names.length]}(${a}, ${b}, ${d})`).join(' ');
