/**
 * Fourier transforms of complex numbers as pairs of arrays. Exported as the namespace `np.fft`.
 *
 * Even lengths are halved as long as that helps (Cooley & Tukey 1965); what is left is a product with the matrix
 * of the transform.
 */
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { divide, multiply } from './arithmetic.ts';
import { arange } from './creation.ts';
import { asOneProgram, eagerly } from './eager.ts';
import { concatenate, roll } from './join.ts';
import { flip, moveaxis, sliceAxis } from './movement.ts';
import { normalizeAxes, normalizeAxis, toInexact, toValue } from './operands.ts';
import { matmul } from './products.ts';

/** Complex numbers: a pair of arrays of one shape. */
export interface Complex {
  readonly real: Value;
  readonly imag: Value;
}

/** What is transformed: a pair, or an array of real numbers. */
export type ComplexLike = ValueLike | { readonly real: ValueLike; readonly imag: ValueLike };

/** How results are scaled: `backward` (default) divides the inverse by n, `forward` the transform, `ortho` both by √n. */
export type Norm = 'backward' | 'forward' | 'ortho';

/** Options of transforms along one axis. */
export interface FftOptions {
  /** The length that is transformed: the axis is cut or filled with zeros. Default: all of it. */
  readonly n?: number;
  /** Default: the last. */
  readonly axis?: number;
  readonly norm?: Norm;
}

/** Lengths up to this are products with a matrix. */
const denseLength = 32;

function toComplex(op: string, x: ComplexLike): Complex {
  if (typeof x === 'object' && 'real' in x && 'imag' in x) {
    return { real: toInexact(op, x.real), imag: toInexact(op, x.imag) };
  }
  const real = toInexact(op, x as ValueLike);
  return { real, imag: multiply(prim.stopGradient(real), 0) };
}

const both = (x: Complex, change: (part: Value) => Value): Complex => ({
  real: change(x.real),
  imag: change(x.imag),
});

const product = (x: Complex, y: Complex): Complex => ({
  real: prim.sub(prim.mul(x.real, y.real), prim.mul(x.imag, y.imag)),
  imag: prim.add(prim.mul(x.real, y.imag), prim.mul(x.imag, y.real)),
});

/** exp(∓2πi·k/n) for integers k below n: int32[…]. */
function rootsOfUnity(k: Value, n: number, sign: number): Complex {
  const angle = multiply(prim.convert(k, 'float32'), (sign * 2 * Math.PI) / n);
  return { real: prim.cos(angle), imag: prim.sin(angle) };
}

/** The transform along the last axis, unscaled. */
function transform(x: Complex, sign: number): Complex {
  const n = x.real.shape.at(-1) ?? 0;
  const last = x.real.ndim - 1;
  if (n > denseLength && n % 2 === 0) {
    const part = (v: Value, start: number): Value =>
      prim.slice(
        v,
        v.shape.map((_, a) => (a === last ? start : 0)),
        v.shape,
        v.shape.map((_, a) => (a === last ? 2 : 1)),
      );
    const even = transform(
      both(x, (v) => part(v, 0)),
      sign,
    );
    const odd = transform(
      both(x, (v) => part(v, 1)),
      sign,
    );
    const turns = rootsOfUnity(prim.iota('int32', even.real.shape, last), n, sign);
    const turned = product(odd, turns);
    return {
      real: prim.concatenate(
        [prim.add(even.real, turned.real), prim.sub(even.real, turned.real)],
        last,
      ),
      imag: prim.concatenate(
        [prim.add(even.imag, turned.imag), prim.sub(even.imag, turned.imag)],
        last,
      ),
    };
  }
  const shape = [n, n];
  const size = prim.broadcastInDim(prim.literal(n, 'int32'), shape, []);
  const k = prim.rem(prim.mul(prim.iota('int32', shape, 0), prim.iota('int32', shape, 1)), size);
  const matrix = rootsOfUnity(k, n, sign);
  return {
    real: prim.sub(matmul(x.real, matrix.real), matmul(x.imag, matrix.imag)),
    imag: prim.add(matmul(x.real, matrix.imag), matmul(x.imag, matrix.real)),
  };
}

function resized(x: Value, axis: number, n: number): Value {
  const size = x.shape[axis] ?? 0;
  if (size >= n) return sliceAxis(x, axis, 0, n);
  const none = x.shape.map(() => 0);
  return prim.pad(x, prim.literal(0, x.dtype), none, none.with(axis, n - size), none);
}

function scaleOf(n: number, norm: Norm, isInverse: boolean): number {
  if (norm === 'ortho') return 1 / Math.sqrt(n);
  return (norm === 'forward') === isInverse ? 1 : 1 / n;
}

function along(op: string, given: ComplexLike, options: FftOptions, isInverse: boolean): Complex {
  const x = toComplex(op, given);
  const axis = normalizeAxis(op, options.axis ?? -1, x.real.ndim);
  const n = options.n ?? x.real.shape[axis] ?? 0;
  const moved = both(x, (v) => moveaxis(resized(v, axis, n), axis, -1));
  const scale = scaleOf(n, options.norm ?? 'backward', isInverse);
  const found = transform(moved, isInverse ? 1 : -1);
  return both(found, (v) => moveaxis(scale === 1 ? v : multiply(v, scale), -1, axis));
}

function asPair(op: string, compute: () => Complex): Complex {
  const [real, imag] = asOneProgram(op, () => {
    const found = compute();
    return [found.real, found.imag];
  }) as [Value, Value]; // As many as the body returns.
  return { real, imag };
}

/** Σ x[j] exp(−2πi·jk/n) along one axis. */
export const fft = (x: ComplexLike, options: FftOptions = {}): Complex =>
  asPair('np.fft.fft', () => along('np.fft.fft', x, options, false));

/** The inverse of {@link fft}. */
export const ifft = (x: ComplexLike, options: FftOptions = {}): Complex =>
  asPair('np.fft.ifft', () => along('np.fft.ifft', x, options, true));

/** The first ⌊n/2⌋ + 1 elements of {@link fft} of real numbers; the others are their conjugates. */
export const rfft = (x: ValueLike, options: FftOptions = {}): Complex =>
  asPair('np.fft.rfft', () => {
    const found = along('np.fft.rfft', x, options, false);
    const axis = normalizeAxis('np.fft.rfft', options.axis ?? -1, found.real.ndim);
    const n = found.real.shape[axis] ?? 0;
    return both(found, (v) => sliceAxis(v, axis, 0, Math.floor(n / 2) + 1));
  });

/** The n real numbers (2·(size − 1) by default) that {@link rfft} makes these of. */
export const irfft = eagerly(
  'np.fft.irfft',
  (given: ComplexLike, options: FftOptions = {}): Value => {
    const x = toComplex('np.fft.irfft', given);
    const axis = normalizeAxis('np.fft.irfft', options.axis ?? -1, x.real.ndim);
    const n = options.n ?? 2 * ((x.real.shape[axis] ?? 1) - 1);
    const half = both(x, (v) => resized(v, axis, Math.floor(n / 2) + 1));
    const count = n - Math.floor(n / 2) - 1;
    const mirrored = (v: Value): Value => flip(sliceAxis(v, axis, 1, 1 + count), { axis });
    const first = sliceAxis(half.imag, axis, 0, 1);
    const real = concatenate([half.real, mirrored(half.real)], { axis });
    // The imaginary parts of the first and the middle element do not count.
    const own = [multiply(first, 0), sliceAxis(half.imag, axis, 1, 1 + count)];
    const middle = n % 2 === 0 ? [multiply(first, 0)] : [];
    const imag = concatenate([...own, ...middle, prim.neg(mirrored(half.imag))], { axis });
    return along('np.fft.irfft', { real, imag }, { ...options, n }, true).real;
  },
);

/** Options of transforms along several axes. */
export interface FftnOptions {
  /** The lengths that are transformed, one for each axis. Default: all of them. */
  readonly s?: readonly number[];
  /** Default: as many of the last as there are lengths, or all. */
  readonly axes?: readonly number[];
  readonly norm?: Norm;
}

/** Each axis with its options. */
function axesOf(op: string, ndim: number, { s, axes, norm = 'backward' }: FftnOptions) {
  const last = s?.map((_, k) => k - s.length);
  return normalizeAxes(op, axes ?? last ?? null, ndim).map((axis, k) => {
    const n = s?.[k];
    return n === undefined ? { axis, norm } : { axis, norm, n };
  });
}

const overAxes = (
  op: string,
  x: Complex,
  list: readonly FftOptions[],
  isInverse: boolean,
): Complex => list.reduce((found, one) => along(op, found, one, isInverse), x);

function allAxes(op: string, given: ComplexLike, options: FftnOptions, inverse: boolean): Complex {
  const x = toComplex(op, given);
  return overAxes(op, x, axesOf(op, x.real.ndim, options), inverse);
}

/** {@link fft} along several axes. */
export const fftn = (x: ComplexLike, options: FftnOptions = {}): Complex =>
  asPair('np.fft.fftn', () => allAxes('np.fft.fftn', x, options, false));

/** The inverse of {@link fftn}. */
export const ifftn = (x: ComplexLike, options: FftnOptions = {}): Complex =>
  asPair('np.fft.ifftn', () => allAxes('np.fft.ifftn', x, options, true));

/** {@link fft} along the last two axes. */
export const fft2 = (x: ComplexLike, options: FftnOptions = {}): Complex =>
  fftn(x, { axes: [-2, -1], ...options });

/** The inverse of {@link fft2}. */
export const ifft2 = (x: ComplexLike, options: FftnOptions = {}): Complex =>
  ifftn(x, { axes: [-2, -1], ...options });

/** {@link rfft} along the last of several axes, then {@link fft} along the others. */
export const rfftn = (x: ValueLike, options: FftnOptions = {}): Complex =>
  asPair('np.fft.rfftn', () => {
    const real = toInexact('np.fft.rfftn', x);
    const list = axesOf('np.fft.rfftn', real.ndim, options);
    return overAxes('np.fft.rfftn', rfft(real, list.at(-1)), list.slice(0, -1), false);
  });

/** The inverse of {@link rfftn}: real numbers. */
export const irfftn = eagerly(
  'np.fft.irfftn',
  (given: ComplexLike, options: FftnOptions = {}): Value => {
    const x = toComplex('np.fft.irfftn', given);
    const list = axesOf('np.fft.irfftn', x.real.ndim, options);
    return irfft(overAxes('np.fft.irfftn', x, list.slice(0, -1), true), list.at(-1));
  },
);

/** {@link rfftn} along the last two axes. */
export const rfft2 = (x: ValueLike, options: FftnOptions = {}): Complex =>
  rfftn(x, { axes: [-2, -1], ...options });

/** {@link irfftn} along the last two axes. */
export const irfft2 = (x: ComplexLike, options: FftnOptions = {}): Value =>
  irfftn(x, { axes: [-2, -1], ...options });

/** The norm that scales the other direction. */
const opposite = (norm: Norm = 'backward'): Norm =>
  norm === 'ortho' ? norm : norm === 'backward' ? 'forward' : 'backward';

const conjugated = (x: Complex): Complex => ({ real: x.real, imag: prim.neg(x.imag) });

/** The n real numbers (2·(size − 1) by default) that the transform of a Hermitian sequence has, from its first half. */
export const hfft = eagerly(
  'np.fft.hfft',
  (x: ComplexLike, { norm, ...options }: FftOptions = {}): Value =>
    irfft(conjugated(toComplex('np.fft.hfft', x)), { ...options, norm: opposite(norm) }),
);

/** The inverse of {@link hfft}: the first half of a Hermitian sequence. */
export const ihfft = (x: ValueLike, { norm, ...options }: FftOptions = {}): Complex =>
  asPair('np.fft.ihfft', () => conjugated(rfft(x, { ...options, norm: opposite(norm) })));

/** f32[n]: the frequencies that {@link fft} finds, in cycles per `d`. */
export const fftfreq = eagerly(
  'np.fft.fftfreq',
  (n: number, ...[d = 1]: readonly number[]): Value => {
    const positive = Math.ceil(n / 2);
    const whole = concatenate([
      arange(positive, { dtype: 'float32' }),
      arange(-Math.floor(n / 2), 0, { dtype: 'float32' }),
    ]);
    return divide(whole, n * d);
  },
);

/** f32[⌊n/2⌋ + 1]: the frequencies that {@link rfft} finds. */
export const rfftfreq = eagerly(
  'np.fft.rfftfreq',
  (n: number, ...[d = 1]: readonly number[]): Value =>
    divide(arange(Math.floor(n / 2) + 1, { dtype: 'float32' }), n * d),
);

function shifted(
  op: string,
  operand: ValueLike,
  axes: number | readonly number[] | null,
  back: boolean,
): Value {
  const x = toValue(op, operand);
  const list = normalizeAxes(op, axes, x.ndim);
  const halves = list.map((a) => Math.floor((x.shape[a] ?? 0) / 2));
  return roll(
    x,
    halves.map((h) => (back ? -h : h)),
    { axis: list },
  );
}

/** The array with frequency 0 moved to the middle. */
export const fftshift = eagerly(
  'np.fft.fftshift',
  (
    x: ValueLike,
    { axes = null }: { readonly axes?: number | readonly number[] | null } = {},
  ): Value => shifted('np.fft.fftshift', x, axes, false),
);

/** The inverse of {@link fftshift}. */
export const ifftshift = eagerly(
  'np.fft.ifftshift',
  (
    x: ValueLike,
    { axes = null }: { readonly axes?: number | readonly number[] | null } = {},
  ): Value => shifted('np.fft.ifftshift', x, axes, true),
);
