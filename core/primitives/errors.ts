/** Errors of the operations: operands that do not fit together or do not fit the parameters. */
import { type Aval, showAval } from '../base/aval.ts';
import type { DType } from '../base/dtype.ts';
import { defineError } from '../base/errors.ts';

const listed = (avals: readonly Aval[]): string => {
  const shown = avals.map(showAval);
  const last = shown.pop() ?? 'nothing';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
};

/** Operands that must have one shape have several. */
export const shapeMismatch = defineError({
  code: 'shape-mismatch',
  what: (op: string, avals: readonly Aval[]) => `${op} needs equal shapes, got ${listed(avals)}`,
  fix: 'bring one operand to the shape of the other first: np.broadcastTo(x, y.shape)',
  example: {
    fails: 'lax.add(np.ones([2]), np.ones([3]))',
    works: 'lax.add(np.ones([3]), np.ones([3]))',
  },
});

/** Operands that must have one element type have several. */
export const dtypeMismatch = defineError({
  code: 'dtype-mismatch',
  what: (op: string, avals: readonly Aval[]) =>
    `${op} needs equal element types, got ${listed(avals)}`,
  fix: "convert one operand first: x.astype('float32')",
  example: {
    fails: "lax.add(np.ones([2], { dtype: 'int32' }), np.ones([2]))",
    works: 'lax.add(np.ones([2]), np.ones([2]))',
  },
});

/** The operation is not defined for this element type. */
export const unsupportedDType = defineError({
  code: 'unsupported-dtype',
  what: (op: string, aval: Aval, allowed: readonly DType[]) =>
    `${op} is defined for ${allowed.join(', ')}, got ${showAval(aval)}`,
  fix: (_op, _aval, allowed) => `convert the operand first: x.astype('${allowed[0]}')`,
  example: {
    fails: "lax.floor(np.ones([2], { dtype: 'int32' }))",
    works: 'lax.floor(np.ones([2]))',
  },
});

/** An axis number is not one of the array's axes. */
export const axisOutOfRange = defineError({
  code: 'axis-out-of-range',
  what: (op: string, axis: number, aval: Aval) =>
    `${op}: axis ${axis} does not exist in ${showAval(aval)}`,
  fix: (_op, _axis, aval) =>
    aval.shape.length === 0
      ? 'a scalar has no axes: pass an array that has some, such as np.reshape(x, [1])'
      : `pass an axis from 0 to ${aval.shape.length - 1}`,
  example: {
    fails: 'lax.reduceSum(np.ones([2, 3]), [2])',
    works: 'lax.reduceSum(np.ones([2, 3]), [1])',
  },
});

/** An axis is named twice. */
export const repeatedAxis = defineError({
  code: 'repeated-axis',
  what: (op: string, axes: readonly number[]) => `${op}: axes [${axes.join(', ')}] name one twice`,
  fix: 'name each axis once',
  example: {
    fails: 'lax.reduceSum(np.ones([2, 3]), [1, 1])',
    works: 'lax.reduceSum(np.ones([2, 3]), [1])',
  },
});

/** The new shape holds another number of elements. */
export const badReshape = defineError({
  code: 'bad-reshape',
  what: (aval: Aval, shape: readonly number[]) =>
    `reshape: ${showAval(aval)} does not have the number of elements of [${shape.join(', ')}]`,
  fix: 'choose sizes with the same product',
  example: {
    fails: 'lax.reshape(np.ones([2, 3]), [4])',
    works: 'lax.reshape(np.ones([2, 3]), [6])',
  },
});

/** An axis order is not a permutation of the array's axes. */
export const badPermutation = defineError({
  code: 'bad-permutation',
  what: (aval: Aval, permutation: readonly number[]) =>
    `transpose: [${permutation.join(', ')}] is not an order of the axes of ${showAval(aval)}`,
  fix: 'name every axis from 0 once: lax.transpose(x, [1, 0])',
  example: {
    fails: 'lax.transpose(np.ones([2, 3]), [0, 0])',
    works: 'lax.transpose(np.ones([2, 3]), [1, 0])',
  },
});

/** An operand's axes do not fit where a broadcast would put them. */
export const badBroadcast = defineError({
  code: 'bad-broadcast',
  what: (aval: Aval, shape: readonly number[], axes: readonly number[]) =>
    `broadcastInDim: ${showAval(aval)} does not fit axes [${axes.join(', ')}] of [${shape.join(', ')}]`,
  fix: 'name one axis of the result per axis of the operand, in ascending order, of the same size or with operand size 1',
  example: {
    fails: 'lax.broadcastInDim(np.ones([3]), [2, 4], [1])',
    works: 'lax.broadcastInDim(np.ones([3]), [2, 3], [1])',
  },
});

/** A slice reaches outside of the array. */
export const badSlice = defineError({
  code: 'bad-slice',
  what: (op: string, aval: Aval, shown: string) =>
    `${op}: ${shown} does not lie inside ${showAval(aval)}`,
  fix: 'give one number per axis, with 0 ≤ start ≤ limit ≤ size and a positive stride',
  example: {
    fails: 'lax.slice(np.ones([3]), [1], [5])',
    works: 'lax.slice(np.ones([3]), [1], [3])',
  },
});

/** Padding widths do not fit the array. */
export const badPadding = defineError({
  code: 'bad-padding',
  what: (aval: Aval, shown: string) => `pad: ${shown} does not fit ${showAval(aval)}`,
  fix: 'give low, high and interior one whole number per axis, none cropping more than there is, interior not negative',
  example: {
    fails: "lax.pad(np.ones([2]), np.array(0, { dtype: 'float32' }), [-3], [0], [0])",
    works: "lax.pad(np.ones([2]), np.array(0, { dtype: 'float32' }), [-1], [0], [0])",
  },
});

/** Arrays that are to be joined differ in another axis. */
export const badConcatenate = defineError({
  code: 'bad-concatenate',
  what: (avals: readonly Aval[], axis: number) =>
    `concatenate along axis ${axis} needs arrays that agree in every other axis, got ${listed(avals)}`,
  fix: 'pass at least one array, all with equal sizes outside of the joined axis',
  example: {
    fails: 'lax.concatenate([np.ones([2, 3]), np.ones([2, 4])], 0)',
    works: 'lax.concatenate([np.ones([2, 3]), np.ones([2, 4])], 1)',
  },
});

/** The greatest of nothing was asked for. */
export const emptyArgument = defineError({
  code: 'empty-axis',
  what: (op: string, aval: Aval, axis: number) =>
    `${op}: axis ${axis} of ${showAval(aval)} has no elements to choose from`,
  fix: 'pass an array with at least one element along this axis',
  example: {
    fails: 'lax.argmax(np.zeros([0]), 0)',
    works: 'lax.argmax(np.zeros([1]), 0)',
  },
});

/** Paired axes of a product differ in size. */
export const badContraction = defineError({
  code: 'bad-contraction',
  what: (lhs: Aval, rhs: Aval, why: string) =>
    `dotGeneral of ${showAval(lhs)} and ${showAval(rhs)}: ${why}`,
  fix: 'pair axes of equal size, each at most once: lax.dotGeneral(x, y, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] })',
  example: {
    fails:
      'lax.dotGeneral(np.ones([2, 3]), np.ones([4, 2]), { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] })',
    works:
      'lax.dotGeneral(np.ones([2, 3]), np.ones([3, 2]), { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] })',
  },
});

/** Dimension numbers of a gather or scatter contradict the operands. */
export const badGather = defineError({
  code: 'bad-dimension-numbers',
  what: (op: string, avals: readonly Aval[], why: string) => `${op} of ${listed(avals)}: ${why}`,
  fix: 'index with x.at(i).get() and x.at(i).set(y), which work out the dimension numbers',
  example: {
    fails:
      "lax.gather(np.ones([4]), np.zeros([2, 1], { dtype: 'int32' }), { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], indicesBatchingDims: [], sliceSizes: [5], mode: 'clip' })",
    works:
      "lax.gather(np.ones([4]), np.zeros([2, 1], { dtype: 'int32' }), { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], indicesBatchingDims: [], sliceSizes: [1], mode: 'clip' })",
  },
});

/** A window does not fit into the array or its start is not given by int32 scalars. */
export const badWindow = defineError({
  code: 'bad-window',
  what: (op: string, aval: Aval, why: string) => `${op} in ${showAval(aval)}: ${why}`,
  fix: 'give one int32 scalar start and one window size per axis, no window larger than its axis',
  example: {
    fails: "lax.dynamicSlice(np.ones([3]), [np.array(0, { dtype: 'int32' })], [4])",
    works: "lax.dynamicSlice(np.ones([3]), [np.array(0, { dtype: 'int32' })], [2])",
  },
});

/** Sorting by more arrays than there are, or by none. */
export const badKeyCount = defineError({
  code: 'bad-key-count',
  what: (numKeys: number, count: number) => `sort by ${numKeys} keys of ${count} arrays`,
  fix: 'pass a number of keys from 1 to the number of arrays',
  example: {
    fails: 'lax.sort([np.ones([3])], 0, 2)',
    works: 'lax.sort([np.ones([3])], 0, 1)',
  },
});

/** A decomposition of something that is no matrix. */
export const notAMatrix = defineError({
  code: 'not-a-matrix',
  what: (op: string, aval: Aval) =>
    `${op} needs a matrix or a stack of them, got ${showAval(aval)}`,
  fix: 'give it two axes: x.reshape([1, -1])',
  example: { fails: 'lax.cholesky(np.ones([4]))', works: 'lax.cholesky(np.eye(4))' },
});

/** A decomposition that only square matrices have. */
export const notSquare = defineError({
  code: 'not-square',
  what: (op: string, aval: Aval) => `${op} needs square matrices, got ${showAval(aval)}`,
  fix: 'make the last two axes equal; for other matrices there are np.linalg.qr, svd and lstsq',
  example: { fails: 'lax.cholesky(np.ones([2, 3]))', works: 'lax.cholesky(np.eye(3))' },
});

/** A decomposition that has no derivative in this form. */
export const noDerivative = defineError({
  code: 'no-derivative',
  what: (op: string, aval: Aval) =>
    `the derivative of ${op} in this form is not defined for ${showAval(aval)}`,
  fix: 'ask for the reduced form ({ fullMatrices: false } of svd, mode reduced of qr), of a matrix that is not wide for qr',
  example: {
    fails: 'grad((x: np.Array) => (np.linalg.qr(x)[1] ?? x).sum())(np.ones([2, 3]))',
    works: 'grad((x: np.Array) => (np.linalg.qr(x)[1] ?? x).sum())(np.ones([3, 2]))',
  },
});

/** Windows that are not made of whole positive numbers. */
export const badSlidingWindow = defineError({
  code: 'bad-sliding-window',
  what: (op: string, size: number, stride: number, dilation: number) =>
    `${op}: windows of size ${size}, stride ${stride} and dilation ${dilation} do not exist`,
  fix: 'pass whole numbers, 1 or more, for all three',
  example: {
    fails: 'lax.unfold(np.arange(5), 0, { size: 0 })',
    works: 'lax.unfold(np.arange(5), 0, { size: 2 })',
  },
});
