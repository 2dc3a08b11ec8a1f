/** Eigenvalues of symmetric matrices, by Jacobi rotations. */
import { makeAval } from '../../base/aval.ts';
import { constant, type Expr, op, reduce } from '../../ir/expr.ts';
import { indexConstant } from '../../ir/index-algebra.ts';
import type { Place, StepBuilder } from '../../ir/lowering.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import type { Params } from '../../ir/program.ts';
import { bind } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { full, reduceSum } from '../broadcast.ts';
import { first, nth, pair, withRecord } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
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
  requireSquare,
  sidesOf,
  turned,
} from './matrix.ts';

const zero = constant(0, 'float32');
const one = constant(1, 'float32');

/** How often every pair of columns is rotated. Convergence is quadratic from the third time or so. */
export const sweeps = (size: number): number => (size <= 2 ? 2 : size <= 16 ? 8 : 12);

/** Cosine, sine and tangent of the angle that makes the off-diagonal element b of [[a, b], [b, d]] zero. */
export function rotationOf(a: Expr, b: Expr, d: Expr): { cosine: Expr; sine: Expr; tangent: Expr } {
  // Twice the size of what is left must be felt beside a and d, or nothing more is gained.
  const isDone = isSame(
    op('add', [op('add', [op('abs', [a]), op('abs', [d])]), op('abs', [b])]),
    op('add', [op('abs', [a]), op('abs', [d])]),
  );
  const divisor = choose(isDone, one, op('add', [b, b]));
  const theta = op('div', [op('sub', [d, a]), divisor]);
  const root = op('sqrt', [op('add', [op('mul', [theta, theta]), one])]);
  const size = op('div', [one, op('add', [op('abs', [theta]), root])]);
  const tangent = choose(isDone, zero, choose(isLess(theta, zero), op('neg', [size]), size));
  const cosine = op('div', [one, op('sqrt', [op('add', [op('mul', [tangent, tangent]), one])])]);
  return { cosine, sine: op('mul', [tangent, cosine]), tangent };
}

/** A place for the cosine and sine of the present rotation and the new diagonal elements. */
export const rotationPlace = ({ temporary }: StepBuilder, lead: readonly number[]): Place =>
  temporary(makeAval([...lead, 4], 'float32'));

/** One sweep over all pairs p < q and, for each, the turns of the innermost loop. */
function rotate(builder: StepBuilder, work: Place, vectors: Place): void {
  const lead = leadOf(work.aval);
  const [n] = sidesOf(work.aval);
  const rotation = rotationPlace(builder, lead);
  builder.step({
    parallel: lead,
    serial: [sweeps(n), n, n, n],
    stores: (at, serial) => {
      const [p, q, i] = [nth(serial, 1), nth(serial, 2), nth(serial, 3)];
      const element = (i: Expr, j: Expr): Expr => work.at([...at, i, j]);
      const diagonal = element(p, p);
      const { cosine, sine, tangent } = rotationOf(diagonal, element(p, q), element(q, q));
      const moved = op('mul', [tangent, element(p, q)]);
      const isPair = isLess(p, q);
      const news = [cosine, sine, op('sub', [diagonal, moved]), op('add', [element(q, q), moved])];
      const kept = (k: number): Expr => rotation.at([...at, indexConstant(k)]);
      const [c, s] = [kept(0), kept(1)];
      const turnedPair = (x: Expr, y: Expr): [Expr, Expr] => [
        op('sub', [op('mul', [c, x]), op('mul', [s, y])]),
        op('add', [op('mul', [s, x]), op('mul', [c, y])]),
      ];
      const [x, y] = turnedPair(element(i, p), element(i, q));
      const [v, w] = turnedPair(vectors.at([...at, i, p]), vectors.at([...at, i, q]));
      const isP = isSame(i, p);
      const isQ = isSame(i, q);
      const toP = choose(isP, kept(2), choose(isQ, zero, x));
      const toQ = choose(isQ, kept(3), choose(isP, zero, y));
      const put = (to: Place, row: Expr, column: Expr, value: Expr) => ({
        to,
        index: [...at, row, column],
        value,
        guard: isPair,
      });
      return [
        ...news.map((value, k) => ({
          to: rotation,
          index: [...at, indexConstant(k)],
          value,
          guard: isPair,
          depth: 3,
        })),
        put(work, i, p, toP),
        put(work, i, q, toQ),
        put(work, p, i, toP),
        put(work, q, i, toQ),
        put(vectors, i, p, v),
        put(vectors, i, q, w),
      ];
    },
  });
}

/** How many of `n` values come before the one at `own`, ascending or descending; equal ones keep their order. */
export function rankOf(n: number, own: Expr, at: (i: Expr) => Expr, descending = false): Expr {
  return reduce('add', n, (i) => {
    const [a, b] = descending ? [at(own), at(i)] : [at(i), at(own)];
    const tie = both(op('not', [op('or', [isLess(a, b), isLess(b, a)])]), isLess(i, own));
    return op('convert', [op('or', [isLess(a, b), tie])], 'int32');
  });
}

function buildEigh(builder: StepBuilder): void {
  const { operands, outputs, temporary, step } = builder;
  const from = first(operands);
  const [values, vectors] = pair(outputs);
  const { aval } = from;
  const [n] = sidesOf(aval);
  const [work, basis] = pair([temporary(aval), temporary(aval)]);
  step({
    parallel: aval.shape,
    stores: (index) => {
      const [i, j] = pair(index.slice(-2));
      // Only the lower triangle is read.
      const [row, column] = [op('max', [i, j]), op('min', [i, j])];
      return [
        { to: work, index, value: from.at([...index.slice(0, -2), row, column]) },
        { to: basis, index, value: choose(isSame(i, j), one, zero) },
      ];
    },
  });
  rotate(builder, work, basis);
  step({
    parallel: aval.shape,
    stores: (index) => {
      const [at, [i, j]] = [index.slice(0, -2), pair(index.slice(-2))];
      const eigenvalue = (k: Expr): Expr => work.at([...at, k, k]);
      const place = rankOf(n, j, eigenvalue);
      return [
        { to: vectors, index: [...at, i, place], value: basis.at(index) },
        {
          to: values,
          index: [...at, place],
          value: eigenvalue(j),
          guard: isSame(i, indexConstant(0)),
        },
      ];
    },
  });
}

const eighPrimitive: PrimitiveOf<Params> = definePrimitive<Params>({
  name: 'eigh',
  infer: (avals) => {
    const x = first(avals);
    requireSquare('eigh', x);
    return [makeAval(x.shape.slice(0, -1), x.dtype), makeAval(x.shape, x.dtype)];
  },
  jvp: (_primals, [dx], _params, outputs) => {
    if (!dx) return [null, null];
    const [values, vectors] = pair(outputs);
    const { shape } = vectors;
    const inner = product(product(turned(vectors), dx), vectors);
    const identity = identityLike(shape);
    const gaps = sub(alongColumns(values, shape), alongRows(values, shape));
    const inverse = sub(div(full(1, inner), add(gaps, identity)), identity);
    const change = product(vectors, mul(inverse, inner));
    return [reduceSum(mul(inner, identity), [shape.length - 1]), change];
  },
  transpose: notLinear,
  batch: (operands) => eigh(first(operands)),
  lower: () => ({ kind: 'steps', build: buildEigh }),
});

/**
 * Eigenvalues, ascending, and eigenvectors of symmetric matrices, of which the lower triangle is read.
 *
 * @param x - f32[…, n, n].
 * @returns f32[…, n] and f32[…, n, n], a vector in each column.
 * @throws `not-square`, `not-a-matrix`, `unsupported-dtype`
 * @see Golub & Van Loan, "Matrix Computations" §8.5; tangent: Giles 2008, "An extended collection of matrix
 * derivative results", §3.1.
 */
export const eigh = withRecord(eighPrimitive, (x: Value): Value[] => bind(eighPrimitive, [x], {}));
