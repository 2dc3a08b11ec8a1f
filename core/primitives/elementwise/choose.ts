/** Choosing between elements, changing their type, and hiding them from differentiation. */
import { sameShape } from '../../base/aval.ts';
import { bytesOf, type DType, isFloat } from '../../base/dtype.ts';
import { op } from '../../ir/expr.ts';
import { bitcastTo, convertTo } from '../../ir/narrow.ts';
import {
  definePrimitive,
  isHole,
  known,
  noTangent,
  notLinear,
  type PrimitiveOf,
} from '../../ir/primitive.ts';
import { bindOne } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { written, zeros } from '../broadcast.ts';
import {
  allWeak,
  first,
  numericDTypes,
  requireDType,
  requireSameTypes,
  triple,
  type Unary,
  withRecord,
} from '../define.ts';
import { shapeMismatch } from '../errors.ts';
import { mapOne } from '../index-maps.ts';
import { batchElementwise, lowerElementwise } from './family.ts';

const selectPrimitive: PrimitiveOf<Record<string, never>> = definePrimitive({
  name: 'select',
  infer: (avals) => {
    const [condition, yes, no] = triple(avals);
    requireDType('select', condition, ['bool']);
    requireSameTypes('select', [yes, no]);
    if (!sameShape(condition.shape, yes.shape)) throw shapeMismatch('select', avals);
    return [{ ...yes, weak: allWeak([yes, no]) }];
  },
  jvp: (primals, tangents) => {
    const [condition, yes, no] = triple(primals);
    const [, dYes, dNo] = triple(tangents);
    if (!isFloat(yes.dtype) || (dYes === null && dNo === null)) return [null];
    return [select(condition, written(dYes, yes.aval), written(dNo, no.aval))];
  },
  transpose: ([ct], operands) => {
    const [choice, yes, no] = triple(operands);
    const condition = known(choice);
    if (!ct || condition === null) return [null, null, null];
    const none = zeros(ct);
    return [
      null,
      isHole(yes) ? select(condition, ct, none) : null,
      isHole(no) ? select(condition, none, ct) : null,
    ];
  },
  batch: batchElementwise((operands) => [select(...triple(operands))]),
  lower: () => lowerElementwise((elements) => op('select', triple(elements))),
});

/**
 * `whenTrue` where `condition` holds, else `whenFalse`.
 *
 * @param condition - bool[…], of the shape of the others.
 * @throws `shape-mismatch`, `dtype-mismatch`, `unsupported-dtype`
 */
export const select = withRecord(
  selectPrimitive,
  (condition: Value, whenTrue: Value, whenFalse: Value): Value =>
    bindOne(selectPrimitive, [condition, whenTrue, whenFalse], {}),
);

type ConvertParams = { readonly dtype: DType; readonly weak: boolean };

const convertPrimitive: PrimitiveOf<ConvertParams> = definePrimitive({
  name: 'convert',
  infer: (avals, { dtype, weak }) => [{ shape: first(avals).shape, dtype, weak }],
  jvp: ([x], [dx], { dtype, weak }) => [
    dx && x && isFloat(x.dtype) && isFloat(dtype) ? convert(dx, dtype, weak) : null,
  ],
  transpose: ([ct], operands) => {
    const { dtype, weak } = first(operands).aval;
    return [ct ? convert(ct, dtype, weak) : null];
  },
  batch: (operands, _batched, { dtype, weak }) => [convert(first(operands), dtype, weak)],
  lower: (_, { dtype }) => lowerElementwise((elements) => convertTo(first(elements), dtype)),
});

/**
 * `x` as another element type. Floats become integers by truncation, saturating, NaN as 0; anything
 * but 0 becomes true. Linear between floats; no tangent otherwise.
 */
export const convert = withRecord(
  convertPrimitive,
  (x: Value, dtype: DType, weak = false): Value =>
    x.dtype === dtype && x.aval.weak === weak ? x : bindOne(convertPrimitive, [x], { dtype, weak }),
);

type BitcastParams = { readonly dtype: DType };

const bitcastPrimitive: PrimitiveOf<BitcastParams> = definePrimitive({
  name: 'bitcast',
  infer: (avals, { dtype }) => {
    const x = first(avals);
    requireDType('bitcast', x, numericDTypes);
    const result = { shape: x.shape, dtype, weak: false };
    const isWide = (type: DType): boolean => bytesOf(type) === bytesOf(x.dtype);
    requireDType('bitcast', result, numericDTypes.filter(isWide));
    return [result];
  },
  jvp: noTangent,
  transpose: notLinear,
  batch: (operands, _batched, { dtype }) => [bitcast(first(operands), dtype)],
  lower: (avals, { dtype }) =>
    lowerElementwise((elements) => bitcastTo(first(elements), first(avals).dtype, dtype)),
});

/** The bits of `x` read as another type of the same width. No tangent. @throws `unsupported-dtype` */
export const bitcast = withRecord(
  bitcastPrimitive,
  (x: Value, dtype: DType): Value =>
    x.dtype === dtype ? x : bindOne(bitcastPrimitive, [x], { dtype }),
);

const stopGradientPrimitive: PrimitiveOf<Record<string, never>> = definePrimitive({
  name: 'stopGradient',
  infer: (avals) => [first(avals)],
  jvp: () => [null],
  transpose: notLinear,
  batch: (operands) => [stopGradient(first(operands))],
  lower: () => mapOne((read, index) => read(index)),
});

/** `x`, as a constant to differentiation: its tangent is zero. */
export const stopGradient: Unary = withRecord(
  stopGradientPrimitive,
  (x: Value): Value => bindOne(stopGradientPrimitive, [x], {}),
);
