/** Integers that are ordered as elements are: what sorting and argmax compare. */
import { constant, type Expr, op } from '../ir/expr.ts';

/** Where NaN stands among floats. */
export type NaNPlace = 'last' | 'first';

const int = (value: number): Expr => constant(value, 'int32');
const infinityBits = 0x7f800000;

/**
 * An int32 (for uint32 elements a uint32) that grows with the element; −0 and 0 share one, all NaN
 * share the greatest or the least. It is made from bits because GPUs may assume that no NaN exists.
 */
export function orderKey(element: Expr, nan: NaNPlace): Expr {
  if (element.dtype === 'bool') return op('convert', [element], 'int32');
  if (element.dtype !== 'float32') return element;
  const bits = op('bitcast', [element], 'int32');
  const magnitude = op('and', [bits, int(0x7fffffff)]);
  const signed = op('select', [op('lt', [bits, int(0)]), op('neg', [magnitude]), magnitude]);
  const isNotANumber = op('gt', [magnitude, int(infinityBits)]);
  return op('select', [isNotANumber, int(nan === 'last' ? 0x7fffffff : -0x80000000), signed]);
}
