/** The QR decomposition by Householder reflections. */
import { makeAval } from '../../base/aval.ts';
import { constant, type Expr, op, reduce } from '../../ir/expr.ts';
import { indexConstant, scaleIndex } from '../../ir/index-algebra.ts';
import type { Place, StepBuilder, StoreSpec } from '../../ir/lowering.ts';
import { definePrimitive, notLinear, type PrimitiveOf } from '../../ir/primitive.ts';
import { bind } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { first, nth, pair, triple, withRecord } from '../define.ts';
import { add, sub } from '../elementwise/arithmetic.ts';
import { noDerivative } from '../errors.ts';
import {
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
  /** What the elements of the column below the diagonal are divided by. */
  readonly divisor: Expr;
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
  return {
    beta: choose(isDone, alpha, turned),
    tau: choose(isDone, zero, op('div', [op('sub', [turned, alpha]), turned])),
    divisor: choose(isDone, one, op('sub', [alpha, turned])),
  };
}

/** A reflection at work: τ and the divisor are in memory, where they stay as they were when it began. */
interface Reflecting {
  /** The matrices with v in column k. */
  readonly work: Place;
  readonly target: Place;
  readonly kept: (which: number) => Expr;
  /** How much of v is taken from column j. */
  readonly share: { readonly to: Place; readonly index: readonly Expr[] };
  readonly lead: readonly Expr[];
  readonly rows: number;
}

/** Applies a reflection to column j of `target`, in loops over k, perhaps over j, and then over `row`. */
function reflect(
  { work, target, kept, share, lead, rows }: Reflecting,
  [k, j, row]: readonly [Expr, Expr, Expr],
  depth: number,
  isMoved: Expr | null,
): StoreSpec[] {
  const element = (i: Expr): Expr =>
    choose(
      isLess(k, i),
      op('div', [work.at([...lead, i, k]), kept(1)]),
      choose(isSame(i, k), one, zero),
    );
  const overlap = reduce('add', rows, (i) => op('mul', [element(i), target.at([...lead, i, j])]));
  const place = [...lead, row, j];
  const moved = op('mul', [element(row), share.to.at(share.index)]);
  return [
    { ...share, value: op('mul', [kept(0), overlap]), depth },
    {
      to: target,
      index: place,
      value: op('sub', [target.at(place), moved]),
      ...(isMoved === null ? {} : { guard: isMoved }),
    },
  ];
}

function buildQr({ operands, outputs, temporary, step }: StepBuilder): void {
  const from = first(operands);
  const [q, r] = pair(outputs);
  const lead = leadOf(from.aval);
  const [m, n] = sidesOf(from.aval);
  const width = nth(q.aval.shape, lead.length + 1);
  const count = Math.min(m, n);
  const work = temporary(from.aval);
  const shares = temporary(makeAval([...lead, n], 'float32'));
  const sharesOfQ = temporary(makeAval([...lead, width], 'float32'));
  const reflections = temporary(makeAval([...lead, count, 2], 'float32'));
  const keptOf =
    (at: readonly Expr[], k: Expr) =>
    (which: number): Expr =>
      reflections.at([...at, k, indexConstant(which)]);
  step({
    parallel: from.aval.shape,
    stores: (index) => [{ to: work, index, value: from.at(index) }],
  });
  step({
    parallel: lead,
    serial: [count, n, m],
    stores: (at, serial) => {
      const [k, j, row] = triple(serial);
      const { tau, divisor } = reflectionOf(work, at, k, m);
      const share = { to: shares, index: [...at, j] };
      const kept = keptOf(at, k);
      const reflecting = { work, target: work, kept, share, lead: at, rows: m };
      return [
        ...[tau, divisor].map((value, which) => ({
          to: reflections,
          index: [...at, k, indexConstant(which)],
          value,
          depth: 1,
        })),
        // Column k itself stays: v is read off it.
        ...reflect(reflecting, [k, j, row], 2, isLess(k, j)),
      ];
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
    serial: [count, m],
    stores: (parallel, serial) => {
      const [at, j] = [parallel.slice(0, -1), nth(parallel, lead.length)];
      const [turn, row] = pair(serial);
      const k = scaleIndex(turn, -1, count - 1);
      const share = { to: sharesOfQ, index: parallel };
      const reflecting = { work, target: q, kept: keptOf(at, k), share, lead: at, rows: m };
      return reflect(reflecting, [k, j, row], 1, null);
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
