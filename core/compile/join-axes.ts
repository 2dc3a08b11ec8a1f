/** Two axes that every index walks through as one. */
import {
  type Axis,
  childrenOf,
  constant,
  type Expr,
  rebuild,
  reduce,
  substitute,
  walk,
} from '../ir/expr.ts';

/** reduce over i of reduce over j of f(i·J + j) = reduce over k of f(k). */
export function joinReductions(expr: Expr): Expr {
  return rebuild(
    expr,
    () => undefined,
    (node) => {
      if (node.kind !== 'reduce') return undefined;
      const { value: inner, axis: outer } = node;
      if (inner.kind !== 'reduce' || inner.op !== node.op) return undefined;
      if (!canMerge(outer, inner.axis, [inner.value])) return undefined;
      return reduce(node.op, outer.extent * inner.axis.extent, (k) =>
        substitute(
          inner.value,
          new Map<Axis, Expr>([
            [outer, constant(0, 'int32')],
            [inner.axis, k],
          ]),
        ),
      );
    },
  );
}

/** True if `outer` and `inner` appear only as outer·extent(inner) + inner, times anything. */
export function canMerge(outer: Axis, inner: Axis, roots: readonly Expr[]): boolean {
  if (roots.some((root) => root.kind === 'axis' && (root.axis === outer || root.axis === inner))) {
    return false;
  }
  return walk(roots).every((node) => {
    if (!node.deps.has(outer) && !node.deps.has(inner)) return true;
    if (node.kind !== 'affine') {
      return childrenOf(node).every(
        (child) => child.kind !== 'axis' || (child.axis !== outer && child.axis !== inner),
      );
    }
    const along = (axis: Axis): number =>
      node.terms.reduce(
        (sum, { coefficient, atom }) =>
          atom.kind === 'axis' && atom.axis === axis ? sum + coefficient : sum,
        0,
      );
    return along(outer) === along(inner) * inner.extent;
  });
}
