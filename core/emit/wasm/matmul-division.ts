/** How a packed product is divided into units of work, so that threads have something to share. */
import type { MatmulKernel } from '../../compile/kernel.ts';

/** Blocks of a product. */
export interface Division {
  /**
   * True: a unit is a block of columns, which packs its part of the right operand for itself. False: that is
   * packed by all threads first, and units are blocks of rows.
   */
  readonly isByColumns: boolean;
  readonly rowBlock: number;
  readonly columnBlock: number;
}

const ROW_BLOCK = 64;
const COLUMN_BLOCK = 512;
/** Rows of a unit at least: it reads all of the packed operand. */
const LEAST_ROWS = 16;
/** Columns of a unit at least: each packs the left operand again. */
const LEAST_COLUMNS = 128;
/** From so many rows on, units are blocks of rows. */
const MANY_ROWS = 512;
/** Units that keep threads busy. */
const ENOUGH_UNITS = 8;
/** Bytes of a packed right operand that a thread may have for itself. */
const PANEL_BYTES = 1 << 18;
/** Multiplications of a product that is not worth dividing. */
const SMALL_WORK = 1 << 17;

/** The division of a product; `isShared` if there are threads to share it. */
export function divide({ batch, rows, columns, depth }: MatmulKernel, isShared: boolean): Division {
  const rowBlock = isShared
    ? Math.min(ROW_BLOCK, Math.max(LEAST_ROWS, 2 * Math.ceil(rows.extent / 8)))
    : ROW_BLOCK;
  const byRows = {
    isByColumns: false,
    rowBlock,
    columnBlock: Math.min(COLUMN_BLOCK, columns.extent),
  };
  const unitsOf = (width: number): number => batch.extent * Math.ceil(columns.extent / width);
  const widths: number[] = [];
  for (let width = COLUMN_BLOCK; width >= LEAST_COLUMNS; width /= 2) {
    const columnBlock = Math.min(width, columns.extent);
    if (4 * depth * columnBlock <= PANEL_BYTES) widths.push(columnBlock);
  }
  const narrowest = widths.at(-1);
  if (narrowest === undefined) return byRows;
  const isSmall = rows.extent * columns.extent * depth <= SMALL_WORK;
  // Each of several products is a unit if its right operand fits; others are cut if they are wide and short.
  const isWhole = batch.extent > 1 && widths.includes(columns.extent);
  const enough = widths.find((width) => unitsOf(width) >= ENOUGH_UNITS);
  if (!isSmall && !isWhole && (enough === undefined || rows.extent >= MANY_ROWS)) return byRows;
  return { isByColumns: true, rowBlock: ROW_BLOCK, columnBlock: enough ?? narrowest };
}
