/**
 * Sorting as steps. Short rows are sorted by counting, for each element, those that come before it.
 * Longer rows are sorted by digits where loops in order are cheap. Elsewhere they are sorted in blocks, and sorted blocks are merged in pairs: an element's place is its
 * place in its own block plus the number of elements of the other block before it, found by binary
 * search. All elements of a pass are independent, and log₂(n / 256) passes suffice.
 *
 * @see Satish, Harris and Garland 2009, "Designing efficient sorting algorithms for manycore GPUs" §5.
 */
import { type Aval, makeAval, range } from '../base/aval.ts';
import { constant, type Expr, op, reduce } from '../ir/expr.ts';
import { addIndex, affineSum, floorDiv, indexConstant, scaleIndex } from '../ir/index-algebra.ts';
import type { Place, StepBuilder, StepsLowering, StoreSpec } from '../ir/lowering.ts';
import { first, nth } from './define.ts';
import { allOf, clampIndex, inRange } from './index-maps.ts';
import { orderKey } from './order-key.ts';
import { radixSort } from './radix-sort.ts';

/** Rows up to this length are sorted by counting, at the price of its square. A power of two. */
const blockSize = 256;

/** Rows up to this length are sorted by counting even where loops are cheap. */
const shortRow = 64;

/** What is compared at a position of a row: integers, the first that differ decide, no two rows equal. */
type KeysAt = (position: Expr) => readonly Expr[];

/** True where the keys `a` come before the keys `b`. */
function precedes(a: readonly Expr[], b: readonly Expr[]): Expr {
  const last = a.length - 1;
  let result = op('lt', [nth(a, last), nth(b, last)]);
  for (let k = last - 1; k >= 0; k--) {
    const [x, y] = [nth(a, k), nth(b, k)];
    result = op('or', [op('lt', [x, y]), op('and', [op('eq', [x, y]), result])]);
  }
  return result;
}

/** The number of elements before the one at `own` in its block, which begins at `begin`. */
function rankInBlock(keysAt: KeysAt, own: Expr, begin: Expr, length: number): Expr {
  const mine = keysAt(own);
  return reduce('add', Math.min(blockSize, length), (offset) => {
    const other = addIndex(begin, offset);
    const before = precedes(keysAt(clampIndex(other, 0, length - 1)), mine);
    return op('convert', [allOf([...inRange(other, 0, length - 1), before])], 'int32');
  });
}

/** The number of elements before the one at `own` in the sorted block that begins at `begin`. */
function rankInSorted(keysAt: KeysAt, own: Expr, begin: Expr, block: number, length: number): Expr {
  const mine = keysAt(own);
  let found: Expr = indexConstant(0);
  for (let reach = block; reach >= 1; reach /= 2) {
    const further = scaleIndex(found, 1, reach);
    const probe = scaleIndex(addIndex(begin, further), 1, -1);
    const before = precedes(keysAt(clampIndex(probe, 0, length - 1)), mine);
    const tests = [...inRange(further, 0, block), ...inRange(probe, 0, length - 1), before];
    found = op('select', [allOf(tests), further, found]);
  }
  return found;
}

/** Keys and original positions, in memory, while a row is being sorted. */
interface Scratch {
  readonly keys: readonly Place[];
  readonly origin: Place;
}

interface Sorter {
  readonly builder: StepBuilder;
  readonly shape: readonly number[];
  readonly axis: number;
  readonly length: number;
  readonly numKeys: number;
}

/** One store per scratch array: all that is known of one element goes to its new position. */
const toScratch = (to: Scratch, index: readonly Expr[], keys: readonly Expr[]): StoreSpec[] =>
  [...to.keys, to.origin].map((place, k) => ({ to: place, index, value: nth(keys, k) }));

/** The elements that were at position `origin` go to their place in the results. */
function toOutputs({ builder, axis }: Sorter, index: readonly Expr[], origin: Expr): StoreSpec[] {
  const from = index.with(axis, origin);
  return builder.outputs.map((to, k) => ({ to, index, value: nth(builder.operands, k).at(from) }));
}

/** Sorts blocks of a row, the whole row if `to` is null. */
function sortBlocks(sorter: Sorter, to: Scratch | null): void {
  const { builder, shape, axis, length, numKeys } = sorter;
  builder.step({
    parallel: shape,
    stores: (index) => {
      const keysAt: KeysAt = (position) => [
        ...builder.operands
          .slice(0, numKeys)
          .map((place) => orderKey(place.at(index.with(axis, position)), 'last')),
        position,
      ];
      const own = nth(index, axis);
      const begin = scaleIndex(floorDiv(own, blockSize), blockSize);
      const rank = addIndex(begin, rankInBlock(keysAt, own, begin, length));
      const target = index.with(axis, rank);
      return to === null ? toOutputs(sorter, target, own) : toScratch(to, target, keysAt(own));
    },
  });
}

/** Merges sorted blocks in pairs; into the results if `to` is null. */
function mergeBlocks(sorter: Sorter, from: Scratch, to: Scratch | null, block: number): void {
  const { builder, shape, axis, length } = sorter;
  builder.step({
    parallel: shape,
    stores: (index) => {
      const keysAt: KeysAt = (position) =>
        [...from.keys, from.origin].map((place) => place.at(index.with(axis, position)));
      const own = nth(index, axis);
      const begin = scaleIndex(floorDiv(own, block), block);
      const pairBegin = scaleIndex(floorDiv(own, 2 * block), 2 * block);
      const otherBegin = affineSum(
        [
          { coefficient: 2, atom: pairBegin },
          { coefficient: -1, atom: begin },
        ],
        block,
      );
      const others = rankInSorted(keysAt, own, otherBegin, block, length);
      const inOwn = addIndex(own, scaleIndex(begin, -1));
      const target = index.with(axis, addIndex(addIndex(pairBegin, inOwn), others));
      const mine = keysAt(own);
      return to === null
        ? toOutputs(sorter, target, nth(mine, mine.length - 1))
        : toScratch(to, target, mine);
    },
  });
}

/** The steps that sort `avals` along `axis` by the first `numKeys` of them. */
export const sortLowering = (
  avals: readonly Aval[],
  axis: number,
  numKeys: number,
): StepsLowering => ({
  kind: 'steps',
  build: (builder) => {
    const { shape } = first(avals);
    const length = nth(shape, axis);
    const sorter: Sorter = { builder, shape, axis, length, numKeys };
    if (builder.hasSerialRows && length > shortRow) {
      radixSort({ builder, shape, axis, numKeys });
      return;
    }
    if (length <= blockSize) {
      sortBlocks(sorter, null);
      return;
    }
    const scratch = (): Scratch => ({
      keys: range(numKeys).map((k) =>
        builder.temporary(
          makeAval(shape, orderKey(constant(0, nth(avals, k).dtype), 'last').dtype),
        ),
      ),
      origin: builder.temporary(makeAval(shape, 'int32')),
    });
    let [from, to] = [scratch(), scratch()];
    sortBlocks(sorter, from);
    for (let block = blockSize; block < length; block *= 2) {
      mergeBlocks(sorter, from, 2 * block < length ? to : null, block);
      [from, to] = [to, from];
    }
  },
});
