/**
 * Types that are narrow in memory: their elements are computed in 32 bits, and the result of every
 * operation is rounded (floats) or wrapped (integers) to the type, so that it does not matter whether
 * it goes through memory.
 */
import {
  bytesOf,
  type DType,
  integerRange,
  isFloat,
  isSigned,
  isStorageType,
  type StorageType,
  scalarTypeOf,
} from '../base/dtype.ts';
import { nearest } from '../base/half.ts';
import { constant, type Expr, op } from './expr.ts';

/** Floats of 16 bits. */
export type HalfType = 'bfloat16' | 'float16';

/** True for floats of 16 bits. */
export const isHalf = (dtype: DType): dtype is HalfType =>
  dtype === 'bfloat16' || dtype === 'float16';

const int = (value: number): Expr => constant(value, 'int32');
const word = (value: number): Expr => constant(value >>> 0, 'uint32');
const float = (value: number): Expr => constant(value, 'float32');

/** The element as one of `dtype`: floats rounded to the nearest, ties to even; integers wrapped. */
export function fitTo(element: Expr, dtype: DType): Expr {
  if (!isStorageType(dtype) || fits(element, dtype)) return element;
  if (element.kind === 'const') return constant(element.value, dtype);
  switch (dtype) {
    case 'bfloat16':
      return op('roundBfloat16', [element]);
    case 'float16':
      return op('roundFloat16', [element]);
    case 'int8':
    case 'int16': {
      const spare = int(32 - 8 * bytesOf(dtype));
      return op('shiftRightArithmetic', [op('shiftLeft', [element, spare]), spare]);
    }
    case 'uint8':
    case 'uint16':
      return op('and', [element, word(integerRange(dtype)[1])]);
  }
}

const known = new WeakMap<Expr, Map<StorageType, boolean>>();

/** True if every value of the expression is one of `dtype` already. */
function fits(element: Expr, dtype: StorageType): boolean {
  const facts = known.get(element) ?? new Map<StorageType, boolean>();
  known.set(element, facts);
  const fact = facts.get(dtype) ?? computeFits(element, dtype);
  facts.set(dtype, fact);
  return fact;
}

function computeFits(element: Expr, dtype: StorageType): boolean {
  switch (element.kind) {
    case 'const':
      return Object.is(nearest(element.value, dtype), element.value);
    case 'load':
      return !element.isRaw && element.source.dtype === dtype;
    case 'reduce':
    case 'cumulate':
      return choosing.has(element.op) && fits(element.value, dtype);
    case 'op':
      return isFloat(dtype)
        ? floatFits(element.op, element.args, dtype)
        : integerFits(element.op, element.args, dtype);
    default:
      return false;
  }
}

/** Operations whose result is one of the operands. */
const choosing: ReadonlySet<string> = new Set(['max', 'min', 'select']);
/** Operations on floats that never need more digits than their operand. */
const shortening: ReadonlySet<string> = new Set(['neg', 'abs', 'floor', 'ceil', 'round', 'sign']);

function floatFits(name: string, args: readonly Expr[], dtype: StorageType): boolean {
  if (name === (dtype === 'bfloat16' ? 'roundBfloat16' : 'roundFloat16')) return true;
  if (name === 'convert') return args[0]?.dtype === 'bool';
  if (choosing.has(name)) return args.slice(name === 'select' ? 1 : 0).every((a) => fits(a, dtype));
  return shortening.has(name) && args.every((a) => fits(a, dtype));
}

function integerFits(name: string, args: readonly Expr[], dtype: StorageType): boolean {
  const [, amount] = args;
  if (choosing.has(name)) return args.slice(name === 'select' ? 1 : 0).every((a) => fits(a, dtype));
  if (name === 'convert') return args[0]?.dtype === 'bool';
  if (amount?.kind !== 'const') return false;
  if (name === 'shiftRightArithmetic' && isSigned(dtype)) {
    return amount.value >= 32 - 8 * bytesOf(dtype) && amount.value < 32;
  }
  return name === 'and' && !isSigned(dtype) && amount.value <= integerRange(dtype)[1];
}

/** The element of one type converted to another. Floats saturate where they become integers. */
export function convertTo(element: Expr, dtype: DType): Expr {
  const scalar = scalarTypeOf(dtype);
  if (!isStorageType(dtype)) return op('convert', [element], scalar);
  if (isFloat(dtype) || element.dtype !== 'float32') {
    return fitTo(op('convert', [element], scalar), dtype);
  }
  const [low, high] = integerRange(dtype);
  const inside = op('min', [op('max', [element, float(low)]), float(high)]);
  return op('convert', [inside], scalar);
}

/** The bits of an element read as another type of the same width. */
export function bitcastTo(element: Expr, from: DType, to: DType): Expr {
  if (!isStorageType(from)) return op('bitcast', [element], scalarTypeOf(to));
  const bits = isHalf(from) ? bitsOfElement(element, from) : op('bitcast', [element], 'uint32');
  if (isHalf(to)) return elementOfBits(op('and', [bits, word(0xffff)]), to);
  return fitTo(op('bitcast', [bits], scalarTypeOf(to)), to);
}

/** The bits of an element of a 16-bit float type, which it must be a value of: uint32. */
export function bitsOfElement(element: Expr, dtype: HalfType): Expr {
  const bits = op('bitcast', [element], 'uint32');
  if (dtype === 'bfloat16') return op('shiftRightLogical', [bits, word(16)]);
  const size = op('and', [bits, word(0x7fffffff)]);
  const sign = op('and', [op('shiftRightLogical', [bits, word(16)]), word(0x8000)]);
  const normal = op('shiftRightLogical', [op('sub', [size, word(0x38000000)]), word(13)]);
  const small = op('mul', [op('bitcast', [size], 'float32'), float(2 ** 24)]);
  const subnormal = op('convert', [small], 'uint32');
  const finite = op('select', [op('lt', [size, word(0x38800000)]), subnormal, normal]);
  const special = op('select', [op('gt', [size, word(0x7f800000)]), word(0x7e00), word(0x7c00)]);
  const rest = op('select', [op('lt', [size, word(0x7f800000)]), finite, special]);
  return op('or', [sign, rest]);
}

/** The element of a 16-bit float type with these bits, a uint32 below 2¹⁶. */
export function elementOfBits(bits: Expr, dtype: HalfType): Expr {
  if (dtype === 'bfloat16') return op('bitcast', [op('shiftLeft', [bits, word(16)])], 'float32');
  const size = op('and', [bits, word(0x7fff)]);
  const sign = op('shiftLeft', [op('and', [bits, word(0x8000)]), word(16)]);
  const wide = op('add', [op('shiftLeft', [size, word(13)]), word(0x38000000)]);
  const small = op('mul', [op('convert', [size], 'float32'), float(2 ** -24)]);
  const special = op('or', [wide, word(0x7f800000)]);
  const large = op('select', [op('ge', [size, word(0x7c00)]), special, wide]);
  const isSmall = op('lt', [size, word(0x400)]);
  const magnitude = op('select', [isSmall, op('bitcast', [small], 'uint32'), large]);
  return op('bitcast', [op('or', [magnitude, sign])], 'float32');
}
