/** Which products are made of fragments on a device, and by tiles of what size. */
import type { MatmulKernel } from '../../compile/kernel.ts';
import {
  type FragmentComponent,
  type FragmentShape,
  type FragmentTile,
  lanesOf,
  subgroupMatrices,
  workgroupBytes,
} from './fragments.ts';

/** Tiles of fragments of one type. */
export interface FragmentTiles {
  readonly small: FragmentTile;
  readonly large: FragmentTile;
}

/** What a device's products are made of where fragments serve. */
export interface FragmentParameters {
  /** For operands that are `float16` in memory, whose products are as exact as those of tiles; null: none. */
  readonly f16: FragmentTiles | null;
  /** For all products of floats; null: none. */
  readonly f32: FragmentTiles | null;
  /** Rows, columns and terms of the sum from which on fragments waste little. */
  readonly leastSide: number;
  /** Outputs from which on large tiles leave workgroups enough. */
  readonly manyOutputs: number;
}

/** What an adapter says of its fragments, and how much room a workgroup has there. */
export interface FragmentFacts {
  readonly shapes: readonly FragmentShape[];
  readonly subgroupSizes: readonly [least: number, most: number];
  readonly maxWorkgroupBytes: number;
  readonly maxWorkgroupLanes: number;
}

/** Outputs of a subgroup of small and of large tiles, and steps per staged tile. */
const smallPart = [32, 32] as const;
const largePart = [64, 32] as const;
const stagedDepth = 32;

/** Tiles of this shape; null where it does not divide them, or they do not fit. */
function tilesOf(
  shape: FragmentShape,
  padding: number,
  facts: FragmentFacts,
): FragmentTiles | null {
  const { rows, columns, depth } = shape;
  if (smallPart[0] % rows !== 0 || smallPart[1] % columns !== 0 || stagedDepth % depth !== 0) {
    return null;
  }
  const tile = (
    [partRows, partColumns]: readonly [number, number],
    subgroups: readonly [number, number],
  ): FragmentTile => ({
    memory: 'fragments',
    shape,
    subgroups,
    fragments: [partRows / rows, partColumns / columns],
    depth: stagedDepth,
    padding,
    subgroupSizes: facts.subgroupSizes,
    staging: { width: 4, unit: 4 },
    operations: subgroupMatrices,
  });
  const fits = (candidate: FragmentTile): boolean =>
    workgroupBytes(candidate) <= facts.maxWorkgroupBytes &&
    lanesOf(candidate) <= facts.maxWorkgroupLanes;
  const small = tile(smallPart, [2, 2]);
  const large = tile(largePart, [2, 4]);
  if (!fits(small)) return null;
  return { small, large: fits(large) ? large : small };
}

/** What to make of an adapter's fragments; null: nothing. */
export function fragmentsFor(facts: FragmentFacts, padding: number): FragmentParameters | null {
  const best = (component: FragmentComponent): FragmentTiles | null => {
    const known = facts.shapes
      .filter((shape) => shape.component === component)
      // The more a fragment holds, the fewer loads a product takes.
      .toSorted((a, b) => b.rows * b.columns * b.depth - a.rows * a.columns * a.depth);
    for (const shape of known) {
      const tiles = tilesOf(shape, padding, facts);
      if (tiles !== null) return tiles;
    }
    return null;
  };
  const [f16, f32] = [best('f16'), best('f32')];
  if (f16 === null && f32 === null) return null;
  return { f16, f32, leastSide: 32, manyOutputs: 2 * 1024 * 1024 };
}

/** The tile for a product; null where fragments do not serve. */
export function chooseFragments(
  { batch, rows, columns, depth, lhs, rhs }: MatmulKernel,
  { f16, f32, leastSide, manyOutputs }: FragmentParameters,
): FragmentTile | null {
  const isHalf = [lhs, rhs].every(({ source }) => source.dtype === 'float16');
  const isFloat = [lhs, rhs].every(({ source }) =>
    ['float32', 'float16', 'bfloat16'].includes(source.dtype),
  );
  const tiles = (isHalf ? f16 : null) ?? (isFloat ? f32 : null);
  if (tiles === null || Math.min(rows.extent, columns.extent, depth) < leastSide) return null;
  const outputs = batch.extent * rows.extent * columns.extent;
  return outputs >= manyOutputs ? tiles.large : tiles.small;
}
