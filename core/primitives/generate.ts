/** Arrays made from nothing but parameters. */
import { makeAval } from '../base/aval.ts';
import type { DType } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import { nearest } from '../base/half.ts';
import { constant } from '../ir/expr.ts';
import { convertTo } from '../ir/narrow.ts';
import { definePrimitive, noTangent, notLinear, type PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { nth, numericDTypes, requireAxis, requireDType, withRecord } from './define.ts';

const neverBatched = (): never => {
  invariant(false, 'an operation without operands has nothing to batch');
};

type LiteralParams = { readonly value: number; readonly dtype: DType; readonly weak: boolean };

const literalPrimitive: PrimitiveOf<LiteralParams> = definePrimitive({
  name: 'literal',
  infer: (_, { dtype, weak }) => [makeAval([], dtype, weak)],
  jvp: () => [null],
  transpose: notLinear,
  batch: neverBatched,
  lower: (_, { value, dtype }) => ({ kind: 'map', values: () => [() => constant(value, dtype)] }),
});

/** A constant: dtype[]. Booleans are 0 and 1. */
export const literal = withRecord(
  literalPrimitive,
  (value: number, dtype: DType, weak = false): Value =>
    bindOne(literalPrimitive, [], { value: nearest(value, dtype), dtype, weak }),
);

type IotaParams = {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly axis: number;
};

const iotaPrimitive: PrimitiveOf<IotaParams> = definePrimitive({
  name: 'iota',
  infer: (_, { dtype, shape, axis }) => {
    const aval = makeAval(shape, dtype);
    requireDType('iota', aval, numericDTypes);
    requireAxis('iota', axis, aval);
    return [aval];
  },
  jvp: noTangent,
  transpose: notLinear,
  batch: neverBatched,
  lower: (_, { dtype, axis }) => ({
    kind: 'map',
    values: () => [(index) => convertTo(nth(index, axis), dtype)],
  }),
});

/**
 * Positions along an axis, counted from 0: dtype[…shape].
 *
 * @throws `axis-out-of-range` if `shape` has no such axis; `unsupported-dtype` for booleans.
 */
export const iota = withRecord(
  iotaPrimitive,
  (dtype: DType, shape: readonly number[], axis: number): Value =>
    bindOne(iotaPrimitive, [], { dtype, shape, axis }),
);
