/** Where the arrays of a plan are in buffers. */
import { invariant } from '../../base/errors.ts';
import type { Slot } from '../../compile/plan.ts';
import type { Range } from './bind-groups.ts';
import type { Allocation } from './memory.ts';

/** Where the arrays of a plan are. */
export interface Places {
  readonly inputs: readonly Range[];
  readonly outputs: readonly Range[];
  readonly arena: Range | null;
}

/** GPUs bind and copy words of four bytes. */
export const wholeWords = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** All of a buffer. */
export const wholeOf = (allocation: Allocation): Range => ({
  allocation,
  offset: 0,
  bytes: allocation.bytes,
});

/** A part of an array, in bytes. */
export interface Part {
  readonly start: number;
  readonly bytes: number;
}

/** The part of a buffer that a slot, or a part of it, is. Empty arrays are bound as one element. */
export function rangeOf(slot: Slot, places: Places, part?: Part): Range {
  const { allocation, offset, bytes } = wholeSlot(slot, places);
  return part === undefined
    ? { allocation, offset, bytes }
    : { allocation, offset: offset + part.start, bytes: part.bytes };
}

function wholeSlot(slot: Slot, { inputs, outputs, arena }: Places): Range {
  const bytes = Math.max(4, wholeWords(slot.bytes));
  if (slot.kind === 'arena') {
    invariant(arena !== null, 'a program without the arena that it needs');
    return { allocation: arena.allocation, offset: arena.offset + slot.offset, bytes };
  }
  const range = (slot.kind === 'input' ? inputs : outputs)[slot.index];
  invariant(range !== undefined, `a program without its ${slot.kind} ${slot.index}`);
  return { allocation: range.allocation, offset: range.offset, bytes };
}
