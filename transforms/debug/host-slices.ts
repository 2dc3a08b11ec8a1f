/** Batches of arrays on the host, example by example. */
import { sizeOf } from '../../core/base/aval.ts';
import { allocateHost, type TypedArray } from '../../core/base/dtype.ts';
import { hostArray } from '../../core/host/host-array.ts';
import type { HostData } from '../../core/ir/host-function.ts';
import { Value } from '../../core/ir/value.ts';

/** One example of a batch along axis 0. */
export function exampleOf({ aval, data }: HostData, index: number): HostData {
  const shape = aval.shape.slice(1);
  const size = sizeOf(shape);
  return { aval: { ...aval, shape }, data: data.slice(index * size, (index + 1) * size) };
}

/** The examples one after the other; they have the same type. */
export function stacked(examples: readonly TypedArray[], like: HostData['aval']): TypedArray {
  const size = sizeOf(like.shape);
  const all = allocateHost(like.dtype, size * examples.length);
  examples.forEach((example, i) => {
    all.set(example, i * size);
  });
  return all;
}

/** The leaves with arrays on the host in place of the arrays among them. */
export function onHost(leaves: readonly unknown[], operands: readonly HostData[]): unknown[] {
  const arrays = operands.values();
  return leaves.map((leaf) => {
    const given = leaf instanceof Value ? arrays.next().value : undefined;
    return given === undefined ? leaf : hostArray(given);
  });
}
