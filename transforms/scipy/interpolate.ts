/** Interpolation by the names of `jax.scipy.interpolate`. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { eagerly } from '../../core/numpy/eager.ts';
import { unknownOption } from '../../core/numpy/errors.ts';
import * as np from '../../core/numpy/index.ts';
import { toInexact } from '../../core/numpy/operands.ts';
import { shapeMismatch } from '../../core/primitives/errors.ts';

/** Options of {@link regularGridInterpolator}. */
export interface GridOptions {
  /** Default 'linear'. */
  readonly method?: 'linear' | 'nearest';
  /** What the function is outside of the grid; null goes on with its last cells. Default NaN. */
  readonly fillValue?: ValueLike | null;
}

interface Cell {
  /** int32[points]: where the cell begins. */
  readonly index: Value;
  /** f32[points]: how far into it the point lies, from 0 to 1. */
  readonly part: Value;
  readonly isOutside: Value;
}

function cellOf(grid: Value, x: Value): Cell {
  const last = grid.size - 1;
  const index = np.clip(np.searchsorted(grid, x).sub(1), 0, last - 1);
  const [from, to] = [np.take(grid, index), np.take(grid, index.add(1))];
  const isOutside = x.less(grid.get(0)).or(x.greater(grid.get(last)));
  return { index, part: x.sub(from).div(to.sub(from)), isOutside };
}

/**
 * The function through values on a rectangular grid: from f32[…, axes] to f32[…, rest].
 *
 * @param points - Ascending coordinates, f32[n] for each of the first axes of the values.
 * @param values - f32[…n, …rest].
 * @throws `shape-mismatch` for more coordinates than axes; `unknown-option`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.scipy.interpolate.RegularGridInterpolator.html
 */
export function regularGridInterpolator(
  points: readonly ValueLike[],
  values: ValueLike,
  { method = 'linear', fillValue = Number.NaN }: GridOptions = {},
): (at: ValueLike) => Value {
  const op = 'scipy.interpolate.regularGridInterpolator';
  const table = toInexact(op, values);
  const grids = points.map((p) => toInexact(op, p));
  if (grids.length > table.ndim) throw shapeMismatch(op, [table.aval, ...grids.map((g) => g.aval)]);
  if (method !== 'linear' && method !== 'nearest') {
    throw unknownOption(op, 'method', String(method), "'linear' or 'nearest'");
  }
  const rest = table.shape.slice(grids.length);
  return eagerly(op, (at: ValueLike): Value => {
    const given = toInexact(op, at);
    const wanted = given.ndim === 1 ? given.reshape(-1, grids.length) : given;
    if (wanted.shape.at(-1) !== grids.length) throw shapeMismatch(op, [wanted.aval, table.aval]);
    const flat = wanted.reshape(-1, grids.length);
    const cells = grids.map((grid, i) => cellOf(grid, flat.get('...', i)));
    const wide = (x: Value): Value => x.reshape(x.size, ...rest.map(() => 1));
    const found =
      method === 'linear'
        ? between(table, cells, wide)
        : table.get(
            ...cells.map(({ index, part }) => index.add(part.greater(0.5).astype('int32'))),
          );
    const isOutside = cells.map((cell) => cell.isOutside).reduce((a, b) => a.or(b));
    const filled = fillValue === null ? found : np.where(wide(isOutside), fillValue, found);
    return filled.reshape([...wanted.shape.slice(0, -1), ...rest]);
  });
}

/** The weighted sum of the corners of each cell. */
function between(table: Value, cells: readonly Cell[], wide: (x: Value) => Value): Value {
  const corners = cells.reduce<{ index: Value[]; weight: Value | null }[]>(
    (found, { index, part }) =>
      found.flatMap((corner) =>
        [
          { place: index, share: np.subtract(1, part) },
          { place: index.add(1), share: part },
        ].map(({ place, share }) => ({
          index: [...corner.index, place],
          weight: corner.weight === null ? share : corner.weight.mul(share),
        })),
      ),
    [{ index: [], weight: null }],
  );
  const parts = corners.map(({ index, weight }) => {
    const value = table.get(...index);
    return weight === null ? value : value.mul(wide(weight));
  });
  return parts.reduce((a, b) => a.add(b));
}
