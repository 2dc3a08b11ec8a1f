/** Text with places for values: `{}`, `{0}`, `{name}`, `{x:.3f}`, and `{{` for a brace. */
import type { Shape } from '../../core/base/aval.ts';
import { sizeOf } from '../../core/base/aval.ts';
import { isFloat } from '../../core/base/dtype.ts';
import { flatten } from '../../core/base/pytree.ts';
import { ConcreteArray } from '../../core/ir/value.ts';
import { badFormat } from './errors.ts';

/** A piece of text, or a place for a value. */
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'place'; readonly key: string | number; readonly spec: string };

/** A format that has been read. */
export interface Format {
  readonly pieces: readonly Piece[];
}

const token = /\{\{|\}\}|\{([^{}:!]*)(?:![rs])?(?::([^{}]*))?\}/g;
const spec = /^(?:\.(\d+))?([efgd]?)$/;

/**
 * @param count - The number of values without a name.
 * @param names - Names of the others.
 * @throws `bad-debug-format`
 */
export function readFormat(text: string, count: number, names: readonly string[]): Format {
  const pieces: Piece[] = [];
  let end = 0;
  let next = 0;
  const fail = (why: string): never => {
    throw badFormat(text, why);
  };
  for (const match of text.matchAll(token)) {
    pieces.push({ kind: 'text', text: plainText(text.slice(end, match.index), fail) });
    end = match.index + match[0].length;
    if (match[1] === undefined) {
      pieces.push({ kind: 'text', text: match[0].slice(0, 1) });
      continue;
    }
    const name = match[1].trim();
    const key = name === '' ? next++ : /^\d+$/.test(name) ? Number(name) : name;
    if (typeof key === 'number' && key >= count) fail(`there is no value for place ${key}`);
    if (typeof key === 'string' && !names.includes(key)) fail(`no value is called '${key}'`);
    const how = match[2] ?? '';
    if (!spec.test(how)) fail(`':${how}' is none of :.3f, :.3e, :.3g, :d`);
    pieces.push({ kind: 'place', key, spec: how });
  }
  pieces.push({ kind: 'text', text: plainText(text.slice(end), fail) });
  const used = new Set(pieces.map((piece) => (piece.kind === 'place' ? piece.key : '')));
  for (let i = 0; i < count; i++) if (!used.has(i)) fail(`value ${i} has no place`);
  for (const name of names) if (!used.has(name)) fail(`'${name}' has no place`);
  return { pieces };
}

function plainText(text: string, fail: (why: string) => never): string {
  return /[{}]/.test(text) ? fail('a brace is not closed; write {{ or }} for the character') : text;
}

/** The text with the values in their places. */
export const fillFormat = (
  { pieces }: Format,
  positional: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
): string =>
  pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      const value = typeof piece.key === 'number' ? positional[piece.key] : named[piece.key];
      return showValue(value, piece.spec);
    })
    .join('');

/** An array's elements in brackets, a number, or a tree of them. */
export function showValue(value: unknown, how = ''): string {
  if (value instanceof ConcreteArray) {
    const show = (x: number): string =>
      value.dtype === 'bool' ? String(x !== 0) : showNumber(x, isFloat(value.dtype), how);
    return showElements(value.dataSync(), value.shape, show);
  }
  if (typeof value === 'number') return showNumber(value, false, how);
  if (Array.isArray(value)) return `[${value.map((item) => showValue(item, how)).join(', ')}]`;
  if (typeof value !== 'object' || value === null || flatten(value).structure.kind === 'leaf') {
    return String(value);
  }
  const entries = Object.entries(value).map(([name, item]) => `${name}: ${showValue(item, how)}`);
  return `{${entries.join(', ')}}`;
}

function showNumber(x: number, isSingle: boolean, how: string): string {
  const [, digits, kind = ''] = spec.exec(how) ?? [];
  const count = digits === undefined ? 6 : Number(digits);
  if (kind === 'f') return x.toFixed(count);
  if (kind === 'e') return x.toExponential(count);
  if (kind === 'g' || digits !== undefined)
    return String(Number(x.toPrecision(Math.max(1, count))));
  if (kind === 'd') return String(Math.trunc(x));
  return isSingle ? shortest(x) : String(x);
}

/** As few digits as tell a 32-bit number from its neighbours. */
function shortest(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(x.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(x)) return String(rounded);
  }
  return String(Number(x.toPrecision(9)));
}

/** Arrays with more elements than this are shown in part. */
const many = 1000;
/** Items at either end of what is shown in part. */
const edge = 3;

function showElements(
  data: ArrayLike<number>,
  shape: Shape,
  show: (x: number) => string,
  start = 0,
  isCut = sizeOf(shape) > many,
): string {
  const [size, ...rest] = shape;
  if (size === undefined) return show(data[start] ?? 0);
  const step = sizeOf(rest);
  const item = (i: number): string => showElements(data, rest, show, start + i * step, isCut);
  const all = Array.from({ length: size }, (_, i) => i);
  if (!isCut || size <= 2 * edge) return `[${all.map(item).join(', ')}]`;
  return `[${[...all.slice(0, edge).map(item), '…', ...all.slice(-edge).map(item)].join(', ')}]`;
}
