/** Arrays that transforms need besides those of the user. */
import type { Aval } from '../core/base/aval.ts';
import { sizeOf } from '../core/base/aval.ts';
import { Value } from '../core/ir/value.ts';
import { broadcastInDim, convert, eq, iota, literal, reshape } from '../core/primitives/index.ts';
import { scalar, showArgument, showLeaf } from './apply.ts';
import { needsElements } from './errors.ts';
import type { Staged } from './stage.ts';

/** An array of this type filled with one number. */
export function full(aval: Aval, value: number): Value {
  const element = literal(value, aval.dtype, aval.weak);
  return aval.shape.length === 0 ? element : broadcastInDim(element, aval.shape, []);
}

/** Zeros of this type. */
export const zerosLike = (aval: Aval): Value => full(aval, 0);

/** The standard basis: dtype[size, ...shape], where slice i is one at element i and zero elsewhere. */
export function basis({ shape, dtype }: Aval): Value {
  const size = sizeOf(shape);
  const rows = iota('int32', [size, size], 0);
  const columns = iota('int32', [size, size], 1);
  return reshape(convert(eq(rows, columns), dtype), [size, ...shape]);
}

/** The array that stands for a leaf of the arguments. */
export function toValue(leaf: unknown, asFloat: boolean): Value | null {
  if (leaf instanceof Value) return leaf;
  if (typeof leaf === 'number') return scalar(leaf, asFloat);
  return typeof leaf === 'boolean' ? scalar(leaf) : null;
}

/** The inputs of a staged program: arguments, then captures. */
export function toInputs(label: string, staged: Staged, numbersAreFloats = false): Value[] {
  const values = staged.leaves.map((leaf, i) => {
    const value = toValue(leaf, numbersAreFloats);
    if (value !== null) return value;
    const path = staged.argTree.paths()[i] ?? '';
    throw needsElements(label, showArgument(path), showLeaf(leaf));
  });
  return [...values, ...staged.captures];
}

