/** Linear equations with a triangular matrix. */
import { sameShape } from '../../base/aval.ts';
import { constant, op, reduce } from '../../ir/expr.ts';
import { scaleIndex } from '../../ir/index-algebra.ts';
import { definePrimitive, isHole, known, type PrimitiveOf } from '../../ir/primitive.ts';
import { bindOne } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { lifted } from '../broadcast.ts';
import { first, nth, pair, withRecord } from '../define.ts';
import { neg, sub } from '../elementwise/arithmetic.ts';
import { shapeMismatch } from '../errors.ts';
import {
  choose,
  isLess,
  leadOf,
  lowerPart,
  product,
  requireMatrix,
  requireSquare,
  sidesOf,
  turned,
  upperPart,
} from './matrix.ts';

/** Which triangle is read, and how. */
export interface TriangularOptions {
  /** The lower triangle. Default false: the upper one. */
  readonly lower?: boolean;
  /** Solves with the transposed triangle. Default false. */
  readonly transposeA?: boolean;
  /** Takes the diagonal as ones, without looking. Default false. */
  readonly unitDiagonal?: boolean;
}

type SolveParams = {
  readonly lower: boolean;
  readonly transposeA: boolean;
  readonly unitDiagonal: boolean;
};

/** The triangle that counts, of a tangent: without the diagonal where that is fixed. */
const triangle = (x: Value, { lower, unitDiagonal }: SolveParams): Value =>
  lower ? lowerPart(x, unitDiagonal ? 1 : 0) : upperPart(x, unitDiagonal ? -1 : 0);

const triangularSolvePrimitive: PrimitiveOf<SolveParams> = definePrimitive<SolveParams>({
  name: 'triangularSolve',
  infer: (avals) => {
    const [a, b] = pair(avals);
    requireSquare('triangularSolve', a);
    requireMatrix('triangularSolve', b);
    const fits = sameShape(leadOf(a), leadOf(b)) && sidesOf(a)[0] === sidesOf(b)[0];
    if (!fits) throw shapeMismatch('triangularSolve', avals);
    return [b];
  },
  jvp: (primals, [da, db], params, outputs) => {
    const [a] = pair(primals);
    const part = da ? triangle(da, params) : null;
    const moved = part && product(params.transposeA ? turned(part) : part, first(outputs));
    const right = moved === null ? db : db ? sub(db, moved) : neg(moved);
    return [right ? triangularSolve(a, right, params) : null];
  },
  transpose: ([ct], operands, params) => {
    const [a, b] = pair(operands);
    const matrix = known(a);
    if (!ct || matrix === null || !isHole(b)) return [null, null];
    return [null, triangularSolve(matrix, ct, { ...params, transposeA: !params.transposeA })];
  },
  batch: (operands, batched, params, size) => {
    const [a, b] = pair(operands.map((x, i) => lifted(x, batched[i], size)));
    return [triangularSolve(a, b, params)];
  },
  lower: (avals, { lower, transposeA, unitDiagonal }) => ({
    kind: 'steps',
    build: ({ operands, outputs, step }) => {
      const [a, b] = pair(operands);
      const to = first(outputs);
      const [n, columns] = sidesOf(nth(avals, 1));
      // Forwards from the first unknown, or backwards from the last.
      const isForward = lower !== transposeA;
      step({
        parallel: [...leadOf(nth(avals, 1)), columns],
        serial: [n],
        stores: (parallel, serial) => {
          const [lead, column] = [parallel.slice(0, -1), nth(parallel, parallel.length - 1)];
          const turn = first(serial);
          const row = isForward ? turn : scaleIndex(turn, -1, n - 1);
          const entry = (i: typeof row, j: typeof row) =>
            a.at([...lead, ...(transposeA ? [j, i] : [i, j])]);
          const found = reduce('add', n, (k) =>
            choose(
              isForward ? isLess(k, row) : isLess(row, k),
              op('mul', [entry(row, k), to.at([...lead, k, column])]),
              constant(0, 'float32'),
            ),
          );
          const rest = op('sub', [b.at([...lead, row, column]), found]);
          const value = unitDiagonal ? rest : op('div', [rest, entry(row, row)]);
          return [{ to, index: [...lead, row, column], value }];
        },
      });
    },
  }),
});

/**
 * X with A · X = B for triangular matrices A.
 *
 * @param a - f32[…, n, n]; only one triangle is read.
 * @param b - f32[…, n, columns].
 * @returns f32[…, n, columns].
 * @throws `not-square`, `not-a-matrix`, `shape-mismatch`, `unsupported-dtype`
 */
export const triangularSolve = withRecord(
  triangularSolvePrimitive,
  (
    a: Value,
    b: Value,
    { lower = false, transposeA = false, unitDiagonal = false }: TriangularOptions = {},
  ): Value => bindOne(triangularSolvePrimitive, [a, b], { lower, transposeA, unitDiagonal }),
);
