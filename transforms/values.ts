/** Inputs of programs, made from what users pass, and arrays that transforms need besides. */
import { type Aval, range, sizeOf } from '../core/base/aval.ts';
import { allocateHost, isFloat, type Kind, kindOfScalar } from '../core/base/dtype.ts';
import { invariant } from '../core/base/errors.ts';
import { upload } from '../core/host/runtime.ts';
import { isTracing } from '../core/ir/trace.ts';
import { ConcreteArray, Value } from '../core/ir/value.ts';
import { full, zeros } from '../core/primitives/broadcast.ts';
import { convert, eq, iota, literal, reshape, transpose } from '../core/primitives/index.ts';
import { needsElements } from './errors.ts';
import { avalOf, showArgument, showLeaf } from './leaves.ts';
import type { Staged, StagedCall } from './stage.ts';

/** The array that a number or boolean stands for: part of the program being traced, or in memory. */
export function scalar(
  value: number | boolean,
  { dtype, weak }: Kind = kindOfScalar(value),
): Value {
  if (isTracing()) return literal(Number(value), dtype, weak);
  // Uploaded, not computed: a program per number would be compiled per number.
  const data = allocateHost(dtype, 1);
  data[0] = Number(value);
  return new ConcreteArray({ shape: [], dtype, weak }, upload(data, [], dtype).storage);
}

/** The array that a leaf of the arguments stands for, or null if it has no elements. */
export function toValue(leaf: unknown, numbersAreFloats = false): Value | null {
  if (leaf instanceof Value) return leaf;
  if (typeof leaf !== 'number' && typeof leaf !== 'boolean') return null;
  const aval = avalOf(leaf, numbersAreFloats);
  return aval === null ? null : scalar(leaf, aval);
}

/** The inputs of a staged program: arguments, then captures. @throws `array-spec-has-no-elements`. */
export function toInputs(label: string, staged: StagedCall, numbersAreFloats = false): Value[] {
  const values = staged.leaves.map((leaf, i) => {
    const value = toValue(leaf, numbersAreFloats);
    if (value !== null) return value;
    const path = staged.argTree.paths()[i] ?? '';
    throw needsElements(label, showArgument(path), showLeaf(leaf));
  });
  return [...values, ...staged.captures];
}

/** For each input of a staged program, whether it is an argument that can have a tangent. */
export const floatInputs = ({ program, argTree }: Staged): boolean[] =>
  program.inputs.map(({ aval }, i) => i < argTree.size && isFloat(aval.dtype));

/** The tangents or cotangents with exact zeros written out. */
export const writeZeros = (tangents: readonly (Value | null)[], avals: readonly Aval[]): Value[] =>
  avals.map((aval, i) => tangents[i] ?? zeros(aval));

/** The standard basis: dtype[size, …shape], where slice i is one at element i and zero elsewhere. */
export function basis({ shape, dtype }: Aval): Value {
  const size = sizeOf(shape);
  if (size === 1) return full(1, { shape: [1, ...shape], dtype });
  const rows = iota('int32', [size, size], 0);
  const columns = iota('int32', [size, size], 1);
  return reshape(convert(eq(rows, columns), dtype), [size, ...shape]);
}

/** The array with one of its axes in another place. Both axes are counted from the front. */
export function moveAxis(x: Value, from: number, to: number): Value {
  if (from === to) return x;
  const order = range(x.ndim).filter((axis) => axis !== from);
  return transpose(x, order.toSpliced(to, 0, from));
}

/** The item at a position that must be there. */
export function itemAt<T>(items: readonly T[], index: number): T {
  invariant(index >= 0 && index < items.length, `item ${index} of ${items.length} is missing`);
  return items[index] as T; // In bounds, so it is a T, which may include undefined.
}
