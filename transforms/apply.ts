/** From user-held values to inputs of programs, and running them. */
import { showAval, type Aval } from '../core/base/aval.ts';
import { kindOfScalar } from '../core/base/dtype.ts';
import { inline } from '../core/ir/interpret.ts';
import type { Program } from '../core/ir/program.ts';
import { concrete, evaluate, isTracing } from '../core/ir/trace.ts';
import { Value } from '../core/ir/value.ts';
import { literal } from '../core/primitives/index.ts';
import { ArraySpec } from './array-spec.ts';

/** The program's outputs: written into the program being traced, or computed at once. */
export const apply = (program: Program, inputs: readonly Value[]): Value[] =>
  isTracing() ? inline(program, inputs) : evaluate(program, concrete(inputs));

/** The array that a number or boolean stands for, with the weak type of plain numbers. */
export function scalar(value: number | boolean, asFloat = false): Value {
  const { dtype, weak } = asFloat ? floatKind : kindOfScalar(value);
  return literal(Number(value), dtype, weak);
}

const floatKind = { dtype: 'float32', weak: true } as const;

/** The abstract value of an array, a description of one, a number or a boolean; else null. */
export function avalOf(leaf: unknown, asFloat = false): Aval | null {
  if (leaf instanceof Value || leaf instanceof ArraySpec) return leaf.aval;
  if (typeof leaf !== 'number' && typeof leaf !== 'boolean') return null;
  // A plain number that is differentiated is a float, whether or not it happens to be whole.
  const { dtype, weak } = asFloat && typeof leaf === 'number' ? floatKind : kindOfScalar(leaf);
  return { shape: [], dtype, weak };
}

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
