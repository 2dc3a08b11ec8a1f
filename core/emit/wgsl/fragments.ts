/**
 * Fragments: small matrices that a subgroup holds together and multiplies in one instruction. This file says how
 * tiles of outputs are made of them, and which operations WGSL has for them.
 *
 * @see The `chromium_experimental_subgroup_matrix` extension of Dawn; gpuweb's proposal of subgroup matrices.
 */
import type { ModuleWriter } from './module-writer.ts';

/** The type of the elements of a fragment of an operand. Sums are always `f32`. */
export type FragmentComponent = 'f16' | 'f32';

/** What a device multiplies at once: rows × depth by depth × columns, summed in `f32`. */
export interface FragmentShape {
  readonly component: FragmentComponent;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/**
 * How workgroup memory that fragments come from is declared: as vectors of so many components, with places and
 * strides counted in units of so many. Versions of Dawn differ in how they count.
 */
export interface FragmentStaging {
  readonly width: 1 | 4;
  readonly unit: 1 | 4;
}

/** A workgroup's tile of outputs, as fragments. */
export interface FragmentTile {
  readonly memory: 'fragments';
  readonly shape: FragmentShape;
  /** Subgroups of a workgroup along rows and columns. */
  readonly subgroups: readonly [rows: number, columns: number];
  /** Fragments of one subgroup along rows and columns. */
  readonly fragments: readonly [rows: number, columns: number];
  /** Steps along the sum per staged tile, a multiple of the fragments' own. */
  readonly depth: number;
  /** Components between the rows of a staged tile that keep these in different banks; a multiple of eight. */
  readonly padding: number;
  /** Invocations of a subgroup, at least and at most. */
  readonly subgroupSizes: readonly [least: number, most: number];
  readonly staging: FragmentStaging;
  readonly operations: FragmentOperations;
}

/** A fragment's place in workgroup memory. */
export interface FragmentPlace {
  /** The name of the memory. */
  readonly memory: string;
  /** The place of the first component, an `i32` in the staging's units. */
  readonly at: string;
  /** From one row to the next, or from one column to the next, in the same units. */
  readonly stride: number;
  readonly isRowMajor: boolean;
}

/** The statements of a product that deal with fragments. In scope are `lane` and `size`, of a subgroup, both `u32`. */
export interface FragmentWriter {
  /** A statement: a fragment of zeros, for sums. */
  zeros(name: string): string;
  /** A statement: a fragment of an operand. */
  load(name: string, side: 'left' | 'right', place: FragmentPlace): string;
  /** A statement: adds the product of two fragments to a third. */
  multiplyAdd(sum: string, left: string, right: string): string;
  /** A statement: sums go to workgroup memory. */
  store(sum: string, place: FragmentPlace): string;
}

/** Makes what writes the statements, and adds to the module what they need. */
export type FragmentOperations = (module: ModuleWriter, tile: FragmentTile) => FragmentWriter;

const majorness = ({ isRowMajor }: FragmentPlace): string =>
  isRowMajor ? 'row_major' : 'col_major';

/** The operations as the extension of WGSL has them; types are ⟨component, columns, rows⟩. */
export const subgroupMatrices: FragmentOperations = (module, { shape }) => {
  const { component, rows, columns, depth } = shape;
  module.enable('chromium_experimental_subgroup_matrix');
  if (component === 'f16') module.enable('f16');
  // All lanes of a subgroup do the same, but the compiler cannot see that.
  module.turnOff('chromium.subgroup_matrix_uniformity');
  const types = {
    left: `subgroup_matrix_left<${component}, ${depth}, ${rows}>`,
    right: `subgroup_matrix_right<${component}, ${columns}, ${depth}>`,
  };
  return {
    zeros: (name) => `var ${name}: subgroup_matrix_result<f32, ${columns}, ${rows}>;`,
    load: (name, side, place) =>
      `let ${name} = subgroupMatrixLoad<${types[side]}, ${majorness(place)}>(` +
      `&${place.memory}, u32(${place.at}), ${place.stride}u);`,
    multiplyAdd: (sum, left, right) =>
      `${sum} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sum});`,
    store: (sum, place) =>
      `subgroupMatrixStore<${majorness(place)}>(` +
      `&${place.memory}, u32(${place.at}), ${sum}, ${place.stride}u);`,
  };
};

/** Rows and columns of outputs of one workgroup. */
export const sizeOf = ({
  shape,
  subgroups,
  fragments,
}: FragmentTile): readonly [rows: number, columns: number] => [
  shape.rows * fragments[0] * subgroups[0],
  shape.columns * fragments[1] * subgroups[1],
];

/** Invocations of a workgroup: enough for all subgroups, however large they are. */
export const lanesOf = ({ subgroups, subgroupSizes }: FragmentTile): number =>
  subgroups[0] * subgroups[1] * subgroupSizes[1];

/** Components of a staged operand, and of the results that are in workgroup memory at a time. */
export const stagedOf = (tile: FragmentTile): { readonly [name in Staged]: number } => {
  const { shape, subgroups, depth, padding } = tile;
  const [rows, columns] = sizeOf(tile);
  // Either way round; the padding is between as many rows as the larger side has.
  const staged = (width: number): number => width * depth + padding * Math.max(width, depth);
  return { lhs: staged(rows), rhs: staged(columns), sums: subgroups[0] * shape.rows * columns };
};

type Staged = 'lhs' | 'rhs' | 'sums';

/** Bytes of workgroup memory. */
export const workgroupBytes = (tile: FragmentTile): number => {
  const { lhs, rhs, sums } = stagedOf(tile);
  return (tile.shape.component === 'f16' ? 2 : 4) * (lhs + rhs) + 4 * sums;
};
