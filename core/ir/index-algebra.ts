/**
 * Index arithmetic in affine normal form. Divisions and remainders that the ranges of the axes
 * decide disappear, so that a chain of reshapes and transposes reads memory as directly as it can.
 *
 * All indices here are non-negative where they are used; that is what lets division truncate.
 */
import { stridesOf } from '../base/aval.ts';
import { invariant } from '../base/errors.ts';
import {
  type Axis,
  affine,
  axisIndex,
  constant,
  type Expr,
  op,
  type Source,
  setAffineBuilder,
  type Term,
} from './expr.ts';

/** An index as a sum of scaled atoms. */
export interface AffineParts {
  readonly terms: readonly Term[];
  readonly offset: number;
}

/** The parts of an index; one that is not a sum is its own only atom. */
export function partsOf(index: Expr): AffineParts {
  if (index.kind === 'const') return { terms: [], offset: index.value };
  if (index.kind === 'affine') return index;
  return { terms: [{ coefficient: 1, atom: index }], offset: 0 };
}

function fromParts({ terms, offset }: AffineParts): Expr {
  const [only] = terms;
  if (only === undefined) return constant(offset, 'int32');
  if (terms.length === 1 && offset === 0 && only.coefficient === 1) return only.atom;
  return affine(terms, offset);
}

/** Sums coefficients per atom, drops zeros, and puts quotient and remainder of one index together again. */
function collect(terms: readonly Term[]): Term[] {
  const coefficients = new Map<Expr, number>();
  for (const { coefficient, atom } of terms) {
    coefficients.set(atom, (coefficients.get(atom) ?? 0) + coefficient);
  }
  const kept = [...coefficients]
    .filter(([, coefficient]) => coefficient !== 0)
    .map(([atom, coefficient]) => ({ atom, coefficient }));
  const joined = joinQuotient(kept);
  if (joined !== null) return collect(joined);
  return kept.sort((a, b) => a.atom.id - b.atom.id);
}

/** k·c·(x / c) + k·(x mod c) = k·x. Returns null if no such pair is there. */
function joinQuotient(terms: readonly Term[]): Term[] | null {
  for (const remainder of terms) {
    const inner = quotientOf(remainder.atom, 'rem');
    if (inner === null) continue;
    const quotient = floorDiv(inner.dividend, inner.divisor);
    const parts = partsOf(quotient);
    // The quotient itself may have been simplified into several terms; look for all of them.
    const scale = remainder.coefficient * inner.divisor;
    const found = parts.terms.every((part) =>
      terms.some((t) => t.atom === part.atom && t.coefficient === part.coefficient * scale),
    );
    if (!found || parts.offset !== 0 || parts.terms.length === 0) continue;
    const dividend = partsOf(inner.dividend);
    if (dividend.offset !== 0) continue;
    const rest = terms.filter(
      (t) => t !== remainder && !parts.terms.some((part) => part.atom === t.atom),
    );
    return [
      ...rest,
      ...dividend.terms.map((t) => ({
        atom: t.atom,
        coefficient: t.coefficient * remainder.coefficient,
      })),
    ];
  }
  return null;
}

function quotientOf(
  atom: Expr,
  name: 'div' | 'rem',
): { readonly dividend: Expr; readonly divisor: number } | null {
  if (atom.kind !== 'op' || atom.op !== name) return null;
  const [dividend, divisor] = atom.args;
  if (dividend === undefined || divisor?.kind !== 'const') return null;
  return { dividend, divisor: divisor.value };
}

/** The sum of scaled indices and a constant. Atoms may be affine themselves. */
export function affineSum(terms: readonly Term[], offset: number): Expr {
  const flat: Term[] = [];
  let total = offset;
  for (const { coefficient, atom } of terms) {
    const parts = partsOf(atom);
    total += coefficient * parts.offset;
    for (const t of parts.terms)
      flat.push({ atom: t.atom, coefficient: t.coefficient * coefficient });
  }
  return fromParts({ terms: collect(flat), offset: total });
}

/** a + b. */
export const addIndex = (a: Expr, b: Expr): Expr =>
  affineSum(
    [
      { coefficient: 1, atom: a },
      { coefficient: 1, atom: b },
    ],
    0,
  );

/** a · factor + offset, with constants. */
export const scaleIndex = (a: Expr, factor: number, offset = 0): Expr =>
  affineSum([{ coefficient: factor, atom: a }], offset);

/** The position on a loop axis; an axis of one element has only one. */
export const axisPosition = (axis: Axis): Expr =>
  axis.extent === 1 ? indexConstant(0) : axisIndex(axis);

/**
 * How many elements further the index is one position further on `axis`; null if that is not the same
 * everywhere.
 */
export function strideAlong(index: Expr, axis: Axis): number | null {
  if (!index.deps.has(axis)) return 0;
  let stride = 0;
  for (const { coefficient, atom } of partsOf(index).terms) {
    if (!atom.deps.has(axis)) continue;
    if (atom.kind !== 'axis') return null;
    stride += coefficient;
  }
  return stride;
}

/** True if every value of the index is in range, whatever the data. */
export function isInRange(index: Expr, source: Source): boolean {
  const [low, high] = boundsOf(index);
  return low >= 0 && high < source.length;
}

/** A constant index. */
export const indexConstant = (value: number): Expr => constant(value, 'int32');

const knownBounds = new WeakMap<Expr, readonly [number, number]>();

/** The least and greatest value that an index can take; infinite if it depends on data. */
export function boundsOf(index: Expr): readonly [number, number] {
  // Indices share subexpressions many times over, so each is looked at once.
  const known = knownBounds.get(index);
  if (known !== undefined) return known;
  const bounds = computeBounds(index);
  knownBounds.set(index, bounds);
  return bounds;
}

function computeBounds(index: Expr): readonly [number, number] {
  switch (index.kind) {
    case 'const':
      return [index.value, index.value];
    case 'axis':
      return [0, Math.max(0, index.axis.extent - 1)];
    case 'affine':
      return boundsOfSum(index);
    case 'op':
      return boundsOfOp(index.op, index.args);
    default:
      return [-Infinity, Infinity];
  }
}

function boundsOfSum({ terms, offset }: AffineParts): readonly [number, number] {
  let low = offset;
  let high = offset;
  for (const { coefficient, atom } of terms) {
    const [l, h] = boundsOf(atom);
    low += Math.min(coefficient * l, coefficient * h);
    high += Math.max(coefficient * l, coefficient * h);
  }
  return [low, high];
}

function boundsOfOp(name: string, args: readonly Expr[]): readonly [number, number] {
  const [a, b] = args;
  if (a === undefined || b === undefined) return [-Infinity, Infinity];
  const [low, high] = boundsOf(a);
  const [low2, high2] = boundsOf(b);
  switch (name) {
    case 'div':
      return b.kind === 'const' && b.value > 0 && low >= 0
        ? [Math.floor(low / b.value), Math.floor(high / b.value)]
        : [-Infinity, Infinity];
    case 'rem':
      return b.kind === 'const' && b.value > 0 && low >= 0
        ? [0, Math.min(high, b.value - 1)]
        : [-Infinity, Infinity];
    case 'max':
      return [Math.max(low, low2), Math.max(high, high2)];
    case 'min':
      return [Math.min(low, low2), Math.min(high, high2)];
    default:
      return [-Infinity, Infinity];
  }
}

/** Splits an index into a part that `divisor` divides and the rest, if the rest cannot be negative. */
function split(index: Expr, divisor: number): { whole: AffineParts; rest: AffineParts } | null {
  const { terms, offset } = partsOf(index);
  const divides = (t: Term): boolean => t.coefficient % divisor === 0;
  const restOffset = ((offset % divisor) + divisor) % divisor;
  const rest = { terms: terms.filter((t) => !divides(t)), offset: restOffset };
  if (boundsOfSum(rest)[0] < 0) return null;
  return { whole: { terms: terms.filter(divides), offset: offset - restOffset }, rest };
}

/** index / divisor, rounded down, for a non-negative index and a positive constant. */
export function floorDiv(index: Expr, divisor: number): Expr {
  invariant(divisor > 0, `division of an index by ${divisor}`);
  if (divisor === 1) return index;
  if (index.kind === 'const') return indexConstant(Math.floor(index.value / divisor));
  const parts = split(index, divisor);
  if (parts === null) return op('div', [index, indexConstant(divisor)]);
  const { whole, rest } = parts;
  const quotient = affineSum(
    whole.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient / divisor })),
    whole.offset / divisor,
  );
  return boundsOfSum(rest)[1] < divisor ? quotient : addIndex(quotient, divideRest(rest, divisor));
}

/** g, and the quotient and remainder by it of a sum that is g·quotient + remainder; g divides `divisor`. */
function commonFactor(
  { terms, offset }: AffineParts,
  divisor: number,
): { readonly factor: number; readonly quotient: AffineParts; readonly remainder: number } | null {
  const factor = terms.reduce((g, t) => greatestDivisor(g, Math.abs(t.coefficient)), divisor);
  if (factor === 1) return null;
  const quotient = {
    terms: terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient / factor })),
    offset: Math.floor(offset / factor),
  };
  return { factor, quotient, remainder: offset - quotient.offset * factor };
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

function divideRest(rest: AffineParts, divisor: number): Expr {
  const common = commonFactor(rest, divisor);
  if (common !== null) return floorDiv(fromParts(common.quotient), divisor / common.factor);
  const dividend = fromParts(rest);
  const inner = quotientOf(dividend, 'div');
  return inner === null
    ? op('div', [dividend, indexConstant(divisor)])
    : floorDiv(inner.dividend, inner.divisor * divisor);
}

/** index mod divisor, for a non-negative index and a positive constant. */
export function modulo(index: Expr, divisor: number): Expr {
  invariant(divisor > 0, `remainder of an index by ${divisor}`);
  if (divisor === 1) return indexConstant(0);
  const parts = split(index, divisor);
  if (parts === null) return op('rem', [index, indexConstant(divisor)]);
  const rest = fromParts(parts.rest);
  if (boundsOfSum(parts.rest)[1] < divisor) return rest;
  const common = commonFactor(parts.rest, divisor);
  if (common === null) return op('rem', [rest, indexConstant(divisor)]);
  const { factor, quotient, remainder } = common;
  return scaleIndex(modulo(fromParts(quotient), divisor / factor), factor, remainder);
}

/** The flat row-major index of a multi-index. */
export function flatten(index: readonly Expr[], strides: readonly number[]): Expr {
  return affineSum(
    index.map((atom, axis) => ({ atom, coefficient: strides[axis] ?? 1 })),
    0,
  );
}

/** The multi-index of a flat index in an array of this shape. */
export function unflatten(flat: Expr, shape: readonly number[]): Expr[] {
  const index: Expr[] = new Array<Expr>(shape.length);
  let rest = flat;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    // Empty arrays have no elements to index; any divisor will do.
    const size = Math.max(1, shape[axis] ?? 1);
    index[axis] = modulo(rest, size);
    rest = floorDiv(rest, size);
  }
  if (shape.length > 0) index[0] = rest;
  return index;
}

/** True if `index`, an expression over data, is made of affine arithmetic only. */
const isIndexOp = (name: string, args: readonly Expr[]): boolean =>
  (name === 'div' || name === 'rem') &&
  args[1]?.kind === 'const' &&
  args[1].value > 0 &&
  args[0]?.dtype === 'int32' &&
  boundsOf(args[0])[0] >= 0;

// Rebuilding an expression after substitution simplifies its indices again.
setAffineBuilder(affineSum, (name, args, dtype) => {
  const [a, b] = args;
  if (isIndexOp(name, args) && a !== undefined && b?.kind === 'const') {
    return name === 'div' ? floorDiv(a, b.value) : modulo(a, b.value);
  }
  return op(name, args, dtype);
});

/** True if the index counts the iterations of these loops, the last one fastest. */
export function isRowMajor(index: Expr, axes: readonly Axis[]): boolean {
  if (index.kind === 'const') return index.value === 0 && axes.every(({ extent }) => extent === 1);
  const terms =
    index.kind === 'affine' && index.offset === 0 ? index.terms : [{ atom: index, coefficient: 1 }];
  const strides = stridesOf(axes.map(({ extent }) => extent));
  const wanted = new Map(axes.map((axis, i) => [axis, strides[i]]));
  const moving = axes.filter(({ extent }) => extent > 1);
  return (
    terms.length === moving.length &&
    terms.every(({ atom, coefficient }) =>
      atom.kind === 'axis' ? wanted.get(atom.axis) === coefficient : false,
    )
  );
}
