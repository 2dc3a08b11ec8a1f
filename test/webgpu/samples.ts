/** Small kernels that tests share. */
import type { LoopKernel, MatmulKernel } from '../../core/compile/kernel.ts';
import {
  accumulator,
  axisIndex,
  constant,
  load,
  makeAxis,
  makeSource,
  reduce,
  type Source,
} from '../../core/ir/expr.ts';
import { addIndex, scaleIndex } from '../../core/ir/index-algebra.ts';
import { noise } from './kernels.ts';

/** A kernel and what is in the arrays that it reads. */
export interface Sample<K> {
  readonly kernel: K;
  readonly data: ReadonlyMap<Source, Float32Array>;
}

/** A matrix product of noise, both operands row by row. */
export function productOf(rows: number, depth: number, columns: number): Sample<MatmulKernel> {
  const axes = { batch: makeAxis(1), rows: makeAxis(rows), columns: makeAxis(columns) };
  const operand = (height: number, width: number) => {
    const source = makeSource('float32', height * width);
    return { source, base: constant(0, 'int32'), rowStride: width, columnStride: 1 };
  };
  const [lhs, rhs] = [operand(rows, depth), operand(depth, columns)];
  const out = makeSource('float32', rows * columns);
  const index = addIndex(scaleIndex(axisIndex(axes.rows), columns), axisIndex(axes.columns));
  const value = accumulator('float32');
  const kernel: MatmulKernel = {
    kind: 'matmul',
    name: 'dot',
    ...axes,
    ...{ depth, lhs, rhs },
    buffers: [
      { source: lhs.source, access: 'read' },
      { source: rhs.source, access: 'read' },
      { source: out, access: 'write' },
    ],
    stores: [{ target: out, index, value, mode: 'set', guard: null, serial: [] }],
  };
  const data = new Map([lhs, rhs].map(({ source }, i) => [source, noise(source.length, i + 1)]));
  return { kernel, data };
}

/** Sums of the rows of noise. */
export function rowSums(rows: number, length: number): Sample<LoopKernel> {
  const [x, out] = [makeSource('float32', rows * length), makeSource('float32', rows)];
  const i = makeAxis(rows);
  const value = reduce('add', length, (j) =>
    load(x, addIndex(scaleIndex(axisIndex(i), length), j)),
  );
  const kernel: LoopKernel = {
    kind: 'loop',
    name: 'sums',
    buffers: [
      { source: x, access: 'read' },
      { source: out, access: 'write' },
    ],
    parallel: [i],
    stores: [{ target: out, index: axisIndex(i), value, mode: 'set', guard: null, serial: [] }],
  };
  return { kernel, data: new Map([[x, noise(x.length)]]) };
}
