/** Selecting by arrays of positions. */
import { range, type Shape } from '../base/aval.ts';
import { isInteger } from '../base/dtype.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { eagerly } from './eager.ts';
import { notAnIndex } from './errors.ts';
import { fromFront } from './index-plan.ts';
import { expandDims, ravel } from './movement.ts';
import {
  broadcastShapes,
  broadcastValue,
  normalizeAxis,
  showOperand,
  toValue,
} from './operands.ts';

/** What happens to positions outside the axis: the nearest one instead, or NaN (see lax.gather). */
export type GatherMode = 'clip' | 'fill';

/** Which axes are looked up, and where the axes of the positions go in the result. */
export interface Lookup {
  /** Axes of the operand, in order. */
  readonly axes: readonly number[];
  /** One array of positions for each of `axes`, all of one shape. */
  readonly positions: readonly Value[];
  /** How many of the operand's other axes come before the axes of the positions. */
  readonly place: number;
}

/** int32[…, axes] and the dimension numbers that gather and scatter share. */
export function lookupNumbers(
  x: Value,
  { axes, positions, place }: Lookup,
): { readonly indices: Value; readonly windowDims: number[]; readonly sliceSizes: number[] } {
  const shape = positions[0]?.shape ?? [];
  const columns = positions.map((p) => expandDims(p, -1));
  const [only] = columns;
  const indices =
    columns.length === 1 && only !== undefined ? only : prim.concatenate(columns, shape.length);
  const windowDims = range(x.ndim - axes.length).map((i) => (i < place ? i : i + shape.length));
  const sliceSizes = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return { indices, windowDims, sliceSizes };
}

/** The slices of `x` at the positions, one per element of the positions. */
export function gatherAt(x: Value, lookup: Lookup, mode: GatherMode): Value {
  const { indices, windowDims, sliceSizes } = lookupNumbers(x, lookup);
  return prim.gather(x, indices, {
    offsetDims: windowDims,
    collapsedSliceDims: [...lookup.axes],
    startIndexMap: [...lookup.axes],
    operandBatchingDims: [],
    indicesBatchingDims: [],
    sliceSizes,
    mode,
  });
}

function checkPositions(op: string, operand: ValueLike): Value {
  const positions = toValue(op, operand);
  if (!isInteger(positions.dtype)) throw notAnIndex(showOperand(positions));
  return positions;
}

/** Options of {@link take} and {@link takeAlongAxis}. */
export interface TakeOptions {
  /** Null (default for `take`) for the flattened array. */
  readonly axis?: number | null;
  /** What positions outside give: `fill` (default) NaN or the least integer, `clip` the nearest element. */
  readonly mode?: GatherMode;
}

/**
 * The elements (or slices along `axis`) at these positions; the axes of the positions take the place of
 * `axis`. Negative positions count from the end.
 */
export const take = eagerly(
  'np.take',
  (
    operand: ValueLike,
    indices: ValueLike,
    { axis = null, mode = 'fill' }: TakeOptions = {},
  ): Value => {
    const x = axis === null ? ravel(operand) : toValue('np.take', operand);
    const place = normalizeAxis('np.take', axis ?? 0, x.ndim);
    const positions = fromFront(checkPositions('np.take', indices), x.shape[place] ?? 0);
    return gatherAt(x, { axes: [place], positions: [positions], place }, mode);
  },
);

/** For each row along `axis`, the elements at that row's own positions. Other axes broadcast. */
export const takeAlongAxis = eagerly(
  'np.takeAlongAxis',
  (
    operand: ValueLike,
    indices: ValueLike,
    { axis = -1, mode = 'fill' }: TakeOptions = {},
  ): Value => {
    const input = axis === null ? ravel(operand) : toValue('np.takeAlongAxis', operand);
    const given = checkPositions('np.takeAlongAxis', indices);
    const place = normalizeAxis('np.takeAlongAxis', axis ?? 0, input.ndim);
    const others = ({ shape }: Value): Shape => shape.with(place, 1);
    const shape = broadcastShapes('np.takeAlongAxis', [others(input), others(given)]);
    const spread = (v: Value): Value =>
      broadcastValue('np.takeAlongAxis', v, shape.with(place, v.shape[place] ?? 1));
    const [x, positions] = [spread(input), spread(given)];
    const batch = range(x.ndim).filter((i) => i !== place);
    return prim.gather(x, expandDims(fromFront(positions, x.shape[place] ?? 0), -1), {
      offsetDims: [],
      collapsedSliceDims: [place],
      startIndexMap: [place],
      operandBatchingDims: batch,
      indicesBatchingDims: batch,
      sliceSizes: x.shape.map(() => 1),
      mode,
    });
  },
);
