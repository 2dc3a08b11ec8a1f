/** What transforms take for an array: its type, and how it and its place are called in errors. */
import { type Aval, showAval } from '../core/base/aval.ts';
import { kindOfScalar } from '../core/base/dtype.ts';
import { Value } from '../core/ir/value.ts';
import { ArraySpec } from './array-spec.ts';

/**
 * The type of an array, of a description of one, of a number or a boolean; null for anything else.
 *
 * @param numbersAreFloats - A plain number that is differentiated is a float, also if it is whole.
 */
export function avalOf(leaf: unknown, numbersAreFloats = false): Aval | null {
  if (leaf instanceof Value || leaf instanceof ArraySpec) return leaf.aval;
  if (typeof leaf === 'number' && numbersAreFloats) return weakFloat;
  if (typeof leaf !== 'number' && typeof leaf !== 'boolean') return null;
  return { shape: [], ...kindOfScalar(leaf) };
}

const weakFloat: Aval = { shape: [], dtype: 'float32', weak: true };

/** How a leaf is shown in errors. */
export function showLeaf(leaf: unknown): string {
  if (leaf instanceof Value || leaf instanceof ArraySpec) return showAval(leaf.aval);
  if (typeof leaf === 'string') return `the string '${leaf}'`;
  if (typeof leaf === 'function') return `the function ${leaf.name || '(without a name)'}`;
  if (typeof leaf === 'object' && leaf !== null) return `an instance of ${leaf.constructor.name}`;
  return String(leaf);
}

/** `argument 0 at 'encoder/kernel'`, from a path in the list of arguments (`0/encoder/kernel`). */
export function showArgument(path: string): string {
  const [position = '', ...rest] = path.split('/');
  return `argument ${position}${rest.length === 0 ? '' : ` at '${rest.join('/')}'`}`;
}

/** `the result at 'a/b'`. */
export const showResult = (path: string): string =>
  path === '' ? 'the result' : `the result at '${path}'`;
