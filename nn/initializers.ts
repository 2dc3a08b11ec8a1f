/**
 * Initializers: functions from a random key and a shape to an array.
 *
 * @see https://docs.jax.dev/en/latest/jax.nn.initializers.html, whose numbers these give for one key.
 */
import { type Shape, sizeOf } from '../core/base/aval.ts';
import type { DType } from '../core/base/dtype.ts';
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import * as random from '../core/random/index.ts';
import { initializerShape, noFans } from './errors.ts';

/** Makes the first value of a parameter. Pure: one key, one result. */
export type Initializer = (key: Value, shape: Shape, dtype: DType) => Value;

/** Zeros. */
export const zeros: Initializer = (_key, shape, dtype) => np.zeros(shape, { dtype });

/** Ones. */
export const ones: Initializer = (_key, shape, dtype) => np.ones(shape, { dtype });

/** One number everywhere. */
export const constant =
  (value: number): Initializer =>
  (_key, shape, dtype) =>
    np.full(shape, value, { dtype });

/** Normal with mean 0. */
export const normal =
  (stddev = 1e-2): Initializer =>
  (key, shape) =>
    random.normal(key, shape).mul(Math.fround(stddev));

/** Uniform in [0, scale). */
export const uniform =
  (scale = 1e-2): Initializer =>
  (key, shape) =>
    random.uniform(key, shape).mul(Math.fround(scale));

/** Bounds of {@link truncatedNormal}, in standard deviations. */
export interface TruncationOptions {
  /** Default −2. */
  readonly lower?: number;
  /** Default 2. */
  readonly upper?: number;
}

/** Normal with mean 0, redrawn outside the bounds; `stddev` is that before truncation. */
export const truncatedNormal =
  (stddev = 1e-2, { lower = -2, upper = 2 }: TruncationOptions = {}): Initializer =>
  (key, shape) =>
    random.truncatedNormal(key, lower, upper, shape).mul(Math.fround(stddev));

/** Which axes of a kernel count as inputs and outputs. Negative axes count from the end. */
export interface FanOptions {
  /** Default −2, the one before the last. */
  readonly inAxis?: number | readonly number[];
  /** Default −1, the last. */
  readonly outAxis?: number | readonly number[];
  /** Axes that hold independent kernels. Default none. */
  readonly batchAxis?: number | readonly number[];
}

/** How many inputs feed one output, and how many outputs one input feeds. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * The fans of a kernel; axes that are neither input, output nor batch are the receptive field, which
 * counts on both sides.
 *
 * @throws `no-fans` for shapes of fewer than two axes.
 */
export const computeFans = (shape: Shape, options: FanOptions = {}): Fans =>
  fansFor('nn.computeFans', shape, options);

/** {@link computeFans} on behalf of the operation that an error names. */
function fansFor(
  op: string,
  shape: Shape,
  { inAxis = -2, outAxis = -1, batchAxis = [] }: FanOptions,
): Fans {
  if (shape.length < 2) throw noFans(op, shape);
  const sizes = (axes: number | readonly number[]): number =>
    sizeOf((typeof axes === 'number' ? [axes] : axes).map((axis) => shape.at(axis) ?? 1));
  const [inputs, outputs] = [sizes(inAxis), sizes(outAxis)];
  const field = sizeOf(shape) / inputs / outputs / sizes(batchAxis);
  return { fanIn: inputs * field, fanOut: outputs * field };
}

/** Which fan the variance is divided by. */
export type FanMode = 'fanIn' | 'fanOut' | 'fanAvg';

/** Shape of the distribution. */
export type Distribution = 'truncatedNormal' | 'normal' | 'uniform';

/** Standard deviation of a standard normal that is truncated to (−2, 2). */
const truncatedStddev = Math.fround(0.87962566103423978);

function fanOf(mode: FanMode, { fanIn, fanOut }: Fans): number {
  if (mode === 'fanIn') return fanIn;
  return mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2;
}

/**
 * Mean 0 and variance `scale / fan`, so that a layer keeps the variance of what passes through it.
 *
 * @throws `no-fans` for shapes of fewer than two axes.
 */
export const varianceScaling = (
  scale: number,
  mode: FanMode,
  distribution: Distribution,
  options: FanOptions = {},
): Initializer => scaling('nn.varianceScaling', scale, mode, distribution, options);

/** {@link varianceScaling} on behalf of the initializer that an error names. */
const scaling =
  (
    op: string,
    scale: number,
    mode: FanMode,
    distribution: Distribution,
    options: FanOptions,
  ): Initializer =>
  (key, shape) => {
    // JAX computes these scalars in float32; rounding here keeps the products bit for bit the same.
    const variance = Math.fround(scale / Math.max(1, fanOf(mode, fansFor(op, shape, options))));
    const stddev = Math.fround(Math.sqrt(variance));
    switch (distribution) {
      case 'normal':
        return random.normal(key, shape).mul(stddev);
      case 'truncatedNormal':
        return random.truncatedNormal(key, -2, 2, shape).mul(Math.fround(stddev / truncatedStddev));
      case 'uniform':
        return random
          .uniform(key, shape, { minval: -1, maxval: 1 })
          .mul(Math.fround(Math.sqrt(Math.fround(3 * variance))));
    }
  };

/** Truncated normal with variance 1 / fan-in. @see LeCun et al. 1998, "Efficient BackProp" §4.6. */
export const lecunNormal = (options: FanOptions = {}): Initializer =>
  scaling('nn.lecunNormal', 1, 'fanIn', 'truncatedNormal', options);

/** Uniform with variance 1 / fan-in. @see LeCun et al. 1998, "Efficient BackProp" §4.6. */
export const lecunUniform = (options: FanOptions = {}): Initializer =>
  scaling('nn.lecunUniform', 1, 'fanIn', 'uniform', options);

/** Truncated normal with variance 2 / (fan-in + fan-out). @see Glorot & Bengio 2010, §4.2.1. */
export const glorotNormal = (options: FanOptions = {}): Initializer =>
  scaling('nn.glorotNormal', 1, 'fanAvg', 'truncatedNormal', options);

/** Uniform with variance 2 / (fan-in + fan-out). @see Glorot & Bengio 2010, §4.2.1. */
export const glorotUniform = (options: FanOptions = {}): Initializer =>
  scaling('nn.glorotUniform', 1, 'fanAvg', 'uniform', options);

/** Truncated normal with variance 2 / fan-in, for ReLU. @see He et al. 2015, arXiv:1502.01852 §2.2. */
export const heNormal = (options: FanOptions = {}): Initializer =>
  scaling('nn.heNormal', 2, 'fanIn', 'truncatedNormal', options);

/** Uniform with variance 2 / fan-in, for ReLU. @see He et al. 2015, arXiv:1502.01852 §2.2. */
export const heUniform = (options: FanOptions = {}): Initializer =>
  scaling('nn.heUniform', 2, 'fanIn', 'uniform', options);

/** Another name of {@link glorotNormal}, after Xavier Glorot. */
export const xavierNormal = glorotNormal;
/** Another name of {@link glorotUniform}, after Xavier Glorot. */
export const xavierUniform = glorotUniform;
/** Another name of {@link heNormal}, after Kaiming He. */
export const kaimingNormal = heNormal;
/** Another name of {@link heUniform}, after Kaiming He. */
export const kaimingUniform = heUniform;

/** Options of {@link orthogonal} and {@link deltaOrthogonal}. */
export interface OrthogonalOptions {
  /** The axis of the columns that are orthogonal. Default: the last. */
  readonly columnAxis?: number;
}

function orthogonalMatrix(
  op: string,
  key: Value,
  shape: Shape,
  scale: number,
  columnAxis: number,
): Value {
  if (shape.length < 2) throw initializerShape(op, 'at least two axes', shape);
  const place = columnAxis < 0 ? columnAxis + shape.length : columnAxis;
  const columns = shape[place] ?? 1;
  if (sizeOf(shape) === 0) return np.zeros(shape);
  const rows = sizeOf(shape) / columns;
  const found = random.orthogonal(key, rows, { m: columns });
  const shaped = np.reshape(found, [...shape.toSpliced(place, 1), columns]);
  return np.multiply(np.moveaxis(shaped, -1, place), scale);
}

/**
 * Random matrices with orthonormal columns, or rows if those are fewer, times `scale`.
 *
 * @throws `initializer-shape` for shapes of fewer than two axes.
 * @see Saxe et al. 2013, arXiv:1312.6120.
 */
export const orthogonal =
  (scale = 1, { columnAxis = -1 }: OrthogonalOptions = {}): Initializer =>
  (key, shape) =>
    orthogonalMatrix('nn.orthogonal', key, shape, scale, columnAxis);

/**
 * Kernels of convolutions of which only the middle one is not zero, but an orthogonal matrix.
 *
 * @throws `initializer-shape` unless the shape is […space, inputs, outputs] with one to three axes of space and at
 *   least as many outputs as inputs.
 * @see Xiao et al. 2018, arXiv:1806.05393.
 */
export const deltaOrthogonal =
  (scale = 1, { columnAxis = -1 }: OrthogonalOptions = {}): Initializer =>
  (key, shape, dtype) => {
    const op = 'nn.deltaOrthogonal';
    if (shape.length < 3 || shape.length > 5) {
      throw initializerShape(op, 'three to five axes', shape);
    }
    const [inputs = 0, outputs = 0] = shape.slice(-2);
    if (outputs < inputs) throw initializerShape(op, 'at least as many outputs as inputs', shape);
    const middle = shape.slice(0, -2).map((size) => Math.floor((size - 1) / 2));
    const matrix = orthogonalMatrix(op, key, shape.slice(-2), scale, columnAxis);
    return np
      .zeros(shape, { dtype })
      .at(...middle)
      .set(matrix);
  };
