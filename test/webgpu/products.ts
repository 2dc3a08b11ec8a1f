/** Matrix products for tests: kernels with operands and an epilogue. */
import type { ScalarType } from '../../core/base/dtype.ts';
import type { MatmulKernel, MatrixOperand } from '../../core/compile/kernel.ts';
import {
  accumulator,
  axisIndex,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
  type Source,
} from '../../core/ir/expr.ts';
import { addIndex, scaleIndex } from '../../core/ir/index-algebra.ts';
import { noise } from './kernels.ts';

/** The extents of a product, and which operands lie in memory by columns. */
export interface Shape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposeLhs?: boolean;
  readonly transposeRhs?: boolean;
}

/** A kernel and what is in its buffers. */
export interface Product {
  readonly kernel: MatmulKernel;
  readonly data: Map<Source, Float32Array | Int32Array>;
}

/** act(lhs · rhs + bias) for each batch; the epilogue is dear if `isDear`. */
export function product(shape: Shape, dtype: ScalarType = 'float32', isDear = false): Product {
  const { batch, rows, columns, depth, transposeLhs = false, transposeRhs = false } = shape;
  const axes = { batch: makeAxis(batch), rows: makeAxis(rows), columns: makeAxis(columns) };
  const operand = (height: number, width: number, isTransposed: boolean): MatrixOperand => {
    const source = makeSource(dtype, batch * height * width);
    const base = scaleIndex(axisIndex(axes.batch), height * width);
    const [rowStride, columnStride] = isTransposed ? [1, height] : [width, 1];
    return { source, base, rowStride, columnStride };
  };
  const lhs = operand(rows, depth, transposeLhs);
  const rhs = operand(depth, columns, transposeRhs);
  const bias = makeSource(dtype, columns);
  const out = makeSource(dtype, batch * rows * columns);
  const place = addIndex(
    scaleIndex(axisIndex(axes.batch), rows * columns),
    addIndex(scaleIndex(axisIndex(axes.rows), columns), axisIndex(axes.columns)),
  );
  const sum = op('add', [accumulator(dtype), load(bias, axisIndex(axes.columns))]);
  const activated: Expr = isDear
    ? op('mul', [op('tanh', [sum]), op('logistic', [sum])])
    : op('max', [sum, constant(0, dtype)]);
  const numbers = (length: number, seed: number): Float32Array | Int32Array =>
    dtype === 'float32'
      ? noise(length, seed)
      : Int32Array.from(noise(length, seed), (v) => Math.round(v * 1e6));
  return {
    kernel: {
      kind: 'matmul',
      name: 'dot',
      ...axes,
      depth,
      lhs,
      rhs,
      buffers: [
        { source: lhs.source, access: 'read' },
        { source: rhs.source, access: 'read' },
        { source: bias, access: 'read' },
        { source: out, access: 'write' },
      ],
      stores: [
        { target: out, index: place, value: activated, mode: 'set', guard: null, serial: [] },
      ],
    },
    data: new Map([
      [lhs.source, numbers(lhs.source.length, 1)],
      [rhs.source, numbers(rhs.source.length, 2)],
      [bias, numbers(columns, 3)],
    ]),
  };
}

/** max(lhs · rhs + bias, 0) in wrapping int32. */
export function wrapping({ kernel, data }: Product): Int32Array {
  const { batch, rows, columns, depth, lhs, rhs, buffers } = kernel;
  const [a, b] = [data.get(lhs.source) ?? [], data.get(rhs.source) ?? []];
  const biasSource = buffers[2]?.source;
  const bias = (biasSource && data.get(biasSource)) ?? [];
  const out = new Int32Array(batch.extent * rows.extent * columns.extent);
  for (let at = 0; at < out.length; at++) {
    const j = at % columns.extent;
    const i = Math.floor(at / columns.extent) % rows.extent;
    const n = Math.floor(at / (columns.extent * rows.extent));
    let sum = bias[j] ?? 0;
    for (let k = 0; k < depth; k++) {
      const left = a[(n * rows.extent + i) * depth + k] ?? 0;
      const right = b[(n * depth + k) * columns.extent + j] ?? 0;
      sum = (sum + Math.imul(left, right)) | 0;
    }
    out[at] = Math.max(0, sum);
  }
  return out;
}
