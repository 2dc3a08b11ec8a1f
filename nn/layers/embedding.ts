/** A table of vectors, looked up by number. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../dims.ts';
import { layerDType } from '../errors.ts';
import { type Initializer, varianceScaling } from '../initializers.ts';
import { type ParamsOf, param } from '../params.ts';

/** Options of {@link embeddingSpec}. */
export interface EmbeddingOptions {
  /** Default: normal with variance 1 / width, as in Flax. */
  readonly embeddingInit?: Initializer;
}

const byWidth = varianceScaling(1, 'fanIn', 'normal', { inAxis: 1, outAxis: 0 });

/** What {@link embedding} learns: `embedding` [count, width]. */
export const embeddingSpec = (
  count: number,
  width: number,
  { embeddingInit = byWidth }: EmbeddingOptions = {},
) => ({ embedding: param([count, width], embeddingInit) });

/** The parameters of {@link embedding}. */
export type EmbeddingParams = ParamsOf<typeof embeddingSpec>;

/**
 * The vectors with these numbers. A number outside the table gives NaN, as in Flax.
 *
 * @param ids - int32[…].
 * @returns f32[…, width].
 * @throws `layer-dtype` if the numbers are not integers.
 */
export function embedding({ embedding: table }: EmbeddingParams, ids: Value): Value {
  dims('nn.embedding', { embedding: [table, 'count width'] });
  if (ids.dtype !== 'int32' && ids.dtype !== 'uint32') {
    throw layerDType('nn.embedding', 'ids', 'int32', ids.aval);
  }
  return np.take(table, ids, { axis: 0 });
}

/** f32[…, count]: x compared with every vector of the table, for tied output layers. */
export function attendEmbedding({ embedding: table }: EmbeddingParams, x: Value): Value {
  dims('nn.attendEmbedding', { x: [x, '… width'], embedding: [table, 'count width'] });
  return np.matmul(x, table.T);
}
