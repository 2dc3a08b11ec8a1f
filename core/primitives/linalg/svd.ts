/** Singular values, by rotating pairs of columns until all are orthogonal. */
import { makeAval } from '../../base/aval.ts';
import { constant, type Expr, op, reduce } from '../../ir/expr.ts';
import { indexConstant } from '../../ir/index-algebra.ts';
import type { Place, StepBuilder } from '../../ir/lowering.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import type { Params } from '../../ir/program.ts';
import { bind } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { full, reduceSum, zeros } from '../broadcast.ts';
import { first, nth, pair, triple, withRecord } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { select } from '../elementwise/choose.ts';
import { eq } from '../elementwise/compare.ts';
import { rankOf, rotationOf, rotationPlace, sweeps } from './eigh.ts';
import {
  alongColumns,
  alongRows,
  both,
  choose,
  identityLike,
  isLess,
  isSame,
  leadOf,
  product,
  requireMatrix,
  sidesOf,
  turned,
} from './matrix.ts';

const zero = constant(0, 'float32');
const one = constant(1, 'float32');

/** Rotates the columns of `work`, and of `basis` with them, until those of `work` are orthogonal. */
function rotate(builder: StepBuilder, work: Place, basis: Place): void {
  const lead = leadOf(work.aval);
  const [m, n] = sidesOf(work.aval);
  const rotation = rotationPlace(builder, lead);
  builder.step({
    parallel: lead,
    serial: [sweeps(n), n, n, m],
    stores: (at, serial) => {
      const [p, q, i] = [nth(serial, 1), nth(serial, 2), nth(serial, 3)];
      const inner = (a: Expr, b: Expr): Expr =>
        reduce('add', m, (row) => op('mul', [work.at([...at, row, a]), work.at([...at, row, b])]));
      const { cosine, sine } = rotationOf(inner(p, p), inner(p, q), inner(q, q));
      const isPair = isLess(p, q);
      const kept = (k: number): Expr => rotation.at([...at, indexConstant(k)]);
      const [c, s] = [kept(0), kept(1)];
      const moved = (to: Place, row: Expr, guard: Expr) => {
        const [x, y] = [to.at([...at, row, p]), to.at([...at, row, q])];
        const toP = op('sub', [op('mul', [c, x]), op('mul', [s, y])]);
        const toQ = op('add', [op('mul', [s, x]), op('mul', [c, y])]);
        return [
          { to, index: [...at, row, p], value: toP, guard },
          { to, index: [...at, row, q], value: toQ, guard },
        ];
      };
      // There are at least as many rows as columns, so the turns of the rows suffice for both.
      const row = op('min', [i, indexConstant(n - 1)]);
      return [
        ...[cosine, sine].map((value, k) => ({
          to: rotation,
          index: [...at, indexConstant(k)],
          value,
          guard: isPair,
          depth: 3,
        })),
        ...moved(work, i, isPair),
        ...moved(basis, row, both(isPair, isLess(i, indexConstant(n)))),
      ];
    },
  });
}

function buildSvd(builder: StepBuilder): void {
  const { operands, outputs, temporary, step } = builder;
  const from = first(operands);
  const [left, sizes, right] = triple(outputs);
  const { aval } = from;
  const lead = leadOf(aval);
  const [m, n] = sidesOf(aval);
  const work = temporary(aval);
  const basis = temporary(makeAval([...lead, n, n], 'float32'));
  const lengths = temporary(makeAval([...lead, n], 'float32'));
  step({
    parallel: aval.shape,
    stores: (index) => [{ to: work, index, value: from.at(index) }],
  });
  step({
    parallel: basis.aval.shape,
    stores: (index) => {
      const [i, j] = pair(index.slice(-2));
      return [{ to: basis, index, value: choose(isSame(i, j), one, zero) }];
    },
  });
  rotate(builder, work, basis);
  step({
    parallel: lengths.aval.shape,
    stores: (index) => {
      const [at, j] = [index.slice(0, -1), nth(index, lead.length)];
      const square = reduce('add', m, (i) => {
        const element = work.at([...at, i, j]);
        return op('mul', [element, element]);
      });
      return [{ to: lengths, index, value: op('sqrt', [square]) }];
    },
  });
  const lengthAt = (at: readonly Expr[]) => (j: Expr) => lengths.at([...at, j]);
  step({
    parallel: aval.shape,
    stores: (index) => {
      const [at, [i, j]] = [index.slice(0, -2), pair(index.slice(-2))];
      const length = lengthAt(at)(j);
      const place = rankOf(n, j, lengthAt(at), true);
      const isNothing = isSame(length, zero);
      const unit = op('div', [work.at(index), choose(isNothing, one, length)]);
      const guard = isSame(i, indexConstant(0));
      return [
        { to: left, index: [...at, i, place], value: choose(isNothing, zero, unit) },
        { to: sizes, index: [...at, place], value: length, guard },
      ];
    },
  });
  step({
    parallel: basis.aval.shape,
    stores: (index) => {
      const [at, [i, j]] = [index.slice(0, -2), pair(index.slice(-2))];
      const place = rankOf(n, j, lengthAt(at), true);
      return [{ to: right, index: [...at, i, place], value: basis.at(index) }];
    },
  });
}

/** 1 / x, 0 where x is 0. */
function inverseOf(x: Value): Value {
  const isZero = eq(x, zeros(x));
  return select(isZero, zeros(x), div(full(1, x), select(isZero, full(1, x), x)));
}

const svdPrimitive: PrimitiveOf<Params> = definePrimitive<Params>({
  name: 'svd',
  infer: (avals) => {
    const x = first(avals);
    requireMatrix('svd', x);
    const [, n] = sidesOf(x);
    const lead = leadOf(x);
    return [x, makeAval([...lead, n], x.dtype), makeAval([...lead, n, n], x.dtype)];
  },
  jvp: (primals, [dx], _params, outputs) => {
    if (!dx) return [null, null, null];
    const [m, n] = sidesOf(first(primals));
    const [left, sizes, right] = triple(outputs);
    const { shape } = right;
    const inner = product(product(turned(left), dx), right);
    const identity = identityLike(shape);
    const [across, down] = [alongColumns(sizes, shape), alongRows(sizes, shape)];
    const gaps = mul(add(across, down), sub(across, down));
    const inverse = sub(div(full(1, gaps), add(gaps, identity)), identity);
    const [scaled, scaledRows] = [mul(across, inner), mul(down, inner)];
    const turnU = mul(inverse, add(scaled, turned(scaled)));
    const turnV = mul(inverse, add(scaledRows, turned(scaledRows)));
    const changeU = product(left, turnU);
    const ds = reduceSum(mul(inner, identity), [shape.length - 1]);
    const dv = product(right, turnV);
    if (m === n) return [changeU, ds, dv];
    const moved = product(dx, right);
    const outside = sub(moved, product(left, product(turned(left), moved)));
    const du = add(changeU, mul(outside, alongColumns(inverseOf(sizes), outside.shape)));
    return [du, ds, dv];
  },
  transpose: notLinear,
  batch: (operands) => svd(first(operands)),
  lower: () => ({ kind: 'steps', build: buildSvd }),
});

/**
 * U, s and V of matrices that are not wide: x = U · diag(s) · Vᵀ with orthonormal columns, s descending.
 * Columns of U for singular values that are exactly zero are zero.
 *
 * @param x - f32[…, m, n], m ≥ n.
 * @returns f32[…, m, n], f32[…, n] and f32[…, n, n].
 * @throws `not-a-matrix`, `unsupported-dtype`
 * @see Golub & Van Loan, "Matrix Computations" §8.6.3 (one-sided Jacobi); tangent: Townsend 2016,
 * "Differentiating the singular value decomposition".
 */
export const svd = withRecord(svdPrimitive, (x: Value): Value[] => bind(svdPrimitive, [x], {}));
