/** Determinants, whose derivative exists where the matrix has no inverse. */
import { definePrimitive, notLinear, type PrimitiveOf } from '../ir/primitive.ts';
import type { Params } from '../ir/program.ts';
import { bindOne, trace } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { notSquare } from '../primitives/errors.ts';
import * as prim from '../primitives/index.ts';
import { divide, multiply, where } from './arithmetic.ts';
import { ones } from './creation.ts';
import { diagonals, signOfExchanges } from './decompositions.ts';
import { takeAlongAxis } from './gathers.ts';
import { concatenate } from './join.ts';
import { isfinite } from './logic.ts';
import { expandDims, sliceAxis } from './movement.ts';
import { all, prod, sum } from './reductions.ts';

function byElimination(x: Value): Value {
  const [packed = x, pivots = x] = prim.lu(x);
  return multiply(prod(diagonals(packed), { axis: -1 }), signOfExchanges(pivots));
}

/** The element in the last row and column replaced. */
function withLast(x: Value, value: Value): Value {
  const n = x.shape.at(-1) ?? 0;
  const [row, column] = [x.ndim - 2, x.ndim - 1];
  const end = prim.broadcastInDim(prim.literal(n - 1, 'int32'), x.shape, []);
  const isLast = prim.and(
    prim.eq(prim.iota('int32', x.shape, row), end),
    prim.eq(prim.iota('int32', x.shape, column), end),
  );
  return where(isLast, expandDims(value, [-2, -1]), x);
}

/**
 * The adjugate of x times b, by elimination with the last pivot left out, so that nothing is divided by the
 * determinant; zeros where a matrix lacks more than one rank.
 *
 * @see `jax.numpy.linalg.det`, whose derivative this is: trace(adj(x) · dx).
 */
function adjugateTimes(x: Value, b: Value): Value {
  const [lu = x, pivots = x, order = x] = prim.lu(x);
  const n = x.shape.at(-1) ?? 0;
  const last = x.ndim - 2;
  const signs = expandDims(signOfExchanges(pivots), -1);
  const partial = multiply(prim.cumprod(diagonals(lu), last), signs);
  const at = (k: number): Value => expandDims(sliceAxis(partial, last, k, k + 1), -1);
  const whole = at(n - 1);
  const changed = withLast(lu, divide(1, partial.get('...', n - 2)));
  const test = prim.triangularSolve(changed, ones([...x.shape.slice(0, -1), 1]), {});
  const isFull = all(isfinite(test), { axis: [-2, -1], keepdims: true });
  const rows = where(
    isFull,
    takeAlongAxis(b, expandDims(order, -1), { axis: -2, mode: 'clip' }),
    0,
  );
  const forward = prim.triangularSolve(changed, rows, { lower: true, unitDiagonal: true });
  const scaled = concatenate(
    [multiply(sliceAxis(forward, last, 0, n - 1), whole), sliceAxis(forward, last, n - 1, n)],
    { axis: last },
  );
  return where(isFull, prim.triangularSolve(changed, scaled, {}), 0);
}

const determinantPrimitive: PrimitiveOf<Params> = definePrimitive<Params>({
  name: 'determinant',
  infer: ([x]) => {
    if (x === undefined) return [];
    if (x.shape.at(-1) !== x.shape.at(-2)) throw notSquare('np.linalg.det', x);
    return [{ ...x, shape: x.shape.slice(0, -2) }];
  },
  jvp: ([x], [dx]) => [x && dx ? sum(diagonals(adjugateTimes(x, dx)), { axis: -1 }) : null],
  transpose: notLinear,
  batch: ([x]) => (x === undefined ? [] : [determinant(x)]),
  lower: (avals) => ({
    kind: 'call',
    program: trace((inputs) => inputs.map(byElimination), avals, 'determinant').program,
    isApart: false,
  }),
});

/** The determinants of square matrices of two rows or more: f32[…] from f32[…, n, n]. */
export const determinant = (x: Value): Value => bindOne(determinantPrimitive, [x], {});
