/** Element types by their other names, their classes, and what has a meaning for real numbers only. */
import { allocateHost, type DType, isDType, isFloat, isInteger, isSigned } from '../base/dtype.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { where } from './arithmetic.ts';
import { array } from './array.ts';
import { zerosLike } from './creation.ts';
import { eagerly } from './eager.ts';
import { signbit } from './elementwise.ts';
import { unknownDType, unknownOption } from './errors.ts';
import { isnan } from './logic.ts';
import { broadcastValue, checkDType, kindOf, toInexact, toValue } from './operands.ts';

/** Another name of bool. */
export const bool_ = 'bool' satisfies DType;
/** The integers that plain whole numbers are. */
export const int_ = 'int32' satisfies DType;
/** The unsigned integers of that size. */
export const uint = 'uint32' satisfies DType;
/** The floats that plain numbers are. */
export const float_ = 'float32' satisfies DType;
/** Another name of float32. */
export const single = 'float32' satisfies DType;

/** All element types. */
export const generic = 'generic';
/** Integers and floats. */
export const number = 'number';
/** Floats. */
export const inexact = 'inexact';
/** Floats. */
export const floating = 'floating';
/** int32, uint32 and what else counts in whole numbers. */
export const integer = 'integer';
/** Integers with a sign. */
export const signedinteger = 'signedinteger';
/** Integers without a sign. */
export const unsignedinteger = 'unsignedinteger';

const classes = {
  generic: () => true,
  number: (dtype) => dtype !== 'bool',
  inexact: isFloat,
  floating: isFloat,
  integer: isInteger,
  signedinteger: (dtype) => isInteger(dtype) && isSigned(dtype),
  unsignedinteger: (dtype) => isInteger(dtype) && !isSigned(dtype),
} as const satisfies Readonly<Record<string, (dtype: DType) => boolean>>;

/** A class of element types. */
export type DTypeClass = keyof typeof classes;

/** Whether an element type (or that of an array) is, or belongs to a class: `np.issubdtype(x, np.floating)`. */
export function issubdtype(what: DType | Value, wanted: DType | DTypeClass): boolean {
  const dtype = checkDType('np.issubdtype', what instanceof Value ? what.dtype : what);
  if (isDType(wanted)) return dtype === wanted;
  if (Object.hasOwn(classes, wanted)) return classes[wanted](dtype);
  throw unknownDType('np.issubdtype', String(wanted));
}

/** The element type of this name, array or number. @throws `unknown-dtype` */
export const dtype = (what: string | ValueLike): DType =>
  typeof what === 'string' ? checkDType('np.dtype', what) : kindOf('np.dtype', what).dtype;

/** The class of arrays, for `instanceof`. */
export { Value as ndarray } from '../ir/value.ts';

/** Whether the array has an axis to go along. */
export const iterable = (x: ValueLike): boolean => toValue('np.iterable', x).ndim > 0;

/** x: numbers are real. */
export const real = (x: ValueLike): Value => toValue('np.real', x);
/** Zeros: numbers are real. */
export const imag = (x: ValueLike): Value => zerosLike(x);
/** x: numbers are real. */
export const conjugate = (x: ValueLike): Value => toValue('np.conjugate', x);
/** Another name of {@link conjugate}. */
export const conj = conjugate;

const everywhere = (x: ValueLike, value: 0 | 1): Value =>
  broadcastValue('np.isreal', prim.literal(value, 'bool'), toValue('np.isreal', x).shape);

/** True: numbers are real. */
export const isreal = eagerly('np.isreal', (x: ValueLike): Value => everywhere(x, 1));
/** False: numbers are real. */
export const iscomplex = eagerly('np.iscomplex', (x: ValueLike): Value => everywhere(x, 0));
/** True: numbers are real. */
export const isrealobj = (_x: ValueLike): boolean => true;
/** False: numbers are real. */
export const iscomplexobj = (_x: ValueLike): boolean => false;

/** The angle to the positive numbers: 0, or π (180 degrees) for negative ones. */
export const angle = eagerly(
  'np.angle',
  (operand: ValueLike, { deg = false }: { readonly deg?: boolean } = {}): Value => {
    const x = toInexact('np.angle', operand);
    const half = deg ? 180 : Math.PI;
    return where(isnan(x), Number.NaN, where(signbit(x), Math.fround(half), 0));
  },
);

/** dtype[n] of the numbers that an iterable gives. */
export const fromiter = (
  items: Iterable<number | boolean>,
  dtype: DType,
  { count = -1 }: { readonly count?: number } = {},
): Value => {
  const all = [...items];
  return array(count < 0 ? all : all.slice(0, count), { dtype });
};

/** Options of {@link frombuffer}. */
export interface FrombufferOptions {
  /** Default float32. */
  readonly dtype?: DType;
  /** How many elements. Default: as many as there are. */
  readonly count?: number;
  /** Where they begin, in bytes. Default 0. */
  readonly offset?: number;
}

/** dtype[n] of the numbers that lie in memory, in the byte order of the machine. */
export function frombuffer(
  memory: ArrayBufferLike | ArrayBufferView,
  { dtype = 'float32', count = -1, offset = 0 }: FrombufferOptions = {},
): Value {
  const bytes = ArrayBuffer.isView(memory)
    ? new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength)
    : new Uint8Array(memory);
  const each = allocateHost(checkDType('np.frombuffer', dtype), 1).BYTES_PER_ELEMENT;
  const length = count < 0 ? Math.floor((bytes.length - offset) / each) : count;
  if (offset + length * each > bytes.length) {
    throw unknownOption('np.frombuffer', 'count', String(count), `0 to ${bytes.length / each}`);
  }
  const data = allocateHost(dtype, length);
  new Uint8Array(data.buffer).set(bytes.subarray(offset, offset + length * each));
  return array(data, { dtype });
}

/** dtype[n] of the numbers in a text, between separators. */
export const fromstring = (
  text: string,
  { dtype = 'float32', sep = ' ' }: { readonly dtype?: DType; readonly sep?: string } = {},
): Value =>
  array(
    text
      .split(sep.trim() === '' ? /\s+/ : sep)
      .filter((part) => part.trim() !== '')
      .map(Number),
    { dtype },
  );
