/**
 * Products whose operands are no strided matrices: windows of an image, above all. A device that packs operands
 * before it multiplies can gather them meanwhile, so that the matrix of windows is never in memory as a whole.
 */
import { type Axis, constant, type Expr, substitute } from '../ir/expr.ts';
import { affineSum, boundsOf } from '../ir/index-algebra.ts';
import type { GatheredProduct, OffsetMatrix } from './kernel.ts';

/** The operand as offsets, if each part of its index depends on one axis only and it surely stays in range. */
export function asOffsets(element: Expr, along: Axis, terms: Axis): OffsetMatrix | null {
  if (element.kind !== 'load' || element.source.dtype !== 'float32') return null;
  const { source, index } = element;
  const [low, high] = boundsOf(index);
  if (low < 0 || high >= source.length) return null;
  const parts =
    index.kind === 'affine' ? index : { terms: [{ coefficient: 1, atom: index }], offset: 0 };
  const of = (axis: Axis) => parts.terms.filter(({ atom }) => atom.deps.has(axis));
  const [ofAlong, ofTerms] = [of(along), of(terms)];
  if ([...ofAlong, ...ofTerms].some(({ atom }) => atom.deps.size > 1)) return null;
  const rest = parts.terms.filter(({ atom }) => !atom.deps.has(along) && !atom.deps.has(terms));
  return {
    source,
    base: affineSum(rest, parts.offset),
    along: affineSum(ofAlong, 0),
    term: affineSum(ofTerms, 0),
  };
}

/** Neighbours that are looked at, at most, to see how an operand lies in memory. */
const looked = 16;

/** How many of the first positions on the axis are neighbours in memory. */
function runAlong(offset: Expr, axis: Axis): number {
  const at = (k: number): Expr => substitute(offset, new Map([[axis, constant(k, 'int32')]]));
  const first = at(0);
  let length = 1;
  while (
    length < Math.min(looked, axis.extent) &&
    at(length) === affineSum([{ coefficient: 1, atom: first }], length)
  ) {
    length++;
  }
  return length;
}

/**
 * The same product with its operands in the places where they are packed fastest: left if neighbours in memory are
 * terms of one sum, right if they belong to neighbours in the result. (A·B)ᵀ = Bᵀ·Aᵀ.
 */
export function oriented(kernel: GatheredProduct): GatheredProduct {
  const { rows, columns, terms, lhs, rhs } = kernel;
  // The operand with the longer side of the result is the larger one.
  const isLeft = rows.extent >= columns.extent;
  const [larger, axis] = isLeft ? [lhs, rows] : [rhs, columns];
  const wantsLeft = runAlong(larger.term, terms) > runAlong(larger.along, axis);
  return wantsLeft === isLeft
    ? kernel
    : { ...kernel, rows: columns, columns: rows, lhs: rhs, rhs: lhs };
}
