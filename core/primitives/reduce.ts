/** Combining elements along axes, which disappear. Sums are in broadcast.ts, beside their adjoint. */
import { type Aval, makeAval } from '../base/aval.ts';
import { type DType, isFloat } from '../base/dtype.ts';
import { type Expr, op, reduce } from '../ir/expr.ts';
import { indexConstant } from '../ir/index-algebra.ts';
import {
  definePrimitive,
  type JvpRule,
  type NoRule,
  noTangent,
  notLinear,
  type PrimitiveOf,
} from '../ir/primitive.ts';
import type { ReduceOp } from '../ir/scalar-ops.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import {
  broadcastInDim,
  full,
  inferReduce,
  type ReduceParams,
  reduceOver,
  reduceSum,
  zeros,
} from './broadcast.ts';
import {
  anyDType,
  bitwiseDTypes,
  first,
  type HasRecord,
  nth,
  numericDTypes,
  otherAxes,
  requireAxis,
  requireDType,
  shifted,
  withRecord,
} from './define.ts';
import { add, div, mul } from './elementwise/arithmetic.ts';
import { select } from './elementwise/choose.ts';
import { eq } from './elementwise/compare.ts';
import { emptyArgument } from './errors.ts';
import { mapOne } from './index-maps.ts';
import { reshape, transpose } from './movement.ts';
import { type NaNPlace, orderKey } from './order-key.ts';
import { concatenate, slice } from './slicing.ts';

/** A reduction over axes that disappear. */
export type Reduction = ((x: Value, axes: readonly number[]) => Value) & HasRecord;

interface ReductionRules {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** How elements of this type are combined. */
  readonly combine: (dtype: DType) => ReduceOp;
  readonly jvp: JvpRule<ReduceParams> | NoRule;
}

function reduction({ name, dtypes, combine, jvp }: ReductionRules): Reduction {
  const apply = (x: Value, axes: readonly number[]): Value =>
    axes.length === 0 ? x : bindOne(primitive, [x], { axes });
  const primitive: PrimitiveOf<ReduceParams> = definePrimitive<ReduceParams>({
    name,
    infer: (avals, { axes }) => {
      requireDType(name, first(avals), dtypes);
      return [inferReduce(name, first(avals), axes)];
    },
    jvp,
    transpose: notLinear,
    batch: (operands, _batched, { axes }) => [apply(first(operands), shifted(axes))],
    lower: (avals, { axes }) => reduceOver(combine(first(avals).dtype), first(avals), axes),
  });
  return withRecord(primitive, apply);
}

/** The tangent of the chosen elements, shared out evenly among those that tie. */
const jvpOfChosen: JvpRule<ReduceParams> = ([x], [dx], { axes }, [chosen]) => {
  if (!x || !dx || !chosen || !isFloat(x.dtype)) return [null];
  const among = broadcastInDim(chosen, x.shape, otherAxes(x.ndim, axes));
  const isChosen = select(eq(x, among), full(1, x), zeros(x));
  return [div(reduceSum(mul(dx, isChosen), axes), reduceSum(isChosen, axes))];
};

/** The greatest element; NaN if there is one, the least value of the type if there is none. @throws `axis-out-of-range`, `repeated-axis` */
export const reduceMax: Reduction = reduction({
  name: 'reduceMax',
  dtypes: anyDType,
  combine: (dtype) => (dtype === 'bool' ? 'or' : 'max'),
  jvp: jvpOfChosen,
});

/** The least element; NaN if there is one, the greatest value of the type if there is none. @throws `axis-out-of-range`, `repeated-axis` */
export const reduceMin: Reduction = reduction({
  name: 'reduceMin',
  dtypes: anyDType,
  combine: (dtype) => (dtype === 'bool' ? 'and' : 'min'),
  jvp: jvpOfChosen,
});

/** A product's factors and their tangents, [factors, …rest] each. */
interface Factors {
  readonly x: Value;
  readonly dx: Value;
}

/** Rows `from` up to `limit` along the leading axis. */
const rows = (x: Value, from: number, limit: number): Value =>
  slice(
    x,
    x.shape.map((_, axis) => (axis === 0 ? from : 0)),
    x.shape.with(0, limit),
  );

/** Factors multiplied in pairs: half as many, rounded up. */
function multiplyPairs({ x, dx }: Factors): Factors {
  const count = nth(x.shape, 0);
  const half = Math.floor(count / 2);
  const [a, b] = [rows(x, 0, half), rows(x, half, 2 * half)];
  const [da, db] = [rows(dx, 0, half), rows(dx, half, 2 * half)];
  const product = { x: mul(a, b), dx: add(mul(da, b), mul(a, db)) };
  if (count === 2 * half) return product;
  return {
    x: concatenate([product.x, rows(x, count - 1, count)], 0),
    dx: concatenate([product.dx, rows(dx, count - 1, count)], 0),
  };
}

/**
 * The tangent of a product by a tree of pairwise products: no division, so it holds where factors
 * are zero, and it can be differentiated again.
 */
const jvpOfProduct: JvpRule<ReduceParams> = ([x], [dx], { axes }) => {
  if (!x || !dx || !isFloat(x.dtype)) return [null];
  const kept = otherAxes(x.ndim, axes);
  const count = axes.reduce((product, axis) => product * nth(x.shape, axis), 1);
  const rest = kept.map((axis) => nth(x.shape, axis));
  if (count === 0) return [null];
  const factorsFirst = (value: Value): Value =>
    reshape(transpose(value, [...axes, ...kept]), [count, ...rest]);
  let factors: Factors = { x: factorsFirst(x), dx: factorsFirst(dx) };
  while (nth(factors.x.shape, 0) > 1) factors = multiplyPairs(factors);
  return [reshape(factors.dx, rest)];
};

/** The product; 1 if there is nothing to multiply. @throws `axis-out-of-range`, `repeated-axis`, `unsupported-dtype` */
export const reduceProd: Reduction = reduction({
  name: 'reduceProd',
  dtypes: numericDTypes,
  combine: () => 'mul',
  jvp: jvpOfProduct,
});

/** Bits that all elements have set; for booleans whether all hold. @throws `axis-out-of-range`, `repeated-axis`, `unsupported-dtype` */
export const reduceAnd: Reduction = reduction({
  name: 'reduceAnd',
  dtypes: bitwiseDTypes,
  combine: () => 'and',
  jvp: noTangent,
});

/** Bits that any element has set; for booleans whether any holds. @throws `axis-out-of-range`, `repeated-axis`, `unsupported-dtype` */
export const reduceOr: Reduction = reduction({
  name: 'reduceOr',
  dtypes: bitwiseDTypes,
  combine: () => 'or',
  jvp: noTangent,
});

type ArgumentParams = { readonly axis: number };

/** The position of an extreme element along one axis. */
export type Argument = ((x: Value, axis: number) => Value) & HasRecord;

interface ArgumentRules {
  readonly name: string;
  readonly best: 'max' | 'min';
  /** NaN counts as better than everything. */
  readonly nan: NaNPlace;
}

function argument({ name, best, nan }: ArgumentRules): Argument {
  const apply = (x: Value, axis: number): Value => bindOne(primitive, [x], { axis });
  const infer = (x: Aval, axis: number): Aval => {
    requireAxis(name, axis, x);
    if (x.shape[axis] === 0) throw emptyArgument(name, x, axis);
    return makeAval(x.shape.toSpliced(axis, 1), 'int32');
  };
  const primitive: PrimitiveOf<ArgumentParams> = definePrimitive<ArgumentParams>({
    name,
    infer: (avals, { axis }) => [infer(first(avals), axis)],
    jvp: noTangent,
    transpose: notLinear,
    batch: (operands, _batched, { axis }) => [apply(first(operands), axis + 1)],
    lower: (avals, { axis }) =>
      mapOne((read, outer) => {
        const extent = nth(first(avals).shape, axis);
        const key = (position: Expr): Expr =>
          orderKey(read(outer.toSpliced(axis, 0, position)), nan);
        const chosen = reduce(best, extent, key);
        // Among equals the first position wins.
        return reduce('min', extent, (position) =>
          op('select', [op('eq', [key(position), chosen]), position, indexConstant(extent - 1)]),
        );
      }),
  });
  return withRecord(primitive, apply);
}

/** The position of the first greatest element, or of the first NaN: int32[…]. @throws `empty-axis`, `axis-out-of-range` */
export const argmax: Argument = argument({ name: 'argmax', best: 'max', nan: 'last' });

/** The position of the first least element, or of the first NaN: int32[…]. @throws `empty-axis`, `axis-out-of-range` */
export const argmin: Argument = argument({ name: 'argmin', best: 'min', nan: 'first' });
