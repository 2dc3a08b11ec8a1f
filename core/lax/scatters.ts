/** Scatters by the way in which updates join what is there. */
import type { Value } from '../ir/value.ts';
import { eagerly } from '../numpy/eager.ts';
import * as prim from '../primitives/index.ts';

/** Which axes are which, and what becomes of positions outside. */
export type ScatterNumbers = Omit<prim.ScatterSpec, 'combine'>;

const scatterBy =
  (combine: prim.ScatterSpec['combine']) =>
  (operand: Value, indices: Value, updates: Value, numbers: ScatterNumbers): Value =>
    prim.scatter(operand, indices, updates, { ...numbers, combine });

/** `operand` with updates added at positions. */
export const scatterAdd = scatterBy('add');
/** `operand` multiplied by updates at positions. */
export const scatterMul = scatterBy('mul');
/** `operand` limited to at most the updates at positions. */
export const scatterMin = scatterBy('min');
/** `operand` limited to at least the updates at positions. */
export const scatterMax = scatterBy('max');

/** `operand` with updates subtracted at positions. */
export const scatterSub = eagerly(
  'lax.scatterSub',
  (operand: Value, indices: Value, updates: Value, numbers: ScatterNumbers): Value =>
    scatterAdd(operand, indices, prim.neg(updates), numbers),
);

/**
 * `operand` with `apply` of the elements at positions in their places. Differs from JAX: a position that occurs twice
 * counts once.
 *
 * @param updateShape - The shape that updates would have.
 */
export const scatterApply = eagerly(
  'lax.scatterApply',
  (
    operand: Value,
    indices: Value,
    apply: (x: Value) => Value,
    numbers: ScatterNumbers,
    updateShape: readonly number[],
  ): Value => {
    const ones = prim.broadcastInDim(prim.literal(1, 'int32'), updateShape, []);
    const none = prim.broadcastInDim(prim.literal(0, 'int32'), operand.shape, []);
    const isThere = prim.gt(scatterMax(none, indices, ones, numbers), none);
    return prim.select(isThere, apply(operand), operand);
  },
);
