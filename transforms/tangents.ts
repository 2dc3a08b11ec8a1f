/** Checks of tangents and cotangents against what they belong to. */
import { type Aval, sameType, showAval } from '../core/base/aval.ts';
import { isFloat } from '../core/base/dtype.ts';
import { type Structure, subtreesAt } from '../core/base/pytree.ts';
import type { Tangent } from '../core/ir/primitive.ts';
import { tangentMismatch } from './errors.ts';
import { showArgument, showLeaf, showResult } from './leaves.ts';
import { toValue } from './values.ts';

function check(label: string, given: unknown, aval: Aval, what: string): Tangent {
  if (given === null || given === undefined) return null;
  const tangent = toValue(given, true);
  const fits = tangent !== null && isFloat(aval.dtype) && sameType(tangent.aval, aval);
  if (!fits) throw tangentMismatch(label, what, showAval(aval), showLeaf(tangent ?? given));
  return tangent;
}

/**
 * The tangent of every leaf of the arguments.
 *
 * @param tangents - A list of trees like the arguments; null stands for zero anywhere.
 * @throws `tangent-mismatch`, `tree-structure-mismatch`.
 */
export function argumentTangents(
  label: string,
  argTree: Structure,
  tangents: unknown,
  avals: readonly Aval[],
): Tangent[] {
  const subtrees = zeroSubtreesAt(label, argTree, tangents);
  const paths = argTree.paths();
  return avals.map((aval, i) => check(label, subtrees[i], aval, showArgument(paths[i] ?? '')));
}

/**
 * The cotangent of every leaf of a result.
 *
 * @param cotangent - A tree like the result; null stands for zero anywhere.
 * @throws `tangent-mismatch`, `tree-structure-mismatch`.
 */
export function resultCotangents(
  label: string,
  outTree: Structure,
  cotangent: unknown,
  avals: readonly Aval[],
): Tangent[] {
  const subtrees = zeroSubtreesAt(label, outTree, cotangent);
  const paths = outTree.paths();
  return avals.map((aval, i) => check(label, subtrees[i], aval, showResult(paths[i] ?? '')));
}

/** As {@link subtreesAt}, where null in place of a whole subtree is null at each of its leaves. */
function zeroSubtreesAt(label: string, structure: Structure, tree: unknown): unknown[] {
  if (tree === null || tree === undefined) return new Array(structure.size).fill(null);
  if (structure.kind !== 'list') return subtreesAt(label, structure, tree);
  if (!Array.isArray(tree) || tree.length !== structure.children.length) {
    return subtreesAt(label, structure, tree);
  }
  return structure.children.flatMap((child, i) => zeroSubtreesAt(label, child, tree[i]));
}
