/** The generator of random bits. */
import { constant, type Expr, op } from '../ir/expr.ts';
import { definePrimitive, noTangent, notLinear, type PrimitiveOf } from '../ir/primitive.ts';
import { bind } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { first, nth, requireDType, requireSameTypes, withRecord } from './define.ts';
import { batchElementwise } from './elementwise/family.ts';

const word = (value: number): Expr => constant(value >>> 0, 'uint32');
const add = (a: Expr, b: Expr): Expr => op('add', [a, b]);
const rotated = (x: Expr, by: number): Expr =>
  op('or', [op('shiftLeft', [x, word(by)]), op('shiftRightLogical', [x, word(32 - by)])]);

/** Rotations of the four rounds between two key injections, for even and odd groups. */
const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Parity constant of the key schedule. */
const parity = 0x1bd11bda;

/** Twenty rounds of Threefry-2x32 on one counter. */
function threefry(elements: readonly Expr[]): readonly [Expr, Expr] {
  const [k0, k1] = [nth(elements, 0), nth(elements, 1)];
  const keys = [k0, k1, op('xor', [op('xor', [k0, k1]), word(parity)])];
  let x0 = add(nth(elements, 2), k0);
  let x1 = add(nth(elements, 3), k1);
  for (let group = 0; group < 5; group++) {
    for (const by of nth(rotations, group % 2)) {
      x0 = add(x0, x1);
      x1 = op('xor', [rotated(x1, by), x0]);
    }
    x0 = add(x0, nth(keys, (group + 1) % 3));
    x1 = add(add(x1, nth(keys, (group + 2) % 3)), word(group + 1));
  }
  return [x0, x1];
}

const threefryPrimitive: PrimitiveOf<Record<string, never>> = definePrimitive({
  name: 'threefry2x32',
  infer: (avals) => {
    requireSameTypes('threefry2x32', avals);
    requireDType('threefry2x32', first(avals), ['uint32']);
    const result = { ...first(avals), weak: false };
    return [result, result];
  },
  jvp: noTangent,
  transpose: notLinear,
  batch: batchElementwise(([k0, k1, x0, x1]) =>
    k0 && k1 && x0 && x1 ? threefry2x32(k0, k1, x0, x1) : [],
  ),
  lower: () => ({
    kind: 'map',
    values: (readers) => {
      const at = (index: readonly Expr[]) => threefry(readers.map((read) => read(index)));
      return [(index) => at(index)[0], (index) => at(index)[1]];
    },
  }),
});

/**
 * Random bits for each counter (x0, x1) under the key (k0, k1): two uint32[…], the shape of all operands.
 *
 * @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype`
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3": Threefry-2x32 with 20 rounds.
 */
export const threefry2x32 = withRecord(
  threefryPrimitive,
  (k0: Value, k1: Value, x0: Value, x1: Value): Value[] =>
    bind(threefryPrimitive, [k0, k1, x0, x1], {}),
);
