/** Makes loop nests simpler: neighbouring axes that every index walks through as one become one. */
import type { KernelStore, LoopKernel } from '../../compile/kernel.ts';
import {
  type Axis,
  axisIndex,
  childrenOf,
  constant,
  type Expr,
  makeAxis,
  rebuild,
  reduce,
  substitute,
  walk,
} from '../../ir/expr.ts';
import { expandLoad, storedValue } from '../narrow-memory.ts';
import { wasmScalarOp } from './scalar-table.ts';

/** Parallel axes and stores after simplification. */
export interface LoopNest {
  readonly parallel: readonly Axis[];
  readonly stores: readonly KernelStore[];
}

/** All expressions of a store. */
export const expressionsOf = ({ index, value, guard }: KernelStore): Expr[] => [
  index,
  value,
  ...(guard === null ? [] : [guard]),
];

const mapStores = (stores: readonly KernelStore[], change: (expr: Expr) => Expr): KernelStore[] =>
  stores.map((store) => ({
    ...store,
    index: change(store.index),
    value: change(store.value),
    guard: store.guard === null ? null : change(store.guard),
  }));

/** Operations written out in those that WebAssembly has, and nested reductions joined. */
export function expandOperations(expr: Expr): Expr {
  return rebuild(
    expr,
    () => undefined,
    (node) => {
      if (node.kind === 'op') return wasmScalarOp(node.op).expand?.(node) ?? undefined;
      return expandLoad(node);
    },
  );
}

/** reduce over i of reduce over j of f(i·J + j) = reduce over k of f(k). */
function joinReductions(expr: Expr): Expr {
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
function canMerge(outer: Axis, inner: Axis, roots: readonly Expr[]): boolean {
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

/** The same work over fewer axes: none of extent 1, and `keep` axes untouched. */
function mergeParallel({ parallel, stores }: LoopNest): LoopNest {
  const axes = [...parallel];
  let current = [...stores];
  for (let k = axes.length - 2; k >= 0; k--) {
    const [outer, inner] = [axes[k], axes[k + 1]];
    if (outer === undefined || inner === undefined) continue;
    if (!canMerge(outer, inner, current.flatMap(expressionsOf))) continue;
    const merged = makeAxis(outer.extent * inner.extent);
    const replacements = new Map<Axis, Expr>([
      [outer, constant(0, 'int32')],
      [inner, axisIndex(merged)],
    ]);
    current = mapStores(current, (expr) => substitute(expr, replacements));
    axes.splice(k, 2, merged);
  }
  return { parallel: axes, stores: current };
}

function dropSingle({ parallel, stores }: LoopNest): LoopNest {
  const single = parallel.filter((axis) => axis.extent === 1);
  if (single.length === 0) return { parallel, stores };
  const replacements = new Map<Axis, Expr>(single.map((axis) => [axis, constant(0, 'int32')]));
  return {
    parallel: parallel.filter((axis) => axis.extent !== 1),
    stores: mapStores(stores, (expr) => substitute(expr, replacements)),
  };
}

/**
 * The kernel's work in a simpler form.
 *
 * @param merge - False keeps the parallel axes as they are.
 */
export function simplifyNest(kernel: LoopKernel, merge = true): LoopNest {
  const raw = kernel.stores.map((store) => ({ ...store, value: storedValue(store) }));
  const stores = mapStores(raw, (expr) => joinReductions(expandOperations(expr)));
  const nest = { parallel: kernel.parallel, stores };
  return merge ? mergeParallel(dropSingle(nest)) : nest;
}
