/** Sliding windows along one axis, and their adjoint. */
import { makeAval } from '../base/aval.ts';
import { constant, type Expr, op, reduce } from '../ir/expr.ts';
import { affineSum, indexConstant } from '../ir/index-algebra.ts';
import type { PrimitiveOf } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { nth, numericDTypes, requireAxis, requireDType, withRecord } from './define.ts';
import { badSlidingWindow } from './errors.ts';
import { clampIndex, guarded, inRange, mapOne } from './index-maps.ts';
import { linear } from './linear.ts';

/** How windows lie along an axis. */
export interface WindowSpec {
  /** Elements in each window. */
  readonly size: number;
  /** From one window to the next. Default 1. */
  readonly stride?: number;
  /** From one element of a window to the next. Default 1. */
  readonly dilation?: number;
}

type UnfoldParams = {
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
};
type FoldParams = UnfoldParams & { readonly length: number };

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1;

/** How many windows fit into an axis. */
export const windowCount = (
  length: number,
  { size, stride = 1, dilation = 1 }: WindowSpec,
): number => Math.max(0, Math.floor((length - (size - 1) * dilation - 1) / stride) + 1);

/** Where element `within` of window `window` is. */
const positionOf = (window: Expr, within: Expr, { stride, dilation }: UnfoldParams): Expr =>
  affineSum(
    [
      { coefficient: stride, atom: window },
      { coefficient: dilation, atom: within },
    ],
    0,
  );

const unfoldPrimitive: PrimitiveOf<UnfoldParams> = linear({
  name: 'unfold',
  infer: (x, params) => {
    const { axis, size, stride, dilation } = params;
    requireAxis('unfold', axis, x);
    if (![size, stride, dilation].every(isCount))
      throw badSlidingWindow('unfold', size, stride, dilation);
    const count = windowCount(nth(x.shape, axis), params);
    return makeAval(x.shape.toSpliced(axis, 1, count, size), x.dtype, x.weak);
  },
  adjoint: (ct, x, params) => fold(ct, { ...params, length: nth(x.shape, params.axis) }),
  batch: (x, params) => bindOne(unfoldPrimitive, [x], { ...params, axis: params.axis + 1 }),
  lower: (_x, params) =>
    mapOne((read, index) => {
      const { axis } = params;
      const position = positionOf(nth(index, axis), nth(index, axis + 1), params);
      return read(index.toSpliced(axis, 2, position));
    }),
});

const fold = (x: Value, params: FoldParams): Value => bindOne(foldPrimitive, [x], params);

const foldPrimitive: PrimitiveOf<FoldParams> = linear({
  name: 'fold',
  infer: (x, { axis, length }) => {
    requireDType('fold', x, numericDTypes);
    return makeAval(x.shape.toSpliced(axis, 2, length), x.dtype, x.weak);
  },
  adjoint: (ct, _x, { length: _length, ...params }) => bindOne(unfoldPrimitive, [ct], params),
  batch: (x, params) => fold(x, { ...params, axis: params.axis + 1 }),
  lower: (x, { axis, size, stride, dilation }) =>
    mapOne((read, index) => {
      const count = nth(x.shape, axis);
      const zero = constant(0, x.dtype);
      if (count === 0) return zero;
      // Every window that has this element has it at one place, if at any.
      return reduce('add', size, (within) => {
        const offset = affineSum(
          [
            { coefficient: 1, atom: nth(index, axis) },
            { coefficient: -dilation, atom: within },
          ],
          0,
        );
        const window = stride === 1 ? offset : op('div', [offset, indexConstant(stride)]);
        const isWhole =
          stride === 1
            ? []
            : [op('eq', [op('rem', [offset, indexConstant(stride)]), indexConstant(0)])];
        const tests = [...inRange(offset, 0, (count - 1) * stride), ...isWhole];
        const at = clampIndex(window, 0, count - 1);
        return guarded(tests, read(index.toSpliced(axis, 1, at, within)), zero);
      });
    }),
});

/**
 * The windows of an axis: the axis becomes two, that of the windows and that of the elements in each.
 *
 * @throws `axis-out-of-range`, `bad-sliding-window`
 */
export const unfold = withRecord(
  unfoldPrimitive,
  (x: Value, axis: number, { size, stride = 1, dilation = 1 }: WindowSpec): Value =>
    bindOne(unfoldPrimitive, [x], { axis, size, stride, dilation }),
);

/**
 * The sum of all windows, each put back where {@link unfold} has it from: an axis of `length` from two axes.
 *
 * @throws `unsupported-dtype`
 */
export const foldWindows = withRecord(
  foldPrimitive,
  (x: Value, axis: number, length: number, { size, stride = 1, dilation = 1 }: WindowSpec): Value =>
    fold(x, { axis, size, stride, dilation, length }),
);
