/** What the array API does to operands before a primitive sees them: promotion and broadcasting. */
import { range, type Shape, sameShape, showAval } from '../base/aval.ts';
import {
  type DType,
  integerRange,
  isDType,
  isFloat,
  isInteger,
  type Kind,
  kindOfScalar,
  promoteDTypes,
} from '../base/dtype.ts';
import { notAnArray } from '../ir/errors.ts';
import { Value, type ValueLike } from '../ir/value.ts';
import { repeatedAxis } from '../primitives/errors.ts';
import { broadcastInDim, convert, literal } from '../primitives/index.ts';
import {
  badShape,
  broadcastMismatch,
  noSuchAxis,
  numberOutOfRange,
  unknownDType,
} from './errors.ts';

/** One axis, several, or all of them (null or absent). */
export type Axes = number | readonly number[] | null;

/** Throws unless this is a value that the array API accepts. */
function checkOperand(op: string, operand: unknown): asserts operand is ValueLike {
  const isFine =
    operand instanceof Value || typeof operand === 'number' || typeof operand === 'boolean';
  if (!isFine) throw notAnArray(op, showOperand(operand));
}

/** What was passed instead of an array, for errors. */
export function showOperand(operand: unknown): string {
  if (operand instanceof Value) return showAval(operand.aval);
  if (typeof operand === 'string') return `'${operand}'`;
  if (Array.isArray(operand)) return `a list of ${operand.length}`;
  if (typeof operand === 'object' && operand !== null) {
    return `an object of class ${operand.constructor?.name ?? 'Object'}`;
  }
  return String(operand);
}

/** The element type of an operand. */
export function kindOf(op: string, operand: ValueLike): Kind {
  checkOperand(op, operand);
  return operand instanceof Value ? operand.aval : kindOfScalar(operand);
}

/** Floats stay; integers and booleans become float32, weak ones stay weak. */
export const inexact = (kind: Kind): Kind =>
  isFloat(kind.dtype) ? kind : { dtype: 'float32', weak: kind.weak };

function fits(value: number, dtype: DType): boolean {
  if (!isInteger(dtype)) return true;
  const [low, high] = integerRange(dtype);
  return value >= low && value <= high;
}

/** A scalar array of a plain number. */
function scalar(op: string, value: number | boolean, { dtype, weak }: Kind): Value {
  const number = Number(value);
  if (!fits(number, dtype)) throw numberOutOfRange(op, number, dtype);
  return literal(number, dtype, weak);
}

/** The operand as an array of this type. */
export function castTo(op: string, operand: ValueLike, kind: Kind): Value {
  checkOperand(op, operand);
  if (!(operand instanceof Value)) return scalar(op, operand, kind);
  return operand.dtype === kind.dtype ? operand : convert(operand, kind.dtype, kind.weak);
}

/** The operand as an array; plain numbers keep their weak type. */
export const toValue = (op: string, operand: ValueLike): Value =>
  castTo(op, operand, kindOf(op, operand));

/** The operand as an array of floats. */
export const toInexact = (op: string, operand: ValueLike): Value =>
  castTo(op, operand, inexact(kindOf(op, operand)));

/** The shape that all of these broadcast to. */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const ndim = Math.max(0, ...shapes.map((shape) => shape.length));
  return range(ndim).map((axis) => {
    const sizes = shapes.map((shape) => shape.at(axis - ndim) ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((candidate) => candidate !== 1 && candidate !== size)) {
      throw broadcastMismatch(op, shapes, axis - ndim);
    }
    return size;
  });
}

/** The array repeated along new leading axes and axes of size 1, to fill `shape`. */
export function broadcastValue(op: string, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(op, [x.shape, shape]), shape)) {
    throw broadcastMismatch(op, [x.shape, shape], firstMismatch(x.shape, shape));
  }
  const lead = shape.length - x.ndim;
  return broadcastInDim(
    x,
    shape,
    range(x.ndim).map((axis) => lead + axis),
  );
}

/** The last axis, counted from the end, on which `shape` is smaller than what it should hold. */
function firstMismatch(from: Shape, shape: Shape): number {
  const axes = range(Math.max(from.length, shape.length)).map((i) => -1 - i);
  return axes.find((axis) => (from.at(axis) ?? 1) !== 1 && from.at(axis) !== shape.at(axis)) ?? -1;
}

/** The operands in one common type, their shapes as they were. */
export function promote(
  op: string,
  operands: readonly ValueLike[],
  adjust: (kind: Kind) => Kind = (kind) => kind,
): Value[] {
  const kind = adjust(promoteDTypes(operands.map((operand) => kindOf(op, operand))));
  return operands.map((operand) => castTo(op, operand, kind));
}

/** The operands in one common shape. */
export function broadcastTogether(op: string, operands: readonly Value[]): Value[] {
  const shape = broadcastShapes(
    op,
    operands.map((x) => x.shape),
  );
  return operands.map((x) => broadcastValue(op, x, shape));
}

/** Two operands in one common type and shape. */
export function promotePair(
  op: string,
  x: ValueLike,
  y: ValueLike,
  adjust?: (kind: Kind) => Kind,
): [Value, Value] {
  const [a, b] = broadcastTogether(op, promote(op, [x, y], adjust));
  if (a === undefined || b === undefined) throw notAnArray(op, 'nothing');
  return [a, b];
}

/** The axis counted from the front. */
export function normalizeAxis(op: string, axis: number, ndim: number): number {
  if (!Number.isInteger(axis) || axis < -ndim || axis >= ndim) {
    throw noSuchAxis(op, axis, ndim);
  }
  return axis < 0 ? axis + ndim : axis;
}

/** Axes counted from the front, each once, in the order given; null stands for all. */
export function normalizeAxes(op: string, axes: Axes | undefined, ndim: number): number[] {
  if (axes === null || axes === undefined) return range(ndim);
  const list = typeof axes === 'number' ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(op, axis, ndim));
  if (new Set(normalized).size !== normalized.length) throw repeatedAxis(op, list);
  return normalized;
}

/** The element type, if it exists. */
export function checkDType(op: string, dtype: unknown): DType {
  if (!isDType(dtype)) throw unknownDType(op, String(dtype));
  return dtype;
}

/** A number stands for a shape of one axis. */
export function checkShape(op: string, shape: number | Shape): Shape {
  const list = typeof shape === 'number' ? [shape] : shape;
  const isFine = Array.isArray(list) && list.every((size) => Number.isInteger(size) && size >= 0);
  if (!isFine) throw badShape(op, Array.isArray(list) ? `[${list.join(', ')}]` : showOperand(list));
  return list;
}
