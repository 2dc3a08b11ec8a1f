/** The same elements in another shape or order. */
import { makeAval, range, type Shape, sameShape, sizeOf, stridesOf } from '../base/aval.ts';
import type { Expr } from '../ir/expr.ts';
import { flatten, indexConstant, scaleIndex, unflatten } from '../ir/index-algebra.ts';
import type { PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { nth, requireAxes, shifted, sizesOf, withRecord } from './define.ts';
import { badPermutation, badReshape } from './errors.ts';
import { mapOne } from './index-maps.ts';
import { linear } from './linear.ts';

/** Positions on axes of size 1 are 0: said outright, it keeps index expressions short. */
const dropUnits = (index: readonly Expr[], shape: Shape): Expr[] =>
  index.map((position, axis) => (shape[axis] === 1 ? indexConstant(0) : position));

type ReshapeParams = { readonly shape: readonly number[] };

const reshapePrimitive: PrimitiveOf<ReshapeParams> = linear({
  name: 'reshape',
  infer: (x, { shape }) => {
    const fits =
      sizeOf(shape) === sizeOf(x.shape) && shape.every((n) => Number.isInteger(n) && n >= 0);
    if (!fits) throw badReshape(x, shape);
    return makeAval(shape, x.dtype, x.weak);
  },
  adjoint: (ct, x) => reshape(ct, x.shape),
  batch: (x, { shape }) => reshape(x, [nth(x.shape, 0), ...shape]),
  lower: (x, { shape }) =>
    mapOne((read, index) => {
      const flat = flatten(dropUnits(index, shape), stridesOf(shape));
      return read(dropUnits(unflatten(flat, x.shape), x.shape));
    }),
});

/**
 * The elements of `x` in row-major order, in another shape.
 *
 * @throws `bad-reshape` if the number of elements differs.
 */
export const reshape = withRecord(
  reshapePrimitive,
  (x: Value, shape: Shape): Value =>
    sameShape(x.shape, shape) ? x : bindOne(reshapePrimitive, [x], { shape }),
);

type TransposeParams = { readonly permutation: readonly number[] };

/** Where each axis of the operand went: the permutation that undoes this one. */
const inverse = (permutation: readonly number[]): number[] =>
  permutation.map((_, axis) => permutation.indexOf(axis));

const transposePrimitive: PrimitiveOf<TransposeParams> = linear({
  name: 'transpose',
  infer: (x, { permutation }) => {
    const sorted = permutation.toSorted((a, b) => a - b);
    if (!sameShape(sorted, range(x.shape.length))) throw badPermutation(x, permutation);
    return makeAval(sizesOf(x.shape, permutation), x.dtype, x.weak);
  },
  adjoint: (ct, _, { permutation }) => transpose(ct, inverse(permutation)),
  batch: (x, { permutation }) => transpose(x, [0, ...shifted(permutation)]),
  lower: (_, { permutation }) =>
    mapOne((read, index) => read(inverse(permutation).map((axis) => nth(index, axis)))),
});

/**
 * `x` with its axes in another order: axis i of the result is axis `permutation[i]` of `x`.
 *
 * @throws `bad-permutation`
 */
export const transpose = withRecord(
  transposePrimitive,
  (x: Value, permutation: readonly number[]): Value =>
    sameShape(permutation, range(x.ndim)) ? x : bindOne(transposePrimitive, [x], { permutation }),
);

type ReverseParams = { readonly axes: readonly number[] };

const reversePrimitive: PrimitiveOf<ReverseParams> = linear({
  name: 'reverse',
  infer: (x, { axes }) => {
    requireAxes('reverse', axes, x);
    return x;
  },
  adjoint: (ct, _, { axes }) => reverse(ct, axes),
  batch: (x, { axes }) => reverse(x, shifted(axes)),
  lower: (x, { axes }) =>
    mapOne((read, index) =>
      read(
        index.map((position, axis) =>
          axes.includes(axis) ? scaleIndex(position, -1, nth(x.shape, axis) - 1) : position,
        ),
      ),
    ),
});

/**
 * `x` with the order along each of `axes` turned round.
 *
 * @throws `axis-out-of-range`, `repeated-axis`
 */
export const reverse = withRecord(
  reversePrimitive,
  (x: Value, axes: readonly number[]): Value => bindOne(reversePrimitive, [x], { axes }),
);
