/** Functions over an axis named 'i', the same as in test/golden/make-debug.py. */
import type { Value } from '../../core/ir/value.ts';

const { checkpoint, grad, jit, lax, np, vmap } = await import('../../index.ts');

type F = (x: Value) => Value;

/** f32[4, 3, 4]: four members with a matrix each. */
export const members = (): Value => np.sin(np.arange(48).astype('float32')).reshape([4, 3, 4]);

const squares: F = (x) => x.mul(x);
const corner: F = (x) => np.sum(lax.slice(x, [0, 0], [1, 1]));

const scanned: F = (x) =>
  lax.scan(
    (c: Value, row: Value) => {
      const total = lax.psum(row.mul(c), 'i');
      return [c.add(total), total.mul(row)] as const;
    },
    np.sum(lax.slice(x, [0, 0], [1, 4]), { axis: 0 }),
    x,
  )[1];

const inBranch: F = (x) =>
  lax.cond(
    lax.axisIndex('i').greater(1),
    (y: Value) => lax.pmean(squares(y), 'i'),
    (y: Value) => y.mul(2),
    x,
  );

const rowsAs = (f: F, axisName: string): F => vmap(f, { axisName });
const sumOf =
  (f: F): F =>
  (x) =>
    np.sum(f(x));

/** What is compared with JAX, value and gradients. */
export const collectives: Readonly<Record<string, F>> = {
  psum: (x) => lax.psum(squares(x), 'i'),
  psumTree: (x) => {
    const { a, b } = lax.psum({ a: x, b: np.sin(x) }, 'i');
    return a.mul(b);
  },
  psumOfShared: (x) => x.mul(lax.psum(2.5, 'i')).add(lax.psum(1, 'i')),
  pmean: (x) => x.mul(lax.pmean(np.sin(x), 'i')),
  axisIndex: (x) => squares(x).mul(lax.axisIndex('i')),
  axisSize: (x) => x.mul(lax.axisSize('i')),
  allGather: (x) => np.sum(lax.allGather(squares(x), 'i').mul(members()), { axis: 0 }),
  allGatherInside: (x) =>
    np.sum(lax.allGather(squares(x), 'i', { axis: 1 }), { axis: 2 }).mul(np.sum(x)),
  allGatherLast: (x) => np.sin(lax.allGather(x, 'i', { axis: -1 })),
  allGatherTiled: (x) => np.sin(lax.allGather(x, 'i', { axis: 1, tiled: true })).mul(corner(x)),
  ppermute: (x) =>
    lax
      .ppermute(squares(x), 'i', [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
      ])
      .mul(x),
  pshuffle: (x) => lax.pshuffle(squares(x), 'i', [2, 0, 3, 1]).mul(x),
  allToAll: (x) => np.sin(lax.allToAll(x, 'i', 1, 0)).mul(corner(x)),
  allToAllTiled: (x) => np.sin(lax.allToAll(x, 'i', 1, 0, { tiled: true })),
  pswapaxes: (x) => np.sin(lax.pswapaxes(x, 'i', 1)),
  psumScatter: (x) => lax.psumScatter(squares(x), 'i', { scatterDimension: 1 }),
  psumScatterTiled: (x) => lax.psumScatter(squares(x), 'i', { scatterDimension: 1, tiled: true }),
  scanned,
  inBranch,
  jitted: (x) => jit((y: Value) => lax.psum(squares(y), 'i').mul(y))(x),
  innerVmap: vmap((row: Value) => lax.psum(squares(row), 'i').mul(row)),
  twoNames: rowsAs((row) => lax.psum(squares(row), ['i', 'j']).mul(row), 'j'),
  twoNamesMean: rowsAs((row) => lax.pmean(row, ['j', 'i']).mul(row), 'j'),
  twoNamesIndex: rowsAs((row) => row.mul(lax.axisIndex(['i', 'j'])), 'j'),
  innerShadows: rowsAs((row) => lax.psum(squares(row), 'i'), 'i'),
  gradInside: grad(sumOf((y) => np.sin(lax.psum(squares(y), 'i')))),
  gradOfScan: grad(sumOf(scanned)),
  checkpointed: grad(sumOf(checkpoint((z: Value) => np.sin(lax.psum(squares(z), 'i'))))),
};

/** What has no derivative in JAX. */
export const undifferentiated: Readonly<Record<string, F>> = {
  pmax: (x) => lax.pmax(x, 'i').sub(x),
  pmin: (x) => lax.pmin(x, 'i').sub(x),
};
