/** Which outputs of a matrix product a workgroup computes. */
import type { MatmulKernel } from '../../compile/kernel.ts';
import type { BodyWriter } from './body-writer.ts';
import { flatWorkgroup, foldGrid, type Grid } from './grid.ts';

/**
 * The grid in which every workgroup has a tile of outputs. Writes what names that tile: `batch`, `tile_row`,
 * `tile_column`, where its operands begin, and `zero`.
 */
export function placeTiles(
  { batch, rows, columns, lhs, rhs }: MatmulKernel,
  main: BodyWriter,
  [tileRows, tileColumns]: readonly [rows: number, columns: number],
): Grid {
  const across = Math.ceil(columns.extent / tileColumns);
  const perMatrix = across * Math.ceil(rows.extent / tileRows);
  const grid = foldGrid(perMatrix * batch.extent);
  // The grid has no third dimension, which the driver does not know: it would unroll loops.
  main.line('let zero = i32(workgroup.z);');
  main.line(`let tile = i32(${flatWorkgroup(grid)});`);
  if (grid[0] * grid[1] > perMatrix * batch.extent) {
    main.line(`if (tile >= ${perMatrix * batch.extent}i) { return; }`);
  }
  main.line(`let batch = tile / ${perMatrix}i;`);
  main.line(`let tile_row = ((tile % ${perMatrix}i) / ${across}i) * ${tileRows}i;`);
  main.line(`let tile_column = (tile % ${across}i) * ${tileColumns}i;`);
  main.bindAxis(batch, 'batch');
  main.line(`let lhs_base = ${main.expression(lhs.base)};`);
  main.line(`let rhs_base = ${main.expression(rhs.base)};`);
  return grid;
}
