/** Names for the axes of convolutions. */
import { range } from '../base/aval.ts';

/** The order of axes: N batch, C or I and O channels, and other letters for space. */
export type DimensionNumbers = readonly [lhs: string, rhs: string, out: string];

/** So many names of axes of space. */
export const letters = (count: number): string =>
  range(count)
    .map((k) => String.fromCharCode('a'.charCodeAt(0) + k))
    .join('');

/** Batch, channels, space; outputs, inputs, space. */
export const channelsFirst = (ndim: number): DimensionNumbers => [
  `NC${letters(ndim - 2)}`,
  `OI${letters(ndim - 2)}`,
  `NC${letters(ndim - 2)}`,
];

/** [x, kernel, result]: the axes of each in the order batch or outputs, channels or inputs, space. */
export function convGeneralPermutations([lhs, rhs, out]: DimensionNumbers): [
  number[],
  number[],
  number[],
] {
  const space = [...rhs].filter((c) => c !== 'O' && c !== 'I');
  const order = (names: string, first: string, second: string): number[] =>
    [first, second, ...space].map((c) => names.indexOf(c));
  return [order(lhs, 'N', 'C'), order(rhs, 'O', 'I'), order(out, 'N', 'C')];
}
