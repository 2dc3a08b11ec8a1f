/** Kernels in terms of what narrow arrays hold: 16-bit floats become bits where they meet memory. */
import type { KernelStore } from '../compile/kernel.ts';
import { type Expr, load } from '../ir/expr.ts';
import { bitsOfElement, elementOfBits, isHalf } from '../ir/narrow.ts';

/** A load of a 16-bit float written out as one of its bits; undefined for other expressions. */
export function expandLoad(node: Expr): Expr | undefined {
  if (node.kind !== 'load' || node.isRaw) return undefined;
  const { source, index } = node;
  return isHalf(source.dtype) ? elementOfBits(load(source, index, true), source.dtype) : undefined;
}

/** What a store puts in memory: bits, where the target holds 16-bit floats. */
export function storedValue({ target, value }: KernelStore): Expr {
  if (!isHalf(target.dtype)) return value;
  const isCopy = value.kind === 'load' && value.source.dtype === target.dtype && !value.isRaw;
  return isCopy ? load(value.source, value.index, true) : bitsOfElement(value, target.dtype);
}
