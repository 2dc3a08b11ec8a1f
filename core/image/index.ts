/** Resizing by the names of `jax.image`. Exported as the namespace `image`. */
import type { Shape } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import { add, divide, maximum, multiply, subtract, where } from '../numpy/arithmetic.ts';
import { arange } from '../numpy/creation.ts';
import { eagerly } from '../numpy/eager.ts';
import { abs, astype, floor, sin } from '../numpy/elementwise.ts';
import { take } from '../numpy/gathers.ts';
import { greater, greaterEqual, lessEqual, logicalAnd } from '../numpy/logic.ts';
import { expandDims, moveaxis } from '../numpy/movement.ts';
import { toInexact, toValue } from '../numpy/operands.ts';
import { tensordot } from '../numpy/products.ts';
import { sum } from '../numpy/reductions.ts';

/** How new elements come from those around. */
export type ResizeMethod =
  | 'nearest'
  | 'linear'
  | 'bilinear'
  | 'cubic'
  | 'bicubic'
  | 'lanczos3'
  | 'lanczos5';

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** Widens the kernel where an axis shrinks, so that nothing is skipped. Default true. */
  readonly antialias?: boolean;
}

const triangle = (x: Value): Value => maximum(subtract(1, x), 0);

/** Keys's cubic kernel with a = −½. */
function cubic(x: Value): Value {
  const near = add(multiply(multiply(subtract(multiply(x, 1.5), 2.5), x), x), 1);
  const far = add(multiply(subtract(multiply(add(multiply(x, -0.5), 2.5), x), 4), x), 2);
  return where(greaterEqual(x, 2), 0, where(greaterEqual(x, 1), far, near));
}

const lanczos =
  (radius: number) =>
  (x: Value): Value => {
    const y = multiply(sin(multiply(x, Math.PI)), sin(multiply(x, Math.PI / radius)));
    const isFar = greater(x, 1e-3);
    const value = divide(
      multiply(y, radius),
      where(isFar, multiply(multiply(x, x), Math.PI ** 2), 1),
    );
    return where(greater(x, radius), 0, where(isFar, value, 1));
  };

const kernels = {
  linear: triangle,
  bilinear: triangle,
  cubic,
  bicubic: cubic,
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
} as const;

/** f32[from, to]: how much each old element counts for each new one. */
function weightsOf(
  from: number,
  to: number,
  scale: number,
  shift: number,
  kernel: (x: Value) => Value,
  antialias: boolean,
): Value {
  const inverse = 1 / scale;
  const width = antialias ? Math.max(inverse, 1) : 1;
  const place = subtract(
    subtract(multiply(add(arange(to, { dtype: 'float32' }), 0.5), inverse), shift * inverse),
    0.5,
  );
  const distance = divide(
    abs(subtract(expandDims(place, 0), expandDims(arange(from, { dtype: 'float32' }), 1))),
    width,
  );
  const raw = kernel(distance);
  const total = sum(raw, { axis: 0, keepdims: true });
  const isEnough = greater(abs(total), 1000 * 2 ** -23);
  const weights = where(isEnough, divide(raw, where(isEnough, total, 1)), 0);
  const inside = logicalAnd(greaterEqual(place, -0.5), lessEqual(place, from - 0.5));
  return where(expandDims(inside, 0), weights, 0);
}

/** The array in another size, axis by axis. */
export const resize = eagerly(
  'image.resize',
  (
    operand: ValueLike,
    shape: Shape,
    method: ResizeMethod,
    { antialias = true }: ResizeOptions = {},
  ): Value => {
    const given = toValue('image.resize', operand);
    if (method === 'nearest') return nearest(given, shape);
    return shape.reduce(
      (x, size, axis) => {
        const from = x.shape[axis] ?? 0;
        if (from === size) return x;
        const weights = weightsOf(from, size, size / from, 0, kernels[method], antialias);
        return moveaxis(tensordot(x, weights, { axes: [axis, 0] }), -1, axis);
      },
      toInexact('image.resize', given),
    );
  },
);

const nearest = (given: Value, shape: Shape): Value =>
  shape.reduce((x, size, axis) => {
    const from = x.shape[axis] ?? 0;
    if (from === size) return x;
    const places = floor(multiply(add(arange(size, { dtype: 'float32' }), 0.5), from / size));
    return take(x, astype(places, 'int32'), { axis, mode: 'clip' });
  }, given);

/** Where {@link scaleAndTranslate} moves an axis. */
export interface AxisMove {
  readonly axis: number;
  readonly scale: number;
  readonly translation: number;
}

/** The array with some axes scaled and moved, in a given shape; zeros where nothing is. */
export const scaleAndTranslate = eagerly(
  'image.scaleAndTranslate',
  (
    operand: ValueLike,
    shape: Shape,
    moves: readonly AxisMove[],
    method: Exclude<ResizeMethod, 'nearest'>,
    { antialias = true }: ResizeOptions = {},
  ): Value =>
    moves.reduce(
      (x, { axis, scale, translation }) => {
        const weights = weightsOf(
          x.shape[axis] ?? 0,
          shape[axis] ?? 0,
          scale,
          translation,
          kernels[method],
          antialias,
        );
        return moveaxis(tensordot(x, weights, { axes: [axis, 0] }), -1, axis);
      },
      toInexact('image.scaleAndTranslate', operand),
    ),
);
