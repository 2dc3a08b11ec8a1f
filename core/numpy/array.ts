/** Arrays from data on the host. */
import { makeAval, type Shape, showAval, sizeOf } from '../base/aval.ts';
import { allocateHost, allocateRaw, type DType, type TypedArray } from '../base/dtype.ts';
import { upload, uploadRaw } from '../host/runtime.ts';
import { Value } from '../ir/value.ts';
import { convert } from '../primitives/index.ts';
import { notArrayData, raggedArray, unknownDType, wrongRawData } from './errors.ts';
import { stack } from './join.ts';
import { checkDType, showOperand, toValue } from './operands.ts';

/** What {@link array} accepts: numbers, booleans, arrays, and nested lists of these; or typed arrays. */
export type ArrayData = number | boolean | Value | TypedArray | readonly ArrayData[];

/** The element type of a new array. */
export interface DTypeOption {
  readonly dtype?: DType;
}

/**
 * An array of the given elements.
 *
 * Numbers give float32 and booleans give bool, unless `dtype` says otherwise; typed arrays keep their
 * type (Float64Array is rounded to float32). JavaScript cannot tell 1
 * from 1.0, so whole numbers give float32 too. Numbers are truncated for integer types and wrap around.
 *
 * @param data - Nested lists must have equal lengths on each level.
 * @throws EnerjaxError `ragged-array`, `not-array-data` or `unknown-dtype`.
 * @example
 * const x = np.array([[1, 2, 3], [4, 5, 6]]);
 * const ids = np.array([0, 2], { dtype: 'int32' });
 */
export function array(data: ArrayData, { dtype }: DTypeOption = {}): Value {
  if (dtype !== undefined) checkDType('np.array', dtype);
  if (data instanceof Value) return ofType(data, dtype);
  if (ArrayBuffer.isView(data)) return fromTyped(data, dtype);
  if (holdsArrays(data)) return ofType(fromArrays(data), dtype);
  const shape = shapeOfNested(data);
  const flat: (number | boolean)[] = [];
  flatten(data, shape, 0, '', flat);
  const type = dtype ?? (flat.length > 0 && flat.every(isBoolean) ? 'bool' : 'float32');
  return upload(toHost(flat.map(Number), type), shape, type);
}

/**
 * The operand as an array: arrays are returned as they are, anything else goes through {@link array}.
 */
export const asarray = (data: ArrayData, options: DTypeOption = {}): Value => array(data, options);

const isBoolean = (element: number | boolean): element is boolean => typeof element === 'boolean';

const ofType = (x: Value, dtype: DType | undefined): Value =>
  dtype === undefined || dtype === x.dtype ? x : convert(x, dtype);

function fromTyped(data: TypedArray, dtype: DType | undefined): Value {
  const type = dtype ?? dtypeOfTyped(data);
  return upload(toHost(data, type), [data.length], type);
}

function dtypeOfTyped(data: TypedArray): DType {
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Uint16Array) return 'uint16';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Float32Array || data instanceof Float64Array) return 'float32';
  // Reached from JavaScript: the type of `data` rules it out.
  throw unknownDType('np.array', showOperand(data));
}

/** What {@link fromRaw} is told. */
export interface RawOptions {
  readonly dtype: DType;
  /** Default: one axis. */
  readonly shape?: Shape;
}

/**
 * dtype[shape] of elements as they are in memory: 16-bit floats are given as their bits.
 *
 * @param data - As {@link Value.rawData} returns it: a Uint16Array for float16 and bfloat16.
 * @throws EnerjaxError `wrong-raw-data` if the kind or the number of elements does not fit.
 * @example
 * const ones = np.fromRaw(new Uint16Array([0x3f80, 0x3f80]), { dtype: 'bfloat16' });
 */
export function fromRaw(data: TypedArray, { dtype, shape = [data.length] }: RawOptions): Value {
  checkDType('np.fromRaw', dtype);
  const wanted = allocateRaw(dtype, 0).constructor;
  if (data.constructor !== wanted || data.length !== sizeOf(shape)) {
    const expected = `a ${wanted.name} of ${sizeOf(shape)}`;
    throw wrongRawData(showAval(makeAval(shape, dtype)), expected, describeTyped(data));
  }
  return uploadRaw(data.slice(), shape, dtype);
}

const describeTyped = (data: TypedArray): string => `a ${data.constructor.name} of ${data.length}`;

/** Elements as the host stores them; booleans as 0 and 1. */
function toHost(elements: ArrayLike<number>, dtype: DType): TypedArray {
  const host = allocateHost(dtype, elements.length);
  if (dtype === 'bool') {
    for (let i = 0; i < elements.length; i++) host[i] = elements[i] === 0 ? 0 : 1;
  } else {
    host.set(elements);
  }
  return host;
}

const isList = (data: ArrayData): data is readonly ArrayData[] => Array.isArray(data);

const holdsArrays = (data: ArrayData): boolean =>
  isList(data) && data.some((element) => element instanceof Value || holdsArrays(element));

function fromArrays(data: ArrayData): Value {
  if (isList(data)) return stack(data.map(fromArrays));
  if (typeof data === 'number' || typeof data === 'boolean') return toValue('np.array', data);
  return array(data);
}

function shapeOfNested(data: ArrayData): Shape {
  const shape: number[] = [];
  for (let level: ArrayData | undefined = data; level !== undefined && isList(level); ) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

/** Appends the numbers of `data` to `flat`, checking that they fill `shape`. */
function flatten(
  data: ArrayData,
  shape: Shape,
  level: number,
  path: string,
  flat: (number | boolean)[],
): void {
  const size = shape[level];
  if (isList(data)) {
    if (data.length !== size) throw raggedArray(path, describe(data), describeSize(size));
    data.forEach((element, i) => {
      flatten(element, shape, level + 1, `${path}[${i}]`, flat);
    });
  } else if (typeof data !== 'number' && typeof data !== 'boolean') {
    throw notArrayData(path === '' ? '(the only one)' : path, showOperand(data));
  } else if (size !== undefined) {
    throw raggedArray(path, describe(data), describeSize(size));
  } else {
    flat.push(data);
  }
}

const describe = (data: ArrayData): string =>
  isList(data) ? `a list of ${data.length}` : `the plain value ${String(data)}`;

const describeSize = (size: number | undefined): string =>
  size === undefined ? 'a plain value' : `a list of ${size}`;
