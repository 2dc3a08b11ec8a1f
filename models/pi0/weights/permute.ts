/** Axes in another order, on raw elements: whatever they mean, they are only moved. */

/** Raw elements of 2 or 4 bytes. */
export type RawElements = Uint16Array<ArrayBufferLike> | Uint32Array<ArrayBufferLike>;

/** An array's axes, and the order in which they are wanted. */
export interface Reordering {
  /** Sizes of the axes as they are. */
  readonly shape: readonly number[];
  /** The axes of the result, as `transpose` takes them. */
  readonly axes: readonly number[];
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Whether the elements stay where they are. */
export const isIdentity = ({ shape, axes }: Reordering): boolean =>
  axes
    .filter((axis) => shape[axis] !== 1)
    .every((axis, i, kept) => i === 0 || axis > (kept[i - 1] ?? 0));

/** The reordering that undoes this one. */
export const inverse = ({ shape, axes }: Reordering): Reordering => ({
  shape: axes.map((axis) => shape[axis] ?? 1),
  axes: axes.map((_, axis) => axes.indexOf(axis)),
});

/** Steps between neighbours along each axis. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => product(shape.slice(axis + 1)));
}

/** One axis of a walk: how far a step leads in the source and in the target. */
interface Walk {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Elements of a square that are moved together: both its sides stay in the cache. */
const tile = 32;

/** Moves a plane, square by square. */
function movePlane(
  source: RawElements,
  target: RawElements,
  [start, end]: readonly [number, number],
  [rows, columns]: readonly [Walk, Walk],
): void {
  for (let top = 0; top < rows.size; top += tile) {
    const bottom = Math.min(top + tile, rows.size);
    for (let left = 0; left < columns.size; left += tile) {
      const right = Math.min(left + tile, columns.size);
      for (let column = left; column < right; column++) {
        let from = start + top * rows.from + column * columns.from;
        let to = end + top * rows.to + column * columns.to;
        for (let row = top; row < bottom; row++) {
          target[to] = source[from] ?? 0;
          from += rows.from;
          to += rows.to;
        }
      }
    }
  }
}

/**
 * Moves rows of an array to their places in the reordered one, so that the array as it was need never be whole.
 *
 * @param source - Whole rows along the first axis, one behind the other.
 * @param target - All elements of the result.
 * @param firstRow - Which row the source begins with.
 */
export function reorderRows(
  source: RawElements,
  target: RawElements,
  { shape, axes }: Reordering,
  firstRow = 0,
): void {
  const rowSize = product(shape.slice(1));
  const here = [rowSize === 0 ? 0 : source.length / rowSize, ...shape.slice(1)];
  const toStrides = stridesOf(axes.map((axis) => shape[axis] ?? 1));
  const walks = stridesOf(shape).map((from, axis): Walk => {
    return { size: here[axis] ?? 1, from, to: toStrides[axes.indexOf(axis)] ?? 1 };
  });
  // Neighbours in the target are written one after the other, neighbours in the source are read so.
  const rows = walks.find(({ to, size }) => to === 1 && size > 1) ?? { size: 1, from: 0, to: 0 };
  const columns = walks.findLast((walk) => walk !== rows && walk.size > 1) ?? {
    size: 1,
    from: 0,
    to: 0,
  };
  const outer = walks.filter((walk) => walk !== rows && walk !== columns);
  const visit = (depth: number, from: number, to: number): void => {
    const walk = outer[depth];
    if (walk === undefined) {
      movePlane(source, target, [from, to], [rows, columns]);
      return;
    }
    for (let i = 0; i < walk.size; i++) {
      visit(depth + 1, from + i * walk.from, to + i * walk.to);
    }
  };
  if (source.length > 0) visit(0, 0, firstRow * (walks[0]?.to ?? 1));
}

/** The elements with their axes in the other order. */
export function reorder(source: RawElements, reordering: Reordering): RawElements {
  if (isIdentity(reordering)) return source;
  const target =
    source instanceof Uint16Array ? new Uint16Array(source.length) : new Uint32Array(source.length);
  reorderRows(source, target, reordering);
  return target;
}
