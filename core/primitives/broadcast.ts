/** Repeating along axes and summing along axes: each is the adjoint of the other. */
import { type Aval, makeAval, range, type Shape } from '../base/aval.ts';
import { constant, type Expr, reduce } from '../ir/expr.ts';
import { indexConstant } from '../ir/index-algebra.ts';
import type { MapLowering } from '../ir/lowering.ts';
import type { PrimitiveOf, Tangent } from '../ir/primitive.ts';
import { identityOf, type ReduceOp } from '../ir/scalar-ops.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import {
  nth,
  numericDTypes,
  otherAxes,
  requireAxes,
  requireDType,
  shifted,
  sizesOf,
  withRecord,
} from './define.ts';
import { badBroadcast } from './errors.ts';
import { literal } from './generate.ts';
import { mapOne } from './index-maps.ts';
import { linear } from './linear.ts';
import { reshape } from './movement.ts';

type BroadcastParams = { readonly shape: readonly number[]; readonly axes: readonly number[] };

function fits(x: Aval, { shape, axes }: BroadcastParams): boolean {
  const ascending = axes.every((axis, i) => i === 0 || axis > nth(axes, i - 1));
  return (
    axes.length === x.shape.length &&
    ascending &&
    shape.every((size) => Number.isInteger(size) && size >= 0) &&
    axes.every((axis, i) => {
      const size = nth(x.shape, i);
      return (
        Number.isInteger(axis) &&
        axis >= 0 &&
        (size === 1 ? axis < shape.length : size === shape[axis])
      );
    })
  );
}

const broadcastPrimitive: PrimitiveOf<BroadcastParams> = linear({
  name: 'broadcastInDim',
  infer: (x, params) => {
    if (!fits(x, params)) throw badBroadcast(x, params.shape, params.axes);
    return makeAval(params.shape, x.dtype, x.weak);
  },
  adjoint: (ct, x, { shape, axes }) => {
    const kept = axes.filter((axis, i) => x.shape[i] !== 1 || shape[axis] === 1);
    return reshape(reduceSum(ct, otherAxes(shape.length, kept)), x.shape);
  },
  batch: (x, { shape, axes }) =>
    broadcastInDim(x, [nth(x.shape, 0), ...shape], [0, ...shifted(axes)]),
  lower: (x, { axes }) =>
    mapOne((read, index) =>
      read(axes.map((axis, i) => (x.shape[i] === 1 ? indexConstant(0) : nth(index, axis)))),
    ),
});

/**
 * `x` repeated to fill `shape`: axis i of `x` becomes axis `axes[i]`; axes of size 1 expand.
 *
 * @throws `bad-broadcast`
 */
export const broadcastInDim = withRecord(
  broadcastPrimitive,
  (x: Value, shape: Shape, axes: readonly number[]): Value =>
    bindOne(broadcastPrimitive, [x], { shape, axes }),
);

/** An array of this type, every element `value`. */
export const full = (value: number, { shape, dtype }: Pick<Aval, 'shape' | 'dtype'>): Value => {
  const scalar = literal(value, dtype);
  return shape.length === 0 ? scalar : broadcastInDim(scalar, shape, []);
};

/** Zeros of this type. */
export const zeros = (aval: Pick<Aval, 'shape' | 'dtype'>): Value => full(0, aval);

/** The tangent, with an exact zero written out. */
export const written = (tangent: Tangent | undefined, aval: Aval): Value => tangent ?? zeros(aval);

/** The operand with a batch axis of `size` in front: it has one, or is repeated along one. */
export const lifted = (x: Value, batched: boolean | undefined, size: number): Value =>
  batched === true ? x : broadcastInDim(x, [size, ...x.shape], shifted(range(x.ndim)));

/** Parameters of reductions: the axes that disappear. */
export type ReduceParams = { readonly axes: readonly number[] };

/** The type of a reduction's result. */
export function inferReduce(name: string, x: Aval, axes: readonly number[]): Aval {
  requireAxes(name, axes, x);
  return makeAval(sizesOf(x.shape, otherAxes(x.shape.length, axes)), x.dtype, x.weak);
}

/** A lowering that combines `x` over `axes` with nested loops. */
export function reduceOver(reduceOp: ReduceOp, x: Aval, axes: readonly number[]): MapLowering {
  const kept = otherAxes(x.shape.length, axes);
  const isEmpty = axes.some((axis) => x.shape[axis] === 0);
  return mapOne((read, outer) => {
    if (isEmpty) return constant(identityOf(reduceOp, x.dtype), x.dtype);
    const nest = (pending: readonly number[], inner: ReadonlyMap<number, Expr>): Expr => {
      const [axis, ...rest] = pending;
      if (axis === undefined) {
        return read(x.shape.map((_, i) => inner.get(i) ?? nth(outer, kept.indexOf(i))));
      }
      const extent = nth(x.shape, axis);
      const at = (position: Expr): Expr => nest(rest, new Map([...inner, [axis, position]]));
      return extent === 1 ? at(indexConstant(0)) : reduce(reduceOp, extent, at);
    };
    return nest(
      axes.toSorted((a, b) => a - b),
      new Map(),
    );
  });
}

const reduceSumPrimitive: PrimitiveOf<ReduceParams> = linear({
  name: 'reduceSum',
  infer: (x, { axes }) => {
    requireDType('reduceSum', x, numericDTypes);
    return inferReduce('reduceSum', x, axes);
  },
  adjoint: (ct, x, { axes }) => broadcastInDim(ct, x.shape, otherAxes(x.shape.length, axes)),
  batch: (x, { axes }) => reduceSum(x, shifted(axes)),
  lower: (x, { axes }) => reduceOver('add', x, axes),
});

/**
 * The sum over `axes`, which disappear; 0 if there is nothing to add.
 *
 * @throws `axis-out-of-range`, `repeated-axis`, `unsupported-dtype` for booleans.
 */
export const reduceSum = withRecord(
  reduceSumPrimitive,
  (x: Value, axes: readonly number[]): Value =>
    axes.length === 0 ? x : bindOne(reduceSumPrimitive, [x], { axes }),
);
