/** Arithmetic on constants, done while compiling. */
import { constant, type Expr, rebuild } from './expr.ts';
import type { ScalarOp } from './scalar-ops.ts';

/** Operations whose result IEEE 754 fixes, so that it is the same wherever they are computed. */
const exact: Readonly<Partial<Record<ScalarOp, (a: number, b: number) => number>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

/** The smallest float32 that no device takes for zero. */
const smallest = 2 ** -126;

/** The expression with float32 sums, products and quotients of constants as constants. */
export const foldConstants = (expr: Expr): Expr =>
  rebuild(
    expr,
    () => undefined,
    (node) => {
      if (node.kind !== 'op' || node.dtype !== 'float32') return undefined;
      const [a, b] = node.args;
      const compute = exact[node.op];
      if (a?.kind !== 'const' || b?.kind !== 'const' || compute === undefined) return undefined;
      // Rounding a double's sum, product or quotient of two floats again gives the nearest float.
      const value = Math.fround(compute(a.value, b.value));
      const isPlain = Number.isFinite(value) && Math.abs(value) >= smallest;
      return isPlain ? constant(value, 'float32') : undefined;
    },
  );
