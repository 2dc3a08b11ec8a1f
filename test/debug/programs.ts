/** Programs that print, the same as in test/golden/make-debug.py. */
import type { Value } from '../../core/ir/value.ts';

const { checkpoint, debug, grad, jit, jvp, lax, linearize, np, vmap } = await import(
  '../../index.ts'
);

const two = (x: Value): Value => {
  debug.print('a {}', x);
  debug.print('b {y}', { y: x.mul(2) });
  return x;
};

const overRows = (x: Value): Value =>
  lax.scan(
    (c: Value, row: Value) => {
      debug.print('turn c={c} x={row}', { c, row });
      return [c.add(row), null];
    },
    np.array(0),
    x,
  )[0];

const doubled = (x: Value): Value =>
  lax.whileLoop(
    (c: Value) => c.less(10),
    (c: Value) => {
      debug.print('w {}', c);
      return c.mul(2);
    },
    x,
    { maxIterations: 4 },
  );

const nested = (x: Value): Value =>
  lax.foriLoop(
    0,
    2,
    (_i: Value, c: Value) => {
      debug.print('inner {}', c);
      return c.add(1);
    },
    x,
  );

const branches = (x: Value): Value =>
  lax.cond(
    x.greater(2),
    (y: Value) => {
      debug.print('big {}', y);
      return nested(y);
    },
    (y: Value) => {
      debug.print('small {}', y);
      return y;
    },
    x,
  );

const kept = checkpoint((x: Value) => {
  debug.print('ck {}', x);
  return np.sin(np.sin(x));
});

const vector = () => np.array([1, 6]);

/** Runs that print. */
export const programs: Readonly<Record<string, () => unknown>> = {
  jit: () => jit(two)(np.array(3)),
  vmap: () => jit(vmap(two))(vector()),
  vmapOfVmap: () => {
    const one = (x: Value): Value => {
      debug.print('{}', x);
      return x;
    };
    return vmap(vmap(one))(np.array([[1], [2]]));
  },
  gradOfScan: () => grad(overRows)(np.array([1, 2, 3])),
  vmapOfScan: () =>
    vmap(overRows)(
      np.array([
        [1, 2],
        [3, 4],
      ]),
    ),
  vmapOfGradOfScan: () =>
    vmap(grad(overRows))(
      np.array([
        [1, 2],
        [3, 4],
      ]),
    ),
  while: () => jit(doubled)(np.array(3)),
  vmapOfWhile: () => vmap(doubled)(vector()),
  jvpOfWhile: () => jvp(doubled, [np.array(3)], [np.array(1)]),
  linearizeOfWhile: () => linearize(doubled, np.array(3)),
  condFalse: () => jit(branches)(np.array(1)),
  condTrue: () => jit(branches)(np.array(5)),
  gradOfCond: () => grad(branches)(np.array(5)),
  vmapOfCond: () => vmap(branches)(vector()),
  gradOfCheckpoint: () => jit(grad(kept))(np.array(1)),
  scanOfCond: () => lax.map(branches, np.array([1, 5])),
};
