/** Where each parameter's elements are in a file: the same table for reading and for writing. */
import { inverse, isIdentity, type Reordering } from './permute.ts';
import { publicRules, unusedName } from './public-layout.ts';

/**
 * How a file names and arranges parameters: `openpi` by their paths, joined with '/', as they are; `public` as the PyTorch
 * port of openpi does.
 */
export type Pi0Layout = 'openpi' | 'public';

/** A tensor of the file that is one slice of a parameter. */
export interface LayoutPiece {
  /** Its name in the file. */
  readonly key: string;
  /** Other names that it may have. */
  readonly also: readonly string[];
  /** Shape in the file. */
  readonly shape: readonly number[];
  /** From the file's order of axes to the parameter's; null if they are the same. */
  readonly order: Reordering | null;
  /** From the parameter's order of axes to the file's. */
  readonly back: Reordering | null;
}

/** A parameter, and the pieces that are it, one behind the other. */
export interface LayoutLeaf {
  readonly path: string;
  readonly shape: readonly number[];
  readonly pieces: readonly LayoutPiece[];
}

/** Shapes by path, as `nn.shapesOf` gives them. */
export type Shapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;

const asItIs = (path: string, shape: readonly number[]): LayoutPiece => ({
  key: path,
  also: [],
  shape,
  order: null,
  back: null,
});

function publicPieces(path: string, shape: readonly number[]): readonly LayoutPiece[] {
  const found = publicRules[path];
  // What the port does not have, such as an energy model, goes by its own path.
  if (found === undefined) return [asItIs(path, shape)];
  const { keys, also = [], arrange } = found;
  const isStacked = keys[0]?.includes('*') ?? false;
  const layers = isStacked ? (shape[0] ?? 0) : 1;
  const slice = shape.slice((isStacked ? 1 : 0) + (keys.length > 1 ? 1 : 0));
  const { shape: fileShape, order } = arrange(slice);
  const moves = isIdentity(order) ? null : order;
  return Array.from({ length: layers }, (_, layer) =>
    keys.map((key) => ({
      key: key.replace('*', String(layer)),
      also,
      shape: fileShape,
      order: moves,
      back: moves === null ? null : inverse(moves),
    })),
  ).flat();
}

/** The table for parameters of these shapes; nothing is allocated. */
export const layoutOf = (shapes: Shapes, layout: Pi0Layout): readonly LayoutLeaf[] =>
  Object.entries(shapes).map(([path, { shape }]) => ({
    path,
    shape,
    pieces: layout === 'public' ? publicPieces(path, shape) : [asItIs(path, shape)],
  }));

/** The tensor of the public layout that nobody reads, which files have all the same; null if its shape is not known. */
export function unusedPiece(shapes: Shapes): LayoutPiece | null {
  const vocabulary = shapes['PaliGemma/llm/embedder/input_embedding']?.shape[0];
  const width = shapes['action_out_proj/kernel']?.shape[0];
  if (vocabulary === undefined || width === undefined) return null;
  return asItIs(unusedName, [vocabulary, width]);
}
