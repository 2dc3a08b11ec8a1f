/** Dimension numbers of gather and scatter: what they mean, and whether they fit the operands. */
import { type Aval, makeAval, range } from '../base/aval.ts';
import type { EnerjaxError } from '../base/errors.ts';
import type { Expr } from '../ir/expr.ts';
import { addIndex, indexConstant } from '../ir/index-algebra.ts';
import type { Reader } from '../ir/lowering.ts';
import {
  first,
  nth,
  numericDTypes,
  otherAxes,
  pair,
  requireDType,
  sizesOf,
  triple,
} from './define.ts';
import { badGather, dtypeMismatch } from './errors.ts';
import { clampIndex, inRange } from './index-maps.ts';

/**
 * Which slices a gather takes, as in StableHLO with the index vector on the last axis of the indices.
 *
 * Outside of the operand, `clip` moves a slice inside, `fill` gives NaN (the least int32, the greatest
 * uint32, true) and `zero` gives zeros.
 *
 * @see https://openxla.org/stablehlo/spec#gather
 */
export type GatherSpec = {
  readonly offsetDims: readonly number[];
  readonly collapsedSliceDims: readonly number[];
  readonly startIndexMap: readonly number[];
  readonly operandBatchingDims: readonly number[];
  readonly indicesBatchingDims: readonly number[];
  readonly sliceSizes: readonly number[];
  readonly mode: 'clip' | 'fill' | 'zero';
};

/**
 * Where a scatter writes and how, as in StableHLO with the index vector on the last axis of the indices.
 *
 * Windows that do not lie inside of the operand are moved inside by `clip` and left out by `drop`. Of
 * several updates to one element, that of the last index vector in row-major order wins under `set`.
 *
 * @see https://openxla.org/stablehlo/spec#scatter
 */
export type ScatterSpec = {
  readonly updateWindowDims: readonly number[];
  readonly insertedWindowDims: readonly number[];
  readonly scatterDimsToOperandDims: readonly number[];
  readonly operandBatchingDims: readonly number[];
  readonly indicesBatchingDims: readonly number[];
  readonly combine: 'set' | 'add' | 'mul' | 'min' | 'max';
  readonly mode: 'clip' | 'drop';
};

/** How windows of an operand and positions in an index array correspond; common to both operations. */
export interface Windows {
  /** Axes of the batched array (gather's result, scatter's updates) that run inside a window. */
  readonly windowAxes: readonly number[];
  /** Its other axes, which run over the index vectors. */
  readonly positionAxes: readonly number[];
  /** For each of `windowAxes` the operand axis that it runs along. */
  readonly operandAxes: readonly number[];
  /** The operand axis that each component of an index vector moves along. */
  readonly indexed: readonly number[];
  readonly operandBatching: readonly number[];
  readonly indicesBatching: readonly number[];
  /** The window's size along each operand axis. */
  readonly sizes: readonly number[];
}

/** The windows of a gather from an operand with `ndim` axes into a result with `resultNdim`. */
export const gatherWindows = (spec: GatherSpec, ndim: number, resultNdim: number): Windows => ({
  windowAxes: spec.offsetDims,
  positionAxes: otherAxes(resultNdim, spec.offsetDims),
  operandAxes: otherAxes(ndim, [...spec.collapsedSliceDims, ...spec.operandBatchingDims]),
  indexed: spec.startIndexMap,
  operandBatching: spec.operandBatchingDims,
  indicesBatching: spec.indicesBatchingDims,
  sizes: spec.sliceSizes,
});

/** The windows of a scatter of these updates. */
export function scatterWindows(spec: ScatterSpec, operand: Aval, updates: Aval): Windows {
  const ndim = operand.shape.length;
  const operandAxes = otherAxes(ndim, [...spec.insertedWindowDims, ...spec.operandBatchingDims]);
  const sizes = range(ndim).map((axis) => {
    const place = operandAxes.indexOf(axis);
    return place < 0 ? 1 : (updates.shape[spec.updateWindowDims[place] ?? -1] ?? 1);
  });
  return {
    windowAxes: spec.updateWindowDims,
    positionAxes: otherAxes(updates.shape.length, spec.updateWindowDims),
    operandAxes,
    indexed: spec.scatterDimsToOperandDims,
    operandBatching: spec.operandBatchingDims,
    indicesBatching: spec.indicesBatchingDims,
    sizes,
  };
}

/** The gather that reads back what a scatter wrote; slices that the scatter dropped read as zero. */
export const gatherLike = (spec: ScatterSpec, operand: Aval, updates: Aval): GatherSpec => ({
  offsetDims: spec.updateWindowDims,
  collapsedSliceDims: spec.insertedWindowDims,
  startIndexMap: spec.scatterDimsToOperandDims,
  operandBatchingDims: spec.operandBatchingDims,
  indicesBatchingDims: spec.indicesBatchingDims,
  sliceSizes: scatterWindows(spec, operand, updates).sizes,
  mode: spec.mode === 'clip' ? 'clip' : 'zero',
});

/** The scatter that puts back, by adding, what a gather took. */
export const scatterLike = (spec: GatherSpec): ScatterSpec => ({
  updateWindowDims: spec.offsetDims,
  insertedWindowDims: spec.collapsedSliceDims,
  scatterDimsToOperandDims: spec.startIndexMap,
  operandBatchingDims: spec.operandBatchingDims,
  indicesBatchingDims: spec.indicesBatchingDims,
  combine: 'add',
  mode: spec.mode === 'clip' ? 'clip' : 'drop',
});

/** Where in the operand one element of a window lies. */
export interface WindowPlace {
  /** The operand's multi-index, inside of the operand. */
  readonly index: readonly Expr[];
  /** Tests that hold if the window, unmoved, lies inside of the operand. */
  readonly inside: readonly Expr[];
}

/** Where the element at `index` of the batched array lies in the operand. */
export function placeOf(
  windows: Windows,
  operand: Aval,
  readIndices: Reader,
  index: readonly Expr[],
): WindowPlace {
  const { positionAxes, windowAxes, operandAxes, indexed, operandBatching, sizes } = windows;
  const position = positionAxes.map((axis) => nth(index, axis));
  const inside: Expr[] = [];
  const place = operand.shape.map((size, axis) => {
    const batch = operandBatching.indexOf(axis);
    if (batch >= 0) return nth(position, nth(windows.indicesBatching, batch));
    const window = operandAxes.indexOf(axis);
    const offset = window < 0 ? indexConstant(0) : nth(index, nth(windowAxes, window));
    const component = indexed.indexOf(axis);
    if (component < 0) return offset;
    const start = readIndices([...position, indexConstant(component)]);
    const last = size - nth(sizes, axis);
    inside.push(...inRange(start, 0, last));
    return addIndex(clampIndex(start, 0, last), offset);
  });
  return { index: place, inside };
}

const ascends = (axes: readonly number[]): boolean =>
  axes.every((axis, i) => i === 0 || axis > nth(axes, i - 1));
const within = (axes: readonly number[], ndim: number): boolean =>
  axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < ndim);
const distinct = (axes: readonly number[]): boolean => new Set(axes).size === axes.length;

type Fail = (why: string) => EnerjaxError;

/** What must hold of both operations. */
function checkWindows(windows: Windows, operand: Aval, indices: Aval, fail: Fail): void {
  const { indexed, operandBatching, indicesBatching, operandAxes, windowAxes, sizes } = windows;
  const ndim = operand.shape.length;
  const positions = indices.shape.slice(0, -1);
  if (indices.shape.length === 0 || indices.dtype !== 'int32') {
    throw fail('indices must be int32 with the index vector on their last axis');
  }
  if (indices.shape.at(-1) !== indexed.length) {
    throw fail(`index vectors have ${indices.shape.at(-1)} components for ${indexed.length} axes`);
  }
  if (!within(indexed, ndim) || !distinct([...indexed, ...operandBatching])) {
    throw fail(`[${indexed.join(', ')}] are not distinct axes of the operand`);
  }
  if (windowAxes.length !== operandAxes.length || !ascends(windowAxes)) {
    throw fail(
      `window axes [${windowAxes.join(', ')}] do not name the operand's ${operandAxes.length} window axes in order`,
    );
  }
  const batches =
    within(operandBatching, ndim) &&
    within(indicesBatching, positions.length) &&
    operandBatching.length === indicesBatching.length &&
    operandBatching.every((axis, i) => operand.shape[axis] === positions[nth(indicesBatching, i)]);
  if (!batches) throw fail('batch axes of operand and indices do not pair up');
  const fits = (axis: number): boolean =>
    operandBatching.includes(axis) || nth(sizes, axis) <= nth(operand.shape, axis);
  if (sizes.length !== ndim || !range(ndim).every(fits)) {
    throw fail(`windows of [${sizes.join(', ')}] do not fit`);
  }
}

/** The type of a gather's result. @throws `bad-dimension-numbers` */
export function inferGather(avals: readonly Aval[], spec: GatherSpec): Aval {
  const [operand, indices] = pair(avals);
  const fail: Fail = (why) => badGather('gather', avals, why);
  const { offsetDims, collapsedSliceDims, operandBatchingDims, sliceSizes } = spec;
  const positions = indices.shape.slice(0, -1);
  const ndim = positions.length + offsetDims.length;
  const windows = gatherWindows(spec, operand.shape.length, ndim);
  checkWindows(windows, operand, indices, fail);
  if (!within(offsetDims, ndim)) throw fail(`offset axes [${offsetDims.join(', ')}] do not exist`);
  const single = [...collapsedSliceDims, ...operandBatchingDims];
  if (!within(single, operand.shape.length) || single.some((axis) => nth(sliceSizes, axis) > 1)) {
    throw fail('collapsed and batch axes must exist and have slice size 1');
  }
  const sizes = sizesOf(sliceSizes, windows.operandAxes);
  const shape = range(ndim).map((axis) => {
    const window = offsetDims.indexOf(axis);
    return window >= 0 ? nth(sizes, window) : nth(positions, windows.positionAxes.indexOf(axis));
  });
  return makeAval(shape, operand.dtype, operand.weak);
}

/** The type of a scatter's result. @throws `bad-dimension-numbers`, `dtype-mismatch` */
export function inferScatter(avals: readonly Aval[], spec: ScatterSpec): Aval {
  const [operand, indices, updates] = triple(avals);
  const fail: Fail = (why) => badGather('scatter', avals, why);
  if (operand.dtype !== updates.dtype) throw dtypeMismatch('scatter', [operand, updates]);
  if (spec.combine !== 'set') requireDType(`scatter with ${spec.combine}`, operand, numericDTypes);
  if (!within(spec.updateWindowDims, updates.shape.length)) {
    throw fail(`window axes [${spec.updateWindowDims.join(', ')}] do not exist in the updates`);
  }
  const windows = scatterWindows(spec, operand, updates);
  checkWindows(windows, operand, indices, fail);
  const positions = indices.shape.slice(0, -1);
  const found = sizesOf(updates.shape, windows.positionAxes);
  if (found.length !== positions.length || found.some((size, i) => size !== positions[i])) {
    throw fail(
      `updates have [${found.join(', ')}] windows for [${positions.join(', ')}] index vectors`,
    );
  }
  return { ...first(avals), weak: operand.weak && updates.weak };
}
