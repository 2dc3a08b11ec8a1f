/** The LU decomposition with partial pivoting. */
import { makeAval } from '../../base/aval.ts';
import { constant, type Expr, op, reduce } from '../../ir/expr.ts';
import { indexConstant } from '../../ir/index-algebra.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import type { Params } from '../../ir/program.ts';
import { bind } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { first, nth, pair, triple, withRecord } from '../define.ts';
import { add, neg } from '../elementwise/arithmetic.ts';
import { gather } from '../gather.ts';
import { reshape } from '../movement.ts';
import {
  both,
  choose,
  corner,
  enlarged,
  identityLike,
  isLess,
  isSame,
  leadOf,
  lowerPart,
  product,
  requireMatrix,
  sidesOf,
  turned,
  upperPart,
} from './matrix.ts';
import { triangularSolve } from './triangular-solve.ts';

/** The rows of each matrix in the order given: f32[…, m, n] and int32[…, m]. */
function rowsInOrder(x: Value, order: Value): Value {
  const lead = leadOf(x).map((_, axis) => axis);
  return gather(x, reshape(order, [...order.shape, 1]), {
    offsetDims: [x.ndim - 1],
    collapsedSliceDims: [x.ndim - 2],
    startIndexMap: [x.ndim - 2],
    operandBatchingDims: lead,
    indicesBatchingDims: lead,
    sliceSizes: x.shape.map((size, axis) => (axis === x.ndim - 1 ? size : 1)),
    mode: 'clip',
  });
}

/** The tangent of L and U together. */
function luTangent(packed: Value, dx: Value): Value {
  const [m, n] = sidesOf(packed);
  const rank = Math.min(m, n);
  const square = (size: number) => identityLike([...leadOf(packed), size, size]);
  const lower = add(enlarged(lowerPart(corner(packed, m, rank), 1), m, m), square(m));
  const spare = enlarged(identityLike([...leadOf(packed), rank, rank]), n, n);
  const onlySpare = add(square(n), neg(spare));
  const upper = add(enlarged(upperPart(corner(packed, rank, n)), n, n), onlySpare);
  const left = triangularSolve(lower, dx, { lower: true, unitDiagonal: true });
  const both = turned(triangularSolve(upper, turned(left), { transposeA: true }));
  return add(product(lower, lowerPart(both, 1)), product(upperPart(both), upper));
}

const luPrimitive: PrimitiveOf<Params> = definePrimitive<Params>({
  name: 'lu',
  infer: (avals) => {
    const x = first(avals);
    requireMatrix('lu', x);
    const [m, n] = sidesOf(x);
    const lead = leadOf(x);
    const pivots = makeAval([...lead, Math.min(m, n)], 'int32');
    return [makeAval(x.shape, x.dtype), pivots, makeAval([...lead, m], 'int32')];
  },
  jvp: (_primals, [dx], _params, outputs) => {
    const [packed, , order] = triple(outputs);
    return [dx ? luTangent(packed, rowsInOrder(dx, order)) : null, null, null];
  },
  transpose: notLinear,
  batch: (operands) => lu(first(operands)),
  lower: (avals) => ({
    kind: 'steps',
    build: ({ operands, outputs, temporary, step }) => {
      const aval = first(avals);
      const from = first(operands);
      const [packed, pivots, order] = triple(outputs);
      const lead = leadOf(aval);
      const [m, n] = sidesOf(aval);
      const [work, factors] = pair([temporary(aval), temporary(aval)]);
      step({
        parallel: aval.shape,
        stores: (index) => [{ to: work, index, value: from.at(index) }],
      });
      step({
        parallel: [...lead, m],
        stores: (index) => [{ to: order, index, value: nth(index, lead.length) }],
      });
      step({
        parallel: lead,
        serial: [Math.min(m, n), m, n],
        stores: (at, serial) => {
          const [k, i, j] = triple(serial);
          const rowAt = (position: Expr): Expr => order.at([...at, position]);
          const sizeAt = (position: Expr): Expr =>
            choose(
              isLess(position, k),
              constant(-1, 'float32'),
              op('abs', [work.at([...at, rowAt(position), k])]),
            );
          const greatest = reduce('max', m, sizeAt);
          const pivot = reduce('min', m, (position) =>
            choose(isSame(sizeAt(position), greatest), position, indexConstant(m)),
          );
          // NaN equals nothing: then the present row stays.
          const place = choose(isLess(pivot, indexConstant(m)), pivot, k);
          // Rows stay where they are in memory; only their order changes, before any of them is reduced.
          const [row, top] = [rowAt(i), rowAt(k)];
          const divisor = work.at([...at, top, k]);
          const factor = choose(
            isSame(divisor, constant(0, 'float32')),
            constant(0, 'float32'),
            op('div', [work.at([...at, row, k]), divisor]),
          );
          const isBelow = isLess(k, i);
          const reduced = op('sub', [
            work.at([...at, row, j]),
            op('mul', [factors.at([...at, row, k]), work.at([...at, top, j])]),
          ]);
          return [
            { to: pivots, index: [...at, k], value: place, depth: 1 },
            { to: order, index: [...at, place], value: rowAt(k), depth: 1 },
            { to: order, index: [...at, k], value: rowAt(place), depth: 1 },
            { to: factors, index: [...at, row, k], value: factor, guard: isBelow, depth: 2 },
            {
              to: work,
              index: [...at, row, j],
              value: reduced,
              guard: both(isBelow, isLess(k, j)),
            },
          ];
        },
      });
      step({
        parallel: aval.shape,
        stores: (index) => {
          const [i, j] = [nth(index, lead.length), nth(index, lead.length + 1)];
          const at = [...lead.map((_, axis) => nth(index, axis)), order.at(index.slice(0, -1)), j];
          const value = choose(isLess(j, i), factors.at(at), work.at(at));
          return [{ to: packed, index, value }];
        },
      });
    },
  }),
});

/**
 * Rows of each matrix in an order in which it is a product L · U, by elimination that divides by the largest
 * number it finds in a column.
 *
 * @param x - f32[…, m, n].
 * @returns f32[…, m, n], U in the upper triangle and L below it (its diagonal is ones); int32[…, min(m, n)], the
 *   row that each row was exchanged with in turn; int32[…, m], the rows in their new order.
 * @throws `not-a-matrix`, `unsupported-dtype`
 */
export const lu = withRecord(luPrimitive, (x: Value): Value[] => bind(luPrimitive, [x], {}));
