/** Images by the names of `jax.scipy.ndimage`. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import { unknownOption } from '../../core/numpy/errors.ts';
import * as np from '../../core/numpy/index.ts';
import { toInexact, toValue } from '../../core/numpy/operands.ts';
import { shapeMismatch } from '../../core/primitives/errors.ts';

/** Options of {@link mapCoordinates}. */
export interface MapCoordinatesOptions {
  /** What lies outside: `cval` ('constant', the default), or the array again in one of four ways. */
  readonly mode?: 'constant' | 'nearest' | 'wrap' | 'mirror' | 'reflect';
  /** Default 0. */
  readonly cval?: ValueLike;
}

const mirror = (index: Value, size: number): Value =>
  size === 1
    ? index.mul(0)
    : np.abs(
        index
          .add(size - 1)
          .mod(2 * (size - 1))
          .sub(size - 1),
      );

/** The position inside that stands for one outside. */
const modes: Record<string, (index: Value, size: number) => Value> = {
  constant: (index) => index,
  nearest: (index, size) => np.clip(index, 0, size - 1),
  wrap: (index, size) => index.mod(size),
  mirror,
  reflect: (index, size) =>
    mirror(index.mul(2).add(1), 2 * size + 1)
      .sub(1)
      .floorDivide(2),
};

interface Node {
  readonly index: Value;
  readonly weight: Value;
  readonly isInside: Value;
}

/** The elements on one axis that a coordinate lies between, and how much each counts. */
function nodesOf(coordinate: Value, size: number, order: number, mode: string): Node[] {
  const node = (index: Value, weight: Value): Node => ({
    index: modes[mode]?.(index, size) ?? index,
    weight,
    isInside: index.greaterEqual(0).and(index.less(size)),
  });
  if (order === 0) {
    // Halves go away from zero.
    const rounded = np.sign(coordinate).mul(np.floor(np.abs(coordinate).add(0.5)));
    return [node(rounded.astype('int32'), np.onesLike(coordinate))];
  }
  const low = np.floor(coordinate);
  const part = coordinate.sub(low);
  const index = low.astype('int32');
  return [node(index, np.subtract(1, part)), node(index.add(1), part)];
}

/**
 * The array at coordinates between its elements.
 *
 * @param coordinates - One array for each axis of the input.
 * @param order - 0 for the nearest element, 1 for linear interpolation.
 * @throws `shape-mismatch` for another number of coordinates; `unknown-option`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.scipy.ndimage.map_coordinates.html
 */
export const mapCoordinates = eagerly(
  'scipy.ndimage.mapCoordinates',
  (
    input: ValueLike,
    coordinates: readonly ValueLike[],
    order: 0 | 1,
    { mode = 'constant', cval = 0 }: MapCoordinatesOptions = {},
  ): Value => {
    const op = 'scipy.ndimage.mapCoordinates';
    const x = toValue(op, input);
    const places = coordinates.map((coordinate) => toInexact(op, coordinate));
    if (places.length !== x.ndim) throw shapeMismatch(op, [x.aval, ...places.map((c) => c.aval)]);
    if (order !== 0 && order !== 1) throw unknownOption(op, 'order', String(order), '0 or 1');
    if (modes[mode] === undefined) {
      throw unknownOption(op, 'mode', String(mode), Object.keys(modes).join(', '));
    }
    const corners = places.reduce<Node[][]>(
      (found, place, axis) => {
        const nodes = nodesOf(place, x.shape[axis] ?? 1, order, mode);
        return found.flatMap((corner) => nodes.map((node) => [...corner, node]));
      },
      [[]],
    );
    const parts = corners.map((corner) => {
      const element = x.get(...corner.map(({ index }) => index));
      const isInside = corner.map((node) => node.isInside).reduce((a, b) => a.and(b));
      const counted = mode === 'constant' ? np.where(isInside, element, cval) : element;
      return corner.reduce((product, { weight }) => product.mul(weight), counted);
    });
    const sum = parts.reduce((a, b) => a.add(b));
    return x.dtype.includes('int') ? np.round(sum).astype(x.dtype) : sum;
  },
);
