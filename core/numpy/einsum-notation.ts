/** The notation of einsum: `'bij,bjk->bik'`, with `...` for axes without names. */
import { range, type Shape } from '../base/aval.ts';
import { einsumNotation, einsumSizes } from './errors.ts';

/** An axis' name: a letter, or `.0`, `.1`, … for the axes of an ellipsis, counted from its end. */
export type Label = string;

/** What an einsum equation says of its operands. */
export interface Equation {
  /** The names of each operand's axes. */
  readonly operands: readonly (readonly Label[])[];
  /** The names of the result's axes. */
  readonly output: readonly Label[];
  readonly sizes: ReadonlyMap<Label, number>;
}

const isLetter = (text: string): boolean => /^[A-Za-z]$/.test(text);

/** The letters of one group, `'...'` for an ellipsis. */
function letters(subscripts: string, group: string): string[] {
  const found: string[] = [];
  for (let i = 0; i < group.length; i++) {
    const letter = group.charAt(i);
    if (group.startsWith('...', i)) {
      found.push('...');
      i += 2;
    } else if (isLetter(letter)) {
      found.push(letter);
    } else {
      throw einsumNotation(subscripts, `'${letter}' is no letter`);
    }
  }
  if (found.filter((label) => label === '...').length > 1) {
    throw einsumNotation(subscripts, `'${group}' has two ellipses`);
  }
  return found;
}

/** The axes that an ellipsis stands for are named from their end, so that they broadcast. */
const ellipsisLabels = (count: number): Label[] => range(count).map((i) => `.${count - 1 - i}`);

function nameAxes(subscripts: string, group: readonly string[], shape: Shape): Label[] {
  const named = group.filter((label) => label !== '...').length;
  const hidden = shape.length - named;
  if (hidden < 0 || (hidden > 0 && !group.includes('...'))) {
    const shown = `'${group.join('')}' names ${named} axes of an operand of shape [${shape.join(', ')}]`;
    throw einsumNotation(subscripts, shown);
  }
  return group.flatMap((label) => (label === '...' ? ellipsisLabels(hidden) : [label]));
}

/**
 * The equation that `subscripts` spells for operands of these shapes. Without an arrow, the result has
 * the ellipsis and then, in alphabetical order, the letters that occur once.
 */
export function parseEquation(subscripts: string, shapes: readonly Shape[]): Equation {
  const [left = '', right, ...more] = subscripts.replace(/\s/g, '').split('->');
  if (more.length > 0) throw einsumNotation(subscripts, "there are two '->'");
  const groups = left.split(',').map((group) => letters(subscripts, group));
  if (groups.length !== shapes.length) {
    const shown = `it names ${groups.length} operands, but ${shapes.length} were passed`;
    throw einsumNotation(subscripts, shown);
  }
  const operands = groups.map((group, i) => nameAxes(subscripts, group, shapes[i] ?? []));
  const longest = Math.max(0, ...operands.map((o) => o.filter((l) => l.startsWith('.')).length));
  const hidden = ellipsisLabels(longest);
  const output =
    right === undefined
      ? [...hidden, ...namedOnce(operands)]
      : letters(subscripts, right).flatMap((label) => (label === '...' ? hidden : [label]));
  checkOutput(subscripts, operands, output);
  return { operands, output, sizes: sizesOf(subscripts, operands, shapes) };
}

function namedOnce(operands: readonly (readonly Label[])[]): Label[] {
  const all = operands.flat().filter(isLetter);
  return all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
}

function checkOutput(
  subscripts: string,
  operands: readonly (readonly Label[])[],
  output: readonly Label[],
): void {
  const known = new Set(operands.flat());
  output.forEach((label, i) => {
    if (!known.has(label)) {
      throw einsumNotation(subscripts, `the result has '${label}', which no operand has`);
    }
    if (output.indexOf(label) !== i) {
      throw einsumNotation(subscripts, `the result has '${label}' twice`);
    }
  });
}

function sizesOf(
  subscripts: string,
  operands: readonly (readonly Label[])[],
  shapes: readonly Shape[],
): Map<Label, number> {
  const sizes = new Map<Label, number>();
  operands.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const size = shapes[i]?.[axis] ?? 1;
      const seen = sizes.get(label) ?? size;
      const broadcasts = label.startsWith('.') && (seen === 1 || size === 1);
      if (seen !== size && !broadcasts) throw einsumSizes(subscripts, label, seen, size);
      sizes.set(label, broadcasts ? Math.max(seen, size) * Math.min(seen, size, 1) : size);
    });
  });
  return sizes;
}
