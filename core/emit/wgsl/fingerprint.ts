/** Which generator of kernels this is: what was measured with another one says nothing about this one's kernels. */
import type { LoopKernel, MatmulKernel } from '../../compile/kernel.ts';
import {
  accumulator,
  axisIndex,
  constant,
  load,
  makeAxis,
  makeSource,
  reduce,
  withExprPool,
} from '../../ir/expr.ts';
import { addIndex, scaleIndex } from '../../ir/index-algebra.ts';
import { candidatesFor, type GroupLimits } from './candidates.ts';
import { emitWgsl, type WgslOptions } from './emit.ts';

const side = 256;

/** A product of two square matrices. */
function sampleProduct(): MatmulKernel {
  const axes = { batch: makeAxis(1), rows: makeAxis(side), columns: makeAxis(side) };
  const matrix = () => makeSource('float32', side * side);
  const [lhs, rhs, out] = [matrix(), matrix(), matrix()];
  const operand = { base: constant(0, 'int32'), rowStride: side, columnStride: 1 };
  const index = addIndex(scaleIndex(axisIndex(axes.rows), side), axisIndex(axes.columns));
  const value = accumulator('float32');
  return {
    kind: 'matmul',
    name: 'product',
    ...axes,
    depth: side,
    lhs: { ...operand, source: lhs },
    rhs: { ...operand, source: rhs },
    buffers: [
      { source: lhs, access: 'read' },
      { source: rhs, access: 'read' },
      { source: out, access: 'write' },
    ],
    stores: [{ target: out, index, value, mode: 'set', guard: null, serial: [] }],
  };
}

/** Sums of a matrix's rows. */
function sampleSums(): LoopKernel {
  const [x, out] = [makeSource('float32', side * side), makeSource('float32', side)];
  const row = makeAxis(side);
  const value = reduce('add', side, (column) =>
    load(x, addIndex(scaleIndex(axisIndex(row), side), column)),
  );
  return {
    kind: 'loop',
    name: 'sums',
    buffers: [
      { source: x, access: 'read' },
      { source: out, access: 'write' },
    ],
    parallel: [row],
    stores: [{ target: out, index: axisIndex(row), value, mode: 'set', guard: null, serial: [] }],
  };
}

/** FNV-1a on the text's 16-bit units. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  }
  return state >>> 0;
}

/**
 * Eight hexadecimal digits that change with the text of kernels, with the ways in which they can be emitted, and with
 * what the generator is told.
 */
export function generatorFingerprint(options: WgslOptions, limits: GroupLimits): string {
  const texts = withExprPool(() =>
    [sampleProduct(), sampleSums()].flatMap((kernel) =>
      candidatesFor(kernel, options, limits).map(
        (candidate) => candidate.name + emitWgsl(kernel, { ...options, ...candidate.options }).code,
      ),
    ),
  );
  return hash([JSON.stringify(options), ...texts].join('\n'))
    .toString(16)
    .padStart(8, '0');
}
