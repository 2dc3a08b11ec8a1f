/**
 * Arrays of float16 as WGSL's own `f16`, where the device knows it.
 *
 * To the generator they are arrays of floats then, an element at a time or four, and only the bindings know how
 * narrow they are. What is written has been rounded to float16 by the operation it comes from, so the
 * conversion is exact. Without it, such arrays are words of two elements.
 */
import type { KernelStore, MatrixOperand, PlainKernel } from '../../compile/kernel.ts';
import { type Expr, load, makeSource, rebuild, type Source } from '../../ir/expr.ts';

/** A kernel whose arrays of float16 are arrays of floats, and which those are. */
export interface NativeHalves {
  readonly kernel: PlainKernel;
  readonly halves: ReadonlySet<Source>;
}

/** The kernel with an array of floats in place of each array of float16. */
export function asFloats(kernel: PlainKernel): NativeHalves {
  const twins = new Map(
    kernel.buffers
      .filter(({ source }) => source.dtype === 'float16')
      .map(({ source }) => [source, makeSource('float32', source.length)]),
  );
  if (twins.size === 0) return { kernel, halves: new Set() };
  const twinOf = (source: Source): Source => twins.get(source) ?? source;
  const rewrite = (root: Expr): Expr =>
    rebuild(
      root,
      () => undefined,
      (node) =>
        node.kind === 'load' && twins.has(node.source)
          ? load(twinOf(node.source), node.index)
          : undefined,
    );
  const buffers = kernel.buffers.map((buffer) => ({ ...buffer, source: twinOf(buffer.source) }));
  const stores = kernel.stores.map(
    (store): KernelStore => ({
      ...store,
      target: twinOf(store.target),
      index: rewrite(store.index),
      value: rewrite(store.value),
      guard: store.guard === null ? null : rewrite(store.guard),
    }),
  );
  const operand = (matrix: MatrixOperand): MatrixOperand => ({
    ...matrix,
    source: twinOf(matrix.source),
    base: rewrite(matrix.base),
  });
  const halves = new Set(twins.values());
  return kernel.kind === 'loop'
    ? { kernel: { ...kernel, buffers, stores }, halves }
    : {
        kernel: {
          ...kernel,
          ...{ buffers, stores },
          lhs: operand(kernel.lhs),
          rhs: operand(kernel.rhs),
        },
        halves,
      };
}
