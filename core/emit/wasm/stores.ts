/** Writes stores: whole vectors where elements are neighbours, else lane by lane. */

import { isStorageType, type ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { KernelStore } from '../../compile/kernel.ts';
import { type Axis, type Expr, type Source, walk } from '../../ir/expr.ts';
import { strideAlong } from '../../ir/index-algebra.ts';

import { combineScalars, combineVectors } from './combine.ts';
import { writeQuad } from './crossings.ts';
import type { Emitter } from './emitter.ts';
import { loadElement, loadFour, sizeIn, storeElement, storeFour } from './memory.ts';
import {
  control,
  i32,
  i32Const,
  i32x4,
  i32x4Extract,
  localGet,
  localSet,
  localTee,
  shuffle32,
} from './opcodes.ts';
import { pushAddress, pushScalar } from './scalar-expressions.ts';
import { pushLane, pushVector } from './vector-expressions.ts';

/** The type in which a store combines; narrow arrays are only ever set. */
function combinedType({ dtype }: Source): ScalarType {
  invariant(!isStorageType(dtype), 'a narrow array that is combined with in place');
  return dtype;
}

/** Stores of one place. */
export function writeStores(emitter: Emitter, stores: readonly KernelStore[]): void {
  emitter.scoped(() => {
    if (emitter.vector !== null) writeQuads(emitter, stores);
    for (const store of stores) {
      if (emitter.vector !== null && dependsOn(store, emitter.vector.axis))
        writeVectorStore(emitter, store);
      else writeScalarStore(emitter, store);
    }
  });
}

/** Loads of four rows belong to all stores, so they must not stand under one store's guard. */
function writeQuads(emitter: Emitter, stores: readonly KernelStore[]): void {
  if (emitter.quads.size === 0) return;
  for (const node of walk(stores.flatMap((s) => [s.index, s.value]))) {
    const quad = emitter.quads.get(node);
    if (quad !== undefined && emitter.find(node) === undefined) writeQuad(emitter, quad);
  }
}

const dependsOn = ({ index, value, guard }: KernelStore, axis: Axis): boolean =>
  index.deps.has(axis) || value.deps.has(axis) || (guard?.deps.has(axis) ?? false);

function writeScalarStore(emitter: Emitter, store: KernelStore): void {
  const { guard } = store;
  if (guard === null) {
    storeScalar(emitter, store);
    return;
  }
  pushScalar(emitter, guard);
  emitter.emit(control.if);
  emitter.conditional(() => storeScalar(emitter, store));
  emitter.emit(control.end);
}

function storeScalar(emitter: Emitter, { target, index, value, mode }: KernelStore): void {
  const { dtype } = target;
  const offset = pushAddress(emitter, target, index);
  if (mode === 'set') {
    pushScalar(emitter, value);
  } else {
    const address = emitter.local('i32');
    emitter.emit(localTee(address), localGet(address), loadElement(dtype, false, offset));
    pushScalar(emitter, value);
    combineScalars(emitter, mode, combinedType(target));
  }
  emitter.emit(storeElement(dtype, offset));
}

function writeVectorStore(emitter: Emitter, store: KernelStore): void {
  const { vector } = emitter;
  invariant(vector !== null, 'a vector store outside a vector loop');
  const { guard } = store;
  const isGuarded = guard?.deps.has(vector.axis) ?? false;
  const stride = strideAlong(store.index, vector.axis);
  const isWide = !isGuarded && (stride === 1 || (stride === -1 && store.mode === 'set'));
  if (guard !== null && !isGuarded) {
    pushScalar(emitter, guard);
    emitter.emit(control.if);
  }
  emitter.conditional(() => {
    for (let copy = 0; copy < vector.copies; copy++) {
      if (isWide && stride === -1) storeReversed(emitter, store, copy);
      else if (isWide) storeVector(emitter, store, copy);
      else storeLanes(emitter, store, copy, isGuarded);
    }
  });
  if (guard !== null && !isGuarded) emitter.emit(control.end);
}

function storeVector(
  emitter: Emitter,
  { target, index, value, mode }: KernelStore,
  copy: number,
): void {
  const { dtype } = target;
  const offset = pushAddress(emitter, target, index, 4 * copy);
  if (mode === 'set') {
    pushVector(emitter, value, copy);
  } else {
    const address = emitter.local('i32');
    emitter.emit(localTee(address), localGet(address), loadFour(dtype, false, offset));
    if (dtype === 'bool') emitter.emit(i32x4.neg);
    pushVector(emitter, value, copy);
    emitter.emit(combineVectors(mode, combinedType(target)));
  }
  if (dtype === 'bool') emitter.emit(i32x4.neg);
  emitter.emit(storeFour(dtype, offset));
}

/** Neighbours in the opposite order. */
function storeReversed(
  emitter: Emitter,
  { target, index, value }: KernelStore,
  copy: number,
): void {
  const offset = pushAddress(emitter, target, index, -4 * copy - 3);
  const reversed = emitter.local('v128');
  pushVector(emitter, value, copy);
  emitter.emit(localTee(reversed), localGet(reversed), shuffle32([3, 2, 1, 0]));
  if (target.dtype === 'bool') emitter.emit(i32x4.neg);
  emitter.emit(storeFour(target.dtype, offset));
}

/** Lane by lane: for strides other than 1, indices from data, and guards that differ. */
function storeLanes(emitter: Emitter, store: KernelStore, copy: number, isGuarded: boolean): void {
  const { target, index, value, mode, guard } = store;
  const { dtype } = target;
  const vectorLocal = (expr: Expr): number => {
    const local = emitter.local('v128');
    pushVector(emitter, expr, copy);
    emitter.emit(localSet(local));
    return local;
  };
  const [values, indices] = [vectorLocal(value), vectorLocal(index)];
  const guards = isGuarded && guard !== null ? vectorLocal(guard) : null;
  const pointer = emitter.pointers.get(target);
  invariant(pointer !== undefined, 'a buffer that the kernel does not list');
  const address = emitter.local('i32');
  for (let lane = 0; lane < 4; lane++) {
    if (guards !== null) emitter.emit(localGet(guards), i32x4Extract(lane), control.if);
    emitter.emit(localGet(indices), i32x4Extract(lane));
    emitter.emit(i32Const(sizeIn(target)), i32.mul, localGet(pointer));
    emitter.emit(i32.add, localTee(address));
    if (mode === 'set') {
      pushLane(emitter, values, lane, value.dtype);
    } else {
      emitter.emit(localGet(address), loadElement(dtype, false));
      pushLane(emitter, values, lane, value.dtype);
      combineScalars(emitter, mode, combinedType(target));
    }
    emitter.emit(storeElement(dtype));
    if (guards !== null) emitter.emit(control.end);
  }
}
