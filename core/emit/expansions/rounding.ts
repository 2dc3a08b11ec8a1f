/** Rounding to 16-bit floats by integer arithmetic on the bits of a float32. */
import { constant, type Expr, op } from '../../ir/expr.ts';

const int = (value: number): Expr => constant(value | 0, 'int32');
const bitsOf = (x: Expr): Expr => op('bitcast', [x], 'int32');
const asFloat = (bits: Expr): Expr => op('bitcast', [bits], 'float32');

/** bits with the lowest `count` dropped, to the nearest, ties to even. */
function dropBits(bits: Expr, count: number): Expr {
  const last = op('and', [op('shiftRightLogical', [bits, int(count)]), int(1)]);
  const up = op('add', [op('add', [bits, int(2 ** (count - 1) - 1)]), last]);
  return op('and', [up, int(-(2 ** count))]);
}

/** The nearest bfloat16. */
export function roundBfloat16(x: Expr): Expr {
  const bits = bitsOf(x);
  const quiet = op('and', [op('or', [bits, int(0x400000)]), int(-65536)]);
  return asFloat(op('select', [op('ne', [x, x]), quiet, dropBits(bits, 16)]));
}

/** The nearest float16: a multiple of 2⁻²⁴ below 2⁻¹⁴, infinite from 65520 on. */
export function roundFloat16(x: Expr): Expr {
  const bits = bitsOf(x);
  const size = op('and', [bits, int(0x7fffffff)]);
  const sign = op('and', [bits, int(0x80000000)]);
  const steps = op('round', [op('mul', [asFloat(size), constant(2 ** 24, 'float32')])]);
  const small = bitsOf(op('mul', [steps, constant(2 ** -24, 'float32')]));
  const rounded = dropBits(size, 13);
  const infinite = int(0x7f800000);
  const large = op('select', [op('ge', [rounded, int(0x47800000)]), infinite, rounded]);
  const finite = op('select', [op('lt', [size, int(0x38800000)]), small, large]);
  const result = op('select', [op('gt', [size, infinite]), int(0x7fc00000), finite]);
  return asFloat(op('or', [result, sign]));
}
