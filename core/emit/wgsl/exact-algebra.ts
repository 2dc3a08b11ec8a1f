/**
 * Products and differences that shader compilers would decide by algebra: by their rules x · 0 is 0 and x − x is 0,
 * whatever x is. Where x is NaN or infinite the result is NaN, and bits say so.
 */
import type { Expr } from '../../ir/expr.ts';
import type { UseHelper } from './types.ts';

type Operation = Extract<Expr, { kind: 'op' }>;

/** The text of such an operation on its operands' texts; null for all others. */
export function exactForm(expr: Operation, args: readonly string[], use: UseHelper): string | null {
  const [a, b] = expr.args;
  const [left = '', right = ''] = args;
  if (expr.dtype !== 'float32' || a === undefined || b === undefined) return null;
  switch (expr.op) {
    case 'mul':
      if (isZero(b)) return timesZero(left, b.value, use);
      return isZero(a) ? timesZero(right, a.value, use) : null;
    case 'sub':
      return a === b ? `${use('minus_itself')}(${left})` : null;
    case 'add':
      if (isNegative(a, b)) return `${use('minus_itself')}(${right})`;
      return isNegative(b, a) ? `${use('minus_itself')}(${left})` : null;
    case 'div':
      if (a === b) return `${use('over_itself')}(${left})`;
      return isZero(a) ? `${use('zero_over')}(${right}, ${signBit(a.value)})` : null;
    default:
      return null;
  }
}

const isZero = (expr: Expr): expr is Extract<Expr, { kind: 'const' }> =>
  expr.kind === 'const' && expr.value === 0;

const signBit = (zero: number): string => (Object.is(zero, -0) ? '0x80000000u' : '0u');

const timesZero = (text: string, zero: number, use: UseHelper): string =>
  `${use('times_zero')}(${text}, ${signBit(zero)})`;

/** True if `expr` is −`of`. */
const isNegative = (expr: Expr, of: Expr): boolean =>
  expr.kind === 'op' && expr.op === 'neg' && expr.args[0] === of;
