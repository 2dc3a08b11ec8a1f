/** The axes of a matrix product, and where it reads its operands in terms of them. */
import { type Aval, sizeOf } from '../base/aval.ts';
import { type Axis, type Expr, makeAxis } from '../ir/expr.ts';
import { axisPosition, unflatten } from '../ir/index-algebra.ts';
import type { DotDims } from '../ir/lowering.ts';
import { dotIndices, freeAxes } from './graph.ts';

/** A product as matrices. */
export interface ProductLayout {
  readonly batch: Axis;
  readonly rows: Axis;
  readonly columns: Axis;
  /** What is summed over. */
  readonly terms: Axis;
  /** Where in the result an element is. */
  readonly index: readonly Expr[];
  readonly lhsIndex: readonly Expr[];
  readonly rhsIndex: readonly Expr[];
}

const sizes = (aval: Aval, axes: readonly number[]): number[] =>
  axes.map((axis) => aval.shape[axis] ?? 1);

/** The sizes of the axes that only the left operand has. */
export const rowShape = (dims: DotDims, lhs: Aval): number[] =>
  sizes(lhs, freeAxes(lhs, dims.lhsBatch, dims.lhsContract));

/** The sizes of the axes that only the right operand has. */
const columnShape = (dims: DotDims, rhs: Aval): number[] =>
  sizes(rhs, freeAxes(rhs, dims.rhsBatch, dims.rhsContract));

/** @param lead - So many leading axes of the left operand alone count as axes of the batch. */
export function layOutProduct(dims: DotDims, lhs: Aval, rhs: Aval, lead = 0): ProductLayout {
  const own = rowShape(dims, lhs);
  const shapes = [
    [...sizes(lhs, dims.lhsBatch), ...own.slice(0, lead)],
    own.slice(lead),
    columnShape(dims, rhs),
    sizes(lhs, dims.lhsContract),
  ];
  const axes = shapes.map((shape) => makeAxis(sizeOf(shape)));
  const places = shapes.map((shape, k) => {
    const axis = axes[k];
    return axis === undefined ? [] : unflatten(axisPosition(axis), shape).slice(0, shape.length);
  });
  const [batch, rows, columns, terms] = axes as [Axis, Axis, Axis, Axis]; // One for each shape.
  const index = places.slice(0, 3).flat();
  const [lhsIndex, rhsIndex] = dotIndices(dims, lhs, rhs, index, places[3] ?? []);
  return { batch, rows, columns, terms, index, lhsIndex, rhsIndex };
}
