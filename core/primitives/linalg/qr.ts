/** The QR decomposition by Householder reflections. */
import { makeAval } from '../../base/aval.ts';
import { constant, type Expr, op, reduce } from '../../ir/expr.ts';
import { scaleIndex } from '../../ir/index-algebra.ts';
import type { Place, StepBuilder } from '../../ir/lowering.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import { bind } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { first, nth, pair, triple, withRecord } from '../define.ts';
import { add, sub } from '../elementwise/arithmetic.ts';
import { noDerivative } from '../errors.ts';
import {
  anew,
  both,
  choose,
  isLess,
  isSame,
  leadOf,
  lowerPart,
  product,
  requireMatrix,
  sidesOf,
  turned,
} from './matrix.ts';
import { triangularSolve } from './triangular-solve.ts';

type QrParams = { readonly full: boolean };

const zero = constant(0, 'float32');
const one = constant(1, 'float32');

/** One reflection I − τ v vᵀ, read off column k of the matrices in memory. */
interface Reflection {
  /** What is left of the column: its element on the diagonal of R. */
  readonly beta: Expr;
  readonly tau: Expr;
  /** The element of v in this row. */
  readonly at: (row: Expr) => Expr;
}

function reflectionOf(work: Place, lead: readonly Expr[], k: Expr, rows: number): Reflection {
  const element = (row: Expr): Expr => work.at([...lead, row, k]);
  const alpha = element(k);
  const rest = reduce('add', rows, (row) =>
    choose(isLess(k, row), op('mul', [element(row), element(row)]), zero),
  );
  const length = op('sqrt', [op('add', [op('mul', [alpha, alpha]), rest])]);
  const turned = choose(isLess(alpha, zero), length, op('neg', [length]));
  // A column that is finished stays as it is, sign and all.
  const isDone = isSame(rest, zero);
  const divisor = choose(isDone, one, op('sub', [alpha, turned]));
  return {
    beta: choose(isDone, alpha, turned),
    tau: choose(isDone, zero, op('div', [op('sub', [turned, alpha]), turned])),
    at: (row) =>
      choose(isLess(k, row), op('div', [element(row), divisor]), choose(isSame(row, k), one, zero)),
  };
}

/** Applies the reflection to column j of `target`: turn 0 finds how much, turn i + 1 changes row i. */
function reflect(
  { tau, at }: Reflection,
  { target, share, lead, rows }: Reflecting,
  j: Expr,
  turn: Expr,
  guard: Expr | null,
) {
  const overlap = reduce('add', rows, (row) => op('mul', [at(row), target.at([...lead, row, j])]));
  const isFirst = isSame(turn, constant(0, 'int32'));
  const row = op('max', [scaleIndex(turn, 1, -1), constant(0, 'int32')]);
  const place = [...lead, row, j];
  const moved = op('mul', [at(row), share.at([...lead, anew(j, turn)])]);
  const later = op('not', [isFirst]);
  return [
    { to: share, index: [...lead, j], value: op('mul', [tau, overlap]), guard: isFirst },
    {
      to: target,
      index: place,
      value: op('sub', [target.at(place), moved]),
      guard: guard === null ? later : both(later, guard),
    },
  ];
}

interface Reflecting {
  readonly target: Place;
  readonly share: Place;
  readonly lead: readonly Expr[];
  readonly rows: number;
}

function buildQr({ operands, outputs, temporary, step }: StepBuilder): void {
  const from = first(operands);
  const [q, r] = pair(outputs);
  const lead = leadOf(from.aval);
  const [m, n] = sidesOf(from.aval);
  const width = nth(q.aval.shape, lead.length + 1);
  const count = Math.min(m, n);
  const work = temporary(from.aval);
  const [shares, sharesOfQ] = pair(
    [n, width].map((size) => temporary(makeAval([...lead, size], 'float32'))),
  );
  step({
    parallel: from.aval.shape,
    stores: (index) => [{ to: work, index, value: from.at(index) }],
  });
  step({
    parallel: lead,
    serial: [count, n, m + 1],
    stores: (at, serial) => {
      const [k, j, turn] = triple(serial);
      const reflecting = { target: work, share: shares, lead: at, rows: m };
      // Column k itself stays: v is read off it.
      return reflect(reflectionOf(work, at, k, m), reflecting, j, turn, isLess(k, j));
    },
  });
  step({
    parallel: r.aval.shape,
    stores: (index) => {
      const [at, [i, j]] = [index.slice(0, -2), pair(index.slice(-2))];
      const inside = op('min', [j, constant(count - 1, 'int32')]);
      const diagonal = reflectionOf(work, at, inside, m).beta;
      const value = choose(
        isLess(j, i),
        zero,
        choose(isSame(i, j), diagonal, work.at([...at, i, j])),
      );
      return [{ to: r, index, value }];
    },
  });
  step({
    parallel: q.aval.shape,
    stores: (index) => {
      const [i, j] = pair(index.slice(-2));
      return [{ to: q, index, value: choose(isSame(i, j), one, zero) }];
    },
  });
  step({
    parallel: [...lead, width],
    serial: [count, m + 1],
    stores: (parallel, serial) => {
      const [at, j] = [parallel.slice(0, -1), nth(parallel, lead.length)];
      const [turnOfK, turn] = pair(serial);
      const k = scaleIndex(turnOfK, -1, count - 1);
      const reflecting = { target: q, share: sharesOfQ, lead: at, rows: m };
      return reflect(reflectionOf(work, at, k, m), reflecting, j, turn, null);
    },
  });
}

const qrPrimitive: PrimitiveOf<QrParams> = definePrimitive<QrParams>({
  name: 'qr',
  infer: (avals, { full }) => {
    const x = first(avals);
    requireMatrix('qr', x);
    const [m, n] = sidesOf(x);
    const width = full ? m : Math.min(m, n);
    const lead = leadOf(x);
    return [makeAval([...lead, m, width], x.dtype), makeAval([...lead, width, n], x.dtype)];
  },
  jvp: (primals, [dx], { full }, outputs) => {
    if (!dx) return [null, null];
    const [m, n] = sidesOf(first(primals));
    if (m < n || (full && m !== n)) throw noDerivative('qr', first(primals).aval);
    const [q, r] = pair(outputs);
    const right = turned(triangularSolve(r, turned(dx), { transposeA: true }));
    const inner = product(turned(q), right);
    const lower = lowerPart(inner, 1);
    const skew = sub(lower, turned(lower));
    return [add(product(q, sub(skew, inner)), right), product(sub(inner, skew), r)];
  },
  transpose: notLinear,
  batch: (operands, _batched, params) => qr(first(operands), params),
  lower: () => ({ kind: 'steps', build: buildQr }),
});

/**
 * Q with orthonormal columns and upper triangular R, x = Q · R. The signs are those of LAPACK.
 *
 * @param x - f32[…, m, n].
 * @param options.full - Whether Q is square. Default false: it has min(m, n) columns.
 * @throws `not-a-matrix`, `unsupported-dtype`
 * @see Golub & Van Loan, "Matrix Computations" §5.2; tangent: Walter & Lehmann 2012, arXiv:1009.6112.
 */
export const qr = withRecord(
  qrPrimitive,
  (x: Value, { full = false }: { readonly full?: boolean } = {}): Value[] =>
    bind(qrPrimitive, [x], { full }),
);
