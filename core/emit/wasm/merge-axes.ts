/** Makes loop nests simpler: neighbouring axes that every index walks through as one become one. */
import { canMerge, joinReductions } from '../../compile/join-axes.ts';
import type { KernelStore, LoopKernel } from '../../compile/kernel.ts';
import {
  type Axis,
  axisIndex,
  constant,
  type Expr,
  makeAxis,
  type OpExpr,
  rebuild,
  substitute,
  walk,
} from '../../ir/expr.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
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

/** Operations written out in those that WebAssembly has, and in functions where that would be too long. */
export function expandOperations(roots: readonly Expr[]): (expr: Expr) => Expr {
  const times = new Map<ScalarOp, number>();
  for (const node of walk(roots)) {
    if (node.kind === 'op') times.set(node.op, (times.get(node.op) ?? 0) + 1);
  }
  const isFunction = ({ op, dtype }: OpExpr): boolean =>
    dtype === 'float32' && (times.get(op) ?? 0) > (wasmScalarOp(op).timesWritten ?? Infinity);
  const expand = (node: Expr): Expr | undefined => {
    if (node.kind !== 'op') return expandLoad(node);
    return isFunction(node) ? undefined : (wasmScalarOp(node.op).expand?.(node) ?? undefined);
  };
  return (expr) => rebuild(expr, () => undefined, expand);
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
  const joined = { ...kernel, stores: mapStores(kernel.stores, joinReductions) };
  const { parallel, stores } = merge ? mergeParallel(dropSingle(joined)) : joined;
  const raw = stores.map((store) => ({ ...store, value: storedValue(store) }));
  // Last, since expanding makes an expression many times as long.
  return { parallel, stores: mapStores(raw, expandOperations(raw.flatMap(expressionsOf))) };
}
