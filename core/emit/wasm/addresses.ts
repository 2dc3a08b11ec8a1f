/** Byte addresses of elements: what does not change in a loop is added up before it. */
import { boundsOf } from '../../ir/index-algebra.ts';
import type { Axis, Expr, Source, Term } from '../../ir/expr.ts';
import { invariant } from '../../base/errors.ts';
import type { Emitter } from './emitter.ts';
import { i32, i32Const, localGet, localTee } from './opcodes.ts';
import { pushScalar } from './scalar-expressions.ts';

/** An index as a sum of scaled atoms. */
export interface AffineParts {
  readonly terms: readonly Term[];
  readonly offset: number;
}

/** The parts of an index; one that is not a sum is its own only atom. */
export function partsOf(index: Expr): AffineParts {
  if (index.kind === 'const') return { terms: [], offset: index.value };
  if (index.kind === 'affine') return index;
  return { terms: [{ coefficient: 1, atom: index }], offset: 0 };
}

/**
 * How many elements further the index is one position further on `axis`; null if that is not the same
 * everywhere.
 */
export function strideAlong(index: Expr, axis: Axis): number | null {
  if (!index.deps.has(axis)) return 0;
  let stride = 0;
  for (const { coefficient, atom } of partsOf(index).terms) {
    if (!atom.deps.has(axis)) continue;
    if (atom.kind !== 'axis') return null;
    stride += coefficient;
  }
  return stride;
}

/** True if every value of the index is in range, whatever the data. */
export function isInRange(index: Expr, source: Source): boolean {
  const [low, high] = boundsOf(index);
  return low >= 0 && high < source.length;
}

/**
 * Pushes the address of an element, and returns an offset for the memory instruction.
 *
 * @param shift - Elements to add.
 */
export function pushAddress(emitter: Emitter, source: Source, index: Expr, shift = 0): number {
  const pointer = emitter.pointers.get(source);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const { terms, offset } = partsOf(index);
  // The instruction's offset is unsigned and does not wrap, so only sums that cannot be negative use it.
  const isPositive = terms.every((t) => t.coefficient > 0 && boundsOf(t.atom)[0] >= 0);
  const bytes = (offset + shift) * 4;
  const rides = isPositive && bytes >= 0 && bytes < 1 << 16;
  pushSum(emitter, pointer, terms, rides ? 0 : bytes);
  return rides ? bytes : 0;
}

/** pointer + Σ 4·coefficient·atom + bytes, innermost terms last. */
function pushSum(emitter: Emitter, pointer: number, terms: readonly Term[], bytes: number): void {
  if (terms.length === 0) {
    emitter.emit(localGet(pointer));
    if (bytes !== 0) emitter.emit(i32Const(bytes), i32.add);
    return;
  }
  const levels = terms.map((t) => emitter.levelOf(t.atom));
  const level = Math.max(...levels);
  const own = terms.filter((_, k) => levels[k] === level);
  const outer = terms.filter((_, k) => levels[k] !== level);
  if (level < emitter.depth) {
    // All of it is the same throughout this loop.
    emitter.hoist(level, sumKey(pointer, terms, bytes), 'i32', () => {
      pushLevel(emitter, pointer, own, outer, bytes);
    });
  } else {
    pushLevel(emitter, pointer, own, outer, bytes);
  }
}

const sumKey = (pointer: number, terms: readonly Term[], bytes: number): string =>
  `p${pointer}+${terms.map((t) => `${t.coefficient}*${t.atom.id}`).join('+')}+${bytes}`;

function pushLevel(
  emitter: Emitter,
  pointer: number,
  own: readonly Term[],
  outer: readonly Term[],
  bytes: number,
): void {
  pushSum(emitter, pointer, outer, bytes);
  for (const { coefficient, atom } of own) {
    pushScaled(emitter, atom, coefficient * 4);
    emitter.emit(i32.add);
  }
}

/** atom × factor: from the counter of the atom's loop if it is one. */
function pushScaled(emitter: Emitter, atom: Expr, factor: number): void {
  if (atom.kind === 'axis' && emitter.find(atom) === undefined) {
    const depth = emitter.depthOf(atom.axis);
    if (depth > 0) return emitter.emit(localGet(emitter.strideLocal(depth, factor)));
  }
  pushScalar(emitter, atom);
  emitter.emit(i32Const(factor), i32.mul);
}

/** Pushes the address of an element whose index may be out of range; such a load gives any element. */
export function pushClampedAddress(emitter: Emitter, source: Source, index: Expr): number {
  const pointer = emitter.pointers.get(source);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const position = emitter.local('i32');
  pushScalar(emitter, index);
  emitter.emit(localTee(position), i32Const(0), localGet(position));
  emitter.emit(i32Const(source.length), i32.ltU, [0x1b], i32Const(4), i32.mul);
  emitter.emit(localGet(pointer), i32.add);
  return 0;
}
