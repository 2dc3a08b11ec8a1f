/** Which arrays a kernel touches. */
import { type Expr, type Source, walk } from '../ir/expr.ts';
import type { KernelBuffer, KernelStore, MatrixOperand, OffsetMatrix } from './kernel.ts';

/** What a walk through an operand reads: the array, and what says where in memory its elements are. */
export const sourcesOf = (operand: MatrixOperand | OffsetMatrix): Source[] => {
  const { source, base } = operand;
  const places: Expr[] = 'along' in operand ? [base, operand.along, operand.term] : [base];
  return [source, ...walk(places).flatMap((node) => (node.kind === 'load' ? [node.source] : []))];
};

/** The buffers that stores touch, written ones first; `locals` lie in the memory of a thread. */
export function buffersOf(
  stores: readonly KernelStore[],
  extra: readonly Source[] = [],
  locals: readonly Source[] = [],
): KernelBuffer[] {
  const written = new Map<Source, 'write' | 'update'>();
  for (const { target, mode } of stores) {
    if (mode !== 'set') written.set(target, 'update');
    else if (!written.has(target)) written.set(target, 'write');
  }
  const read = new Set<Source>(extra);
  for (const { index, value, guard } of stores) {
    for (const node of walk(guard === null ? [index, value] : [index, value, guard])) {
      if (node.kind === 'load') read.add(node.source);
    }
  }
  const buffers: KernelBuffer[] = [...written].map(([source, access]) => ({
    source,
    access: read.has(source) ? 'update' : access,
  }));
  for (const source of read) if (!written.has(source)) buffers.push({ source, access: 'read' });
  return buffers.filter(({ source }) => !locals.includes(source));
}
