/** Errors of the array API. */
import { type Aval, type Shape, showAval } from '../base/aval.ts';
import { defineError } from '../base/errors.ts';

const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** Shapes that do not broadcast against each other. */
export const broadcastMismatch = defineError({
  code: 'broadcast-mismatch',
  what: (op: string, shapes: readonly Shape[], axis: number) =>
    `${op}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast: axis ${axis} (from the end) has sizes ` +
    `${shapes.map((shape) => shape.at(axis) ?? 1).join(' and ')}`,
  fix: 'give both the same size there, or size 1: x.reshape(…), np.expandDims(x, axis)',
  example: {
    fails: 'np.add(np.ones([2, 3]), np.ones([2]))',
    works: 'np.add(np.ones([2, 3]), np.expandDims(np.ones([2]), 1))',
  },
});

/** An axis that the array does not have. */
export const noSuchAxis = defineError({
  code: 'no-such-axis',
  what: (op: string, axis: number, ndim: number) =>
    `${op}: axis ${axis} does not exist in an array of ${ndim} axes`,
  fix: (_op, _axis, ndim) =>
    ndim === 0
      ? 'pass an array with at least one axis: x.reshape([1])'
      : `choose a whole number from ${-ndim} to ${ndim - 1}`,
  example: {
    fails: 'np.sum(np.ones([2, 3]), { axis: 2 })',
    works: 'np.sum(np.ones([2, 3]), { axis: 1 })',
  },
});

/** Axes that are no permutation. */
export const notAPermutation = defineError({
  code: 'not-a-permutation',
  what: (axes: readonly number[], ndim: number) =>
    `np.transpose: ${showShape(axes)} does not order the ${ndim} axes of the array`,
  fix: 'name every axis once: np.transpose(x, [1, 0])',
  example: {
    fails: 'np.transpose(np.ones([2, 3]), [0])',
    works: 'np.transpose(np.ones([2, 3]), [1, 0])',
  },
});

/** Nested lists of unequal lengths. */
export const raggedArray = defineError({
  code: 'ragged-array',
  what: (path: string, found: string, expected: string) =>
    `np.array: element ${path} is ${found}, but its first sibling is ${expected}`,
  fix: 'give all elements of one level the same length',
  example: { fails: 'np.array([[1, 2], [3]])', works: 'np.array([[1, 2], [3, 0]])' },
});

/** Raw elements that do not fit the type or the shape. */
export const wrongRawData = defineError({
  code: 'wrong-raw-data',
  what: (aval: string, expected: string, found: string) =>
    `np.fromRaw: ${aval} needs ${expected}, got ${found}`,
  fix: 'pass what x.rawData() returns; to round numbers to the type use np.array(numbers, { dtype })',
  example: {
    fails: "np.fromRaw(new Float32Array([1]), { dtype: 'bfloat16' })",
    works: "np.fromRaw(new Uint16Array([0x3f80]), { dtype: 'bfloat16' })",
  },
});

/** Data that no array can be made of. */
export const notArrayData = defineError({
  code: 'not-array-data',
  what: (path: string, found: string) => `np.array: element ${path} is ${found}`,
  fix: 'pass numbers, booleans, nested lists of them, a typed array, or arrays of one shape',
  example: { fails: "np.array([1, 'two' as never])", works: 'np.array([1, 2])' },
});

/** An element type that does not exist here. */
export const unknownDType = defineError({
  code: 'unknown-dtype',
  what: (op: string, dtype: string) => `${op}: there is no dtype '${dtype}'`,
  fix: "use 'float32', 'bfloat16', 'float16', 'int32', 'int16', 'int8', their unsigned kin or 'bool'; GPUs have no 64-bit types",
  example: {
    fails: "np.zeros([2], { dtype: 'float64' as never })",
    works: "np.zeros([2], { dtype: 'float32' })",
  },
});

/** An operation that is not defined for an element type. */
export const wrongDType = defineError({
  code: 'wrong-dtype',
  what: (op: string, needs: string, aval: Aval) => `${op} needs ${needs}, got ${showAval(aval)}`,
  fix: "convert first: x.astype('int32')",
  example: {
    fails: 'np.bitwiseAnd(np.ones([2]), 1)',
    works: "np.bitwiseAnd(np.ones([2]).astype('int32'), 1)",
  },
});

/** A plain number that does not fit the array it meets. */
export const numberOutOfRange = defineError({
  code: 'number-out-of-range',
  what: (op: string, value: number, dtype: string) => `${op}: ${value} does not fit ${dtype}`,
  fix: "convert the array first: x.astype('float32')",
  example: {
    fails: "np.add(np.ones([2], { dtype: 'uint32' }), -1)",
    works: "np.add(np.ones([2], { dtype: 'int32' }), -1)",
  },
});

/** A shape that is not made of whole non-negative numbers. */
export const badShape = defineError({
  code: 'bad-shape',
  what: (op: string, shape: string) => `${op}: ${shape} is no shape`,
  fix: 'pass a list of whole numbers, none negative: [2, 3]',
  example: { fails: 'np.zeros([2, -3])', works: 'np.zeros([2, 3])' },
});

/** A reshape that changes the number of elements. */
export const reshapeMismatch = defineError({
  code: 'reshape-mismatch',
  what: (from: Shape, to: Shape) =>
    `np.reshape: ${showShape(from)} has ${from.reduce((a, b) => a * b, 1)} elements, which do not fill ${showShape(to)}`,
  fix: 'keep the number of elements; one size may be -1 and is worked out',
  example: {
    fails: 'np.ones([2, 3]).reshape([4, -1])',
    works: 'np.ones([2, 3]).reshape([3, -1])',
  },
});

/** Squeezing an axis that is longer than one. */
export const squeezeMismatch = defineError({
  code: 'squeeze-mismatch',
  what: (shape: Shape, axis: number) =>
    `np.squeeze: axis ${axis} of ${showShape(shape)} has size ${shape[axis]}, not 1`,
  fix: 'select one position of it: x.get(0), or reduce it: np.sum(x, { axis })',
  example: {
    fails: 'np.squeeze(np.ones([2, 1]), { axis: 0 })',
    works: 'np.squeeze(np.ones([2, 1]), { axis: 1 })',
  },
});

/** A reduction without an identity over nothing. */
export const emptyReduction = defineError({
  code: 'empty-reduction',
  what: (op: string, shape: Shape) =>
    `${op}: an array of shape ${showShape(shape)} has no elements to choose from`,
  fix: 'reduce over axes that are not empty, or pass { initial }',
  example: { fails: 'np.max(np.zeros([0]))', works: 'np.max(np.zeros([0]), { initial: 0 })' },
});

/** Arrays that cannot be joined. */
export const joinMismatch = defineError({
  code: 'join-mismatch',
  what: (op: string, shapes: readonly Shape[], axis: number | null) =>
    shapes.length === 0
      ? `${op}: there are no arrays to join`
      : `${op}: shapes ${shapes.map(showShape).join(', ')} differ${axis === null ? '' : ` elsewhere than on axis ${axis}`}`,
  fix: 'give all arrays the same shape but for the axis they are joined on',
  example: {
    fails: 'np.concatenate([np.ones([2, 3]), np.ones([2, 4])])',
    works: 'np.concatenate([np.ones([2, 3]), np.ones([5, 3])])',
  },
});

/** An axis that does not split so. */
export const splitMismatch = defineError({
  code: 'split-mismatch',
  what: (size: number, sections: number) =>
    `np.split: an axis of size ${size} does not split into ${sections} equal parts`,
  fix: 'pass positions to split at: np.split(x, [2, 5])',
  example: { fails: 'np.split(np.ones([5]), 2)', works: 'np.split(np.ones([5]), [2])' },
});

/** Paddings that do not fit the number of axes. */
export const padMismatch = defineError({
  code: 'pad-mismatch',
  what: (width: string, ndim: number) =>
    `np.pad: width ${width} does not fit an array of ${ndim} axes`,
  fix: 'pass one number, one [before, after], or one [before, after] for each axis; none negative',
  example: {
    fails: 'np.pad(np.ones([2, 3]), [[1, 1], [0, 0], [2, 2]])',
    works: 'np.pad(np.ones([2, 3]), [[1, 1], [0, 0]])',
  },
});

/** A product whose summed axes differ in size. */
export const contractionMismatch = defineError({
  code: 'contraction-mismatch',
  what: (op: string, x: Aval, y: Aval, axisOfX: number, axisOfY: number) =>
    `${op}: axis ${axisOfX} of ${showAval(x)} and axis ${axisOfY} of ${showAval(y)} are summed together ` +
    `but have sizes ${x.shape.at(axisOfX)} and ${y.shape.at(axisOfY)}`,
  fix: (_op, x, y, axisOfX, axisOfY) => {
    const other = axisOfY === -1 ? -2 : -1;
    return y.shape.length === 2 && x.shape.at(axisOfX) === y.shape.at(other)
      ? 'transpose the second: np.matmul(x, y.T)'
      : 'give both axes the same size; np.transpose and np.swapaxes change which axes they are';
  },
  example: {
    fails: 'np.matmul(np.ones([2, 3]), np.ones([2, 3]))',
    works: 'np.matmul(np.ones([2, 3]), np.ones([2, 3]).T)',
  },
});

/** An operand with too few or too many axes. */
export const wrongRank = defineError({
  code: 'wrong-rank',
  what: (op: string, needs: string, aval: Aval) => `${op} needs ${needs}, got ${showAval(aval)}`,
  fix: 'reshape it first: x.reshape([1, -1])',
  example: { fails: 'np.matmul(np.ones([2]), 3)', works: 'np.matmul(np.ones([2]), np.ones([2]))' },
});

/** An einsum equation that cannot be read. */
export const einsumNotation = defineError({
  code: 'einsum-notation',
  what: (subscripts: string, why: string) => `einsum('${subscripts}'): ${why}`,
  fix: "write one group of letters per operand, commas between, and the result after '->': 'bij,bjk->bik'",
  example: {
    fails: "np.einsum('ij,jk->iz', np.ones([2, 3]), np.ones([3, 4]))",
    works: "np.einsum('ij,jk->ik', np.ones([2, 3]), np.ones([3, 4]))",
  },
});

/** One letter of an einsum equation stands for two sizes. */
export const einsumSizes = defineError({
  code: 'einsum-sizes',
  what: (subscripts: string, label: string, a: number, b: number) =>
    `einsum('${subscripts}'): '${label}' is ${a} in one place and ${b} in another`,
  fix: 'use another letter for an axis of another size',
  example: {
    fails: "np.einsum('ij,ij->', np.ones([2, 3]), np.ones([3, 2]))",
    works: "np.einsum('ij,ji->', np.ones([2, 3]), np.ones([3, 2]))",
  },
});

/** Reading one element of an array that has several. */
export const notOneElement = defineError({
  code: 'not-one-element',
  what: (aval: Aval) => `item() reads a single element, but this is ${showAval(aval)}`,
  fix: 'read all of them: await x.js(), or select one first: await x.get(0).item()',
  example: { fails: 'await np.ones([2]).item()', works: 'await np.ones([2]).sum().item()' },
});

/** Selecting by a mask, whose result would have a shape that depends on values. */
export const booleanMask = defineError({
  code: 'boolean-mask',
  what: (aval: Aval) =>
    `an index is a mask (${showAval(aval)}): the size of the result would depend on its values`,
  fix: 'choose by value with a fixed shape: np.where(mask, x, 0)',
  example: {
    fails: 'const x = np.arange(4); x.get(x.greater(1))',
    works: 'const x = np.arange(4); np.where(x.greater(1), x, 0)',
  },
});

/** A position that the axis does not have. */
export const indexOutOfRange = defineError({
  code: 'index-out-of-range',
  what: (index: number, axis: number, shape: Shape) =>
    `index ${index} is outside axis ${axis} of an array of shape ${showShape(shape)}`,
  fix: (_index, axis, shape) =>
    `choose a position from ${-(shape[axis] ?? 0)} to ${(shape[axis] ?? 0) - 1}`,
  example: { fails: 'np.arange(3).get(3)', works: 'np.arange(3).get(-1)' },
});

/** More indices than axes. */
export const tooManyIndices = defineError({
  code: 'too-many-indices',
  what: (count: number, shape: Shape) =>
    `${count} indices were given for an array of ${shape.length === 1 ? 'one axis' : `${shape.length} axes`}, shape ${showShape(shape)}`,
  fix: 'pass at most one index per axis, and at most one "..."',
  example: { fails: 'np.arange(3).get(0, 0)', works: 'np.arange(3).get(0)' },
});

/** Something that is no index. */
export const notAnIndex = defineError({
  code: 'not-an-index',
  what: (shown: string) => `${shown} is no index`,
  fix: "index with whole numbers, np.slice(start, stop, step), null for a new axis, '...', or integer arrays",
  example: { fails: 'np.arange(3).get(0.5)', works: 'np.arange(3).get(np.slice(0, 2))' },
});

/** Writing values of a wider type into an array. */
export const updateDType = defineError({
  code: 'update-dtype',
  what: (op: string, update: Aval, target: Aval) =>
    `at(…).${op}: ${showAval(update)} does not fit into ${showAval(target)} without loss`,
  fix: (_op, _update, target) => `convert it first: value.astype('${target.dtype}')`,
  example: {
    fails: "np.zeros([2], { dtype: 'int32' }).at(0).set(0.5)",
    works: 'np.zeros([2]).at(0).set(0.5)',
  },
});

/** A step of zero. */
export const zeroStep = defineError({
  code: 'zero-step',
  what: (op: string) => `${op}: the step is 0`,
  fix: 'pass a positive or negative step',
  example: { fails: 'np.arange(0, 3, 0)', works: 'np.arange(0, 3, 1)' },
});

/** An option that has no such value. */
export const unknownOption = defineError({
  code: 'unknown-option',
  what: (op: string, option: string, given: string, known: string) =>
    `${op}: ${option} is ${given}, which is none of ${known}`,
  fix: (_op, option, _given, known) => `set ${option} to one of ${known}`,
  example: {
    fails: 'np.linalg.norm(np.ones([2, 2]), { ord: 3 })',
    works: 'np.linalg.norm(np.ones([2, 2]), { ord: 1 })',
  },
});

/** An integer array to a negative power. */
export const negativePower = defineError({
  code: 'negative-power',
  what: (exponent: number, aval: Aval) =>
    `np.power: ${showAval(aval)} to the power ${exponent} is no integer`,
  fix: "convert the base first: x.astype('float32')",
  example: {
    fails: 'np.power(np.arange(3), -1)',
    works: "np.power(np.arange(1, 3).astype('float32'), -1)",
  },
});
