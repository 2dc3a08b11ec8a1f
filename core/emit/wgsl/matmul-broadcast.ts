/**
 * Sums of a matrix product within a subgroup: its lanes load the left operand together, each a share of it, and hand
 * one another what they have. No workgroup memory, no barriers, and every element is loaded once.
 */
import { invariant } from '../../base/errors.ts';
import type { BodyWriter } from './body-writer.ts';
import type { Direction, OperandReader } from './matmul-operand.ts';
import type { MatmulTile } from './parameters.ts';

/** A product whose sums are to be written. */
export interface SharedSums {
  readonly main: BodyWriter;
  readonly lhs: OperandReader;
  readonly rhs: OperandReader;
  readonly tile: MatmulTile;
  /** A row of the tile, kept within the matrix. */
  readonly row: (inTile: string) => string;
  /** Names of the first columns of a lane's fours. */
  readonly columns: readonly string[];
  /** Adds a scalar times four columns to the sum of a row and a four. */
  readonly accumulate: (row: number, group: number, a: string, b: string) => void;
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** True if both operands are loaded four terms at a time. */
export const isByTerms = (lhs: Direction, rhs: Direction): boolean =>
  lhs === 'sum' && rhs === 'sum';

/** Writes the loop along the sum. */
export function sumInSubgroup(product: SharedSums): void {
  const { main, lhs, rhs, tile, row } = product;
  const [[rows], [, lanes]] = [tile.outputs, tile.threads];
  invariant(rows % lanes === 0, 'every lane loads as many rows');
  for (const r of indices(rows / lanes)) {
    main.line(`let share_row_${r} = ${row(`i32(lane) + ${r * lanes}i`)};`);
  }
  if (isByTerms(lhs.direction, rhs.direction)) sumByTerms(product);
  else sumTermByTerm(product);
}

/** A term at a time. More at a time would make it faster by little, and twice as long to compile. */
function sumTermByTerm({ main, lhs, rhs, tile, columns, accumulate }: SharedSums): void {
  const [[rows], [, lanes]] = [tile.outputs, tile.threads];
  main.block(`for (var k = zero; k < ${lhs.side.depth}i; k++)`, () => {
    for (const r of indices(rows / lanes)) {
      main.line(`let share_${r} = ${lhs.one(`share_row_${r}`, 'k')};`);
    }
    for (const [q, column] of columns.entries()) {
      main.line(`let b_${q} = ${rhs.fourAlong(column, 'k')};`);
    }
    for (const i of indices(rows)) {
      main.line(`let a_${i} = ${handed(i, lanes)};`);
      for (const q of columns.keys()) accumulate(i, q, `a_${i}`, `b_${q}`);
    }
  });
}

/** Four terms at a time, of four columns that are turned in registers. */
function sumByTerms({ main, lhs, rhs, tile, columns, accumulate }: SharedSums): void {
  const [[rows], [, lanes]] = [tile.outputs, tile.threads];
  main.block(`for (var start = zero; start < ${lhs.side.depth}i; start += 4i)`, () => {
    for (const r of indices(rows / lanes)) {
      main.line(`let share_${r} = ${lhs.four(`share_row_${r}`, 'start')};`);
    }
    for (const [q, column] of columns.entries()) {
      for (const j of indices(4)) {
        main.line(`let t_${q}_${j} = ${rhs.four(`${column} + ${j}i`, 'start')};`);
      }
      for (const k of indices(4)) {
        const turned = indices(4).map((j) => `t_${q}_${j}[${k}]`);
        main.line(`let b_${q}_${k} = vec4<${rhs.type}>(${turned.join(', ')});`);
      }
    }
    for (const i of indices(rows)) {
      main.line(`let a_${i} = ${handed(i, lanes)};`);
      for (const q of columns.keys()) {
        for (const k of indices(4)) accumulate(i, q, `a_${i}[${k}]`, `b_${q}_${k}`);
      }
    }
  });
}

/** What the lane that has it loaded of a row. */
const handed = (row: number, lanes: number): string =>
  `subgroupBroadcast(share_${Math.floor(row / lanes)}, ${row % lanes}u)`;
