/** Integrals that rational functions approximate. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { erf, erfc } from '../../core/primitives/index.ts';
import {
  cosineFar,
  cosineMiddle,
  cosineNear,
  dawsonFar,
  dawsonMiddle,
  dawsonNear,
  dilogarithm,
  fresnelCosine,
  fresnelF,
  fresnelG,
  fresnelSine,
  owenPoints,
  owenWeights,
  type Quotient,
  sineFar,
  sineMiddle,
  sineNear,
} from './coefficients.ts';
import { elementFunction } from './element-function.ts';

const eulerGamma = 0.5772156649015329;

/** The polynomial with these coefficients, highest power first. */
const polynomial = (coefficients: readonly number[], x: Value): Value =>
  coefficients.reduce<Value>((sum, c) => sum.mul(x).add(c), np.zerosLike(x));

const quotient = ({ above, below }: Quotient, x: Value): Value =>
  polynomial(above, x).div(polynomial(below, x));

/** x where `isIn`, else `other`: what is not chosen must not overflow, for the sake of derivatives. */
const within = (isIn: Value, x: Value, other: number): Value => np.where(isIn, x, other);

/** f32[…], Dawson's integral, exp(−x²) ∫ exp(t²) dt from 0 to x. @see https://dlmf.nist.gov/7.2#E5 */
export const dawsn = elementFunction({
  name: 'dawsn',
  compute: (x) => {
    const size = x.abs();
    const isNear = size.less(3.25);
    const isMiddle = size.less(6.25);
    const small = within(isNear, size, 1);
    const near = small.mul(quotient(dawsonNear, small.mul(small)));
    const tail = (parts: Quotient, isIn: Value): Value => {
      const y = within(isIn, size, 6.25);
      const t = np.divide(1, y.mul(y));
      return np.divide(0.5, y).mul(t.mul(quotient(parts, t)).add(1));
    };
    const middle = tail(dawsonMiddle, isMiddle.and(isNear.not()));
    const found = np.where(
      isNear,
      near,
      np.where(isMiddle, middle, tail(dawsonFar, isMiddle.not())),
    );
    return np.sign(x).mul(found);
  },
  partials: [(y, x) => np.subtract(1, x.mul(2).mul(y))],
});

/** f32[…], exp(x²) · erfc(x), which does not overflow for large x. @see https://dlmf.nist.gov/7.12 */
export const erfcx = elementFunction({
  name: 'erfcx',
  compute: (x) => {
    const isFar = x.greater(Math.sqrt(Math.log(3.4028234663852886e38)));
    const near = within(isFar.not(), x, 1);
    const far = within(isFar, x, 10);
    const t = np.divide(1, far.mul(far));
    const series = polynomial([6.5625, -1.875, 0.75, -0.5, 1], t);
    const direct = np.exp(near.mul(near)).mul(erfc(near));
    return np.where(isFar, series.div(far.mul(Math.sqrt(Math.PI))), direct);
  },
  partials: [
    (y, x) =>
      x
        .mul(y)
        .mul(2)
        .sub(2 / Math.sqrt(Math.PI)),
  ],
});

/** f32[…], Li₂(1 − x), Spence's function. @see https://dlmf.nist.gov/25.12 */
export function spence(x: Value): Value {
  const isAboveTwo = x.greater(2);
  const y = np.where(isAboveTwo, np.divide(1, within(isAboveTwo, x, 1)), x);
  const [isHigh, isLow] = [y.greater(1.5), y.less(0.5)];
  const inverse = np.divide(1, within(isHigh, y, 1)).sub(1);
  const w = np.where(isHigh, inverse, np.where(isLow, y.neg(), y.sub(1)));
  const near = w.neg().mul(quotient(dilogarithm, w));
  const inside = within(y.greater(0).and(y.less(1)), y, 0.5);
  const product = np.log(inside).mul(np.log1p(inside.neg()));
  const lower = np.where(isLow, np.subtract(Math.PI ** 2 / 6, product).sub(near), near);
  const log = np.log(within(y.greater(0), y, 1));
  const found = np.where(isAboveTwo.or(isHigh), log.mul(log).mul(-0.5).sub(lower), lower);
  const atZero = np.where(x.equal(0), Math.PI ** 2 / 6, found);
  return np.where(x.less(0).or(np.isnan(x)), Number.NaN, np.where(x.equal(1), 0, atZero));
}

/** The parts of the sine and cosine integrals of |x|, where each is accurate. */
function auxiliary(x: Value): { f: Value; g: Value } {
  const isMiddle = x.less(8);
  const y = within(x.greater(4), x, 4);
  const z = np.divide(1, y.mul(y));
  return {
    f: np.where(isMiddle, quotient(sineMiddle, z), quotient(sineFar, z)).div(y),
    g: z.mul(np.where(isMiddle, quotient(cosineMiddle, z), quotient(cosineFar, z))),
  };
}

const small = (x: Value): Value => within(x.lessEqual(4), x, 1);

/** f32[…], Si(x), the sine integral. @see https://dlmf.nist.gov/6.2#E9 */
export const sineIntegral = elementFunction({
  name: 'sineIntegral',
  compute: (x) => {
    const size = x.abs();
    const near = small(size);
    const { f, g } = auxiliary(size);
    const far = np.subtract(Math.PI / 2, f.mul(np.cos(size))).sub(g.mul(np.sin(size)));
    const low = near.mul(quotient(sineNear, near.mul(near)));
    const isFar = size.greater(1e9);
    const limit = np.where(size.equal(Infinity), Math.PI / 2, far);
    const found = np.where(size.lessEqual(4), low, np.where(isFar, limit, far));
    return np.sign(x).mul(found);
  },
  partials: [(_y, x) => np.sinc(x.div(Math.PI))],
});

/** f32[…], Ci(x), the cosine integral; of |x| for negative x. @see https://dlmf.nist.gov/6.2#E11 */
export const cosineIntegral = elementFunction({
  name: 'cosineIntegral',
  compute: (x) => {
    const size = x.abs();
    const near = small(size);
    const square = near.mul(near);
    const low = np
      .log(near)
      .add(eulerGamma)
      .add(square.mul(quotient(cosineNear, square)));
    const { f, g } = auxiliary(size);
    const far = f.mul(np.sin(size)).sub(g.mul(np.cos(size)));
    const limit = np.where(x.equal(Infinity), 0, np.where(x.equal(-Infinity), Number.NaN, far));
    return np.where(size.equal(0), -Infinity, np.where(size.lessEqual(4), low, limit));
  },
  partials: [(_y, x) => np.cos(x).div(x)],
});

/** sin(πx²/2) and cos(πx²/2), accurate where x² is large. */
function phases(x: Value): { sine: Value; cosine: Value } {
  const s = np.fmod(x.abs(), 2);
  const r = np.fmod(s.mul(x.abs().sub(s.mul(0.5))), 2);
  const sin = (y: Value): Value => np.sin(y.mul(Math.PI));
  const middle = np.where(r.greater(1.5), sin(r.sub(2)), sin(r.sub(1)).neg());
  const cosine = np.where(r.less(1), sin(r.sub(0.5)).neg(), sin(r.sub(1.5)));
  return {
    sine: np.where(r.less(0.5), sin(r), middle),
    cosine: np.where(r.equal(0.5), 0, cosine),
  };
}

/** Both integrals of |x|. */
function fresnelOf(x: Value): { s: Value; c: Value } {
  const size = x.abs();
  const isNear = size.mul(size).less(2.5625);
  const near = within(isNear, size, 1);
  const square = near.mul(near);
  const t = square.mul(square);
  const far = within(isNear.not(), size, 2);
  const p = np.divide(1, far.mul(far).mul(Math.PI));
  const u = p.mul(p);
  const f = np.subtract(1, u.mul(polynomial(fresnelF, u)));
  const g = p.mul(polynomial(fresnelG, u));
  const { sine, cosine } = phases(far);
  const scale = far.mul(Math.PI);
  const isHuge = size.greater(36974);
  const farS = np.subtract(0.5, f.mul(cosine).add(g.mul(sine)).div(scale));
  const farC = f.mul(sine).sub(g.mul(cosine)).div(scale).add(0.5);
  const nearS = near.mul(square).mul(polynomial(fresnelSine, t));
  const nearC = near.mul(polynomial(fresnelCosine, t));
  return {
    s: np.where(isNear, nearS, np.where(isHuge, 0.5, farS)),
    c: np.where(isNear, nearC, np.where(isHuge, 0.5, farC)),
  };
}

const odd = (x: Value, y: Value): Value => np.where(x.less(0), y.neg(), y);

/** f32[…], S(x) = ∫ sin(πt²/2) dt from 0. @see https://dlmf.nist.gov/7.2#E8 */
export const fresnelS = elementFunction({
  name: 'fresnelS',
  compute: (x) => odd(x, fresnelOf(x).s),
  partials: [(_y, x) => phases(x).sine],
});

/** f32[…], C(x) = ∫ cos(πt²/2) dt from 0. */
export const fresnelC = elementFunction({
  name: 'fresnelC',
  compute: (x) => odd(x, fresnelOf(x).c),
  partials: [(_y, x) => phases(x).cosine],
});

/** f32[…], Owen's T for operands of one shape. @see Patefield & Tandy 2000, method T5 alone. */
export const owensT = elementFunction({
  name: 'owensT',
  compute: (given, a) => {
    const [h, size] = [given.abs(), a.abs()];
    const isSmall = size.lessEqual(1);
    const slope = np.where(isSmall, size, np.divide(1, size));
    const height = np.where(isSmall, h, size.mul(h));
    const [squareH, squareA] = [height.mul(height).mul(-0.5), slope.mul(slope)];
    let sum = np.zerosLike(a);
    for (const [i, point] of owenPoints.entries()) {
      const r = squareA.mul(point).add(1);
      sum = sum.add(
        np
          .exp(squareH.mul(r))
          .div(r)
          .mul(owenWeights[i] ?? 0),
      );
    }
    const root = height.mul(Math.SQRT1_2);
    const atOne = erfc(root.neg()).mul(erfc(root)).mul(0.125);
    const atZero = np.arctan(slope).div(2 * Math.PI);
    const plain = np.where(height.equal(0), atZero, slope.mul(sum));
    const found = np.where(slope.equal(1), atOne, plain);
    const [x, y] = [h.mul(Math.SQRT1_2), size.mul(h.mul(Math.SQRT1_2))];
    const [p, q] = [erfc(x), erfc(y)];
    const inner = np.subtract(0.25, erf(x).mul(erf(y)).mul(0.25));
    const outer = p.add(q).sub(p.mul(q)).mul(0.25);
    const mirrored = np.where(size.mul(h).lessEqual(0.67), inner, outer).sub(found);
    return np.sign(a).mul(np.where(isSmall, found, mirrored));
  },
  partials: [
    (_y, h, a) =>
      np
        .exp(h.mul(h).mul(-0.5))
        .mul(erf(a.mul(h).mul(Math.SQRT1_2)))
        .div(-2 * Math.sqrt(2 * Math.PI)),
    (_y, h, a) => {
      const s = a.mul(a).add(1);
      return np.exp(s.mul(h).mul(h).mul(-0.5)).div(s.mul(2 * Math.PI));
    },
  ],
});
