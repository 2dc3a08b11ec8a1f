/** The programs of test/golden/make-control.py. */
import * as np from '../../core/numpy/index.ts';
import { checkpoint, customJvp, customVjp } from '../../transforms/index.ts';
import * as lax from '../../transforms/lax.ts';

/** A scalar function of f32[3, 3], f32[3] and f32[5, 3]. */
export type Program = (w: np.Array, h: np.Array, xs: np.Array) => np.Array;

export const w = [
  [0.1, 0.2, 0.3],
  [0.3, -0.4, 0.1],
  [0.5, 0.1, -0.2],
];
export const h = [0.1, -0.2, 0.3];
export const xs = [
  [0.5, 0.1, -0.2],
  [-0.3, 0.2, 0.4],
  [0.7, 0.9, -1.1],
  [0.2, -0.6, 0.3],
  [1.2, 0.4, -0.5],
];

const rnn =
  (reverse: boolean, unroll = 1): Program =>
  (w, h, xs) => {
    const [last, ys] = lax.scan(
      (c: { h: np.Array; count: np.Array }, x: np.Array) => {
        const n = np.tanh(np.matmul(w, c.h).add(x));
        return [
          { h: n, count: c.count.add(1) },
          { y: n.mul(x), s: np.sum(n) },
        ] as const;
      },
      { h, count: 0 as number | np.Array } as { h: np.Array; count: np.Array },
      xs,
      { reverse, unroll },
    );
    return np.sum(np.square(ys.y)).add(np.sum(last.h).mul(np.sum(ys.s)));
  };

const nested: Program = (w, h, xs) => {
  const [last, ys] = lax.scan(
    (c: np.Array, x: np.Array) => {
      const [inner, outputs] = lax.scan(
        (k: np.Array, e: np.Array) => [np.sin(k.mul(w.get(0))).add(e), k.mul(e)] as const,
        c,
        x,
      );
      return [inner.mul(0.5), outputs] as const;
    },
    h,
    xs,
  );
  return np.sum(last).add(np.sum(np.square(ys)));
};

const fori: Program = (w, h, xs) =>
  np.sum(
    lax.foriLoop(
      1,
      4,
      (i: np.Array, c: np.Array) =>
        np
          .tanh(np.matmul(w, c))
          .mul(i)
          .add(np.take(xs, i, { axis: 0 })),
      h,
    ),
  );

const branches: Program = (w, h, xs) => {
  const one = (i: number, x: np.Array): np.Array =>
    lax.switchCase(
      np.array(i, { dtype: 'int32' }),
      [
        (v: np.Array) => np.sin(v).mul(h),
        (v: np.Array) => np.matmul(w, v),
        (v: np.Array) => np.exp(v).add(w.get(1)),
      ],
      x,
    );
  return [0, 1, 2, 3]
    .map((i) => np.sum(np.square(one(i, xs.get(i)))))
    .reduce((sum, term) => sum.add(term));
};

const scannedCond: Program = (w, h, xs) => {
  const [last, ys] = lax.scan(
    (c: np.Array, x: np.Array) => {
      const next = lax.cond(
        np.sum(c).greater(0.25),
        (v: np.Array) => np.cos(np.matmul(w, v)),
        (v: np.Array) => v.mul(v).add(x),
        c,
      );
      return [next, next.mul(x)] as const;
    },
    h,
    xs,
  );
  return np.sum(last).add(np.sum(ys));
};

const loops: Program = (w, h, xs) => {
  const one = (x: np.Array): np.Array =>
    lax.whileLoop(
      (c: np.Array) => np.sum(np.square(c)).less(4),
      (c: np.Array) => c.mul(1.5).add(np.tanh(np.matmul(w, c))),
      x,
      { maxIterations: 40 },
    );
  return np.sum(one(h).mul(one(xs.get(0))));
};

const halfSine: (x: np.Array) => np.Array = customJvp(
  (x: np.Array) => np.sin(x),
  ([x], [dx]) => [
    halfSine(x),
    halfSine(x)
      .mul(0.5)
      .mul(dx ?? 0),
  ],
);

const clipped = customVjp(
  (x: np.Array, y: np.Array) => x.mul(y),
  (x: np.Array, y: np.Array) => [x.mul(y), { x, y }] as const,
  (r, ct) => [np.clip(ct.mul(r.y), -0.3, 0.3), ct.mul(r.x).mul(2)],
);

const custom: Program = (w, h, xs) =>
  np.sum(halfSine(np.matmul(w, h)).mul(halfSine(xs.get(0)))).add(np.sum(halfSine(halfSine(h))));

const customReverse: Program = (w, h, xs) => {
  const [last, ys] = lax.scan(
    (c: np.Array, x: np.Array) => {
      const next = clipped(np.tanh(np.matmul(w, c)), x);
      return [next, next] as const;
    },
    h,
    xs,
  );
  return np.sum(last).add(np.sum(np.square(ys)));
};

const remat: Program = (w, h, xs) => {
  const layer = checkpoint((c: np.Array, x: np.Array) =>
    np.tanh(np.matmul(w, np.sin(np.matmul(w, c))).add(x)),
  );
  const [last, ys] = lax.scan(
    (c: np.Array, x: np.Array) => [layer(c, x), np.sum(c)] as const,
    h,
    xs,
  );
  return np.sum(last.mul(ys.get(0))).add(np.sum(np.square(ys)));
};

const associative: Program = (w, h, xs) => {
  const [gates, values] = lax.associativeScan(
    ([a0, a1]: readonly [np.Array, np.Array], [b0, b1]: readonly [np.Array, np.Array]) =>
      [a0.mul(b0), b0.mul(a1).add(b1)] as const,
    [np.cos(xs), xs.mul(h)] as const,
  );
  return np.sum(np.square(values)).add(np.sum(np.matmul(gates, w)));
};

/** By the names that control.json has. */
export const programs: Record<string, Program> = {
  rnn: rnn(false),
  rnnReversed: rnn(true),
  nested,
  fori,
  branches,
  scannedCond,
  loops,
  custom,
  customReverse,
  remat,
  associative,
};

/** Programs that must equal others. */
export const variants: Record<string, { readonly of: string; readonly run: Program }> = {
  'a loop written out by twos': { of: 'rnn', run: rnn(false, 2) },
  'a reversed loop written out by threes': { of: 'rnnReversed', run: rnn(true, 3) },
};
