/**
 * A product whose result must be written anyway, and the element-wise kernel that goes on from there, as one kernel: an
 * epilogue with several stores, which has each sum at hand.
 */
import { sizeOf } from '../base/aval.ts';
import { isStorageType } from '../base/dtype.ts';
import { type Axis, type Expr, rebuild, walk } from '../ir/expr.ts';
import { isRowMajor, unflatten } from '../ir/index-algebra.ts';
import { buffersOf, sourcesOf } from './buffers.ts';
import type { KernelStore, LoopKernel, MatmulKernel } from './kernel.ts';
import type { Target } from './plan.ts';

/** Distinct expressions of an epilogue, at most: its text is compiled for every sum or run in a loop over them. */
const maxNodes = 60;

/** The product with the kernel's stores in its epilogue; null if that cannot be or does not pay. */
export function finishProduct(
  product: MatmulKernel,
  kernel: LoopKernel,
  target: Target,
): MatmulKernel | null {
  if (target.device !== 'webgpu' || kernel.locals?.length) return null;
  const stores = movedStores(product, kernel);
  if (stores === null) return null;
  const all = [...product.stores, ...stores];
  const buffers = buffersOf(all, [...sourcesOf(product.lhs), ...sourcesOf(product.rhs)]);
  if (buffers.length > target.maxBuffers || buffers.some(({ access }) => access === 'update')) {
    return null;
  }
  const name = [...new Set([...product.name.split('·'), ...kernel.name.split('·')])].join('·');
  return { ...product, name, buffers, stores: all };
}

/** The kernel's stores in the product's axes, with finished sums in place of loads. */
function movedStores(
  { batch, rows, columns, stores }: MatmulKernel,
  kernel: LoopKernel,
): KernelStore[] | null {
  const { parallel } = kernel;
  const outputs = batch.extent * rows.extent * columns.extent;
  if (sizeOf(parallel.map(({ extent }) => extent)) !== outputs) return null;
  if (![...stores, ...kernel.stores].every(isPlain)) return null;
  const first = stores.find(({ index }) => isRowMajor(index, [batch, rows, columns]));
  if (first === undefined) return null;
  const position = unflatten(
    first.index,
    parallel.map(({ extent }) => extent),
  );
  const place = new Map<Axis, Expr>(parallel.flatMap((axis, i) => within(axis, position[i])));
  const values = new Map(stores.map((store) => [store.target, store]));
  let isLegal = true;
  const move = (expr: Expr): Expr =>
    rebuild(
      expr,
      (node) => (node.kind === 'axis' ? place.get(node.axis) : undefined),
      (node) => {
        if (node.kind === 'reduce') isLegal = false;
        if (node.kind !== 'load') return undefined;
        const store = values.get(node.source);
        if (store === undefined) return undefined;
        if (store.index === node.index && !node.isRaw) return store.value;
        isLegal = false;
        return undefined;
      },
    );
  const moved = kernel.stores.map((store) => ({
    ...store,
    index: move(store.index),
    value: move(store.value),
  }));
  const count = walk(moved.flatMap(({ index, value }) => [index, value])).length;
  return isLegal && count <= maxNodes ? moved : null;
}

const within = (axis: Axis, position: Expr | undefined): [Axis, Expr][] =>
  position === undefined ? [] : [[axis, position]];

const isPlain = ({ target, mode, guard, serial }: KernelStore): boolean =>
  mode === 'set' && guard === null && serial.length === 0 && !isStorageType(target.dtype);
