/** Fourier transforms by their kind. */
import type { Value } from '../ir/value.ts';
import { type Complex, type ComplexLike, fftn, ifftn, irfftn, rfftn } from '../numpy/fft.ts';

/** The kinds of Fourier transforms. */
export const FftType = { FFT: 'fft', IFFT: 'ifft', RFFT: 'rfft', IRFFT: 'irfft' } as const;

type Kind = (typeof FftType)[keyof typeof FftType];

/** The transform along the last axes, of these lengths; what comes out of `irfft` is real. */
export function fft(x: ComplexLike, type: 'irfft', lengths: readonly number[]): Value;
/** The transform along the last axes, of these lengths. */
export function fft(
  x: ComplexLike,
  type: Exclude<Kind, 'irfft'>,
  lengths: readonly number[],
): Complex;
export function fft(x: ComplexLike, type: Kind, lengths: readonly number[]): Complex | Value {
  const axes = lengths.map((_, k) => k - lengths.length);
  const options = { axes, s: lengths };
  if (type === 'irfft') return irfftn(x, options);
  // What is real has no other part to give.
  if (type === 'rfft') return rfftn(x as Value, options);
  return type === 'fft' ? fftn(x, options) : ifftn(x, options);
}
