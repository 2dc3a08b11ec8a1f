/** Classes of kernels that want the same parameters, so that what was measured for one serves the others. */

import { shortName } from '../../base/dtype.ts';
import type { Kernel, LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
import { type Axis, type Expr, type LoadExpr, walk } from '../../ir/expr.ts';
import { strideAlong } from '../../ir/index-algebra.ts';

import { directionOf, type Side, sidesOf } from './matmul-operand.ts';

/** Loops shorter than this are nothing to share. */
const shortLoop = 16;
/** Kernels of fewer operations take hardly longer than their launch. */
const fewOperations = 2 ** 14;
/** Expressions in an epilogue up to which it costs next to nothing. */
const shortEpilogue = 12;

/** The power of two from half of which to which a number is. */
const bucket = (count: number): string => `2^${Math.ceil(Math.log2(Math.max(1, count)))}`;

const extentOf = (axes: readonly Axis[]): number =>
  axes.reduce((product, { extent }) => product * extent, 1);

/** The class of a kernel; null if all its forms are the same to a GPU, or it is too small to matter. */
export const kernelClass = (kernel: Kernel): string | null =>
  kernel.kind === 'matmul'
    ? productClass(kernel)
    : kernel.kind === 'loop'
      ? loopClass(kernel)
      : null;

function productClass(kernel: MatmulKernel): string | null {
  const { batch, rows, columns, depth, lhs, rhs } = kernel;
  if (2 * extentOf([batch, rows, columns]) * depth < fewOperations) return null;
  const [left, right] = sidesOf(kernel);
  return [
    `product of ${shortName(lhs.source.dtype)} and ${shortName(rhs.source.dtype)}`,
    `${bucket(batch.extent)} times ${bucket(rows.extent)} × ${bucket(depth)} × ${bucket(columns.extent)}`,
    `left ${readingOf(left)}`,
    `right ${readingOf(right)}`,
    `then ${epilogueOf(kernel)}`,
  ].join(', ');
}

/** Along what an operand is contiguous, and whether it is read by fours. */
function readingOf(side: Side): string {
  const direction = directionOf(side);
  if (direction !== null) return `${direction} by fours`;
  return Math.abs(side.alongStride) <= Math.abs(side.sumStride) ? 'along' : 'sum';
}

function epilogueOf({ stores }: MatmulKernel): string {
  const nodes = walk(stores.map(({ value }) => value)).filter(({ kind }) => kind !== 'const');
  if (nodes.every(({ kind }) => kind === 'accumulator')) return 'nothing';
  return nodes.length <= shortEpilogue ? 'little' : 'much';
}

/** Loops of iterations that lanes could share. */
function loopClass({ buffers, parallel, stores }: LoopKernel): string | null {
  const nodes = walk(stores.flatMap(({ value, index }) => [value, index]));
  const reduced = nodes.flatMap((node) => (node.kind === 'reduce' ? [node.axis] : []));
  const serial = stores.flatMap((store) => (store.serial.length > 0 ? [store.serial] : []));
  const longest = Math.max(0, ...reduced.map(({ extent }) => extent), ...serial.map(extentOf));
  if (longest < shortLoop) return null;
  const inner = [...new Set([...reduced, ...serial.flat()])];
  const work = stores.reduce((sum, { value, serial: own }) => sum + value.cost * extentOf(own), 0);
  if (work * extentOf(parallel) < fewOperations) return null;
  const read = buffers.filter(({ access }) => access !== 'write').map(({ source }) => source.dtype);
  const types = [...new Set(read.map(shortName))].sort();
  return [
    `loop over ${types.join(' and ')}`,
    `${bucket(extentOf(parallel))} iterations of ${bucket(longest)}`,
    `${bucket(work)} operations each`,
    `read ${directionsOf(nodes, inner, parallel)}`,
  ].join(', ');
}

/** Whether neighbours in memory are turns of a loop, iterations, or neither. */
function directionsOf(
  nodes: readonly Expr[],
  inner: readonly Axis[],
  parallel: readonly Axis[],
): string {
  const last = parallel.findLast(({ extent }) => extent > 1);
  const found = new Set<string>();
  for (const { index } of nodes.filter((node): node is LoadExpr => node.kind === 'load')) {
    const axis = inner.find((one) => index.deps.has(one));
    if (axis === undefined) continue;
    if (strideAlong(index, axis) === 1) found.add('along');
    else if (last !== undefined && strideAlong(index, last) === 1) found.add('across');
    else found.add('apart');
  }
  return [...found].sort().join(' and ') || 'nothing';
}
