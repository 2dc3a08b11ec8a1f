/**
 * The augmentation of training images, draw for draw that of the reference.
 *
 * @see https://github.com/khdlr/augmax 0.4.1, whose colour jitter leaves the saturation as it is.
 */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random/index.ts';

/** Which augmentation an image gets. */
export interface AugmentOptions {
  /** Wrist cameras keep their geometry. */
  readonly isWrist: boolean;
}

/** The share of height and width that the crop keeps. */
const cropShare = 0.95;
const largestAngle = Math.PI / 36;

const drawn = (key: Value, limit: number): Value =>
  random.uniform(key, [], { minval: -limit, maxval: limit });

/**
 * One image cropped, scaled back, turned and recoloured at random.
 *
 * @param key - uint32[2].
 * @param image - f32[height, width, 3] in [−1, 1].
 * @returns f32[height, width, 3]; not clipped.
 */
export function augmentImage(key: Value, image: Value, { isWrist }: AugmentOptions): Value {
  const unit = np.add(np.divide(image, 2), 0.5);
  const steps = random.splitList(key, isWrist ? 1 : 2);
  const colourKey = steps.at(-1) ?? key;
  const placed = isWrist ? unit : cropAndRotate(steps[0] ?? key, unit);
  const recoloured = colourJitter(random.split(colourKey, 1).get(0), placed);
  return np.subtract(np.multiply(recoloured, 2), 1);
}

/** A crop, scaled to the old size, turned by up to 5°: one resampling. Black comes in from outside. */
function cropAndRotate(key: Value, image: Value): Value {
  const [height = 0, width = 0] = image.shape;
  const [cropKey = key, , turnKey = key] = random.splitList(key, 3);
  const crop = [Math.trunc(height * cropShare), Math.trunc(width * cropShare)] as const;
  const limits = np.array([(height - crop[0]) / 2, (width - crop[1]) / 2]);
  const centre = random.uniform(cropKey, [2], { minval: np.negative(limits), maxval: limits });
  const angle = drawn(turnKey, largestAngle);
  const [sin, cos] = [np.sin(angle), np.cos(angle)];
  const place = (size: number): Value =>
    np.subtract(np.arange(size, { dtype: 'float32' }), (size - 1) / 2);
  const [y, x] = [np.expandDims(place(height), 1), np.expandDims(place(width), 0)];
  const source = (a: Value, b: Value, size: number, axis: number, cropped: number): Value => {
    const turned = np.add(np.multiply(a, y), np.multiply(b, x));
    const shifted = np.add(np.multiply(turned, cropped / size), centre.get(axis));
    return np.add(shifted, (size - 1) / 2);
  };
  return bilinear(
    image,
    source(cos, sin, height, 0, crop[0]),
    source(np.negative(sin), cos, width, 1, crop[1]),
  );
}

/** The image at places between its pixels, f32[rows, columns] each; zeros outside. */
function bilinear(image: Value, y: Value, x: Value): Value {
  const [height = 0, width = 0] = image.shape;
  const pixels = image.reshape([height * width, -1]);
  const [top, left] = [np.floor(y), np.floor(x)];
  const tap = (down: number, right: number): Value => {
    const [row, column] = [np.add(top, down), np.add(left, right)];
    const weight = np.multiply(closeness(y, row), closeness(x, column));
    const isInside = np.logicalAnd(within(row, height), within(column, width));
    const index = np.add(
      np.multiply(np.clip(row, 0, height - 1), width),
      np.clip(column, 0, width - 1),
    );
    const found = np.take(pixels, np.astype(index, 'int32'), { axis: 0, mode: 'clip' });
    return np.multiply(found, np.expandDims(np.where(isInside, weight, 0), -1));
  };
  return np.add(np.add(tap(0, 0), tap(0, 1)), np.add(tap(1, 0), tap(1, 1)));
}

const closeness = (place: Value, pixel: Value): Value =>
  np.subtract(1, np.abs(np.subtract(place, pixel)));

const within = (place: Value, size: number): Value =>
  np.logicalAnd(np.greaterEqual(place, 0), np.lessEqual(place, size - 1));

/** Channels of an image, f32[height, width] each. */
type Channels = readonly [Value, Value, Value];

const channelsOf = (image: Value): Channels => [
  image.get('...', 0),
  image.get('...', 1),
  image.get('...', 2),
];

/** Brightness, contrast and hue moved at random, with probability one half. */
function colourJitter(key: Value, image: Value): Value {
  const [lightKey = key, contrastKey = key, hueKey = key] = random.splitList(key, 5);
  const { hue, saturation, value } = toHsv(channelsOf(image));
  const lit = brightened(value, drawn(lightKey, 0.3));
  const contrasted = withContrast(lit, drawn(contrastKey, 0.4));
  const moved = toRgb({ hue: np.add(hue, drawn(hueKey, 0.1)), saturation, value: contrasted });
  return np.where(random.bernoulli(key, 0.5), moved, image);
}

const brightened = (value: Value, by: Value): Value =>
  np.where(
    np.less(by, 0),
    np.multiply(value, np.add(by, 1)),
    np.add(np.multiply(value, np.subtract(1, by)), by),
  );

/** A line of another slope through the middle, which meets the corners by lines of the inverse slope. */
function withContrast(value: Value, by: Value): Value {
  const slope = np.tan(np.multiply(np.add(by, 1), Math.PI / 4));
  const bend = np.divide(
    np.subtract(slope, np.square(slope)),
    np.multiply(np.subtract(1, np.square(slope)), 2),
  );
  const below = np.divide(value, slope);
  const above = np.subtract(np.add(below, 1), np.divide(1, slope));
  const middle = np.add(np.multiply(slope, np.subtract(value, 0.5)), 0.5);
  const upper = np.where(np.greater(value, np.subtract(1, bend)), above, middle);
  return np.where(np.less(value, bend), below, upper);
}

/** Colours by hue, in turns, saturation and value. */
interface Hsv {
  readonly hue: Value;
  readonly saturation: Value;
  readonly value: Value;
}

function toHsv([red, green, blue]: Channels): Hsv {
  const value = np.maximum(np.maximum(red, green), blue);
  const range = np.subtract(value, np.minimum(np.minimum(red, green), blue));
  const isGrey = np.equal(range, 0);
  const isRed = np.equal(red, value);
  const isGreen = np.equal(green, value);
  const difference = np.where(
    isRed,
    np.subtract(green, blue),
    np.where(isGreen, np.subtract(blue, red), np.subtract(red, green)),
  );
  const sector = np.where(isRed, 0, np.where(isGreen, 2, 4));
  const turn = np.add(sector, np.divide(difference, np.where(isGrey, 1, range)));
  const isBlack = np.equal(value, 0);
  return {
    hue: np.where(isGrey, 0, np.divide(turn, 6)),
    saturation: np.where(isBlack, 0, np.divide(range, np.where(isBlack, 1, value))),
    value,
  };
}

function toRgb({ hue, saturation, value }: Hsv): Value {
  const channel = (offset: number): Value => {
    const k = np.mod(np.add(np.multiply(hue, 6), offset), 6);
    const ramp = np.minimum(np.minimum(k, np.subtract(4, k)), 1);
    return np.subtract(value, np.multiply(np.multiply(value, saturation), np.maximum(ramp, 0)));
  };
  return np.stack([channel(5), channel(3), channel(1)], { axis: -1 });
}
