/** Workgroups in two dimensions, since one holds no more than 65,535. */

/** Number of workgroups in x and y. */
export type Grid = readonly [x: number, y: number];

/** WebGPU's limit, the same everywhere. */
const maxPerDimension = 65_535;

/** The smallest near-even grid that has `count` workgroups; the last few may be in excess. */
export function foldGrid(count: number): Grid {
  const y = Math.ceil(count / maxPerDimension);
  return [y === 0 ? 0 : Math.ceil(count / y), y];
}

/** The flat number of a workgroup, as a u32 expression. */
export const flatWorkgroup = ([x, y]: Grid): string =>
  y > 1 ? `(workgroup.y * ${x}u + workgroup.x)` : 'workgroup.x';
