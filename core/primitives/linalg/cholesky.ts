/** The Cholesky decomposition. */
import { constant, op, reduce } from '../../ir/expr.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import type { Params } from '../../ir/program.ts';
import { bindOne } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { full } from '../broadcast.ts';
import { first, nth, type Unary, withRecord } from '../define.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import {
  choose,
  identityLike,
  isLess,
  isSame,
  leadOf,
  lowerPart,
  product,
  requireSquare,
  sidesOf,
  turned,
} from './matrix.ts';
import { triangularSolve } from './triangular-solve.ts';

/** The lower triangles, with half of the diagonals. */
function halved(x: Value): Value {
  const half = mul(mul(x, full(0.5, x)), identityLike(x.shape));
  return sub(lowerPart(x), half);
}

const choleskyPrimitive: PrimitiveOf<Params> = definePrimitive<Params>({
  name: 'cholesky',
  infer: ([x]) => {
    if (x === undefined) return [];
    requireSquare('cholesky', x);
    return [x];
  },
  jvp: (_primals, [dx], _params, [lower]) => {
    if (!dx || !lower) return [null];
    const left = triangularSolve(lower, dx, { lower: true });
    const inner = turned(triangularSolve(lower, turned(left), { lower: true }));
    return [product(lower, halved(inner))];
  },
  transpose: notLinear,
  batch: ([x]) => (x === undefined ? [] : [cholesky(x)]),
  lower: (avals) => ({
    kind: 'steps',
    build: ({ operands, outputs, step }) => {
      const [from, to] = [first(operands), first(outputs)];
      const [n] = sidesOf(first(avals));
      const zero = constant(0, 'float32');
      step({
        parallel: leadOf(first(avals)),
        serial: [n, n],
        stores: (lead, serial) => {
          const [column, row] = [nth(serial, 0), nth(serial, 1)];
          // Columns to the left are finished; those to the right are not looked at.
          const overlap = (other: typeof row) =>
            reduce('add', n, (k) =>
              choose(
                isLess(k, column),
                op('mul', [to.at([...lead, other, k]), to.at([...lead, column, k])]),
                zero,
              ),
            );
          const pivot = op('sqrt', [
            op('sub', [from.at([...lead, column, column]), overlap(column)]),
          ]);
          const rest = op('sub', [from.at([...lead, row, column]), overlap(row)]);
          const diagonal = [...lead, column, column];
          return [
            { to, index: diagonal, value: pivot, depth: 1 },
            {
              to,
              index: [...lead, row, column],
              value: choose(isLess(row, column), zero, op('div', [rest, to.at(diagonal)])),
              guard: op('not', [isSame(row, column)]),
            },
          ];
        },
      });
    },
  }),
});

/**
 * The lower triangular factors L of symmetric positive definite matrices L · Lᵀ, of which the lower
 * triangles are read; NaN where a matrix is not positive definite.
 *
 * @throws `not-square`, `not-a-matrix`, `unsupported-dtype`
 * @see Murray 2016, "Differentiation of the Cholesky decomposition", https://arxiv.org/abs/1602.07527
 */
export const cholesky: Unary = withRecord(
  choleskyPrimitive,
  (x: Value): Value => bindOne(choleskyPrimitive, [x], {}),
);
