/** Truth values as bits of bytes. */
import type { Value, ValueLike } from '../ir/value.ts';
import { bitwiseAnd, multiply, rightShift } from './arithmetic.ts';
import { array } from './array.ts';
import { eagerly } from './eager.ts';
import { astype } from './elementwise.ts';
import { notEqual } from './logic.ts';
import { moveaxis, pad, ravel, reshape } from './movement.ts';
import { normalizeAxis, toValue } from './operands.ts';
import { sum } from './reductions.ts';

/** Options of {@link packbits}. */
export interface PackbitsOptions {
  /** Null packs all elements in one row. Default null. */
  readonly axis?: number | null;
  /** Whether the first element is the highest bit or the lowest. Default 'big'. */
  readonly bitorder?: 'big' | 'little';
}

/** Options of {@link unpackbits}. */
export interface UnpackbitsOptions extends PackbitsOptions {
  /** How many bits to keep; a negative number leaves out as many at the end. Default: all. */
  readonly count?: number | null;
}

const places = [0, 1, 2, 3, 4, 5, 6, 7];

/** uint8[8]: how far each bit of a byte lies to the left. */
const shiftsOf = (bitorder: 'big' | 'little'): Value =>
  array(bitorder === 'big' ? places.toReversed() : places, { dtype: 'uint8' });

/** Whether elements are not 0, eight to a byte, uint8[…]; zeros fill the last byte. */
export const packbits = eagerly(
  'np.packbits',
  (operand: ValueLike, { axis = null, bitorder = 'big' }: PackbitsOptions = {}): Value => {
    const op = 'np.packbits';
    const x = toValue(op, operand);
    const flat = axis === null ? ravel(x) : x;
    const along = normalizeAxis(op, axis ?? 0, flat.ndim);
    const last = moveaxis(astype(notEqual(flat, 0), 'uint8'), along, -1);
    const lead = last.shape.slice(0, -1);
    const missing = (8 - ((last.shape.at(-1) ?? 0) % 8)) % 8;
    const padded = pad(last, [...lead.map(() => [0, 0] as const), [0, missing]]);
    const bytes = reshape(padded, [...lead, (padded.shape.at(-1) ?? 0) / 8, 8]);
    const weights = array(
      places.map((k) => 2 ** (bitorder === 'big' ? 7 - k : k)),
      { dtype: 'uint8' },
    );
    return moveaxis(astype(sum(multiply(bytes, weights), { axis: -1 }), 'uint8'), -1, along);
  },
);

/** The bits of bytes, uint8[…], as numbers 0 and 1 of that type. */
export const unpackbits = eagerly(
  'np.unpackbits',
  (
    operand: ValueLike,
    { axis = null, bitorder = 'big', count = null }: UnpackbitsOptions = {},
  ): Value => {
    const op = 'np.unpackbits';
    const x = toValue(op, operand);
    const flat = axis === null ? ravel(x) : x;
    const along = normalizeAxis(op, axis ?? 0, flat.ndim);
    const last = moveaxis(flat, along, -1);
    const bits = bitwiseAnd(rightShift(reshape(last, [...last.shape, 1]), shiftsOf(bitorder)), 1);
    const length = 8 * (last.shape.at(-1) ?? 0);
    const whole = reshape(bits, [...last.shape.slice(0, -1), length]);
    const kept = count === null ? length : count < 0 ? length + count : count;
    const added = Math.max(0, kept - length);
    const widths = last.shape.map((_, k) => [0, k === last.ndim - 1 ? added : 0] as const);
    const padded = added === 0 ? whole : pad(whole, widths);
    return moveaxis(padded.get('...', `:${kept}`), -1, along);
  },
);
