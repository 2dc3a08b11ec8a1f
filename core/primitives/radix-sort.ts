/**
 * Sorting by digits: elements are distributed by the lowest eight bits of their keys, in order, then by
 * the next eight, and so on. Parts of a row are counted and distributed at once.
 *
 * @see Satish, Harris and Garland 2009, "Designing efficient sorting algorithms for manycore GPUs" §4.
 */
import { makeAval, sizeOf } from '../base/aval.ts';
import { constant, cumulate, type Expr, op } from '../ir/expr.ts';
import { addIndex, floorDiv, indexConstant, scaleIndex } from '../ir/index-algebra.ts';
import type { Place, StepBuilder, StoreSpec } from '../ir/lowering.ts';
import { nth } from './define.ts';
import { allOf, clampIndex, inRange } from './index-maps.ts';
import { orderKey } from './order-key.ts';

/** Values of a digit. */
const digits = 256;
const digitBits = 8;
const keyBits = 32;
/** Elements of one part, at least. */
const partLength = 8192;
/** Parts of all rows together, at most. */
const mostParts = 64;

/** What is sorted. */
export interface Sorting {
  readonly builder: StepBuilder;
  readonly shape: readonly number[];
  readonly axis: number;
  /** Leading operands that are compared. */
  readonly numKeys: number;
}

/** Elements on their way: key and original position. */
interface Records {
  readonly key: Place;
  readonly origin: Place;
}

/** One distribution by one digit of one key. */
interface Pass extends Sorting {
  /** The operand with the keys. */
  readonly operand: Place;
  readonly shift: number;
  /** Where elements come from; null at the start. */
  readonly from: Records | null;
  /** Where they go; null at the end. */
  readonly to: Records | null;
  readonly parts: number;
  readonly length: number;
  /** int32[…rows, digit, part]: how many there are, then where the next one goes. */
  readonly counts: Place;
}

/** Sorts by the leading operands, the last of them first, since each distribution keeps the order before it. */
export function radixSort(sorting: Sorting): void {
  const { builder, shape, axis, numKeys } = sorting;
  const rows = shape.toSpliced(axis, 1);
  const extent = nth(shape, axis);
  const most = Math.ceil(mostParts / Math.max(1, sizeOf(rows)));
  const parts = Math.max(1, Math.min(most, Math.floor(extent / partLength)));
  const length = Math.ceil(extent / parts);
  const counts = builder.temporary(makeAval([...rows, digits, parts], 'int32'));
  const records = (): Records => ({
    key: builder.temporary(makeAval(shape, 'uint32')),
    origin: builder.temporary(makeAval(shape, 'int32')),
  });
  const passes = builder.operands.slice(0, numKeys).flatMap((operand) =>
    Array.from({ length: operand.aval.dtype === 'bool' ? 1 : keyBits / digitBits }, (_, k) => ({
      operand,
      shift: k * digitBits,
    })),
  );
  // Within a key the lowest digit comes first; of the keys the last one does.
  passes.sort((a, b) => builder.operands.indexOf(b.operand) - builder.operands.indexOf(a.operand));
  let [from, to]: [Records | null, Records | null] = [null, null];
  let spare: Records | null = null;
  passes.forEach((pass, k) => {
    to = k === passes.length - 1 ? null : (spare ?? records());
    distribute({ ...sorting, ...pass, from, to, parts, length, counts });
    [from, spare] = [to, from];
  });
}

function distribute(pass: Pass): void {
  const { builder, counts } = pass;
  builder.step({
    parallel: counts.aval.shape,
    stores: (index) => [{ to: counts, index, value: constant(0, 'int32') }],
  });
  eachElement(pass, ({ row, part, digit, guard }) => [
    {
      to: counts,
      index: [...row, digit, part],
      value: constant(1, 'int32'),
      mode: 'add',
      ...guard,
    },
  ]);
  placesOfDigits(pass);
  eachElement(pass, (element) => {
    const { row, part, digit, key, origin, guard } = element;
    const own = [...row, digit, part];
    const place = counts.at(own);
    return [
      ...move(pass, row, place, key, origin).map((store) => ({ ...store, ...guard })),
      { to: counts, index: own, value: addIndex(place, indexConstant(1)), ...guard },
    ];
  });
}

/** What is known of an element of a part. */
interface Element {
  readonly row: readonly Expr[];
  readonly part: Expr;
  readonly key: Expr;
  readonly origin: Expr;
  readonly digit: Expr;
  readonly guard: Pick<StoreSpec, 'guard'>;
}

/** A loop over the elements of each part, in order. */
function eachElement(pass: Pass, stores: (element: Element) => readonly StoreSpec[]): void {
  const { builder, axis, shape, parts, length } = pass;
  const last = nth(shape, axis) - 1;
  builder.step({
    parallel: [...shape.toSpliced(axis, 1), parts],
    serial: [length],
    stores: (parallel, [turn]) => {
      const [row, part] = [parallel.slice(0, -1), nth(parallel, parallel.length - 1)];
      const any = addIndex(scaleIndex(part, length), turn ?? indexConstant(0));
      const tests = inRange(any, 0, last);
      const position = clampIndex(any, 0, last);
      const { key, origin } = recordAt(pass, row, position);
      const shifted = op('shiftRightLogical', [key, constant(pass.shift, 'uint32')]);
      const digit = op('convert', [op('and', [shifted, constant(digits - 1, 'uint32')])], 'int32');
      const guard = tests.length === 0 ? {} : { guard: allOf(tests) };
      return stores({ row, part, key, origin, digit, guard });
    },
  });
}

function recordAt(
  { operand, shift, from, axis }: Pass,
  row: readonly Expr[],
  position: Expr,
): { key: Expr; origin: Expr } {
  const at = (place: Expr): Expr[] => row.toSpliced(axis, 0, place);
  const origin = from === null ? position : from.origin.at(at(position));
  if (shift > 0 && from !== null) return { key: from.key.at(at(position)), origin };
  const ordered = orderKey(operand.at(at(origin)), 'last');
  const isSigned = ordered.dtype === 'int32';
  const key = isSigned
    ? op('xor', [op('bitcast', [ordered], 'uint32'), constant(0x80000000, 'uint32')])
    : ordered;
  // The one digit of a boolean is its value.
  return { key: operand.aval.dtype === 'bool' ? op('bitcast', [ordered], 'uint32') : key, origin };
}

/** Turns counts into places: all smaller digits come before, and equal ones of the parts before. */
function placesOfDigits({ builder, counts, parts }: Pass): void {
  const { shape } = counts.aval;
  builder.step({
    parallel: shape.slice(0, -2),
    serial: [digits * parts],
    stores: (row, serial) => {
      const turn = nth(serial, 0);
      const digit = floorDiv(turn, parts);
      const index = [...row, digit, addIndex(turn, scaleIndex(digit, -parts))];
      const own = counts.at(index);
      const upTo = turn.kind === 'axis' ? cumulate('add', turn.axis, own) : own;
      return [{ to: counts, index, value: op('sub', [upTo, own]) }];
    },
  });
}

/** The element goes to its place: as a record, or, after the last pass, with all operands into the results. */
function move(
  { builder, axis, to }: Pass,
  row: readonly Expr[],
  place: Expr,
  key: Expr,
  origin: Expr,
): StoreSpec[] {
  const index = row.toSpliced(axis, 0, place);
  if (to !== null) {
    return [
      { to: to.key, index, value: key },
      { to: to.origin, index, value: origin },
    ];
  }
  const from = row.toSpliced(axis, 0, origin);
  return builder.outputs.map((output, k) => ({
    to: output,
    index,
    value: nth(builder.operands, k).at(from),
  }));
}
