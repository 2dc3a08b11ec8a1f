/** Matrix products by their shorter names. */
import type { DotDims } from '../ir/lowering.ts';
import type { Value } from '../ir/value.ts';
import { eagerly } from '../numpy/eager.ts';
import { wrongRank } from '../numpy/errors.ts';
import { matmul } from '../numpy/products.ts';
import * as prim from '../primitives/index.ts';

/** What JAX lets one choose of the precision of products; they accumulate in float32, whatever is chosen. */
export const Precision = { DEFAULT: 'default', HIGH: 'high', HIGHEST: 'highest' } as const;

/** One of {@link Precision}, or one for each operand. */
export type PrecisionLike =
  | (typeof Precision)[keyof typeof Precision]
  | readonly [string, string]
  | null;

/** Options of {@link dot} and {@link batchMatmul}. */
export interface DotOptions {
  /** Which axes are summed and which run along. Default: those of vectors and matrices. */
  readonly dimensionNumbers?: DotDims;
  /** Accepted; changes nothing. */
  readonly precision?: PrecisionLike;
}

/** The product of vectors and matrices, or a general one with {@link DotOptions.dimensionNumbers}. */
export const dot = eagerly('lax.dot', (x: Value, y: Value, options: DotOptions = {}): Value => {
  if (options.dimensionNumbers !== undefined)
    return prim.dotGeneral(x, y, options.dimensionNumbers);
  for (const v of [x, y]) {
    if (v.ndim < 1 || v.ndim > 2) throw wrongRank('lax.dot', 'one or two axes', v.aval);
  }
  return prim.dotGeneral(x, y, {
    lhsContract: [x.ndim - 1],
    rhsContract: [0],
    lhsBatch: [],
    rhsBatch: [],
  });
});

/** The products of matrices on the last two axes; the axes before are the same in both. */
export const batchMatmul = (
  x: Value,
  y: Value,
  _options: Pick<DotOptions, 'precision'> = {},
): Value => matmul(x, y);

/**
 * Consecutive rows of x, group after group, each times the matrix of its group; rows of no group give 0.
 *
 * @param x - f32[m, k].
 * @param y - f32[groups, k, n].
 * @param groupSizes - int32[groups]: how many rows each group has.
 * @returns f32[m, n].
 */
export const raggedDot = eagerly(
  'lax.raggedDot',
  (x: Value, y: Value, groupSizes: Value): Value => {
    const [m = 0, k = 0] = x.shape;
    const [groups = 0] = y.shape;
    const shape = [groups, m];
    const ends = prim.cumsum(groupSizes, 0);
    const rows = prim.iota('int32', shape, 1);
    const along = (v: Value): Value => prim.broadcastInDim(v, shape, [0]);
    const isOwn = prim.and(
      prim.ge(rows, along(prim.sub(ends, groupSizes))),
      prim.lt(rows, along(ends)),
    );
    const wide = [groups, m, k];
    const zero = prim.broadcastInDim(prim.literal(0, x.dtype), wide, []);
    const own = prim.select(
      prim.broadcastInDim(isOwn, wide, [0, 1]),
      prim.broadcastInDim(x, wide, [1, 2]),
      zero,
    );
    return prim.dotGeneral(own, y, {
      lhsContract: [0, 2],
      rhsContract: [0, 1],
      lhsBatch: [],
      rhsBatch: [],
    });
  },
);
